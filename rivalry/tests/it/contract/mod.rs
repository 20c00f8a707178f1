//! What every entry of a drawer must keep.

mod encoders;
mod losses;
mod renderers;
