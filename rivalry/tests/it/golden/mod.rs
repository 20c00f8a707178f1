//! Committed references made outside this program.

mod demo_data;
mod edges;
mod flow;
mod metrics;
mod reports;
mod stats;
mod theory;
mod torch;
mod terminal;
