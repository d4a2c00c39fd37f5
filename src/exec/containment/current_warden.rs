//! The warden in use, replaced when it dies.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::options::{ContainmentOptions, Surroundings};
use super::warden_client::WardenClient;
use crate::exec::limits::OpenFiles;

/// The client of a living warden, and all that starting another one takes.
#[derive(Debug)]
pub(super) struct CurrentWarden {
    options: ContainmentOptions,
    open_files: OpenFiles,
    client: Mutex<Arc<WardenClient>>,
}

impl CurrentWarden {
    /// Starts the first warden.
    pub(super) fn start(options: ContainmentOptions, open_files: OpenFiles) -> io::Result<Self> {
        let client = WardenClient::start(&options, open_files)?;
        Ok(Self {
            options,
            open_files,
            client: Mutex::new(client),
        })
    }

    /// Returns the client, after starting another warden where the last one is
    /// dead.
    pub(super) fn client(&self) -> io::Result<Arc<WardenClient>> {
        let mut client = self.lock();
        if client.is_dead() {
            *client = WardenClient::start(&self.options, self.open_files)?;
        }
        Ok(Arc::clone(&client))
    }

    /// Returns the surroundings of what is started.
    pub(super) fn surroundings(&self) -> Surroundings {
        self.options.surroundings
    }

    /// Returns the process id of the warden.
    pub(super) fn pid(&self) -> u32 {
        self.lock().pid()
    }

    /// Suspends every call, and those that start from now on.
    pub(super) fn suspend(&self) {
        self.lock().suspend();
    }

    /// Continues every call.
    pub(super) fn resume(&self) {
        self.lock().resume();
    }

    fn lock(&self) -> MutexGuard<'_, Arc<WardenClient>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
