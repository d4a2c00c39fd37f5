//! From the files that a command names to a session that is ready to start.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::environment::{RunEnvironment, servers_of};
use super::trust::{self, Untrusted};
use super::{Folders, GivenAnswers, OpenError, Session};
use crate::catalogue::{self, Catalogue, Problems};
use crate::plan::{self, Loaded};

/// Reads the catalogue `files`; without any, the file found from the current
/// folder if it is trusted, else the user's own, else the sample tools.
pub(crate) fn load_catalogue(
    files: &[PathBuf],
    untrusted: Untrusted,
) -> Result<Arc<Catalogue>, OpenError> {
    let (catalogue, problems) = read_catalogue(files, Path::new("."), untrusted)?;
    if problems.is_empty() {
        Ok(Arc::new(catalogue))
    } else {
        Err(problems.into())
    }
}

/// Reads the tools that would be used, for their names only: what is wrong is
/// left out, a file that is not trusted is only read, and nothing is asked.
pub(crate) fn peek_catalogue(files: &[PathBuf]) -> Catalogue {
    let own = || {
        Folders::find()
            .map(|it| it.catalogue())
            .filter(|it| it.exists())
    };
    let found = || catalogue::nearest_file(Path::new(".")).or_else(own);
    let files = match files {
        [] => found().into_iter().collect(),
        files => files.to_vec(),
    };
    if files.is_empty() {
        return Catalogue::sample().unwrap_or_default();
    }
    Catalogue::read(&files).0
}

/// Reads a catalogue, or another program's file of servers, that was named
/// without consent: it is asked about as one that was found.
pub(crate) fn open_catalogue(path: &Path) -> Result<Arc<Catalogue>, OpenError> {
    match trust::open(path, Untrusted::End)? {
        Some((catalogue, problems)) if problems.is_empty() => Ok(Arc::new(catalogue)),
        Some((_, problems)) => Err(problems.into()),
        None => Err(OpenError::NotAgreed),
    }
}

/// Reads a plan, and the catalogue for it as found from the plan's folder. The
/// problems of all files stand in one report.
pub(crate) fn open_plan(
    path: &Path,
    catalogue: &[PathBuf],
) -> Result<(Catalogue, Loaded), OpenError> {
    let folder = path.parent().unwrap_or(Path::new(""));
    let near = Path::new(".").join(folder);
    let (catalogue, problems) = read_catalogue(catalogue, &near, Untrusted::End)?;
    Ok(plan::open_with(path, catalogue, problems)?)
}

fn read_catalogue(
    files: &[PathBuf],
    near: &Path,
    untrusted: Untrusted,
) -> Result<(Catalogue, Problems), OpenError> {
    if !files.is_empty() {
        return Ok(Catalogue::read(files));
    }
    let own = Folders::find().map(|it| it.catalogue());
    let own = own.filter(|own| own.exists());
    let found = catalogue::nearest_file(near);
    // The user's own file needs no trust, whatever folder this is.
    let is_own = |found: &PathBuf| {
        let own = own.as_ref().and_then(|own| own.canonicalize().ok());
        own.is_some_and(|own| own == *found)
    };
    if let Some(found) = found.filter(|found| !is_own(found))
        && let Some(opened) = trust::open(&found, untrusted)?
    {
        return Ok(opened);
    }
    if let Some(own) = own {
        return Ok(Catalogue::read(&[own]));
    }
    Ok((Catalogue::sample()?, Problems::default()))
}

/// Makes everything ready for a plan in a file. `warn` gets what is doubtful
/// about the plan.
pub(crate) fn open_session(
    path: &Path,
    catalogue: &[PathBuf],
    answers: &GivenAnswers,
    warn: impl FnOnce(Problems),
) -> Result<Session, OpenError> {
    let (catalogue, loaded) = open_plan(path, catalogue)?;
    let catalogue = answers.given_to(catalogue, path.parent())?;
    let load = |catalogue: &Catalogue| plan::load(path, catalogue);
    prepare_session(loaded, catalogue, load, warn)
}

/// Starts the servers that a checked plan names, and checks the plan again
/// against the tools that they list. Of a plan that is wrong nothing starts.
pub(crate) fn prepare_session(
    loaded: Loaded,
    catalogue: Catalogue,
    load: impl FnOnce(&Catalogue) -> Result<Loaded, Problems>,
    warn: impl FnOnce(Problems),
) -> Result<Session, OpenError> {
    let environment = RunEnvironment::prepare(&catalogue)?;
    let servers = servers_of(&loaded.plan, &catalogue);
    if servers.is_empty() {
        warn(loaded.warnings);
        return Ok(Session::new(environment, loaded.plan, Arc::new(catalogue)));
    }
    let checked = environment
        .connect(catalogue, &servers)
        .and_then(|catalogue| {
            let loaded = load(&catalogue)?;
            warn(loaded.warnings);
            let used = loaded.plan.calls.iter().map(|call| &call.tool);
            environment.review(&catalogue, used)?;
            Ok((loaded.plan, catalogue))
        });
    match checked {
        Ok((plan, catalogue)) => Ok(Session::new(environment, plan, Arc::new(catalogue))),
        Err(error) => {
            environment.close_servers();
            Err(error)
        }
    }
}

/// Reads a plan and its catalogue, to look at and not to run; `warn` gets what
/// is doubtful about the plan.
pub(crate) fn load_plan(
    path: &Path,
    catalogue: &[PathBuf],
    warn: impl FnOnce(Problems),
) -> Result<(crate::model::Plan, Arc<Catalogue>), OpenError> {
    let (catalogue, loaded) = open_plan(path, catalogue)?;
    warn(loaded.warnings);
    Ok((loaded.plan, Arc::new(catalogue)))
}
