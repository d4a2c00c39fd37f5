//! Whether an agent may start the servers of a project already: what a folder
//! brings along is not started by it before its user has said so, and fanout
//! must not be the way around that.
//!
//! Only files that no folder can bring along count.

use std::path::Path;

use super::agents::{Agent, Folders, Scope};
use super::config_file::ConfigFile;
use crate::catalogue::document::{Item, Node};

/// Returns whether the agent has the user's word for the server `name` of the
/// project. Where that cannot be known, it has not.
pub(in crate::cli) fn is_approved(agent: &Agent, folders: &Folders, name: &str) -> bool {
    match agent.name {
        "claude" => by_claude(agent, folders, name),
        "codex" => by_codex(agent, folders),
        "gemini" => by_gemini(folders),
        // It starts what stands in its files, and asks nobody.
        "opencode" => true,
        _ => false,
    }
}

fn users_file(agent: &Agent, folders: &Folders) -> Option<ConfigFile> {
    let mut sites = agent.sites(folders).into_iter();
    let site = sites.find(|site| site.scope == Scope::User)?;
    ConfigFile::open(&site.path).ok()?
}

/// Claude Code wants both: that the folder is trusted, and that the server is
/// approved by its name.
fn by_claude(agent: &Agent, folders: &Folders, name: &str) -> bool {
    let file = users_file(agent, folders);
    let projects = file.as_ref().and_then(|file| file.root().get("projects"));
    let of = |folder: &Path| projects?.get(&folder.display().to_string());
    let project = of(&folders.project);
    let lists = |key: &str| has_text(project.and_then(|it| it.get(key)), name);
    let is_trusted = folders
        .project
        .ancestors()
        .any(|folder| is_true(of(folder).and_then(|it| it.get("hasTrustDialogAccepted"))));
    if !is_trusted || lists("disabledMcpjsonServers") {
        return false;
    }
    let settings = ConfigFile::open(&folders.home.join(".claude/settings.json"));
    let settings = settings.ok().flatten();
    let settings = settings.as_ref().map(ConfigFile::root);
    let setting = |key: &str| settings.and_then(|root| root.get(key));
    lists("enabledMcpjsonServers")
        || has_text(setting("enabledMcpjsonServers"), name)
        || is_true(setting("enableAllProjectMcpServers"))
}

fn by_codex(agent: &Agent, folders: &Folders) -> bool {
    let file = users_file(agent, folders);
    let projects = file.as_ref().and_then(|file| file.root().get("projects"));
    folders.project.ancestors().any(|folder| {
        let trust = projects
            .and_then(|it| it.get(&folder.display().to_string()))
            .and_then(|it| it.get("trust_level"));
        trust.and_then(Node::as_text) == Some("trusted")
    })
}

fn by_gemini(folders: &Folders) -> bool {
    let root = |path: &str| {
        let file = ConfigFile::open(&folders.home.join(path));
        file.ok().flatten()
    };
    let settings = root(".gemini/settings.json");
    let folder_trust = settings.as_ref().and_then(|it| {
        let security = it.root().get("security")?;
        security.get("folderTrust")?.get("enabled")
    });
    if matches!(folder_trust.map(|it| &it.item), Some(Item::Bool(false))) {
        return true;
    }
    let trusted = root(".gemini/trustedFolders.json");
    let level = |folder: &Path| {
        let node = trusted
            .as_ref()?
            .root()
            .get(&folder.display().to_string())?;
        node.as_text().map(str::to_owned)
    };
    let mut levels = folders.project.ancestors().filter_map(level);
    levels.next().is_some_and(|level| level == "TRUST_FOLDER")
}

fn is_true(node: Option<&Node>) -> bool {
    matches!(node.map(|it| &it.item), Some(Item::Bool(true)))
}

fn has_text(list: Option<&Node>, text: &str) -> bool {
    let Some(Item::List(items)) = list.map(|node| &node.item) else {
        return false;
    };
    items.iter().any(|item| item.as_text() == Some(text))
}
