//! A small but real API with its metrics.
fn main() {}
