//! The program: the exit code only.

#[cfg(target_os = "linux")]
fn main() -> fanout::cli::Exit {
    fanout::cli::main(std::env::args_os())
}

/// Says why the program cannot run here, and exits with 4, the code for that.
#[cfg(not(target_os = "linux"))]
fn main() -> std::process::ExitCode {
    use std::io::Write;
    // Whoever closed standard error does not want to know.
    let _ = writeln!(
        std::io::stderr(),
        "fanout: it does not run on {} yet: that nothing of a call lives on rests on process \
         control that only Linux has (child subreapers, parent-death signals, /proc, pidfd)",
        std::env::consts::OS
    );
    std::process::ExitCode::from(4)
}
