//! The real containment, with the real program as its warden.

use fanout::exec::{Containment, ContainmentOptions};

/// A containment whose warden is the built program.
pub(crate) fn containment() -> Containment {
    let options = ContainmentOptions {
        program: env!("CARGO_BIN_EXE_fanout").into(),
        ..ContainmentOptions::default()
    };
    Containment::start(options).expect("a containment")
}
