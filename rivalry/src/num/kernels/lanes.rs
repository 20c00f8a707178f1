//! Vectors of numbers as the CPU has them: loads, stores and fused
//! multiplications. Nothing here knows what is multiplied.

use std::arch::x86_64::{
    __m256, __m256d, __m512, __m512d, _MM_HINT_T1, _mm_prefetch, _mm256_add_pd, _mm256_add_ps,
    _mm256_fmadd_pd, _mm256_fmadd_ps, _mm256_loadu_pd, _mm256_loadu_ps, _mm256_set1_pd, _mm256_set1_ps,
    _mm256_setzero_pd, _mm256_setzero_ps, _mm256_storeu_pd, _mm256_storeu_ps, _mm512_add_pd, _mm512_add_ps,
    _mm512_fmadd_pd, _mm512_fmadd_ps, _mm512_loadu_pd, _mm512_loadu_ps, _mm512_set1_pd, _mm512_set1_ps,
    _mm512_setzero_pd, _mm512_setzero_ps, _mm512_storeu_pd, _mm512_storeu_ps,
};

/// A vector register of `T` and what is done with it.
///
/// # Safety of all functions
/// The CPU has the instructions; pointers cover `N` values.
pub(super) trait Lanes<T> {
    type Vector: Copy;
    /// Values in a vector.
    const N: usize;
    unsafe fn zero() -> Self::Vector;
    unsafe fn splat(value: T) -> Self::Vector;
    unsafe fn load(from: *const T) -> Self::Vector;
    unsafe fn store(to: *mut T, value: Self::Vector);
    unsafe fn add(a: Self::Vector, b: Self::Vector) -> Self::Vector;
    /// Asks for the line of the cache around an address, which may be any.
    unsafe fn prefetch(from: *const T);
    /// a * b + c, rounded once.
    unsafe fn multiply_add(a: Self::Vector, b: Self::Vector, c: Self::Vector) -> Self::Vector;
}

/// 512 bits.
pub(super) struct Avx512;
/// 256 bits.
pub(super) struct Avx2;

macro_rules! lanes {
    ($kind:ident, $t:ident, $vector:ident, $n:literal, $zero:ident, $splat:ident, $load:ident, $store:ident, $add:ident, $fma:ident) => {
        impl Lanes<$t> for $kind {
            type Vector = $vector;
            const N: usize = $n;
            #[inline(always)]
            unsafe fn zero() -> $vector {
                unsafe { $zero() }
            }
            #[inline(always)]
            unsafe fn splat(value: $t) -> $vector {
                unsafe { $splat(value) }
            }
            #[inline(always)]
            unsafe fn load(from: *const $t) -> $vector {
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn store(to: *mut $t, value: $vector) {
                unsafe { $store(to, value) }
            }
            #[inline(always)]
            unsafe fn add(a: $vector, b: $vector) -> $vector {
                unsafe { $add(a, b) }
            }
            #[inline(always)]
            unsafe fn prefetch(from: *const $t) {
                unsafe { _mm_prefetch::<_MM_HINT_T1>(from.cast()) }
            }
            #[inline(always)]
            unsafe fn multiply_add(a: $vector, b: $vector, c: $vector) -> $vector {
                unsafe { $fma(a, b, c) }
            }
        }
    };
}

lanes!(
    Avx512,
    f32,
    __m512,
    16,
    _mm512_setzero_ps,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_add_ps,
    _mm512_fmadd_ps
);
lanes!(
    Avx512,
    f64,
    __m512d,
    8,
    _mm512_setzero_pd,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    _mm512_storeu_pd,
    _mm512_add_pd,
    _mm512_fmadd_pd
);
lanes!(
    Avx2,
    f32,
    __m256,
    8,
    _mm256_setzero_ps,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_add_ps,
    _mm256_fmadd_ps
);
lanes!(
    Avx2,
    f64,
    __m256d,
    4,
    _mm256_setzero_pd,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_storeu_pd,
    _mm256_add_pd,
    _mm256_fmadd_pd
);
