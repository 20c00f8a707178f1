//! Adaptive Gauss-Kronrod quadrature for smooth functions on a finite interval.
//! Knows nothing of what it integrates.

/// Nodes of the 15-point Kronrod rule on [-1, 1], the positive ones and zero;
/// odd positions are the nodes of the 7-point Gauss rule (QUADPACK, `qk15`).
const NODES: [f64; 8] = [
    0.991455371120812639206854697526329,
    0.949107912342758524526189684047851,
    0.864864423359769072789712788640926,
    0.741531185599394439863864773280788,
    0.586087235467691130294144838258730,
    0.405845151377397166906606412076961,
    0.207784955007898467600689403773245,
    0.0,
];
const KRONROD: [f64; 8] = [
    0.022935322010529224963732008058970,
    0.063092092629978553290700663189204,
    0.104790010322250183839876322541518,
    0.140653259715525918745189590510238,
    0.169004726639267902826583426598550,
    0.190350578064785409913256402421014,
    0.204432940075298892414161999234649,
    0.209482141084727828012999174891714,
];
const GAUSS: [f64; 4] = [
    0.129484966168869693270611432679082,
    0.279705391489276667901467771423780,
    0.381830050505118944950369775488975,
    0.417959183673469387755102040816327,
];

/// Pieces after which it stops refining: smooth integrands need a few dozen.
const MAX_PIECES: usize = 4_000;

#[derive(Clone, Copy)]
struct Piece {
    low: f64,
    high: f64,
    value: f64,
    error: f64,
}

/// The integral of `f` from the first to the last of the increasing
/// `breakpoints`, to a relative error of about `tolerance` (at best 1e-14).
/// Breakpoints mark where the integrand changes its character; the pieces
/// between them are halved where the two rules disagree most.
///
/// # Panics
/// With fewer than two breakpoints.
pub(super) fn integrate(breakpoints: &[f64], tolerance: f64, f: impl Fn(f64) -> f64) -> f64 {
    assert!(breakpoints.len() > 1, "an interval has two ends");
    let mut pieces: Vec<Piece> = breakpoints.windows(2).map(|ends| piece(ends[0], ends[1], &f)).collect();
    while pieces.len() < MAX_PIECES {
        let (total, error) = totals(&pieces);
        if error <= tolerance.max(1e-14) * total.abs() {
            break;
        }
        let worst = (1..pieces.len()).fold(0, |w, i| if pieces[i].error > pieces[w].error { i } else { w });
        let Piece { low, high, .. } = pieces[worst];
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        pieces[worst] = piece(low, middle, &f);
        pieces.insert(worst + 1, piece(middle, high, &f));
    }
    totals(&pieces).0
}

/// One panel of the 15-point rule, for functions that are nearly polynomials there.
pub(super) fn panel(low: f64, high: f64, f: impl Fn(f64) -> f64) -> f64 {
    piece(low, high, &f).value
}

fn totals(pieces: &[Piece]) -> (f64, f64) {
    pieces.iter().fold((0.0, 0.0), |(value, error), p| (value + p.value, error + p.error))
}

fn piece(low: f64, high: f64, f: &impl Fn(f64) -> f64) -> Piece {
    let (centre, half) = (0.5 * (low + high), 0.5 * (high - low));
    let mut kronrod = 0.0;
    let mut gauss = 0.0;
    let mut size = 0.0;
    for (k, node) in NODES.iter().enumerate() {
        let (left, right) = (f(centre - half * node), if k == 7 { 0.0 } else { f(centre + half * node) });
        kronrod += KRONROD[k] * (left + right);
        size += KRONROD[k] * (left.abs() + right.abs());
        if k % 2 == 1 {
            gauss += GAUSS[k / 2] * (left + right);
        }
    }
    // Rounding alone makes the rules differ by a few units in the last place,
    // which no further halving would mend.
    let difference = ((kronrod - gauss) * half).abs();
    let rounding = 8.0 * f64::EPSILON * size * half.abs();
    Piece { low, high, value: kronrod * half, error: if difference <= rounding { 0.0 } else { difference } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::special::{exp, ln};

    #[test]
    fn known_integrals() {
        assert!(
            (integrate(&[0.0, 1.0], 1e-14, |x| 4.0 / (1.0 + x * x)) - std::f64::consts::PI).abs() < 1e-14
        );
        assert!((integrate(&[0.0, 3.0, 40.0], 1e-14, |x| exp(-x)) - 1.0).abs() < 1e-14);
        // A narrow peak far from the middle, and an end with infinite slope.
        let peak = integrate(&[0.0, 31.0, 100.0], 1e-13, |x| exp(-(x - 31.3) * (x - 31.3) * 1e4));
        assert!((peak - (std::f64::consts::PI / 1e4).sqrt()).abs() < 1e-14, "{peak}");
        assert!((integrate(&[0.0, 1.0], 1e-13, f64::sqrt) - 2.0 / 3.0).abs() < 1e-12);
        assert!((integrate(&[1e-9, 1.0], 1e-13, |x| 1.0 / x) + ln(1e-9)).abs() < 1e-11);
        assert_eq!(integrate(&[0.0, 2.0], 1e-13, |_| 0.0), 0.0);
    }
}
