//! Servers in the user's own files of other programs, shown where no catalogue
//! was given or found. None is started. A project's files are offered apart,
//! since they are used only once they are trusted.

use std::path::PathBuf;

use crate::catalogue::Catalogue;
use crate::cli::wrap::agents::{AGENTS, Folders, Scope};
use crate::cli::wrap::found::{Found, Target};
use crate::model::plural;
use crate::output::Safe;

/// Programs whose files are looked at.
const PROGRAMS: [&str; 6] = ["claude", "vscode", "cursor", "codex", "gemini", "opencode"];

/// Adds the servers of the user's own files to a catalogue. Returns it with
/// what is to be said about them.
pub(super) fn added_to(mut catalogue: Catalogue) -> (Catalogue, Vec<String>) {
    let mut notices = Vec::new();
    let Some(folders) = Folders::find() else {
        return (catalogue, notices);
    };
    let agents = AGENTS.iter().filter(|it| PROGRAMS.contains(&it.name));
    let targets: Vec<Target<'_>> = agents.map(Target::Agent).collect();
    let tables = Found::of(&targets, &folders).tables;
    let own = tables.iter().map(|table| &table.site);
    let own = own.filter(|site| site.scope != Scope::Project);
    let mut seen: Vec<PathBuf> = Vec::new();
    let (mut count, mut names) = (0, Vec::new());
    for site in own {
        if seen.contains(&site.path) {
            continue;
        }
        seen.push(site.path.clone());
        let name = folders.shown(&site.path);
        let (found, problems) = Catalogue::read(std::slice::from_ref(&site.path));
        if let Some(problem) = problems.iter().next() {
            notices.push(format!("{name} is passed over: {problem}"));
            continue;
        }
        let (with, added) = catalogue.with_servers_of(&found);
        catalogue = with;
        if added > 0 {
            count += added;
            names.push(name);
        }
    }
    if count > 0 {
        let servers = plural(count, "server");
        notices.push(format!("{servers} in {}: press 8", names.join(", ")));
    }
    let shown = notices.iter().map(|it| Safe::new(it).as_str().to_owned());
    (catalogue, shown.collect())
}
