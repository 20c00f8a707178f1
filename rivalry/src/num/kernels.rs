//! Matrix products and SIMD dispatch: the only module with `unsafe` code.
#![allow(unsafe_code, reason = "products and SIMD dispatch need raw pointers; nothing else may")]

#[cfg(target_arch = "x86_64")]
mod lanes;
mod panels;

use super::{Matrix, MatrixMut, MatrixView, Scalar};

pub use panels::Panels;

/// How an operand of a product is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// As it is.
    Plain,
    /// Rows and columns swapped (no copy is made).
    Transposed,
}

/// `out = op(a) * op(b)`, or `out += op(a) * op(b)` when `accumulate`.
///
/// One thread per product: parallelism belongs to runs. The order of
/// summation depends on the shapes and the kind of CPU, not on anything else.
///
/// # Panics
/// When the shapes do not fit.
pub fn product_into<T: Scalar>(
    out: &mut MatrixMut<'_, T>,
    a: MatrixView<'_, T>,
    op_a: Op,
    b: MatrixView<'_, T>,
    op_b: Op,
    accumulate: bool,
) {
    let (m, k, a_row, a_col) = strides(&a, op_a);
    let (k_b, n, b_row, b_col) = strides(&b, op_b);
    assert_eq!(k, k_b, "inner dimensions of a product: {k} and {k_b}");
    assert_eq!((out.rows(), out.cols()), (m, n), "shape of a product's result");
    if m == 0 || n == 0 {
        return;
    }
    if k == 0 {
        if !accumulate {
            out.as_mut_slice().fill(T::ZERO);
        }
        return;
    }
    let out_stride = n as isize;
    // SAFETY: the pointers come from slices that cover rows x cols at the given
    // strides (checked by the constructors of the views and by the asserts
    // above), `out` is borrowed mutably so nothing aliases it, and `T` is the
    // type of all three.
    unsafe {
        gemm::gemm(
            m,
            n,
            k,
            out.as_mut_slice().as_mut_ptr(),
            1,
            out_stride,
            accumulate,
            a.as_ptr(),
            a_col,
            a_row,
            b.as_ptr(),
            b_col,
            b_row,
            T::ONE,
            T::ONE,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

/// `op(a) * op(b)` as a new matrix.
pub fn product<T: Scalar>(a: MatrixView<'_, T>, op_a: Op, b: MatrixView<'_, T>, op_b: Op) -> Matrix<T> {
    let (m, ..) = strides(&a, op_a);
    let (_, n, ..) = strides(&b, op_b);
    let mut out = Matrix::zeros(m, n);
    product_into(&mut out.view_mut(), a, op_a, b, op_b, false);
    out
}

/// Rows, columns, row stride and column stride of `op(a)`.
fn strides<T: Scalar>(a: &MatrixView<'_, T>, op: Op) -> (usize, usize, isize, isize) {
    let stride = a.stride() as isize;
    match op {
        Op::Plain => (a.rows(), a.cols(), stride, 1),
        Op::Transposed => (a.cols(), a.rows(), 1, stride),
    }
}

/// Runs an elementwise loop compiled for AVX2 where the CPU has it.
///
/// The body must inline. Rust never contracts `a * b + c`, so the vector width
/// changes the speed and not the bits.
#[inline]
pub(crate) fn vectorised<R>(body: impl FnOnce() -> R) -> R {
    #[cfg(target_arch = "x86_64")]
    {
        #[target_feature(enable = "avx2")]
        fn with_avx2<R>(body: impl FnOnce() -> R) -> R {
            body()
        }
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the CPU has AVX2, as just asked.
            return unsafe { with_avx2(body) };
        }
    }
    body()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::{Draws, Purpose};

    fn naive(a: &Matrix<f64>, op_a: Op, b: &Matrix<f64>, op_b: Op) -> Matrix<f64> {
        let get = |m: &Matrix<f64>, op, r: usize, c: usize| match op {
            Op::Plain => m.row(r)[c],
            Op::Transposed => m.row(c)[r],
        };
        let (m, k, ..) = strides(&a.view(), op_a);
        let (_, n, ..) = strides(&b.view(), op_b);
        Matrix::from_fn(m, n, |r, c| (0..k).map(|i| get(a, op_a, r, i) * get(b, op_b, i, c)).sum())
    }

    #[test]
    fn product_equals_the_triple_loop() {
        let mut draws = Draws::new(0, Purpose::new("product test"), 0);
        for trial in 0..200 {
            let (m, k, n) = (draws.below(40), draws.below(40), draws.below(40));
            let (op_a, op_b) = (
                if trial & 1 == 0 { Op::Plain } else { Op::Transposed },
                if trial & 2 == 0 { Op::Plain } else { Op::Transposed },
            );
            let shape = |op, r, c| if op == Op::Plain { (r, c) } else { (c, r) };
            let (ar, ac) = shape(op_a, m, k);
            let (br, bc) = shape(op_b, k, n);
            let a = Matrix::from_fn(ar, ac, |_, _| draws.normal());
            let b = Matrix::from_fn(br, bc, |_, _| draws.normal());
            let expected = naive(&a, op_a, &b, op_b);
            let mut got = product(a.view(), op_a, b.view(), op_b);
            for (g, e) in got.as_slice().iter().zip(expected.as_slice()) {
                assert!((g - e).abs() < 1e-12, "{g} {e}");
            }
            product_into(&mut got.view_mut(), a.view(), op_a, b.view(), op_b, true);
            for (g, e) in got.as_slice().iter().zip(expected.as_slice()) {
                assert!((g - 2.0 * e).abs() < 1e-12, "{g} {e}");
            }
        }
    }
}
