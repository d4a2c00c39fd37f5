//! The boxes that lie on top of the screen.

pub(super) mod add_call;
pub(super) mod cap;
pub(super) mod choices;
pub(super) mod confirm;
pub(super) mod copy_as;
pub(super) mod form;
pub(super) mod help;
pub(super) mod machine;
pub(super) mod messages;
pub(super) mod palette;
mod picker;
pub(super) mod theme_picker;
pub(super) mod welcome;
