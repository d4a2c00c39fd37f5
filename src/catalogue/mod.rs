//! All tools known: manifests, JSON Schema, the rules by which arguments
//! become a command line, and the problems that are reported about files.
