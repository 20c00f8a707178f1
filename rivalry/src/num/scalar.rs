//! The one generic parameter of the numerical code: `f32` for training, `f64`
//! for gradient checks and the lab's references.

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

use super::special;

/// Values in one of the two precisions, as records keep them.
#[derive(Clone, Debug, PartialEq)]
pub enum Numbers {
    /// Single precision.
    F32(Vec<f32>),
    /// Double precision.
    F64(Vec<f64>),
}

/// Borrowed values in one of the two precisions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Values<'a> {
    /// Single precision.
    F32(&'a [f32]),
    /// Double precision.
    F64(&'a [f64]),
}

impl Values<'_> {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::F32(values) => values.len(),
            Self::F64(values) => values.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One value, widened.
    pub fn get(&self, i: usize) -> f64 {
        match self {
            Self::F32(values) => f64::from(values[i]),
            Self::F64(values) => values[i],
        }
    }
}

/// A floating-point number that networks are made of: `f32` or `f64`.
pub trait Scalar:
    Copy
    + Default
    + PartialOrd
    + Debug
    + Display
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Sum
{
    /// Zero.
    const ZERO: Self;
    /// One.
    const ONE: Self;
    /// The name stored in specs: `f32` or `f64`.
    const NAME: &'static str;
    /// Distance from one to the next larger value.
    const EPSILON: f64;

    /// Rounds to the nearest representable value.
    fn from_f64(value: f64) -> Self;
    /// Widens without loss.
    fn to_f64(self) -> f64;
    /// The exponential function, the same bits on every CPU.
    fn exp(self) -> Self;
    /// The natural logarithm, the same bits on every CPU.
    fn ln(self) -> Self;
    /// The hyperbolic tangent, the same bits on every CPU.
    fn tanh(self) -> Self;
    /// The Gauss error function, the same bits on every CPU.
    fn erf(self) -> Self;
    /// The square root (exact rounding by IEEE 754).
    fn sqrt(self) -> Self;
    /// The absolute value.
    fn abs(self) -> Self;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// The larger of two numbers; the other one when one is NaN.
    fn max(self, other: Self) -> Self;
    /// The smaller of two numbers; the other one when one is NaN.
    fn min(self, other: Self) -> Self;
    /// A whole power by repeated multiplication.
    fn powi(self, n: i32) -> Self;
    /// Values whose type is known at run time, from values whose type is known
    /// at compile time.
    fn into_numbers(values: Vec<Self>) -> Numbers;
    /// The values, when they are of this type.
    fn from_numbers(numbers: &Numbers) -> Option<&[Self]>;
    /// Borrowed values whose type is known at run time.
    fn as_values(values: &[Self]) -> Values<'_>;
}

macro_rules! scalar {
    ($t:ident, $variant:ident, $exp:path, $ln:path, $tanh:path, $erf:path) => {
        impl Scalar for $t {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const NAME: &'static str = stringify!($t);
            const EPSILON: f64 = <$t>::EPSILON as f64;

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $t
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            fn exp(self) -> Self {
                $exp(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                $ln(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                $tanh(self)
            }
            #[inline(always)]
            fn erf(self) -> Self {
                $erf(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                <$t>::sqrt(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                <$t>::abs(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$t>::is_finite(self)
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                <$t>::max(self, other)
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                <$t>::min(self, other)
            }
            #[inline(always)]
            fn powi(self, n: i32) -> Self {
                // `std::powi` leaves the order of multiplication open.
                let (mut base, mut left, mut result) = (self, n.unsigned_abs(), 1.0);
                while left > 0 {
                    if left & 1 == 1 {
                        result *= base;
                    }
                    base *= base;
                    left >>= 1;
                }
                if n < 0 { 1.0 / result } else { result }
            }
            fn into_numbers(values: Vec<Self>) -> Numbers {
                Numbers::$variant(values)
            }
            fn as_values(values: &[Self]) -> Values<'_> {
                Values::$variant(values)
            }
            fn from_numbers(numbers: &Numbers) -> Option<&[Self]> {
                match numbers {
                    Numbers::$variant(values) => Some(values),
                    _ => None,
                }
            }
        }
    };
}

scalar!(f32, F32, special::fast_exp_f32, libm::logf, libm::tanhf, libm::erff);
scalar!(f64, F64, special::fast_exp_f64, libm::log, libm::tanh, libm::erf);
