//! Committed references made outside this program.

mod torch;
