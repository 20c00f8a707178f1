//! Data sets and whole files.

pub mod atomic;
