//! mpmath, SciPy and NumPy references for `lab::theory`; `reference/theory` makes them
//! and describes the files. The tables at the end were computed independently of this
//! program before it was written; `docs/theory.md` shows them beside ours.

use rivalry::data::{Dataset, Labels, Modality};
use rivalry::encoders::SmoothedRelu;
use rivalry::lab::theory::comparison::{Comparison, Step};
use rivalry::lab::theory::early::EarlyGrowth;
use rivalry::lab::theory::phase::{LateFusionFlow, Moments, Toy, predict, reduced_times};
use rivalry::lab::theory::race::{Runner, larger_maximum, local_exponent, odds};
use rivalry::lab::theory::simulated_race::SimulatedRace;
use rivalry::lab::theory::strength::{CodeLaw, Convention, strength_ratio};
use rivalry::num::{Matrix, parallel};
use serde_json::Value;

use super::{number, numbers};

const RACE: &str = include_str!("theory/race.json");
const GROWTH: &str = include_str!("theory/growth.json");
const PHASE: &str = include_str!("theory/phase.json");
const SIMULATED: &str = include_str!("theory/simulated.json");

fn document(text: &str) -> Value {
    let document: Value = serde_json::from_str(text).unwrap();
    assert!(document["versions"]["scipy"].is_string(), "a reference names its versions");
    document
}

/// The cases under `key`, never none.
fn cases(text: &str, key: &str) -> Vec<Value> {
    let cases = document(text)[key].as_array().unwrap().clone();
    assert!(!cases.is_empty(), "{key}");
    cases
}

fn matrix(value: &Value) -> Matrix<f64> {
    let rows: Vec<Vec<f64>> = value.as_array().unwrap().iter().map(numbers).collect();
    Matrix::from_fn(rows.len(), rows[0].len(), |r, c| rows[r][c])
}

#[track_caller]
fn close(got: f64, reference: &Value, tolerance: f64, case: &Value) {
    let reference = number(reference);
    let scale = reference.abs().max(f64::MIN_POSITIVE);
    assert!((got - reference).abs() <= tolerance * scale, "{got} is not {reference}: {case}");
}

#[track_caller]
fn all_close(got: &[f64], reference: &Value, tolerance: f64, case: &Value) {
    let reference = numbers(reference);
    assert_eq!(got.len(), reference.len(), "{case}");
    let scale = reference.iter().fold(0.0, |scale: f64, v| scale.max(v.abs()));
    for (got, reference) in got.iter().zip(reference) {
        assert!((got - reference).abs() <= tolerance * scale, "{got} is not {reference}: {case}");
    }
}

fn pair(m: f64, ratio: f64) -> [Runner; 2] {
    [Runner { n_neurons: m, strength: ratio }, Runner { n_neurons: m, strength: 1.0 }]
}

#[test]
fn race_integrals_agree_with_mpmath() {
    for case in cases(RACE, "larger_maximum") {
        // A relative error, down to probabilities of 1e-21.
        close(larger_maximum(number(&case["m"]), number(&case["ratio"])), &case["p"], 1e-9, &case);
    }
    for case in cases(RACE, "odds") {
        let runners: Vec<Runner> = case["runners"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| Runner { n_neurons: number(&r[0]), strength: number(&r[1]) })
            .collect();
        let odds = odds(&runners, number(&case["margin"]));
        for (r, p) in odds.win.iter().enumerate() {
            close(*p, &case["win"][r], 1e-10, &case);
        }
        close(odds.nobody, &case["nobody"], 1e-13, &case);
        assert!((odds.undecided() - number(&case["undecided"])).abs() < 1e-11, "{case}");
    }
    for case in cases(RACE, "local_exponents") {
        let runners = pair(number(&case["m"]), 1.0 / number(&case["times_stronger"]));
        close(local_exponent(&runners, 0), &case["slope"], 1e-9, &case);
    }
}

fn law(case: &Value) -> CodeLaw {
    let law = &case["law"];
    let ends = |key: &str| (number(&law[key][0]), number(&law[key][1]));
    CodeLaw {
        n_classes: law["n_classes"].as_u64().unwrap() as usize,
        label: ends("label"),
        mu: number(&law["mu"]),
        gamma: number(&law["gamma"]),
        rho: number(&law["rho"]),
        off_label_count: number(&law["off_label_count"]),
        off_label: ends("off_label"),
    }
}

fn power(case: &Value) -> i32 {
    case["q"].as_i64().unwrap() as i32
}

#[test]
fn growth_agrees_with_the_definition() {
    for case in cases(GROWTH, "strengths") {
        let (law, q) = (law(&case), power(&case));
        close(law.expected_strength(q, true, Convention::Plain), &case["sufficient"], 1e-12, &case);
        close(law.expected_strength(q, false, Convention::Plain), &case["all"], 1e-12, &case);
        close(law.early_rate(q, number(&case["beta"])), &case["early_rate"], 1e-12, &case);
    }
    for case in cases(GROWTH, "noisy") {
        let growth = EarlyGrowth {
            law: law(&case),
            q: power(&case),
            beta: number(&case["beta"]),
            spread: number(&case["spread"]),
        };
        for rate in case["rates"].as_array().unwrap() {
            close(growth.rate(number(&rate[0])), &rate[1], 1e-9, &case);
        }
        // The reference ends with the power law where noise no longer matters to 1e-4.
        let time = growth.blow_up_time(number(&case["from"]));
        let reference = number(&case["time"]) + number(&case["tail"]);
        assert!((time / reference - 1.0).abs() < 1e-5, "{time} is not {reference}: {case}");
    }
}

#[test]
fn the_comparison_lemma_agrees_with_the_equation_and_the_recursion() {
    for case in cases(GROWTH, "comparison") {
        let at = |key: &str| number(&case[key]);
        let start =
            Comparison::with_advantage(power(&case), at("advantage"), at("y0"), at("strength"), at("target"));
        close(start.loser(), &case["loser"], 1e-8, &case);
    }
    for case in cases(GROWTH, "recursion") {
        let at = |key: &str| number(&case[key]);
        let start = Comparison::with_advantage(power(&case), at("advantage"), 1e-4, at("strength"), 1.0);
        let (y, n_steps) = start.recursion(Step::Growth(at("share")), 100_000).unwrap();
        assert_eq!(Some(n_steps), case["steps"].as_u64(), "{case}");
        // Where the two are equal, the last steps blow up what rounding began.
        close(y / 1e-4, &case["ratio"], 1e-7, &case);
    }
}

#[test]
fn the_uni_modal_phase_agrees_with_scipy() {
    for case in cases(PHASE, "deep") {
        let toy = Toy::new(number(&case["g"]), number(&case["rho"]));
        let (depth, fusion) =
            (case["depth"].as_u64().unwrap() as u32, case["fusion"].as_u64().unwrap() as u32);
        let u0 = number(&case["u0"]);
        close(toy.deep_fusion(depth, fusion, u0), &case["law"], 1e-11, &case);
        if fusion > 1 {
            let times = reduced_times(&toy, depth, fusion, u0);
            close(times.first.unwrap(), &case["times"][0], 1e-6, &case);
            close(times.second.unwrap(), &case["times"][1], 1e-6, &case);
        }
    }
    for case in cases(PHASE, "moments") {
        let moments = Moments {
            a: matrix(&case["a"]),
            b: matrix(&case["b"]),
            ab: matrix(&case["ab"]),
            ya: matrix(&case["ya"]),
            yb: matrix(&case["yb"]),
        };
        let law = moments.law().unwrap();
        assert_eq!(law.a_is_first, case["a_is_first"].as_bool().unwrap());
        all_close(&law.drives, &case["drives"], 1e-11, &case);
        close(law.left, &case["left"], 1e-10, &case);
        close(law.time_ratio, &case["time_ratio"], 1e-10, &case);
        let flat = |value: &Value| Value::from(matrix(value).into_vec());
        all_close(law.plateau.as_slice(), &flat(&case["plateau"]), 1e-10, &case);
        let (a, b) = moments.final_weights().unwrap();
        all_close(a.as_slice(), &flat(&case["final_a"]), 1e-10, &case);
        all_close(b.as_slice(), &flat(&case["final_b"]), 1e-10, &case);
        let flow = &case["flow"];
        let width = flow["width"].as_u64().unwrap() as usize;
        let network = LateFusionFlow { moments, width, u0: 0.05, seed: 0 };
        let times = network.times_from(&numbers(&flow["start"])).unwrap();
        close(times.first.unwrap(), &flow["times"][0], 1e-6, &case);
        close(times.second.unwrap(), &flow["times"][1], 1e-6, &case);
    }
}

#[test]
fn predictions_for_data_agree_with_least_squares_by_numpy() {
    for case in cases(PHASE, "data") {
        let labels: Vec<i64> =
            case["labels"].as_array().unwrap().iter().map(|y| y.as_i64().unwrap()).collect();
        let features = case["features"].as_array().unwrap();
        let modalities =
            features.iter().enumerate().map(|(r, x)| Modality::new(&format!("m{r}"), matrix(x))).collect();
        let data = Dataset::new("d", modalities, Labels::from_integers(&labels), None, None).unwrap();
        let rows: Vec<u32> = (0..labels.len() as u32).collect();
        let prediction = predict(&data, &rows, true);
        all_close(&prediction.drives, &case["drives"], 1e-11, &case);
        let (order, times): (Vec<usize>, Vec<f64>) = prediction.order.iter().copied().unzip();
        assert_eq!(order, numbers(&case["order"]).iter().map(|r| *r as usize).collect::<Vec<_>>());
        all_close(&times, &case["times"], 1e-8, &case);
        for (pair, reference) in prediction.pairs.iter().zip(case["pairs"].as_array().unwrap()) {
            assert_eq!(Some(pair.first as u64), reference["first"].as_u64());
            assert_eq!(Some(pair.second as u64), reference["second"].as_u64());
            close(pair.time_ratio, &reference["time_ratio"], 1e-8, &case);
            close(pair.left, &reference["left"], 1e-8, &case);
            close(pair.explained_by_first, &reference["explained_by_first"], 1e-8, &case);
            close(pair.explained_by_both, &reference["explained_by_both"], 1e-8, &case);
        }
    }
}

fn simulated(q: i32, sizes: &[f64], n_neurons: usize) -> SimulatedRace {
    let reference = document(SIMULATED);
    let neurons = SmoothedRelu { n_neurons, power: q, beta: number(&reference["beta"]), sigma0: 3e-4 };
    SimulatedRace {
        neurons,
        sizes: sizes.to_vec(),
        n_classes: reference["n_classes"].as_u64().unwrap() as usize,
        final_loss: number(&reference["final_loss"]),
    }
}

#[test]
fn simulated_races_agree_with_the_solution_of_every_neuron() {
    for case in cases(SIMULATED, "exact") {
        let race = simulated(power(&case), &numbers(&case["sizes"]), 5);
        let start: Vec<Vec<f64>> = case["start"].as_array().unwrap().iter().map(numbers).collect();
        let trial = race.run(&start);
        let parts = numbers(&case["parts"]);
        let best = parts.iter().copied().fold(0.0, f64::max);
        assert_eq!(trial.winner, parts.iter().position(|p| *p == best), "{case}");
        assert!((trial.share - best / parts.iter().sum::<f64>()).abs() < 0.01, "{} {case}", trial.share);
    }
}

/// Two shares of `n` and `m` trials differ by at most four standard errors.
#[track_caller]
fn same_share(a: (usize, usize), b: (usize, usize), what: &str) {
    let share = |(k, n): (usize, usize)| k as f64 / n as f64;
    let pooled = (a.0 + b.0) as f64 / (a.1 + b.1) as f64;
    let standard_error = (pooled * (1.0 - pooled) * (1.0 / a.1 as f64 + 1.0 / b.1 as f64)).sqrt();
    assert!((share(a) - share(b)).abs() <= 4.0 * standard_error, "{what}: {a:?} against {b:?}");
}

#[test]
fn counts_over_trials_agree_with_numpy() {
    for case in cases(SIMULATED, "drawn") {
        let count = |value: &Value| value.as_u64().unwrap() as usize;
        let race = simulated(power(&case), &numbers(&case["sizes"]), count(&case["m"]));
        let summary = race.summary(&race.trials(1_000, 3, parallel::available()));
        let n_trials = count(&case["n_trials"]);
        for (r, wins) in summary.wins.iter().enumerate() {
            same_share((*wins, 1_000), (count(&case["wins"][r]), n_trials), &case.to_string());
        }
        let right = (summary.predicted_right, 1_000);
        same_share(right, (count(&case["predicted_right"]), n_trials), &case.to_string());
        same_share((summary.without_winner, 1_000), (count(&case["dead"]), n_trials), &case.to_string());
        assert_eq!(summary.not_converged, 0);
    }
}

// Tables that were computed before this program, printed to the digits shown.

fn digits(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}")
}

#[test]
fn the_printed_race_table_is_reproduced() {
    let ratios = [1.0, 1.05, 1.1, 1.25, 1.5, 2.0];
    let table = [
        (1.0, ["0.5000"; 6]),
        (5.0, ["0.5000", "0.5232", "0.5452", "0.6042", "0.6816", "0.7804"]),
        (10.0, ["0.5000", "0.5354", "0.5689", "0.6572", "0.7665", "0.8860"]),
        (50.0, ["0.5000", "0.5671", "0.6293", "0.7800", "0.9193", "0.9913"]),
        (200.0, ["0.5000", "0.5963", "0.6829", "0.8666", "0.9774", "0.9997"]),
    ];
    for (m, row) in table {
        for (ratio, printed) in ratios.iter().zip(row) {
            assert_eq!(digits(larger_maximum(m, *ratio), 4), printed, "m {m}, R {ratio}");
        }
    }
}

#[test]
fn the_drawn_race_table_is_reproduced_within_its_error() {
    // p_1, p_2, undecided at a margin of 10 %; 400,000 draws, so that three standard
    // errors and the rounding are at most 0.0029 (0.0075 for the mass with two digits).
    let kappas = [1.0, 1.1, 1.5, 2.0];
    let table = [
        (1.0, 0.26, [(0.375, 0.376), (0.367, 0.384), (0.344, 0.407), (0.324, 0.427)]),
        (2.0, 0.10, [(0.468, 0.469), (0.449, 0.488), (0.389, 0.548), (0.341, 0.596)]),
        (4.0, 0.08, [(0.498, 0.498), (0.460, 0.536), (0.343, 0.653), (0.256, 0.740)]),
        (10.0, 0.14, [(0.499, 0.501), (0.430, 0.570), (0.233, 0.767), (0.113, 0.887)]),
        (30.0, 0.22, [(0.499, 0.501), (0.390, 0.610), (0.120, 0.880), (0.023, 0.977)]),
        (100.0, 0.31, [(0.499, 0.501), (0.342, 0.658), (0.044, 0.956), (0.002, 0.998)]),
    ];
    for (m, undecided, row) in table {
        for (kappa, (first, second)) in kappas.iter().zip(row) {
            let odds = odds(&pair(m, 1.0 / kappa), 0.0);
            assert!((odds.win[0] - first).abs() < 0.0029, "m {m}, kappa {kappa}: {odds:?}");
            assert!((odds.win[1] - second).abs() < 0.0029, "m {m}, kappa {kappa}: {odds:?}");
        }
        let mass = odds(&pair(m, 1.0), 0.1).undecided();
        assert!((mass - undecided).abs() < 0.0075, "m {m}: {mass}");
    }
}

#[test]
fn the_printed_comparison_table_is_reproduced() {
    // y_T / y_0 at advantages 1.02, 1.1, 1.3; at advantage 1 the two strengths differ.
    for (q, printed) in [(3, [(53.0, 0), (11.0, 0), (4.4, 1)]), (4, [(5.2, 1), (2.4, 1), (1.6, 1)])] {
        for (advantage, (value, decimals)) in [1.02, 1.1, 1.3].into_iter().zip(printed) {
            let start = Comparison::with_advantage(q, advantage, 1e-4, 1.0, 1.0);
            let (y, _) = start.recursion(Step::Growth(0.01), 100_000).unwrap();
            assert_eq!(digits(y / 1e-4, decimals), digits(value, decimals), "q {q}, advantage {advantage}");
            let weaker = Comparison::with_advantage(q, advantage, 1e-4, 2.0, 1.0);
            let (weaker, _) = weaker.recursion(Step::Growth(0.01), 100_000).unwrap();
            assert!((weaker / y - 1.0).abs() < 0.01, "{weaker} {y}");
        }
        let tie = |strength: f64| Comparison::with_advantage(q, 1.0, 1e-4, strength, 1.0).loser() / 1e-4;
        assert!((tie(1.0) / 1e4 - 1.0).abs() < 1e-6);
        assert!((tie(2.0) / if q == 3 { 5e3 } else { 7.07e3 } - 1.0).abs() < 0.01, "{}", tie(2.0));
    }
}

#[test]
fn the_printed_phases_are_reproduced() {
    // Two layers: the law to the digits; the simulated values come from one draw of
    // initial weights, whose size and width are not known: ours lie within 4 %.
    let two_layers = [
        (2.0, 0.0, "4.000", 3.946),
        (2.0, 0.5, "5.000", 4.854),
        (2.0, -0.5, "5.000", 5.002),
        (1.5, 0.0, "2.250", 2.223),
        (3.0, 0.3, "9.791", 9.544),
    ];
    for (g, rho, printed, simulated) in two_layers {
        let toy = Toy::new(g, rho);
        assert_eq!(digits(toy.late_fusion(), 3), printed);
        let flow = |seed| LateFusionFlow { moments: Moments::toy(&toy), width: 100, u0: 1e-3, seed };
        let ratios: Vec<f64> = (0..10).map(|seed| flow(seed).times().unwrap().ratio().unwrap()).collect();
        let mean = ratios.iter().sum::<f64>() / 10.0;
        assert!((mean / simulated - 1.0).abs() < 0.04, "{g} {rho}: {mean}, printed {simulated}");
    }
    // Four layers: the law to the digits; the reduced equations within 1 % of the printed
    // simulation, and within 7 % of the law, closer at the smaller u_0.
    let four_layers = [
        (
            2.0,
            0.0,
            ["1.213", "1.748", "4.000"],
            [1.178, 1.646, 3.996],
            ["1.069", "1.371"],
            [1.060, 1.345, 3.994],
        ),
        (
            2.0,
            0.5,
            ["1.265", "1.958", "5.000"],
            [1.213, 1.827, 4.994],
            ["1.085", "1.474"],
            [1.073, 1.442, 4.990],
        ),
        (
            1.5,
            0.0,
            ["1.094", "1.318", "2.250"],
            [1.074, 1.272, 2.247],
            ["1.030", "1.158"],
            [1.025, 1.146, 2.247],
        ),
    ];
    for (g, rho, large_law, large, small_law, small) in four_layers {
        let toy = Toy::new(g, rho);
        for fusion in 2..=4_u32 {
            let k = fusion as usize - 2;
            let error = |u0: f64, printed: &str, simulated: f64| {
                let law = toy.deep_fusion(4, fusion, u0);
                assert_eq!(digits(law, 3), printed, "g {g}, rho {rho}, L_f {fusion}, u_0 {u0}");
                let ratio = reduced_times(&toy, 4, fusion, u0).ratio().unwrap();
                assert!((ratio / simulated - 1.0).abs() < 0.01, "{ratio}, printed {simulated}");
                (ratio / law - 1.0).abs()
            };
            let small_law = small_law.get(k).copied().unwrap_or(large_law[2]);
            let errors = [error(0.1, large_law[k], large[k]), error(0.05, small_law, small[k])];
            assert!(errors[0] < 0.07 && errors[1] <= errors[0] + 1e-6, "{errors:?}");
        }
    }
}

#[test]
fn the_printed_simulated_races_are_reproduced() {
    // q, z ratio, R, closed form, simulated share over 400 trials, predicted right.
    let table = [
        (3, 1.0, 1.0, "0.500", 0.485, 0.998),
        (3, 1.1, 1.331, "0.697", 0.705, 0.993),
        (3, 1.25, 1.953, "0.879", 0.887, 0.985),
        (4, 1.0, 1.0, "0.500", 0.482, 1.0),
        (4, 1.1, 1.21, "0.635", 0.650, 1.0),
        (4, 1.25, 1.562, "0.788", 0.797, 0.995),
    ];
    for (q, ratio, printed_ratio, closed_form, share, right) in table {
        let race = simulated(q, &[ratio, 1.0], 10);
        let z_to_q: f64 = (0..q).map(|_| ratio).product();
        assert!((strength_ratio([z_to_q, 1.0], [1.0; 2], q) - printed_ratio).abs() < 6e-4);
        let summary = race.summary(&race.trials(400, 1, parallel::available()));
        // Printed from P(R max > max) over all x: half of the dead mass 2^-20 more.
        assert_eq!(digits(summary.closed_form[0], 3), closed_form);
        let p = summary.closed_form[0];
        let standard_error = (p * (1.0 - p) / 400.0).sqrt();
        let ours = summary.wins[0] as f64 / 400.0;
        assert!((share - p).abs() < 3.0 * standard_error, "printed {share} against {p}");
        assert!((ours - p).abs() < 3.0 * standard_error, "q {q}, z {ratio}: {ours} against {p}");
        let predicted = summary.predicted_right as f64 / 400.0;
        assert!((predicted - right).abs() < 0.015, "q {q}, z {ratio}: {predicted}, printed {right}");
        assert!(summary.median_share > 0.9995, "{}", summary.median_share);
    }
}
