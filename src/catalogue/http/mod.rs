//! Tools that are reached by HTTP: how manifests write their requests, and how
//! arguments become one. What an argument holds changes neither scheme nor host
//! nor path of a request, nor the form of its headers and its body.

mod fill;
mod parts;
mod read;
mod url;

pub use fill::{RequestError, Variables, dry_run, request};
pub use parts::TemplateError;
pub(super) use parts::variables_of;
pub(super) use read::{check_header, read};
pub use url::UrlProblem;
