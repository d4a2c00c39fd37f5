//! Trust in files that were found and not given.
//!
//! A found catalogue is inert until the user trusts it: by where it really is
//! and by what it says. Trust is asked for on a terminal only, is kept in the
//! user's own state, and no file can give it.

mod pins;
mod question;
mod store;

use std::path::Path;

use super::exit::{self, Exit};
use crate::catalogue::{Catalogue, DiscoveredFile, Problems, TrustItem};
use crate::output::Safe;
pub(super) use pins::Pins;
use question::Question;
use store::{Known, Store};

/// What becomes of a command whose found catalogue is not trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Otherwise {
    /// It ends, since calls would miss their tools.
    End,
    /// It goes on as if the file were not there.
    PassOver,
}

/// The tools of a catalogue that was found; `None` where it is passed over.
/// What is wrong with it is told like the problems of a file that was given:
/// with any, nothing is used.
pub(super) fn open(
    path: &Path,
    otherwise: Otherwise,
) -> Result<Option<(Catalogue, Problems)>, Exit> {
    let found = match DiscoveredFile::open(path) {
        Ok(found) => found,
        Err(problem) => return Err(exit::invalid((*problem).into())),
    };
    if found.is_sample() {
        let sample = Catalogue::sample().map_err(exit::invalid)?;
        return Ok(Some((sample, Problems::default())));
    }
    let (catalogue, problems) = found.read();
    if !problems.is_empty() || is_trusted(&found, &catalogue) {
        return Ok(Some((catalogue, problems)));
    }
    match otherwise {
        Otherwise::End => Err(Exit::Invalid),
        Otherwise::PassOver => Ok(None),
    }
}

/// Whether the file is trusted as it is, or is now.
fn is_trusted(found: &DiscoveredFile, catalogue: &Catalogue) -> bool {
    let own_program = std::env::current_exe().unwrap_or_default();
    let uses = TrustItem::all(catalogue, found.path(), &own_program);
    let store = Store::open();
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
    let question = Question {
        path: found.path(),
        uses: &uses,
        before: known.as_ref().map(Known::uses),
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

/// A line of diagnostics that may hold anything.
fn tell(text: &str) {
    exit::complain(Safe::new(text).as_str());
}
