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
fn of_bars_in_one_column_the_last_is_seen() {
    let bars: Vec<Bar> = (0..100)
        .map(|at| bar(at, at as u64, Some(at as u64 + 1)))
        .collect();
    let window = TimeWindow {
        from: secs(0),
        to: secs(100),
        fold: None,
    };
    let seen = |columns| -> Vec<usize> {
        let seen = super::seen(&bars, window, columns);
        seen.map(|bar| bar.call.index()).collect()
    };
    assert_eq!(seen(4), [24, 49, 74, 99]);
    assert_eq!(seen(200).len(), 100);
}

#[test]
fn a_run_that_is_followed_has_the_bars_of_one_that_is_read_at_once() {
    let mut run = crate::record::fixture::last();
    let last = run.clone();
    let count = run.calls.len();
    let mut followed = Timeline::default();
    for index in 0..count {
        let row = Arc::make_mut(run.calls.get_mut(index).expect("a call"));
        (row.started, row.ended) = (None, None);
        row.attempts.clear();
    }
    followed.refresh(&run);
    assert!(followed.lanes.iter().all(Vec::is_empty));
    // Each call starts, is launched later than its lane was taken, and ends.
    for index in (0..count).rev() {
        let ended = last.calls.get(index).expect("a call");
        for step in 0..3 {
            let row = Arc::make_mut(run.calls.get_mut(index).expect("a call"));
            row.started = ended.started;
            row.attempts.clone_from(&ended.attempts);
            if let Some(attempt) = row.attempts.last_mut().filter(|_| step < 2) {
                (attempt.ended, attempt.outcome) = (None, None);
                if step == 0 {
                    attempt.started = attempt.lane_taken;
                }
            }
            row.ended = ended.ended.filter(|_| step == 2);
            followed.refresh(&run);
        }
    }
    let mut at_once = Timeline::default();
    at_once.refresh(&last);
    assert_eq!(followed.lanes, at_once.lanes);
    assert_eq!(followed.critical, at_once.critical);
    assert_eq!(followed.last_end, at_once.last_end);
    assert_eq!(followed.wall, at_once.wall);
    assert!(at_once.wall.is_some());
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
            to: secs(7),
            fold: None,
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
        fold: None,
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
