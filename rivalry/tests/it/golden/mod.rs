//! Committed references made outside this program.

mod demo_data;
mod edges;
mod flow;
mod metrics;
mod published;
mod reports;
mod scores;
mod stats;
mod theory;
mod torch;
mod terminal;

use serde_json::Value;

/// A number of a reference.
fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

/// A list of numbers of a reference.
fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(number).collect()
}
