//! Bars, windows and the cursor.

use super::*;

fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn bar(call: usize, from: u64, to: Option<u64>) -> Bar {
    Bar {
        call: CallId::from_index(call),
        phase: BarPhase::Ran(None),
        from: secs(from),
        to: to.map(secs),
    }
}

fn two_lanes() -> Timeline {
    Timeline {
        lanes: vec![
            vec![bar(0, 0, Some(4)), bar(1, 4, None)],
            vec![bar(2, 2, Some(6))],
        ],
        last_end: secs(6),
        ..Timeline::default()
    }
}

#[test]
fn only_bars_inside_are_given() {
    let timeline = two_lanes();
    assert_eq!(timeline.lane(0, secs(5), secs(9)).len(), 1);
    assert_eq!(timeline.lane(1, secs(7), secs(9)).len(), 0);
    assert_eq!(timeline.lane(7, secs(0), secs(9)).len(), 0);
}

#[test]
fn busy_lanes_are_averaged() {
    let timeline = two_lanes();
    assert!((timeline.busy(secs(0), secs(4), secs(10)) - 1.5).abs() < 1e-9);
    assert!((timeline.busy(secs(8), secs(12), secs(10)) - 0.5).abs() < 1e-9);
    assert!(timeline.busy(secs(3), secs(3), secs(10)).abs() < 1e-9);
}

#[test]
fn zooming_keeps_the_cursor_in_its_place() {
    let mut view = TimelineView {
        model: two_lanes(),
        cursor: Some(secs(6)),
        ..TimelineView::default()
    };
    view.zoom(0.5, secs(8));
    assert_eq!(
        view.window,
        Some(TimeWindow {
            from: secs(3),
            to: secs(7)
        })
    );
    view.move_cursor(100, 4, secs(8));
    assert_eq!(
        (view.cursor, view.shown(secs(8)).to),
        (Some(secs(8)), secs(8))
    );
    view.zoom(4.0, secs(8));
    assert_eq!(view.window, None, "it is the whole again");
}

#[test]
fn columns_and_times_agree() {
    let window = TimeWindow {
        from: secs(10),
        to: secs(20),
    };
    for column in 0..50 {
        assert_eq!(
            window.column(window.time(column, 50) + Duration::from_nanos(9), 50),
            column
        );
    }
    assert_eq!(window.column(secs(0), 50), 0);
    assert_eq!(window.column(secs(99), 50), 49);
}
