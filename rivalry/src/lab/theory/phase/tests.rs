//! Limits of the law, and the law against the flow.

use super::*;
use crate::num::{Draws, Matrix, Op, Purpose, product};

#[test]
fn limits_of_the_deep_law() {
    let toy = Toy::new(2.0, 0.5);
    assert_eq!(toy.deep_fusion(4, 1, 0.1), 1.0);
    assert_eq!(toy.deep_fusion(4, 4, 0.1), toy.late_fusion());
    assert_eq!(toy.late_fusion(), 5.0);
    assert_eq!(toy.misattribution(), 0.25);
    // Deeper fusion waits longer; smaller starts wait shorter, except for late fusion.
    for u0 in [0.1, 0.05, 0.01] {
        let waits: Vec<f64> = (1..=4).map(|fusion| toy.deep_fusion(4, fusion, u0)).collect();
        assert!(waits.windows(2).all(|w| w[0] < w[1]), "{waits:?}");
    }
    assert!(toy.deep_fusion(4, 3, 0.01) < toy.deep_fusion(4, 3, 0.1));
    // Equals need no wait.
    for fusion in 1..=4 {
        assert!((Toy::new(1.0, 0.3).deep_fusion(4, fusion, 0.1) - 1.0).abs() < 1e-14);
    }
}

#[test]
fn the_wait_of_the_equations_tends_to_that_of_the_law() {
    for (g, rho) in [(2.0, 0.0), (2.0, 0.5), (3.0, 0.3)] {
        let toy = Toy::new(g, rho);
        for (fusion, bound) in [(2, 0.1), (3, 0.02)] {
            let excess = [0.1, 0.03, 0.01].map(|u0| {
                let wait = reduced_times(&toy, 4, fusion, u0).ratio().unwrap() - 1.0;
                (toy.deep_fusion(4, fusion, u0) - 1.0) / wait - 1.0
            });
            assert!(excess.windows(2).all(|e| 0.0 < e[1] && e[1] < e[0]), "{excess:?}");
            assert!(excess[2] < bound, "{g} {rho} {fusion}: {excess:?}");
        }
    }
}

#[test]
fn the_law_of_moments_is_that_of_the_toy_also_where_b_turns_round() {
    for (g, rho) in [(2.0, 0.0), (2.0, 0.5), (1.5, -0.4), (3.0, -0.5), (4.0, -0.9), (1.0, 0.2)] {
        let toy = Toy::new(g, rho);
        let moments = Moments::toy(&toy);
        let law = moments.law().unwrap();
        assert!((law.time_ratio / toy.late_fusion() - 1.0).abs() < 1e-12, "{g} {rho}: {law:?}");
        assert!((law.plateau.row(0)[0] - 1.0 - toy.misattribution()).abs() < 1e-13);
        let (a, b) = moments.final_weights().unwrap();
        assert!((a.row(0)[0] - 1.0).abs() < 1e-12 && (b.row(0)[0] - 1.0).abs() < 1e-12);
        let swapped = moments.swapped().law().unwrap();
        assert_eq!((swapped.a_is_first, swapped.time_ratio), (g == 1.0, law.time_ratio));
    }
}

#[test]
fn the_flow_turns_round_as_the_signed_law_says() {
    // 1 + rho g = -0.5: B first grows in the wrong direction.
    let toy = Toy::new(3.0, -0.5);
    let ratio = |u0: f64| {
        let ratios = (0..8).map(|seed| {
            let flow = LateFusionFlow { moments: Moments::toy(&toy), width: 50, u0, seed };
            flow.times().unwrap().ratio().unwrap()
        });
        ratios.sum::<f64>() / 8.0
    };
    let (far, near) = (ratio(1e-3), ratio(1e-9));
    let law = toy.late_fusion();
    let unsigned = 1.0 + (9.0 - 1.5 - 0.5) / 0.75;
    assert!((near / law - 1.0).abs() < 0.02, "{near} {law}");
    assert!((far - law).abs() > (near - law).abs(), "{far} {near} {law}");
    assert!((near / unsigned - 1.0).abs() > 0.05);
}

#[test]
fn vectors_wait_as_the_law_says() {
    // Random second moments of 3 + 2 inputs and one output.
    let mut draws = Draws::new(2, Purpose::new("phase test"), 0);
    let mixing = Matrix::from_fn(5, 8, |_, _| draws.normal());
    let all = product(mixing.view(), Op::Plain, mixing.view(), Op::Transposed).map(|v| v / 8.0);
    let weights = Matrix::from_fn(1, 5, |_, c| if c < 3 { 1.5 } else { 0.7 });
    let drive = product(weights.view(), Op::Plain, all.view(), Op::Plain);
    let block = |rows: usize, cols: usize, r0: usize, c0: usize| {
        Matrix::from_fn(rows, cols, |r, c| all.row(r0 + r)[c0 + c])
    };
    let moments = Moments {
        a: block(3, 3, 0, 0),
        b: block(2, 2, 3, 3),
        ab: block(3, 2, 0, 3),
        ya: Matrix::from_fn(1, 3, |_, c| drive.row(0)[c]),
        yb: Matrix::from_fn(1, 2, |_, c| drive.row(0)[3 + c]),
    };
    let law = moments.law().unwrap();
    let (a, b) = moments.final_weights().unwrap();
    assert!(a.as_slice().iter().all(|w| (w - 1.5).abs() < 1e-9));
    assert!(b.as_slice().iter().all(|w| (w - 0.7).abs() < 1e-9));
    let flow = |u0: f64| {
        let flow = LateFusionFlow { moments: moments.clone(), width: 20, u0, seed: 1 };
        flow.times().unwrap().ratio().unwrap()
    };
    let errors = [1e-2, 1e-6, 1e-12].map(|u0| (flow(u0) / law.time_ratio - 1.0).abs());
    assert!(errors[2] < errors[0] && errors[2] < 0.1, "{errors:?} {law:?}");
}

#[test]
fn wrong_moments_are_errors() {
    let mut moments = Moments::toy(&Toy::new(2.0, 0.5));
    moments.ab = Matrix::zeros(2, 1);
    let message = moments.law().unwrap_err().to_string();
    assert_eq!(message, "Sigma_AB is 2 x 1, not 1 x 1");
    let mut moments = Moments::toy(&Toy::new(2.0, 0.0));
    moments.a = Matrix::zeros(1, 1);
    assert!(matches!(moments.law(), Err(MomentsError::Singular { .. })));
    (moments.ya, moments.yb) = (Matrix::zeros(1, 1), Matrix::zeros(1, 1));
    assert_eq!(moments.law(), Err(MomentsError::Unrelated));
    // Nothing is left of B when it is a copy of A.
    let one = Matrix::from_vec(1, 1, vec![1.0]);
    let copy = Moments { a: one.clone(), b: one.clone(), ab: one.clone(), ya: one.clone(), yb: one };
    assert_eq!(copy.law().unwrap().time_ratio, f64::INFINITY);
}

#[test]
fn preference_between_the_lines_is_superficial() {
    // g = 2: the lines are 1/4 and 1/2.
    for (weights, superficial) in [(0.2, false), (0.3, true), (0.49, true), (0.6, false)] {
        assert_eq!(Preference::new(2.0, weights).is_superficial(), superficial, "{weights}");
    }
    let between = Preference::new(2.0, 0.3);
    assert!(between.learns_a_first && !between.a_contributes_more);
}

#[test]
fn largest_singular_values() {
    use super::moments::largest_singular_value;
    let diagonal = Matrix::from_fn(3, 4, |r, c| if r == c { [3.0, -5.0, 5.0][r] } else { 0.0 });
    assert!((largest_singular_value(&diagonal) - 5.0).abs() < 1e-13);
    // Rank one: the product of the lengths.
    let rank_one = Matrix::from_fn(4, 2, |r, c| (r + 1) as f64 * (c as f64 - 2.0));
    assert!((largest_singular_value(&rank_one) - (30.0_f64 * 5.0).sqrt()).abs() < 1e-12);
    assert_eq!(largest_singular_value(&Matrix::zeros(2, 2)), 0.0);
    assert!((largest_singular_value(&Matrix::from_vec(1, 2, vec![3.0, 4.0])) - 5.0).abs() < 1e-14);
}
