//! Committed references made outside this program.

mod demo_data;
mod edges;
mod stats;
mod torch;
mod terminal;
