//! Committed references made outside this program.

mod demo_data;
mod flow;
mod stats;
mod torch;
mod terminal;
