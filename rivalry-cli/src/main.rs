//! The command `rivalry`.
fn main() {}
