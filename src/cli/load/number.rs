//! `{{i}}` in an argument stands for the number of a call.

/// Stands for the number of a call.
pub(super) const NUMBER: &str = "{{i}}";

/// Puts a number in the place of each `{{i}}`.
pub(super) fn filled(text: &str, number: u64) -> String {
    text.replace(NUMBER, &number.to_string())
}

/// The same in each of several texts.
pub(super) fn filled_each(texts: &[String], number: u64) -> Vec<String> {
    texts.iter().map(|text| filled(text, number)).collect()
}
