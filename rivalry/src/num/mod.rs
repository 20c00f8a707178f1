//! Numbers: scalars, matrices, products, ordered sums, counter-based draws and
//! a parallel map whose results come back in input order.
//!
//! Nothing here knows of modalities or networks. Nothing here depends on the
//! number of threads, on the clock or on global state.

pub mod draws;
mod kernels;
mod matrix;
pub mod parallel;
mod scalar;
pub mod special;
pub mod sums;

pub use draws::{Draws, Purpose};
pub(crate) use kernels::vectorised;
pub use kernels::{Op, Panels, product, product_into};
pub use matrix::{Matrix, MatrixMut, MatrixView};
pub use scalar::{Numbers, Scalar, Values};
