//! Roles and theme files.
