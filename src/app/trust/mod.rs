//! Trust in files that were found and not given.
//!
//! A found catalogue is inert until the user trusts it: by where it really is
//! and by what it says. Trust is asked for on a terminal only, is kept in the
//! user's own state, and no file can give it.

mod pin_file;
mod pins;
mod question;
mod store;

use std::path::Path;

use super::OpenError;
use super::diagnostics::complain;
use crate::catalogue::{Catalogue, DiscoveredFile, Problems, TrustItem};
use crate::output::Safe;
pub(super) use pins::PinStore;
use question::TrustQuestion;
pub(crate) use question::{can_ask, is_confirmed, legible};
use store::{TrustStore, TrustedCatalogue};

/// How a command goes on without a found catalogue that is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Untrusted {
    /// It ends, since calls would miss their tools.
    End,
    /// It goes on as if the file were not there.
    PassOver,
}

/// Reads a catalogue that was found; `None` where it is passed over. Its
/// problems are reported like those of a file that was given: with any,
/// nothing is used.
pub(super) fn open(
    path: &Path,
    untrusted: Untrusted,
) -> Result<Option<(Catalogue, Problems)>, OpenError> {
    let found = match DiscoveredFile::open(path) {
        Ok(found) => found,
        Err(problem) => return Err(OpenError::Invalid((*problem).into())),
    };
    if found.is_sample() {
        return Ok(Some((Catalogue::sample()?, Problems::default())));
    }
    let (catalogue, problems) = found.read();
    if !problems.is_empty() || is_trusted(&found, &catalogue) {
        return Ok(Some((catalogue, problems)));
    }
    match untrusted {
        Untrusted::End => Err(OpenError::NotAgreed),
        Untrusted::PassOver => Ok(None),
    }
}

/// Returns whether the file is trusted as it is; asks the user if it is not.
fn is_trusted(found: &DiscoveredFile, catalogue: &Catalogue) -> bool {
    let own_program = std::env::current_exe().unwrap_or_default();
    let uses = TrustItem::all(catalogue, found.path(), &own_program);
    let store = TrustStore::open();
    let known = match &store {
        Ok(store) => store.known(found).unwrap_or_else(|error| {
            tell(&format!("what was trusted before is not known: {error}"));
            None
        }),
        Err(_) => None,
    };
    if let Some(known) = &known
        && known.is_of(found)
    {
        return true;
    }
    let question = TrustQuestion {
        path: found.path(),
        uses: &uses,
        before: known.as_ref().map(TrustedCatalogue::uses),
    };
    if !question.is_answered_yes() {
        return false;
    }
    let kept = store.and_then(|store| store.keep(found, uses));
    if let Err(error) = kept {
        tell(&format!("it is trusted for this time only: {error}"));
    }
    true
}

/// Prints a line of diagnostics that may hold untrusted text.
fn tell(text: &str) {
    complain(Safe::new(text).as_str());
}
