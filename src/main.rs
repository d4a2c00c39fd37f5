//! The program: the exit code only.

fn main() -> fanout::cli::Exit {
    fanout::cli::main(std::env::args_os())
}
