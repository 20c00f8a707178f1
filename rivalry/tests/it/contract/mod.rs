//! What every entry of a drawer must keep.

mod charts;
mod encoders;
mod losses;
mod renderers;
mod strategies;
