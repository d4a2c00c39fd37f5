//! How many random cases are tried: `FANOUT_TEST_SCALE` is 1 by default, which
//! is a tenth of what `.ci/run` tries.

/// The number of cases at the current scale, of the number at scale 10.
pub(crate) fn scaled(at_ten: u32) -> u32 {
    let scale = std::env::var("FANOUT_TEST_SCALE");
    let scale: f64 = scale.ok().and_then(|text| text.parse().ok()).unwrap_or(1.0);
    (f64::from(at_ten) * scale / 10.0).ceil() as u32
}
