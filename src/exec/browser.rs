//! The user's browser.

use std::process::{Command, Stdio};

use std::os::unix::process::CommandExt;

/// Place of the address in a command of `BROWSER`.
const ADDRESS: &str = "%s";

/// Opens an address; returns whether a browser could be started. `BROWSER`
/// names commands, separated by colons, as for other programs.
pub(super) fn open(address: &str) -> bool {
    let named = std::env::var("BROWSER").unwrap_or_default();
    let named = named.split(':').filter(|command| !command.is_empty());
    let mut commands = named
        .map(|line| words(line, address))
        .chain([vec!["xdg-open".to_owned(), address.to_owned()]]);
    commands.any(|words| started(&words))
}

/// Returns the words of a command, with the address where it has a place for
/// it, else behind.
fn words(line: &str, address: &str) -> Vec<String> {
    let mut words = shell_words::split(line).unwrap_or_default();
    let mut has_place = false;
    for word in &mut words {
        if word.contains(ADDRESS) {
            *word = word.replace(ADDRESS, address);
            has_place = true;
        }
    }
    if !has_place {
        words.push(address.to_owned());
    }
    words
}

/// Starts a program in a group of its own, which keys of this terminal do not
/// reach. It may outlive this program.
fn started(words: &[String]) -> bool {
    let Some((program, arguments)) = words.split_first() else {
        return false;
    };
    let mut command = Command::new(program);
    command.args(arguments).process_group(0);
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let Ok(mut child) = command.spawn() else {
        return false;
    };
    // It is waited for, so that nothing is left of it in the process table.
    std::thread::spawn(move || drop(child.wait()));
    true
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn the_address_stands_where_the_command_has_a_place_for_it() {
        let of = |line| words(line, "https://a.b/?c=d e").join("|");
        assert_eq!(of("firefox"), "firefox|https://a.b/?c=d e");
        assert_eq!(
            of("'my browser' --url=%s -x"),
            "my browser|--url=https://a.b/?c=d e|-x"
        );
    }
}
