//! DRAWER: files -> tables, and the data that are compiled in.

pub mod embedded;
