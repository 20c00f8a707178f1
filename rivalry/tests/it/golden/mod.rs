//! Committed references made outside this program.

mod demo_data;
mod edges;
mod flow;
mod reports;
mod stats;
mod theory;
mod torch;
mod terminal;
