//! How often `rivalry remedy` chooses well, on planted data whose loser is known: the same comparison on the data
//! of a study, which chooses and gives intervals, and on 20,000 test rows of the same networks, which say what is
//! true. `cargo bench --bench remedies -- run [--quick]`; the table stands in `docs/remedy.md`.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use rivalry::data::planted::{Knobs, find};
use rivalry::data::{Dataset, Split};
use rivalry::diagnose::Cell;
use rivalry::num::{parallel, sums};
use rivalry::spec::Spec;
use rivalry::stats::{Bootstrap, wilson};
use rivalry::sweep::remedy::{Remedied, RemedyAsked, remedy};
use rivalry::sweep::{Engine, SweepWatch};

/// Test rows behind what is called true.
const MANY: usize = 20_000;
/// Data sets.
const DATA_SETS: u64 = 20;
/// Trainings of each row.
const SEEDS: u32 = 5;
/// Candidates per method.
const CONFIGURATIONS: usize = 6;
/// The first seed of the data; no other check uses these.
const FIRST_SEED: u64 = 7_000_000;

struct Quiet;

impl SweepWatch for Quiet {}

/// One planted data set: what the study says, and what is true.
struct Found {
    loser_is_right: bool,
    code: &'static str,
    chosen: String,
    /// By row, on many test rows.
    truth: BTreeMap<String, f64>,
    /// Upper end of the chosen row's interval in the study.
    reaches: f64,
    /// Rows with a significant gain over joint training in the study.
    helps: Vec<String>,
    names: Vec<String>,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|word| word == "run") {
        // What `cargo bench` runs without being asked for more.
        return ExitCode::SUCCESS;
    }
    let quick = arguments.iter().any(|word| word == "--quick");
    let seeds: Vec<u64> = (0..if quick { 2 } else { DATA_SETS }).map(|i| FIRST_SEED + 64 * i).collect();
    let found = parallel::map(parallel::available(), &seeds, |i, seed| {
        let found = study(*seed);
        eprintln!(
            "{i}: {}, chosen {} {:.3}, best {:.3}",
            found.code,
            found.chosen,
            own(&found),
            best(&found).1
        );
        found
    });
    print(&found);
    ExitCode::SUCCESS
}

fn study(seed: u64) -> Found {
    let case = find("competition").expect("the case is in the table");
    let knobs = Knobs { n_train: 600, n_test: 1000, dim: 80, strength: 1.0, seed, ..Knobs::default() };
    let planted = case.plant(&knobs).expect("the knobs are in range");
    let asked = RemedyAsked {
        base: Spec { seed, ..Spec::from(&planted.truth.recipe.training) },
        seeds: SEEDS,
        methods: Vec::new(),
        configurations: CONFIGURATIONS,
        rope: 0.01,
        bootstrap: Bootstrap { replicates: 2_000, ..Bootstrap::default() },
    };
    let seen = compared(&planted.data, &asked);
    // The same training rows with other test rows, and many of them; the first ones repeat noise of the study's.
    let more =
        case.plant(&Knobs { n_test: MANY + knobs.n_test, ..knobs }).expect("the knobs are in range").data;
    let (n_train, end) = (knobs.n_train as u32, more.n_samples() as u32);
    let test = (n_train + knobs.n_test as u32..end).collect();
    let split = Split::Given { train: (0..n_train).collect(), valid: None, test };
    let truth = compared(&more.with_split(split).expect("every row exists"), &asked);

    let value = |cell: &Cell| cell.0.as_ref().map_or(0.0, |e| e.value);
    let chosen = seen.results.chosen.clone().expect("there are validation rows");
    assert_eq!(truth.results.chosen.as_ref(), Some(&chosen), "the choice reads no test row");
    let rows = &seen.results.remedies;
    let of_chosen = rows.iter().find(|row| row.name == chosen).expect("it is one of them");
    let helps = rows.iter().filter(|row| row.gain_over_joint.0.as_ref().is_ok_and(|gain| gain.above(0.0)));
    Found {
        loser_is_right: seen.results.weakest_modality == planted.truth.loser,
        code: seen.answer.code,
        reaches: of_chosen.accuracy.0.as_ref().ok().and_then(|e| e.high).unwrap_or(1.0),
        helps: helps.map(|row| row.name.clone()).collect(),
        names: rows.iter().map(|row| row.name.clone()).collect(),
        truth: truth.results.remedies.iter().map(|row| (row.name.clone(), value(&row.accuracy))).collect(),
        chosen,
    }
}

fn compared(data: &Dataset, asked: &RemedyAsked) -> Remedied {
    let stop = AtomicBool::new(false);
    let engine = Engine { store: None, threads: 1, stop: &stop };
    remedy(data, asked, engine, None, &Quiet).expect("planted data can be trained on")
}

fn own(found: &Found) -> f64 {
    found.truth[&found.chosen]
}

fn best(found: &Found) -> (&String, f64) {
    let (name, value) = found.truth.iter().max_by(|a, b| a.1.total_cmp(b.1)).expect("there are rows");
    (name, *value)
}

fn print(found: &[Found]) {
    let n = found.len();
    let share = |what: &str, right: usize| {
        let interval = wilson(right as u64, n as u64, 0.95).map_or_else(String::new, |e| e.percent(0));
        println!("| {what} | {right} of {n} | {interval} |");
    };
    println!("| of the data sets | | %, 95 % (Wilson) |\n| --- | --- | --- |");
    share(
        "best row within the interval of the chosen one",
        found.iter().filter(|f| best(f).1 <= f.reaches).count(),
    );
    share("right modality named", found.iter().filter(|f| f.loser_is_right).count());
    for code in ["gain", "gain_not_chosen", "within_noise"] {
        share(&format!("answer `{code}`"), found.iter().filter(|f| f.code == code).count());
    }
    let regret: Vec<f64> = found.iter().map(|f| 100.0 * (best(f).1 - own(f))).collect();
    println!("\nBehind the best row, on many test rows: {:.2} points on average.\n", sums::mean(&regret));
    println!("| row | accuracy, % | gain over joint, points | gain found in the study | chosen |");
    println!("| --- | --- | --- | --- | --- |");
    let mut names: Vec<&String> = Vec::new();
    for name in found.iter().flat_map(|f| &f.names) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names {
        let with: Vec<&Found> = found.iter().filter(|f| f.truth.contains_key(name)).collect();
        let mean =
            |of: &dyn Fn(&Found) -> f64| 100.0 * sums::mean(&with.iter().map(|f| of(f)).collect::<Vec<_>>());
        let helps = with.iter().filter(|f| f.helps.contains(name)).count();
        let chosen = with.iter().filter(|f| f.chosen == *name).count();
        println!(
            "| {name} | {:.1} | {:+.1} | {helps} of {} | {chosen} |",
            mean(&|f| f.truth[name]),
            mean(&|f| f.truth[name] - f.truth["naive"]),
            with.len()
        );
    }
}
