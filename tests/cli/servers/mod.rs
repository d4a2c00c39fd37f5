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
