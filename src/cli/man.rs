//! `fanout man`: the manual page, made from the command line and the table of
//! keys.

use std::io::{self, Write};

use clap::{Args, Command};
use clap_mangen::Man as Page;

use super::exit::{self, Exit};
use crate::tui::keymap::{self, Keymap};

#[derive(Debug, Args)]
#[command(before_help = "\
Examples:
  fanout man | man -l -
  fanout man > ~/.local/share/man/man1/fanout.1")]
pub(super) struct Man {}

impl Man {
    /// Prints the manual page of the whole command line.
    pub(super) fn run(&self, program: Command) -> Exit {
        let Self {} = self;
        let mut page = Vec::new();
        let written = write_page(program, &mut page);
        exit::written(written.and_then(|()| io::stdout().lock().write_all(&page)))
    }
}

fn write_page(mut program: Command, out: &mut Vec<u8>) -> io::Result<()> {
    program.build();
    let page = Page::new(program.clone());
    page.render_title(out)?;
    page.render_name_section(out)?;
    page.render_synopsis_section(out)?;
    page.render_description_section(out)?;
    page.render_options_section(out)?;
    writeln!(out, ".SH COMMANDS")?;
    for command in program.get_subcommands().filter(|it| is_told(it)) {
        write_command(command, out)?;
    }
    writeln!(out, ".SH KEYS\nWhere keys.toml changes nothing:\n.PP\n.nf")?;
    for line in keymap::listing(&Keymap::standard()).lines() {
        writeln!(out, "{}", literal(line))?;
    }
    writeln!(out, ".fi")?;
    write_files(out)
}

/// One command as a part of the page: its examples, then its options.
fn write_command(command: &Command, out: &mut Vec<u8>) -> io::Result<()> {
    writeln!(out, ".SS \"fanout {}\"", literal(command.get_name()))?;
    if let Some(about) = command.get_about() {
        writeln!(out, "{}", literal(&about.to_string()))?;
    }
    if let Some(examples) = command.get_before_help() {
        writeln!(out, ".PP\n.nf")?;
        for line in examples.to_string().lines() {
            writeln!(out, "{}", literal(line))?;
        }
        writeln!(out, ".fi")?;
    }
    let mut options = Vec::new();
    Page::new(command.clone()).render_options_section(&mut options)?;
    let options = String::from_utf8_lossy(&options).into_owned();
    // Its heading would begin a section of the whole page.
    let lines = options.lines().filter(|line| !line.starts_with(".SH"));
    for line in lines {
        writeln!(out, "{line}")?;
    }
    let parts = command.get_subcommands();
    for part in parts.filter(|it| it.get_name() != "help") {
        let about = part.get_about().map(ToString::to_string);
        let name = format!("{} {}", command.get_name(), part.get_name());
        writeln!(out, ".TP\nfanout {}", literal(&name))?;
        writeln!(out, "{}", literal(&about.unwrap_or_default()))?;
    }
    Ok(())
}

fn write_files(out: &mut Vec<u8>) -> io::Result<()> {
    writeln!(out, ".SH FILES")?;
    for (file, what) in [
        (
            "~/.config/fanout/config.toml",
            "options; `fanout config default` describes them",
        ),
        (
            "~/.config/fanout/keys.toml",
            "keys; `fanout keys` lists them",
        ),
        (
            "~/.config/fanout/themes/*.toml",
            "themes; `fanout theme list` names them",
        ),
    ] {
        writeln!(out, ".TP\n{}\n{}", literal(file), literal(what))?;
    }
    Ok(())
}

/// A line that roff takes as it is.
fn literal(line: &str) -> String {
    let line = line.replace('\\', "\\e").replace('-', "\\-");
    match line.chars().next() {
        Some('.' | '\'') => format!("\\&{line}"),
        _ => line,
    }
}

fn is_told(command: &Command) -> bool {
    !command.is_hide_set() && command.get_name() != "help"
}
