//! Tool servers that behave, and ones that do not.

mod calls;
mod hostile;
mod shell;
