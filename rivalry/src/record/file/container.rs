//! What a file holds: a JSON header and named arrays of plain numbers. A
//! container that exists is within the format's limits, so it can be encoded.

use serde_json::Value;

use super::FileError;

/// Most bytes that the JSON of a header may take. Hostile JSON (many small
/// nested lists) takes up to 120 times its bytes in memory, so this bounds what
/// a header costs at some 120 MB; long lists belong into arrays.
pub const MAX_HEADER_BYTES: usize = 1 << 20;
/// Most levels of nesting in a header.
pub const MAX_HEADER_DEPTH: usize = 100;
/// Most arrays in one container.
pub const MAX_ARRAYS: usize = 4096;
/// Most bytes in an array's name.
pub const MAX_NAME_BYTES: usize = 256;
/// Most dimensions of an array.
pub const MAX_RANK: usize = 8;

/// A JSON header and named arrays. Two arrays are equal when every bit of them
/// is, so that a NaN equals itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    header: Value,
    arrays: Vec<Array>,
}

/// A named array in row-major order.
#[derive(Clone, Debug, PartialEq)]
pub struct Array {
    name: String,
    shape: Vec<usize>,
    values: Values,
}

/// The numbers of an array.
#[derive(Clone, Debug)]
pub enum Values {
    /// 32-bit floats, any bit pattern.
    F32(Vec<f32>),
    /// 64-bit floats, any bit pattern.
    F64(Vec<f64>),
    /// Unsigned 32-bit whole numbers.
    U32(Vec<u32>),
    /// Bytes.
    U8(Vec<u8>),
    /// Signed 64-bit whole numbers.
    I64(Vec<i64>),
}

/// What the numbers of an array are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dtype {
    /// `f32`
    F32,
    /// `f64`
    F64,
    /// `u32`
    U32,
    /// `u8`
    U8,
    /// `i64`
    I64,
}

impl Dtype {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::F32, Self::F64, Self::U32, Self::U8, Self::I64];

    /// As written in files, for ever.
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F64 => "f64",
            Self::U32 => "u32",
            Self::U8 => "u8",
            Self::I64 => "i64",
        }
    }

    /// Bytes per number.
    pub fn size(self) -> usize {
        match self {
            Self::U8 => 1,
            Self::F32 | Self::U32 => 4,
            Self::F64 | Self::I64 => 8,
        }
    }
}

/// A type of number that arrays can hold.
pub trait Element: Copy + sealed::Sealed {
    /// Its name in files.
    const DTYPE: Dtype;
    /// The values if they are of this type.
    fn of(values: &Values) -> Option<&[Self]>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! element {
    ($($type:ty => $kind:ident),*) => {$(
        impl sealed::Sealed for $type {}
        impl Element for $type {
            const DTYPE: Dtype = Dtype::$kind;
            fn of(values: &Values) -> Option<&[Self]> {
                match values { Values::$kind(it) => Some(it), _ => None }
            }
        }
        impl From<Vec<$type>> for Values {
            fn from(values: Vec<$type>) -> Self { Self::$kind(values) }
        }
        impl From<&[$type]> for Values {
            fn from(values: &[$type]) -> Self { Self::$kind(values.to_vec()) }
        }
    )*};
}
element!(f32 => F32, f64 => F64, u32 => U32, u8 => U8, i64 => I64);

/// Runs a piece of code on whichever vector the values are.
macro_rules! each {
    ($values:expr, $it:ident => $body:expr) => {
        match $values {
            Values::F32($it) => $body,
            Values::F64($it) => $body,
            Values::U32($it) => $body,
            Values::U8($it) => $body,
            Values::I64($it) => $body,
        }
    };
}

impl Values {
    /// How many numbers there are.
    pub fn len(&self) -> usize {
        each!(self, it => it.len())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What they are.
    pub fn dtype(&self) -> Dtype {
        match self {
            Self::F32(_) => Dtype::F32,
            Self::F64(_) => Dtype::F64,
            Self::U32(_) => Dtype::U32,
            Self::U8(_) => Dtype::U8,
            Self::I64(_) => Dtype::I64,
        }
    }

    /// Appends the little-endian bytes.
    pub(super) fn write_to(&self, out: &mut Vec<u8>) {
        each!(self, it => it.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes())));
    }

    /// Reads little-endian bytes, of which a rest too short for a number is
    /// ignored: the caller has compared the lengths.
    pub(super) fn read_from(bytes: &[u8], dtype: Dtype) -> Self {
        match dtype {
            Dtype::F32 => Self::F32(bytes.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect()),
            Dtype::F64 => Self::F64(bytes.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect()),
            Dtype::U32 => Self::U32(bytes.as_chunks().0.iter().map(|b| u32::from_le_bytes(*b)).collect()),
            Dtype::U8 => Self::U8(bytes.to_vec()),
            Dtype::I64 => Self::I64(bytes.as_chunks().0.iter().map(|b| i64::from_le_bytes(*b)).collect()),
        }
    }
}

impl PartialEq for Values {
    fn eq(&self, other: &Self) -> bool {
        fn same<T, B: PartialEq>(a: &[T], b: &[T], bits: impl Fn(&T) -> B) -> bool {
            a.len() == b.len() && a.iter().zip(b).all(|(x, y)| bits(x) == bits(y))
        }
        match (self, other) {
            (Self::F32(a), Self::F32(b)) => same(a, b, |x| x.to_bits()),
            (Self::F64(a), Self::F64(b)) => same(a, b, |x| x.to_bits()),
            (Self::U32(a), Self::U32(b)) => a == b,
            (Self::U8(a), Self::U8(b)) => a == b,
            (Self::I64(a), Self::I64(b)) => a == b,
            _ => false,
        }
    }
}

impl Array {
    /// Its name, unique in the container.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its length along each dimension; empty for a single number.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// Its numbers in row-major order.
    pub fn values(&self) -> &Values {
        &self.values
    }
}

impl Container {
    /// A container without arrays. JSON has no NaN and no infinity: such
    /// numbers belong into arrays.
    pub fn new(header: Value) -> Result<Self, FileError> {
        // The depth comes first: measuring the length recurses.
        if !depth_within(&header, MAX_HEADER_DEPTH) {
            return Err(FileError::HeaderTooDeep);
        }
        let bytes = header.to_string().len();
        if bytes > MAX_HEADER_BYTES {
            return Err(FileError::HeaderTooLong { bytes: bytes as u64, limit: MAX_HEADER_BYTES as u64 });
        }
        Ok(Self { header, arrays: Vec::new() })
    }

    /// Adds an array; its values are in row-major order.
    pub fn push(&mut self, name: &str, shape: &[usize], values: impl Into<Values>) -> Result<(), FileError> {
        let values = values.into();
        if self.arrays.len() >= MAX_ARRAYS {
            return Err(FileError::TooManyArrays { count: self.arrays.len() + 1 });
        }
        let promised = check_array(name, shape, values.dtype())?;
        if self.arrays.iter().any(|it| it.name == name) {
            return Err(FileError::DuplicateArray { name: name.to_owned() });
        }
        if promised != values.len() * values.dtype().size() {
            return Err(FileError::WrongLength {
                name: name.to_owned(),
                shape: shape.to_vec(),
                found: values.len(),
            });
        }
        self.arrays.push(Array { name: name.to_owned(), shape: shape.to_vec(), values });
        Ok(())
    }

    /// [`Container::push`], for building in one expression.
    pub fn with(mut self, name: &str, shape: &[usize], values: impl Into<Values>) -> Result<Self, FileError> {
        self.push(name, shape, values)?;
        Ok(self)
    }

    /// The header.
    pub fn header(&self) -> &Value {
        &self.header
    }

    /// The arrays in the order in which they were added.
    pub fn arrays(&self) -> &[Array] {
        &self.arrays
    }

    /// The shape and the numbers of an array.
    pub fn get<T: Element>(&self, name: &str) -> Result<(&[usize], &[T]), FileError> {
        let array = self
            .arrays
            .iter()
            .find(|it| it.name == name)
            .ok_or_else(|| FileError::NoSuchArray { name: name.to_owned() })?;
        let values = T::of(&array.values).ok_or_else(|| FileError::OtherDtype {
            name: name.to_owned(),
            wanted: T::DTYPE.name(),
            found: array.values.dtype().name(),
        })?;
        Ok((&array.shape, values))
    }
}

/// Checks a name and a shape; returns how many bytes the numbers take.
pub(super) fn check_array(name: &str, shape: &[usize], dtype: Dtype) -> Result<usize, FileError> {
    if name.is_empty() || name.len() > MAX_NAME_BYTES {
        return Err(FileError::BadArrayName { bytes: name.len() });
    }
    if shape.len() > MAX_RANK {
        return Err(FileError::TooManyDimensions { name: name.to_owned(), rank: shape.len() });
    }
    shape
        .iter()
        .try_fold(dtype.size(), |bytes, n| bytes.checked_mul(*n))
        // Room for padding and for the rest of the file.
        .filter(|bytes| *bytes < usize::MAX / 4)
        .ok_or_else(|| FileError::TooLarge { name: name.to_owned(), shape: shape.to_vec() })
}

fn depth_within(value: &Value, levels: usize) -> bool {
    match value {
        Value::Array(items) => levels > 0 && items.iter().all(|it| depth_within(it, levels - 1)),
        Value::Object(fields) => levels > 0 && fields.values().all(|it| depth_within(it, levels - 1)),
        _ => true,
    }
}
