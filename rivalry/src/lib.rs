//! Rivalry: why training modalities together so often loses to training them
//! apart, which modality lost, and what fixes it.
//!
//! Data flows one way: data -> train -> record -> evidence -> verdict ->
//! report. `ARCHITECTURE.md` in the repository draws the rooms; a module may
//! use only the modules listed above it here, and a test checks that.

pub mod num;
pub mod stats;
pub mod registry;
pub mod works;
pub mod data;
pub mod formats;
pub mod encoders;
pub mod model;
pub mod strategies;
pub mod solvers;
pub mod spec;
pub mod record;
pub mod train;
pub mod lab;
pub mod metrics;
pub mod diagnose;
pub mod report;
pub mod render;
pub mod store;
pub mod sweep;
