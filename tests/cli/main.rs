//! The program as a user meets it: its commands, its exit codes, its forms of
//! output, and the samples that come with it.

mod samples;
