//! Sign-in to servers that are reached over the network (OAuth 2.1).
//!
//! It owns what servers let this program in with, between sessions too. That is
//! kept and looked up by the address of the server it was issued for, and goes
//! there only: a server of the same name in another file gets nothing. It must
//! not know what is said over the connection.

mod assertion;
mod authorizer;
mod challenge;
mod credentials;
mod error;
mod grant;
mod grants;
mod http;
mod keeping;
#[cfg(feature = "keyring")]
mod keyring;
mod redirect;
mod resource;
mod sign_in;
mod sign_out;
mod unattended;

pub(super) use authorizer::Authorizer;
pub(super) use challenge::Challenge;
pub use error::SignInError;
pub use grant::KeptGrant;
pub use grants::GrantStore;
pub use keeping::{GrantStoreError, KeptIn};
pub use resource::Resource;
pub use sign_in::SignedIn;
pub use sign_out::Revocation;
