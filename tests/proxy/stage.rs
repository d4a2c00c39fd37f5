//! What a test of the proxy needs: a folder, the program, and both sides of it.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use fanout::exec::proxy::frames::{ShimFrame, ShimHello};

use crate::agent::{Agent, Habits};
use crate::dashboard::{Dashboard, connect, sockets};
use crate::living::{Living, MARKER};
use crate::server::{Server, tools};

/// The surroundings of one test.
pub(crate) struct Stage {
    pub(crate) living: Living,
}

/// Time in which everything of a proxy must be gone.
pub(crate) const GONE_WITHIN: Duration = Duration::from_secs(10);

impl Stage {
    pub(crate) fn new() -> Self {
        let living = Living::new();
        Self { living }
    }

    /// The meeting folder.
    pub(crate) fn via(&self) -> PathBuf {
        self.living.folder().join("meeting")
    }

    /// The command `fanout mcp` with these options before a server's command.
    pub(crate) fn proxy(&self, options: &[&str], server: &[String]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fanout"));
        command
            .arg("mcp")
            .arg("--via")
            .arg(self.via())
            .args(options)
            .arg("--")
            .args(server)
            .current_dir(self.living.folder())
            .env(MARKER, self.living.marker())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts an agent in front of any server.
    pub(crate) fn agent_of(&self, habits: Habits, options: &[&str], server: &[String]) -> Agent {
        let mut command = self.proxy(options, server);
        if let Some(variables) = habits.variables {
            command.env_clear().env(MARKER, self.living.marker());
            for name in variables {
                if let Some(value) = std::env::var_os(name) {
                    command.env(name, value);
                }
            }
        }
        Agent::new(habits, command.spawn().expect("the program"))
    }

    /// Starts an agent and a server that the test plays, and begins a session.
    pub(crate) fn session(&self, name: &str, habits: Habits, options: &[&str]) -> (Agent, Server) {
        let folder = self.living.folder().join(name);
        let command = Server::prepare(&folder);
        let mut agent = self.agent_of(habits, options, &command);
        let mut server = Server::connect(&folder);
        agent.begin();
        server.begin(&tools());
        agent.has_begun();
        (agent, server)
    }

    /// Attaches to the only proxy there is.
    pub(crate) fn watcher(&self) -> Dashboard {
        Dashboard::attach(&self.via())
    }

    /// What the only proxy says of itself.
    pub(crate) fn hello(&self) -> ShimHello {
        let dashboard = Dashboard::of(connect(&self.via(), &sockets(&self.via())[0]));
        dashboard.find("a hello", |(frame, _)| match frame {
            ShimFrame::Hello(hello) => Some((**hello).clone()),
            _ => None,
        })
    }

    /// Attaches, and governs from now on.
    pub(crate) fn controller(&self) -> Dashboard {
        let mut dashboard = self.watcher();
        dashboard.control();
        dashboard
    }

    pub(crate) fn assert_nothing_is_left(&self) {
        self.living.wait_for_count(0, GONE_WITHIN);
    }
}
