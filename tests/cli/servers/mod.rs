//! Tool servers that behave, and ones that do not.

mod answers;
mod calls;
mod connecting;
#[cfg(feature = "http")]
mod exchanges;
mod field;
mod formats;
mod hostile;
mod notebook;
mod offers;
mod pins;
mod questions;
#[cfg(feature = "http")]
mod remote;
mod shell;
#[cfg(feature = "http")]
mod sign_in;
mod silent;

use crate::bench::{Answer, Bench};

/// Calls a tool, resource or prompt of the servers in `servers.toml`.
fn call(bench: &Bench, words: &[&str]) -> Answer {
    let words = [&["call"], words, &["--catalogue", "servers.toml"]].concat();
    let answer = bench.run(&words);
    bench.assert_nobody_is_left();
    answer
}
