//! Handling of panics: on the drawing thread the terminal is
//! restored first; elsewhere the report is kept, because writing it would tear
//! the dashboard that goes on.

use std::panic;
use std::sync::Mutex;

use super::modes::{is_drawing_thread, is_entered, restore};

/// Reports that are kept.
const KEPT: usize = 16;

static REPORTS: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Installs the hook, over the one that is there.
pub fn install_panic_hook() {
    let earlier = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if is_entered() && !is_drawing_thread() {
            if let Ok(mut reports) = REPORTS.lock()
                && reports.len() < KEPT
            {
                reports.push(info.to_string());
            }
            return;
        }
        restore();
        earlier(info);
    }));
}

/// Takes the reports of panics on other threads since the last time.
pub fn take_panic_reports() -> Vec<String> {
    REPORTS
        .lock()
        .map(|mut reports| std::mem::take(&mut *reports))
        .unwrap_or_default()
}
