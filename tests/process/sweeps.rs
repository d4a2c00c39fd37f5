//! What the next start does with the ledger of a run that was killed: it kills
//! what the ledger names, and nobody else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Child, Command, Stdio};

use crate::attempt::PATIENCE;
use crate::living::{Living, living_name};
use crate::runner::Runner;

/// A process in the test's folder, waited for when dropped.
struct Bystander(Child);

impl Bystander {
    fn start(living: &Living, program: &[&str]) -> Self {
        let child = Command::new(program[0])
            .args(&program[1..])
            .current_dir(living.folder())
            .stdin(Stdio::null())
            .spawn()
            .expect("it starts");
        Self(child)
    }

    fn pid(&self) -> u32 {
        self.0.id()
    }

    fn started(&self) -> u64 {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("it lives");
        let (_, tail) = stat.rsplit_once(") ").expect("a name");
        let field = tail.split(' ').nth(19).expect("a start time");
        field.parse().expect("a number")
    }

    fn is_alive(&self) -> bool {
        living_name(self.pid()).is_some()
    }
}

impl Drop for Bystander {
    fn drop(&mut self) {
        let _gone = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// Writes the ledger file of a supervisor that is dead, like its runner.
fn write_ledger(living: &Living, name: &str, boot: &str, processes: &str) {
    let folder = living.folder().join("fanout/ledger");
    fs::create_dir_all(&folder).expect("a folder");
    for folder in [living.folder().join("fanout"), folder.clone()] {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).expect("permissions");
    }
    let namespace = fs::read_link("/proc/self/ns/pid").expect("a namespace");
    let text = format!(
        "fanout ledger 1\nboot {boot}\nnamespace {}\nrunner 4000000 1\nsupervisor 4000001 1\n\
         written 99999999999\n{processes}end\n",
        namespace.display()
    );
    fs::write(folder.join(name), text).expect("a ledger");
}

fn this_boot() -> String {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("a boot");
    boot.trim().to_owned()
}

#[test]
fn torture_29_an_innocent_process_with_a_recorded_pid_is_untouched() {
    let living = Living::new();
    let innocent = Bystander::start(&living, &["sleep", "72"]);
    let guilty = Bystander::start(&living, &["sleep", "73"]);
    let processes = format!(
        "process {} {}\nprocess {} {}\n",
        innocent.pid(),
        innocent.started() - 1,
        guilty.pid(),
        guilty.started()
    );
    write_ledger(&living, "dead", &this_boot(), &processes);
    let (living, ended) = Runner::harmless(living).finish();
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert!(!guilty.is_alive());
    assert!(innocent.is_alive());
    let told = format!("killed what an earlier run left: sleep ({})", guilty.pid());
    assert!(ended.stderr.contains(&told), "{ended:?}");
    assert!(!living.folder().join("fanout/ledger/dead").exists());
}

#[test]
fn a_marked_process_is_found_without_being_recorded() {
    let living = Living::new();
    let marked = Bystander::start(
        &living,
        &["env", "FANOUT_RUN_DIR=/run/of/old", "sleep", "74"],
    );
    let other = Bystander::start(
        &living,
        &["env", "FANOUT_RUN_DIR=/run/of/oldest", "sleep", "75"],
    );
    for bystander in [&marked, &other] {
        let deadline = std::time::Instant::now() + PATIENCE;
        while living_name(bystander.pid()).as_deref() != Some("sleep") {
            assert!(std::time::Instant::now() < deadline);
        }
    }
    write_ledger(
        &living,
        "dead",
        &this_boot(),
        "token FANOUT_RUN_DIR=/run/of/old\n",
    );
    let (_living, ended) = Runner::harmless(living).finish();
    assert_eq!(ended.code(), Some(0));
    assert!(!marked.is_alive());
    assert!(other.is_alive());
}

#[test]
fn the_ledger_of_another_boot_names_nobody() {
    let living = Living::new();
    let innocent = Bystander::start(&living, &["sleep", "76"]);
    let processes = format!("process {} {}\n", innocent.pid(), innocent.started());
    write_ledger(
        &living,
        "old",
        "00000000-0000-0000-0000-000000000000",
        &processes,
    );
    let (living, ended) = Runner::harmless(living).finish();
    assert_eq!(ended.code(), Some(0));
    assert!(innocent.is_alive());
    assert!(!living.folder().join("fanout/ledger/old").exists());
}

#[test]
fn torture_49_a_state_folder_that_others_can_write_is_not_used() {
    let living = Living::new();
    let innocent = Bystander::start(&living, &["sleep", "77"]);
    let processes = format!("process {} {}\n", innocent.pid(), innocent.started());
    write_ledger(&living, "forged", &this_boot(), &processes);
    let state = living.folder().join("fanout");
    fs::set_permissions(&state, fs::Permissions::from_mode(0o777)).expect("permissions");
    let (_living, ended) = Runner::harmless(living).finish();
    assert_eq!(ended.code(), Some(0));
    assert!(innocent.is_alive());
    assert!(
        ended.stderr.contains("can be written by others"),
        "{ended:?}"
    );
}
