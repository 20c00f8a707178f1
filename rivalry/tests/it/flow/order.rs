//! The error falls as theory says: with the step, and with the tolerance.

use rivalry::num::special::ln;

use super::{distance, flow, run, sparse, spec};

/// Slope of ln y over ln x by least squares.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let logs: Vec<(f64, f64)> = points.iter().map(|(x, y)| (ln(*x), ln(*y))).collect();
    let (sx, sy) = logs.iter().fold((0.0, 0.0), |(sx, sy), (x, y)| (sx + x, sy + y));
    let (mx, my) = (sx / n, sy / n);
    let over = logs.iter().map(|(x, y)| (x - mx) * (y - my)).sum::<f64>();
    over / logs.iter().map(|(x, _)| (x - mx) * (x - mx)).sum::<f64>()
}

/// q = 6, and no pre-activation passes beta: five continuous derivatives, so
/// that the pairs can show their order.
#[test]
fn fixed_steps_converge_at_the_order_of_the_pair() {
    let data = sparse(18, [10, 12], 3, 1);
    let network = (2, 6, 6.0, 1.5);
    let exact = run(&spec(flow().with("tolerance", 1e-13), 20.0, network), &data);
    for form in ["auto", "weights"] {
        for (pair, order) in [("tsit5", 5.0), ("bs3", 3.0)] {
            let error = |step: f64| {
                let solver = flow().with("pair", pair).with("form", form).with("step", step);
                (step, distance(&run(&spec(solver, 20.0, network), &data), &exact))
            };
            // Steps that are neither too long for the order to show nor so
            // short that rounding shows.
            let points: Vec<(f64, f64)> = [10.0, 5.0, 2.5, 1.25, 0.625].into_iter().map(error).collect();
            let points: Vec<_> = points.into_iter().filter(|p| (1e-12..1e-3).contains(&p.1)).collect();
            assert!(points.len() >= 3, "{pair}, {form}: {points:?}");
            let found = slope(&points);
            assert!(
                (order - 0.5..order + 2.0).contains(&found),
                "{pair}, {form}: order {found:.2} from {points:?}"
            );
        }
    }
}

/// Through plateau and bursts (sizes grow a thousandfold), with and without
/// small steps for fast neurons only. A step has an error of about the tolerance
/// and there are about tol^(-1/5) steps of all neurons or tol^(-1/3) macro
/// steps, so the slopes to expect are 4/5 and 2/3.
#[test]
fn the_error_is_proportional_to_the_tolerance() {
    let data = sparse(60, [80, 20], 4, 2);
    let network = (4, 3, 0.2, 1e-3);
    let time = 700.0;
    let tight = flow().with("tolerance", 1e-10).with("multirate", false);
    let exact = run(&spec(tight, time, network), &data);
    let train_loss = *exact.trajectory.get("train_loss").last().unwrap();
    assert!(train_loss < 0.1, "the bursts are over: {train_loss}");
    for multirate in [true, false] {
        let error = |tolerance: f64| {
            let solver = flow().with("tolerance", tolerance).with("multirate", multirate);
            (tolerance, distance(&run(&spec(solver, time, network), &data), &exact))
        };
        let points = [1e-3, 1e-4, 1e-5, 1e-6].map(error);
        for (tolerance, error) in points {
            assert!(error < 20.0 * tolerance, "multirate {multirate}: {points:?}");
        }
        let found = slope(&points);
        assert!((0.5..1.1).contains(&found), "multirate {multirate}: slope {found:.2} from {points:?}");
    }
}
