//! The dashboard: event loop, state, actions, keymap and views.
