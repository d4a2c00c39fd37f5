//! Reading lists: the way back, failures, filters, order, columns, and a screen
//! that stands still.

use crate::fixtures;
use crate::stage::play;

const SIZE: (u16, u16) = (120, 36);

#[test]
fn the_way_back_from_an_output_leads_to_its_row() {
    play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("<tab><tab>jj").await;
        let selected = |stage: &crate::stage::Stage| {
            let text = stage.text();
            let row = text.lines().find(|line| line.contains('▌'));
            row.map(|row| row.chars().take(30).collect::<String>())
        };
        let row = selected(stage);
        assert!(row.is_some(), "{}", stage.text());
        for read in ["<ret>", "d", "<ret>z<esc>"] {
            stage.keys(read).await;
            stage.keys("<esc>").await;
            assert_eq!(selected(stage), row, "{read}: {}", stage.text());
        }
        stage.keys("k").await;
        assert_ne!(selected(stage), row, "the list has the keys");
    });
}

#[test]
fn failures_are_walked_from_lists_and_from_the_output() {
    play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("2On").await;
        assert!(
            stage.text().contains("Output #2 http-get ✗"),
            "{}",
            stage.text()
        );
        stage.keys("n").await;
        assert!(
            stage.text().contains("Output #6 crawl ◷"),
            "{}",
            stage.text()
        );
        stage.keys("N").await;
        assert!(
            stage.text().contains("Output #2 http-get ✗"),
            "{}",
            stage.text()
        );
        stage.keys("N").await;
        assert!(
            stage.text().contains("Output #9 orphan ∄"),
            "around the end"
        );
        stage.keys("<ret>n").await;
        assert!(
            stage.text().contains("Output #2 http-get ✗"),
            "from the output"
        );
        stage.keys("<esc>n").await;
        assert!(stage.text().contains("▌#6"), "{}", stage.text());
    });
}

#[test]
fn lists_are_filtered_by_words_and_sorted_by_figures() {
    play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("2O/state:failed<ret>").await;
        let text = stage.text();
        assert!(text.contains("▌#2") && !text.contains("list-dir"), "{text}");
        stage.keys("<esc><esc>/tool:echo >0s<ret>").await;
        let text = stage.text();
        assert!(text.contains("No call matches the filter."), "{text}");
        stage.keys("<esc><esc>/reason:slot<ret>").await;
        assert!(stage.text().contains("slot 4/4"), "{}", stage.text());
        stage.keys("<esc>ssssss").await;
        let text = stage.text();
        assert!(text.contains("by cpu") && text.contains(" cpu"), "{text}");
        stage.keys("|waited<ret><esc>").await;
        assert!(stage.text().contains("waited"), "{}", stage.text());
    });
}

#[test]
fn a_frozen_screen_stays_as_it_is() {
    play(fixtures::everything(), SIZE, async |stage| {
        stage.keys("Z").await;
        let text = stage.text();
        assert!(text.contains("FROZEN Z goes on"), "{text}");
        stage.publish(fixtures::over()).await;
        assert_eq!(stage.text(), text);
        stage.keys("Z").await;
        assert!(!stage.text().contains("FROZEN"), "{}", stage.text());
        assert_ne!(stage.text(), text);
    });
}
