//! Plan files: reading, `{{references}}`, graph checks, foreign formats.
