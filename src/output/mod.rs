//! What calls print: bounded buffers, spill files and the sanitised text
//! that a screen may show.
