//! Parses TOML into the tree.

use serde_json::Number;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::node::{Item, KeyValue, Node};
use crate::catalogue::findings::Findings;

/// Most syntax errors that are shown of one file: the later ones are often only
/// consequences of the first.
const MOST_ERRORS: usize = 5;

/// Reads a TOML file; `None` where its syntax is broken.
pub(super) fn parse(findings: &mut Findings<'_>) -> Option<Node> {
    let text = findings.source().text();
    let (table, errors) = DeTable::parse_recoverable(text);
    if errors.is_empty() {
        let span = table.span();
        let item = table_item(table.get_ref(), findings);
        return Some(Node { span, item });
    }
    let mut last = None;
    for error in errors.iter().take(MOST_ERRORS) {
        let span = error.span().unwrap_or(text.len()..text.len());
        if last.as_ref() == Some(&span) {
            continue;
        }
        findings.error(&span, error.message());
        last = Some(span);
    }
    None
}

fn table_item(table: &DeTable<'_>, findings: &mut Findings<'_>) -> Item {
    let entries = table.iter().map(|(key, value)| KeyValue {
        key: key.get_ref().to_string(),
        key_span: key.span(),
        node: node(value, findings),
    });
    Item::Table(entries.collect())
}

fn node(value: &Spanned<DeValue<'_>>, findings: &mut Findings<'_>) -> Node {
    let span = value.span();
    let item = match value.get_ref() {
        DeValue::String(text) => Item::Text(text.to_string()),
        DeValue::Boolean(is_true) => Item::Bool(*is_true),
        DeValue::Integer(integer) => whole(integer).map_or_else(
            || {
                findings.error(&span, "the number does not fit into 64 bits");
                Item::Unusable
            },
            Item::Number,
        ),
        DeValue::Float(float) => {
            if let Some(number) = fraction(float.as_str()) {
                if !is_same_number(float.as_str(), &number.to_string()) {
                    findings.warn(&span, format!("the number is rounded to {number}"));
                }
                Item::Number(number)
            } else {
                findings.error(&span, "not a finite number, and JSON has no others");
                Item::Unusable
            }
        }
        // JSON has no dates; as text they mean the same to a tool.
        DeValue::Datetime(date) => Item::Text(date.to_string()),
        DeValue::Array(items) => {
            Item::List(items.iter().map(|item| node(item, findings)).collect())
        }
        DeValue::Table(table) => table_item(table, findings),
    };
    Node { span, item }
}

fn fraction(digits: &str) -> Option<Number> {
    digits.parse().ok().and_then(Number::from_f64)
}

fn whole(integer: &DeInteger<'_>) -> Option<Number> {
    let (digits, radix) = (integer.as_str(), integer.radix());
    let signed = i64::from_str_radix(digits, radix).map(Number::from);
    let unsigned = || u64::from_str_radix(digits, radix).map(Number::from);
    signed.or_else(|_| unsigned()).ok()
}

/// Whether two decimal numbers have the same value, however they are written.
fn is_same_number(a: &str, b: &str) -> bool {
    digits_of(a) == digits_of(b)
}

/// The sign, the significant digits and the power of ten of a decimal number;
/// `None` for an exponent beyond 32 bits.
fn digits_of(number: &str) -> Option<(bool, String, i64)> {
    let (mantissa, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let exponent: i64 = exponent.parse::<i32>().ok()?.into();
    let is_negative = mantissa.starts_with('-');
    let mantissa = mantissa.trim_start_matches(['-', '+']);
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}").replace('_', "");
    let significant = all.trim_start_matches('0').trim_end_matches('0');
    if significant.is_empty() {
        return Some((is_negative, String::new(), 0));
    }
    let zeros = all.len() - all.trim_end_matches('0').len();
    let decimals = fraction.replace('_', "").len();
    let power = exponent + i64::try_from(zeros).ok()? - i64::try_from(decimals).ok()?;
    Some((is_negative, significant.to_owned(), power))
}
