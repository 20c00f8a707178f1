//! What a run leaves behind, and the file that keeps it.

pub mod file;
