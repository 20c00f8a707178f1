//! Products with an operand that is packed once and used many times: the
//! training features, which full-batch training multiplies in every step. It
//! knows nothing of samples or features.
//!
//! `gemm` packs both operands in every call. On the thin products of the
//! talk's network (tens of units) that is a good part of the time;
//! `docs/decisions/0009-fused-step.md` holds the ratios.

use std::any::TypeId;
use std::ops::Range;

use super::super::{MatrixView, Scalar};
use super::lanes::{Avx2, Avx512, Lanes};
use super::{Op, strides};

/// Vectors side by side in a panel.
const VECTORS: usize = 3;
/// Bytes of a line of the cache.
const LINE: usize = 64;
/// Rows of the packed operand that one sweep takes: a panel's part of them
/// stays in the nearest cache.
const DEPTH: usize = 256;

/// Which kernel multiplies, and so how the operand is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// `gemm`, panel by panel.
    Gemm,
}

/// A matrix cut into panels of neighbouring columns, each panel contiguous,
/// row after row, its last columns padded with zeros.
#[derive(Debug)]
pub struct Panels<T> {
    data: Vec<T>,
    /// Where the first panel starts: at the start of a line of the cache.
    first: usize,
    rows: usize,
    cols: usize,
    /// Columns of a full panel.
    width: usize,
    /// A panel's columns are padded to a multiple of this.
    lanes: usize,
    kind: Kind,
}

impl<T: Scalar> Panels<T> {
    /// Packs `op(b)`.
    pub fn new(b: MatrixView<'_, T>, op: Op) -> Self {
        Self::packed(b, op, Kind::detect::<T>())
    }

    fn packed(b: MatrixView<'_, T>, op: Op, kind: Kind) -> Self {
        let (rows, cols, ..) = strides(&b, op);
        let lanes = kind.lanes::<T>();
        let width = VECTORS * lanes;
        let mut data: Vec<T> =
            Vec::with_capacity(rows * cols.next_multiple_of(lanes) + LINE / size_of::<T>());
        let first = data.as_ptr().align_offset(LINE).min(LINE / size_of::<T>());
        data.resize(first, T::ZERO);
        for start in (0..cols).step_by(width) {
            let stop = cols.min(start + width);
            for r in 0..rows {
                match op {
                    Op::Plain => data.extend_from_slice(&b.row(r)[start..stop]),
                    Op::Transposed => data.extend((start..stop).map(|c| b.row(c)[r])),
                }
                data.resize(data.len() + (stop - start).next_multiple_of(lanes) - (stop - start), T::ZERO);
            }
        }
        Self { data, first, rows, cols, width, lanes, kind }
    }

    /// Rows of the packed matrix.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Columns of the packed matrix.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// Columns of a full panel: [`Panels::product`] takes columns from a
    /// multiple of this on.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Columns `cols`, or with `accumulate` adds to them: `out = a * b[rows, cols]`,
    /// `out` starting at the first of these columns, its rows `out_stride` apart.
    ///
    /// The order of summation is that of the rows, cut every 256 rows.
    ///
    /// # Panics
    /// When the shapes do not fit, or `cols` starts within a panel.
    pub fn product(
        &self,
        out: &mut [T],
        out_stride: usize,
        a: MatrixView<'_, T>,
        rows: Range<usize>,
        cols: Range<usize>,
        accumulate: bool,
    ) {
        assert!(rows.end <= self.rows && cols.end <= self.cols, "rows and columns of the packed operand");
        assert_eq!(a.cols(), rows.len(), "inner dimensions of a product");
        assert!(cols.start.is_multiple_of(self.width), "columns from the start of a panel");
        if a.rows() == 0 || cols.is_empty() {
            return;
        }
        assert!(out.len() >= (a.rows() - 1) * out_stride + cols.len(), "room for the result");
        assert!(out_stride >= cols.len(), "rows of the result do not overlap");
        if rows.is_empty() {
            if !accumulate {
                out.chunks_mut(out_stride).take(a.rows()).for_each(|row| row[..cols.len()].fill(T::ZERO));
            }
            return;
        }
        let mut top = rows.start;
        while top < rows.end {
            let bottom = rows.end.min(top + DEPTH);
            for start in cols.clone().step_by(self.width) {
                let stop = cols.end.min(start + self.width);
                // A panel's rows are as long as its padded number of columns.
                let padded = self.cols.min(start + self.width).next_multiple_of(self.lanes) - start;
                let panel =
                    &self.data[self.first + start * self.rows + top * padded..][..(bottom - top) * padded];
                // What the next turn of these loops reads.
                let ahead = if stop < cols.end {
                    let padded = self.cols.min(stop + self.width).next_multiple_of(self.lanes) - stop;
                    self.first + stop * self.rows + top * padded
                } else {
                    let padded =
                        self.cols.min(cols.start + self.width).next_multiple_of(self.lanes) - cols.start;
                    self.first + cols.start * self.rows + bottom * padded
                };
                let part = Part {
                    a: a.as_ptr().wrapping_add(top - rows.start),
                    a_stride: a.stride(),
                    n_units: a.rows(),
                    b: panel.as_ptr(),
                    b_stride: padded,
                    ahead: self.data.as_ptr().wrapping_add(ahead),
                    depth: bottom - top,
                    c: out[start - cols.start..].as_mut_ptr(),
                    c_stride: out_stride,
                    n_cols: stop - start,
                    accumulate: accumulate || top > rows.start,
                };
                // SAFETY: `a` covers its rows from the column `top - rows.start`
                // for `depth` columns (asserted: it has as many columns as
                // there are rows), `panel` was just cut to depth x padded, and
                // `out` has room for n_units rows of n_cols (asserted). The
                // kernel is one that the CPU was asked for.
                unsafe { part.run(self.kind) }
            }
            top = bottom;
        }
    }
}

/// c (+)= a * b for one panel and at most `DEPTH` of its rows.
#[derive(Clone, Copy)]
struct Part<T> {
    a: *const T,
    a_stride: usize,
    n_units: usize,
    b: *const T,
    b_stride: usize,
    /// Will be read soon: fetched while the arithmetic goes on. A hint; it may
    /// point anywhere.
    ahead: *const T,
    depth: usize,
    c: *mut T,
    c_stride: usize,
    n_cols: usize,
    accumulate: bool,
}

impl<T: Scalar> Part<T> {
    /// # Safety
    /// The pointers cover what the sizes say; the CPU has what `kind` needs.
    unsafe fn run(self, kind: Kind) {
        match kind {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => {
                if TypeId::of::<T>() == TypeId::of::<f32>() {
                    unsafe { with_avx512::<f32>(self.cast()) }
                } else {
                    unsafe { with_avx512::<f64>(self.cast()) }
                }
            }
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => {
                if TypeId::of::<T>() == TypeId::of::<f32>() {
                    unsafe { with_avx2::<f32>(self.cast()) }
                } else {
                    unsafe { with_avx2::<f64>(self.cast()) }
                }
            }
            Kind::Gemm => unsafe { self.with_gemm() },
        }
    }

    fn cast<U>(self) -> Part<U> {
        Part {
            a: self.a.cast(),
            a_stride: self.a_stride,
            n_units: self.n_units,
            b: self.b.cast(),
            b_stride: self.b_stride,
            ahead: self.ahead.cast(),
            depth: self.depth,
            c: self.c.cast(),
            c_stride: self.c_stride,
            n_cols: self.n_cols,
            accumulate: self.accumulate,
        }
    }

    unsafe fn with_gemm(self) {
        unsafe {
            gemm::gemm(
                self.n_units,
                self.n_cols,
                self.depth,
                self.c,
                1,
                self.c_stride as isize,
                self.accumulate,
                self.a,
                1,
                self.a_stride as isize,
                self.b,
                1,
                self.b_stride as isize,
                T::ONE,
                T::ONE,
                false,
                false,
                false,
                gemm::Parallelism::None,
            );
        }
    }

    /// All units, `UNITS` at a time and the rest.
    #[inline(always)]
    unsafe fn sweep<L: Lanes<T>, const UNITS: usize>(self) {
        let vectors = self.n_cols.div_ceil(L::N);
        let mut unit = 0;
        while unit < self.n_units {
            let left = (self.n_units - unit).min(UNITS);
            let part = Self {
                a: unsafe { self.a.add(unit * self.a_stride) },
                c: unsafe { self.c.add(unit * self.c_stride) },
                ahead: self.ahead.wrapping_add(unit / UNITS * self.depth * (LINE / size_of::<T>())),
                ..self
            };
            unsafe {
                match vectors {
                    1 => part.units::<L, 1>(left),
                    2 => part.units::<L, 2>(left),
                    _ => part.units::<L, VECTORS>(left),
                }
            }
            unit += left;
        }
    }

    #[inline(always)]
    unsafe fn units<L: Lanes<T>, const V: usize>(self, n: usize) {
        unsafe {
            match n {
                1 => self.block::<L, 1, V>(),
                2 => self.block::<L, 2, V>(),
                3 => self.block::<L, 3, V>(),
                4 => self.block::<L, 4, V>(),
                5 => self.block::<L, 5, V>(),
                6 => self.block::<L, 6, V>(),
                7 => self.block::<L, 7, V>(),
                _ => self.block::<L, 8, V>(),
            }
        }
    }

    /// U units times V vectors of columns, the sums in registers.
    #[inline(always)]
    unsafe fn block<L: Lanes<T>, const U: usize, const V: usize>(self) {
        let Self { a, a_stride, b, b_stride, ahead, depth, c, c_stride, n_cols, accumulate, .. } = self;
        unsafe {
            let mut sums = [[L::zero(); V]; U];
            for k in 0..depth {
                let row = b.add(k * b_stride);
                L::prefetch(ahead.wrapping_add(k * (LINE / size_of::<T>())));
                let mut values = [L::zero(); V];
                for (v, value) in values.iter_mut().enumerate() {
                    *value = L::load(row.add(v * L::N));
                }
                for (u, sums) in sums.iter_mut().enumerate() {
                    let factor = L::splat(*a.add(u * a_stride + k));
                    for (sum, value) in sums.iter_mut().zip(values) {
                        *sum = L::multiply_add(factor, value, *sum);
                    }
                }
            }
            for (u, sums) in sums.into_iter().enumerate() {
                for (v, sum) in sums.into_iter().enumerate() {
                    let to = c.add(u * c_stride + v * L::N);
                    if (v + 1) * L::N <= n_cols {
                        L::store(to, if accumulate { L::add(L::load(to), sum) } else { sum });
                    } else {
                        let mut spill = [T::ZERO; MAX_LANES];
                        L::store(spill.as_mut_ptr(), sum);
                        for (i, value) in spill[..n_cols - v * L::N].iter().enumerate() {
                            let to = to.add(i);
                            *to = if accumulate { *to + *value } else { *value };
                        }
                    }
                }
            }
        }
    }
}

const MAX_LANES: usize = 16;

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
unsafe fn with_avx512<T: Scalar>(part: Part<T>)
where
    Avx512: Lanes<T>,
{
    unsafe { part.sweep::<Avx512, 8>() }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
unsafe fn with_avx2<T: Scalar>(part: Part<T>)
where
    Avx2: Lanes<T>,
{
    unsafe { part.sweep::<Avx2, 4>() }
}

impl Kind {
    fn detect<T: Scalar>() -> Self {
        #[cfg(target_arch = "x86_64")]
        if TypeId::of::<T>() == TypeId::of::<f32>() || TypeId::of::<T>() == TypeId::of::<f64>() {
            if std::arch::is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                return Self::Avx2;
            }
        }
        Self::Gemm
    }

    /// Values of `T` in a vector.
    fn lanes<T>(self) -> usize {
        let bytes = match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => 64,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => 32,
            Self::Gemm => 64,
        };
        bytes / size_of::<T>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::{Draws, Matrix, Purpose};

    fn kinds() -> Vec<Kind> {
        let mut kinds = vec![Kind::Gemm];
        #[cfg(target_arch = "x86_64")]
        {
            if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
                kinds.push(Kind::Avx2);
            }
            if std::arch::is_x86_feature_detected!("avx512f") {
                kinds.push(Kind::Avx512);
            }
        }
        kinds
    }

    /// One product of every kind against the triple loop, written and added.
    fn compare<T: Scalar>(trial: u32, tolerance: f64) {
        let mut draws = Draws::new(0, Purpose::new("panels test"), trial);
        let (units, depth, cols) = (draws.below(20), draws.below(600), 1 + draws.below(130));
        let op = if trial.is_multiple_of(2) { Op::Plain } else { Op::Transposed };
        let mut random = |r, c| Matrix::from_fn(r, c, |_, _| T::from_f64(draws.normal()));
        let b = if op == Op::Plain { random(depth, cols) } else { random(cols, depth) };
        let at = |r: usize, c: usize| if op == Op::Plain { b.row(r)[c] } else { b.row(c)[r] };
        let wide = random(units, depth + 3);
        let mut below = |n: usize| if n == 0 { 0 } else { draws.below(n) };
        let top = below(depth);
        let bottom = depth - below(depth - top);
        for kind in kinds() {
            let panels = Panels::packed(b.view(), op, kind);
            let n_panels = cols.div_ceil(panels.width());
            let start = (trial as usize % n_panels) * panels.width();
            let stop = cols - (trial as usize / 2) % (cols - start);
            let stride = stop - start + trial as usize % 3;
            let a = MatrixView::strided(wide.as_slice(), units, bottom - top, depth + 3);
            let mut out = vec![T::ONE; units * stride];
            for (accumulate, before) in [(true, T::ONE), (false, T::ZERO), (true, T::ZERO)] {
                if !accumulate {
                    out.fill(T::from_f64(f64::NAN));
                }
                let written = out.clone();
                panels.product(&mut out, stride, a, top..bottom, start..stop, accumulate);
                for u in 0..units {
                    for c in 0..stride {
                        let got = out[u * stride + c];
                        if start + c >= stop {
                            let untouched = written[u * stride + c];
                            assert!(got == untouched || (got.to_f64().is_nan() && !untouched.is_finite()));
                            continue;
                        }
                        let sum: f64 = (top..bottom)
                            .map(|k| a.row(u)[k - top].to_f64() * at(k, start + c).to_f64())
                            .sum();
                        let times = if accumulate && before == T::ZERO { 2.0 } else { 1.0 };
                        let expected = times * sum + before.to_f64();
                        let error = (got.to_f64() - expected).abs();
                        assert!(error <= tolerance, "{kind:?} trial {trial}: {got} for {expected}");
                    }
                }
            }
        }
    }

    #[test]
    fn products_with_panels_equal_the_triple_loop_whatever_multiplies() {
        for trial in 0..300 {
            compare::<f64>(trial, 1e-11);
            compare::<f32>(trial, 2e-3);
        }
    }

    #[test]
    fn the_width_of_vectors_changes_no_bit() {
        fn check<T: Scalar>(trial: u32) {
            let mut draws = Draws::new(1, Purpose::new("panels test"), trial);
            let (units, depth, cols) = (1 + draws.below(20), 1 + draws.below(600), 1 + draws.below(130));
            let mut random = |r, c| Matrix::from_fn(r, c, |_, _| T::from_f64(draws.normal()));
            let (a, b) = (random(units, depth), random(depth, cols));
            let results = kinds().into_iter().map(|kind| {
                let mut out = Matrix::zeros(units, cols);
                let panels = Panels::packed(b.view(), Op::Plain, kind);
                panels.product(out.as_mut_slice(), cols, a.view(), 0..depth, 0..cols, false);
                out
            });
            // Not those of `gemm`, whose order of summation is its own.
            let results: Vec<_> = results.skip(1).collect();
            assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "trial {trial}");
        }
        for trial in 0..100 {
            check::<f32>(trial);
            check::<f64>(trial);
        }
    }
}
