//! Round numbers for the axes of charts.

/// The next of 1, 2, 5, 10, … that is no less.
pub(in crate::tui) fn round_step(least: f64) -> f64 {
    let magnitude = 10_f64.powf(least.max(1e-6).log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * magnitude);
    let fits = steps.into_iter().find(|step| *step >= least * 0.999);
    fits.unwrap_or(magnitude * 10.0)
}

/// A time in seconds with no more digits than the step between two of them has.
pub(in crate::tui) fn rounded(time: f64, step: f64) -> String {
    let digits = if step >= 1.0 {
        0
    } else if step >= 0.1 {
        1
    } else {
        2
    };
    format!("{time:.digits$} s")
}
