//! What all readers share: sources, limits, options, arrays, and the step from
//! arrays to a data set.

mod array;
mod assemble;
mod limits;
mod options;
mod pick;
mod source;
mod texts;

pub use array::{Array, Kind, Values};
pub use assemble::Role;
pub use limits::Limits;
pub use options::{ModalityChoice, OpenOptions};
pub use pick::{Choose, Pick, PickOptions};
pub use source::Source;

pub(super) use assemble::{RESERVED, Wanted, assemble, wanted};
pub(super) use limits::within;
pub(super) use source::{Input, io_error};
pub(super) use texts::Texts;
