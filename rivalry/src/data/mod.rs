//! Data: named modalities of the same samples, labels, groups and a split,
//! checked once; standardisation; a fingerprint of the content.
//!
//! Knows nothing of file formats and nothing of networks. A [`Dataset`] that
//! exists is valid, and nothing changes one.

pub mod atomic;
mod check;
mod dataset;
mod deal;
mod describe;
mod error;
mod features;
mod fingerprint;
mod labels;
mod names;
pub mod planted;
mod scaling;
pub mod sparse_coding;
mod split;
mod warning;

pub use dataset::Dataset;
pub use describe::{
    ClassDescription, Description, Duplicates, GroupsDescription, ModalityDescription, SplitDescription,
};
pub use error::{
    DataError, FileError, LayoutError, MatError, Named, NpyError, ParquetError, Part, PredictionError,
    SafetensorsError, TableError, ZipError,
};
pub(crate) use error::{listed, shown};
pub use features::{Features, Modality};
pub use fingerprint::Fingerprint;
pub use labels::{Groups, Labels};
pub use names::MAX_NAME_CHARS;
pub use scaling::{FARTHEST, Scaler};
pub use split::{Partition, Split};
pub use warning::Warning;

#[cfg(test)]
mod tests;
