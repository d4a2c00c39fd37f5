//! The agents whose files are known: where these are, in which form, and what
//! the user has to do for a change to be seen. A row is all that an agent takes
//! whose format is known already.

use std::path::{Path, PathBuf};

use super::config_file::TablePath;
use crate::catalogue::servers::form::{self, ServerFileForm};

/// An agent and its files.
#[derive(Debug)]
pub(in crate::cli) struct Agent {
    /// Name on the command line.
    pub(in crate::cli) name: &'static str,
    pub(in crate::cli) title: &'static str,
    pub(in crate::cli) form: &'static ServerFileForm,
    places: &'static [Place],
    /// Steps of the user that make it see a change.
    pub(in crate::cli) afterwards: &'static str,
}

/// Where a file of an agent lies.
#[derive(Debug)]
enum Place {
    /// In the home folder.
    Home(&'static str),
    /// In the user's folder of configurations.
    Config(&'static str),
    /// In a folder that a variable names, by default in the home folder.
    Named {
        variable: &'static str,
        otherwise: &'static str,
        file: &'static str,
    },
    /// In the folder where fanout was started.
    Project(&'static str),
}

/// Whose a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::cli) enum Scope {
    /// The user's, for one project
    Local,
    /// The project's, shared by all who work on it
    Project,
    /// The user's, for everything
    User,
}

/// Folders that decide which files an agent has.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Folders {
    pub(in crate::cli) home: PathBuf,
    config: PathBuf,
    pub(in crate::cli) project: PathBuf,
}

/// One table of servers in one file.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Site {
    pub(in crate::cli) path: PathBuf,
    pub(in crate::cli) table: TablePath,
    pub(in crate::cli) scope: Scope,
}

const AFTER_NEW_SESSION: &str = "start a new session";

/// Agents, in the order in which they are listed.
pub(in crate::cli) static AGENTS: [Agent; 12] = [
    Agent {
        name: "claude",
        title: "Claude Code",
        form: &form::CLAUDE,
        places: &[
            Place::Project(".mcp.json"),
            Place::Named {
                variable: "CLAUDE_CONFIG_DIR",
                otherwise: "",
                file: ".claude.json",
            },
        ],
        afterwards: "/mcp, then reconnect",
    },
    Agent {
        name: "codex",
        title: "Codex",
        form: &form::CODEX,
        places: &[
            Place::Named {
                variable: "CODEX_HOME",
                otherwise: ".codex",
                file: "config.toml",
            },
            Place::Project(".codex/config.toml"),
        ],
        afterwards: AFTER_NEW_SESSION,
    },
    Agent {
        name: "gemini",
        title: "Gemini CLI",
        form: &form::GEMINI,
        places: &[
            Place::Home(".gemini/settings.json"),
            Place::Project(".gemini/settings.json"),
        ],
        afterwards: "/mcp refresh",
    },
    Agent {
        name: "opencode",
        title: "opencode",
        form: &form::OPENCODE,
        places: &[
            Place::Config("opencode/opencode.json"),
            Place::Config("opencode/opencode.jsonc"),
            Place::Project("opencode.json"),
            Place::Project("opencode.jsonc"),
        ],
        afterwards: AFTER_NEW_SESSION,
    },
    Agent {
        name: "claude-desktop",
        title: "Claude Desktop",
        form: &form::PLAIN,
        places: &[Place::Config("Claude/claude_desktop_config.json")],
        afterwards: "quit it and start it again",
    },
    Agent {
        name: "cursor",
        title: "Cursor",
        form: &form::CURSOR,
        places: &[
            Place::Home(".cursor/mcp.json"),
            Place::Project(".cursor/mcp.json"),
        ],
        afterwards: "switch the server off and on in its settings",
    },
    Agent {
        name: "vscode",
        title: "VS Code",
        form: &form::VSCODE,
        places: &[
            Place::Config("Code/User/mcp.json"),
            Place::Project(".vscode/mcp.json"),
        ],
        afterwards: "restart the server in its list of servers",
    },
    Agent {
        name: "windsurf",
        title: "Windsurf",
        form: &form::CURSOR,
        places: &[Place::Home(".codeium/windsurf/mcp_config.json")],
        afterwards: "refresh the servers in its settings",
    },
    Agent {
        name: "zed",
        title: "Zed",
        form: &form::ZED,
        places: &[Place::Config("zed/settings.json")],
        afterwards: "it reads the file again by itself",
    },
    Agent {
        name: "copilot",
        title: "Copilot CLI",
        form: &form::PLAIN,
        places: &[Place::Home(".copilot/mcp-config.json")],
        afterwards: AFTER_NEW_SESSION,
    },
    Agent {
        name: "cline",
        title: "Cline",
        form: &form::CLINE,
        places: &[Place::Config(
            "Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
        )],
        afterwards: "restart the server in its list of servers",
    },
    Agent {
        name: "roo",
        title: "Roo Code",
        form: &form::CLINE,
        places: &[
            Place::Config(
                "Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/mcp_settings.json",
            ),
            Place::Project(".roo/mcp.json"),
        ],
        afterwards: "restart the server in its list of servers",
    },
];

/// Returns the agent of a name on the command line.
pub(in crate::cli) fn named(name: &str) -> Option<&'static Agent> {
    AGENTS.iter().find(|agent| agent.name == name)
}

impl Folders {
    /// Finds the folders of this user, and takes the working directory as the
    /// project; `None` without a home folder.
    pub(in crate::cli) fn find() -> Option<Self> {
        let xdg = etcetera::base_strategy::Xdg::new().ok()?;
        let project = std::env::current_dir().ok()?;
        Some(Self {
            home: etcetera::home_dir().ok()?,
            config: etcetera::BaseStrategy::config_dir(&xdg),
            project: project.canonicalize().unwrap_or(project),
        })
    }

    /// Returns a path as the user would write it: from the project or from the
    /// home folder, whichever is nearer.
    pub(in crate::cli) fn shown(&self, path: &Path) -> String {
        let in_project = path.strip_prefix(&self.project).ok();
        let in_home = path.strip_prefix(&self.home).ok();
        match (in_project, in_home) {
            (Some(rest), _) if !self.home.starts_with(&self.project) => rest.display().to_string(),
            (_, Some(rest)) => format!("~/{}", rest.display()),
            (Some(rest), None) => rest.display().to_string(),
            (None, None) => path.display().to_string(),
        }
    }
}

impl Agent {
    /// Returns the tables in which the agent may keep servers, whether they are
    /// there or not.
    pub(in crate::cli) fn sites(&self, folders: &Folders) -> Vec<Site> {
        let root = || vec![self.form.root.to_owned()];
        let mut sites = Vec::new();
        for place in self.places {
            let (path, scope) = place.resolved(folders);
            let site = |table, scope| Site {
                path: path.clone(),
                table,
                scope,
            };
            if self.name == "claude" && scope == Scope::User {
                let project = folders.project.display().to_string();
                let mut table = vec!["projects".to_owned(), project];
                table.extend(root());
                sites.push(site(table, Scope::Local));
            }
            sites.push(site(root(), scope));
        }
        sites
    }
}

impl Place {
    fn resolved(&self, folders: &Folders) -> (PathBuf, Scope) {
        match self {
            Self::Home(file) => (folders.home.join(file), Scope::User),
            Self::Config(file) => (folders.config.join(file), Scope::User),
            Self::Named {
                variable,
                otherwise,
                file,
            } => {
                let named = std::env::var_os(variable).filter(|it| !it.is_empty());
                let folder = named.map_or_else(|| folders.home.join(otherwise), PathBuf::from);
                (folder.join(file), Scope::User)
            }
            Self::Project(file) => (folders.project.join(file), Scope::Project),
        }
    }
}
