//! Tools that are reached by HTTP: the request templates of manifests, and the
//! requests built from them. The value of an argument never changes the scheme,
//! the host, the path or the structure of the headers and the body.

mod fill;
mod parts;
mod read;
mod url;

pub use fill::{RequestError, Variables, dry_run, request};
pub use parts::TemplateError;
pub(super) use parts::variables_of;
pub(super) use read::{check_header, read};
pub use url::UrlProblem;
pub(super) use url::is_private;
