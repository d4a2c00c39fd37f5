//! Errors that end the dashboard.

use std::io;

/// Error that ends the dashboard.
#[derive(Debug, thiserror::Error)]
pub enum TuiError {
    /// The terminal gave no more keys.
    #[error("read the terminal")]
    Input(#[source] io::Error),
    /// The terminal took no more output.
    #[error("draw on the terminal")]
    Draw(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Reports of the mouse could not be turned on or off.
    #[error("turn the mouse on or off")]
    Mouse(#[source] io::Error),
    /// The terminal could not be given to the shell or taken back.
    #[error("suspend the program")]
    Suspend(#[source] io::Error),
    /// The terminal could not be given to another program or taken back.
    #[error("give the terminal to another program")]
    Lend(#[source] io::Error),
}

pub(in crate::tui) fn drawing(error: impl std::error::Error + Send + Sync + 'static) -> TuiError {
    TuiError::Draw(Box::new(error))
}
