//! Tool servers that behave, and ones that do not.

mod calls;
mod formats;
mod hostile;
mod notebook;
mod pins;
#[cfg(feature = "http")]
mod remote;
mod shell;
