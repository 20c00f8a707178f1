//! What the statistics promise beyond agreeing with references: coverage in
//! simulation, and properties of all inputs.

mod coverage;
mod properties;
