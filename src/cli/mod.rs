//! The command line: one file a command. It joins the rooms, owns nothing
//! lasting, and is the only room besides `main` that may use `tui`.
