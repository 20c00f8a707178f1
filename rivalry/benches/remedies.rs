//! How often `rivalry remedy` chooses well, on planted data whose loser and whose possible gain are known.
//! `cargo bench --bench remedies -- run [CASE ...] [--quick]`; the tables stand in `docs/remedy.md`.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use rivalry::data::Dataset;
use rivalry::data::planted::{Knobs, find};
use rivalry::diagnose::Cell;
use rivalry::num::{parallel, sums};
use rivalry::spec::Spec;
use rivalry::stats::{Bootstrap, wilson};
use rivalry::strategies;
use rivalry::sweep::remedy::{CONTROLS, Remedied, RemedyAsked, remedy};
use rivalry::sweep::{Engine, SweepWatch};

/// A planted case with its number of modalities and the features of the widest one.
struct Asked {
    name: &'static str,
    case: &'static str,
    n_modalities: usize,
    dim: usize,
    /// Of the data; no other check uses these. Rules of the choice and of the row to use were changed after seven, eight
    /// and nine million.
    first_seed: u64,
}

/// One in which the loser alone is best, so that a control has the whole gain; and two in which every modality tells
/// something that the others do not, and methods are ahead of every control: with three modalities by more.
const CASES: [Asked; 3] = [
    Asked { name: "competition", case: "competition", n_modalities: 2, dim: 80, first_seed: 10_000_000 },
    Asked { name: "lottery", case: "lottery", n_modalities: 2, dim: 30, first_seed: 10_100_000 },
    Asked { name: "lottery of three", case: "lottery", n_modalities: 3, dim: 30, first_seed: 10_200_000 },
];
/// Data sets of each.
const DATA_SETS: u64 = 20;
/// Trainings of each row.
const SEEDS: u32 = 10;
/// Candidates per method.
const CONFIGURATIONS: usize = 8;

struct Quiet;

impl SweepWatch for Quiet {}

/// One planted data set: what the study says, and what is true.
struct Found {
    /// Whether the right loser is named, where the case has one.
    loser_is_right: Option<bool>,
    code: &'static str,
    chosen: String,
    /// The row that the answer says to use.
    used: String,
    /// By row, on test rows.
    accuracy: BTreeMap<String, f64>,
    /// By row, how far the interval of its accuracy reaches above the value.
    reach: BTreeMap<String, f64>,
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
    let is_asked = |case: &&Asked| {
        CASES.iter().all(|case| !arguments.iter().any(|word| word == case.name))
            || arguments.iter().any(|word| word == case.name)
    };
    for case in CASES.iter().filter(is_asked) {
        let seeds: Vec<u64> =
            (0..if quick { 2 } else { DATA_SETS }).map(|i| case.first_seed + 64 * i).collect();
        let found = parallel::map(parallel::available(), &seeds, |i, seed| {
            let found = study(case, *seed);
            let (best, value) = best(&found);
            eprintln!(
                "{} {i}: {}, chosen {} {:.3}, to use {} {:.3}, best {best} {value:.3}",
                case.name,
                found.code,
                found.chosen,
                found.accuracy[&found.chosen],
                found.used,
                found.accuracy[&found.used],
            );
            found
        });
        println!("### `{}`\n", case.name);
        print(&found);
    }
    ExitCode::SUCCESS
}

fn study(asked: &Asked, seed: u64) -> Found {
    let (n_modalities, dim) = (asked.n_modalities, asked.dim);
    let knobs =
        Knobs { n_train: 600, n_test: 2000, n_modalities, dim, strength: 1.0, seed, ..Knobs::default() };
    let planted =
        find(asked.case).expect("the case is in the table").plant(&knobs).expect("the knobs are in range");
    let methods = strategies::table::<f32>().iter();
    let methods = methods.filter(|entry| !CONTROLS.contains(&entry.name));
    let asked = RemedyAsked {
        base: Spec { seed, ..Spec::from(&planted.truth.recipe.training) },
        seeds: SEEDS,
        methods: methods.map(|entry| entry.name.to_owned()).collect(),
        configurations: CONFIGURATIONS,
        rope: 0.01,
        bootstrap: Bootstrap { replicates: 2_000, ..Bootstrap::default() },
    };
    let seen = compared(&planted.data, &asked);
    let loser = &planted.truth.loser;
    let value = |cell: &Cell| cell.0.as_ref().map_or(0.0, |e| e.value);
    let chosen = seen.results.chosen.clone().expect("there are validation rows");
    let rows = &seen.results.remedies;
    let reach = |cell: &Cell| cell.0.as_ref().ok().and_then(|e| Some(e.high? - e.value)).unwrap_or(0.0);
    let helps = rows.iter().filter(|row| row.gain_over_joint.0.as_ref().is_ok_and(|gain| gain.above(0.0)));
    Found {
        loser_is_right: loser.as_ref().map(|loser| seen.results.weakest_modality.as_ref() == Some(loser)),
        code: seen.answer.code,
        used: seen.answer.advice.clone().expect("there are controls"),
        reach: rows.iter().map(|row| (row.name.clone(), reach(&row.accuracy))).collect(),
        helps: helps.map(|row| row.name.clone()).collect(),
        names: rows.iter().map(|row| row.name.clone()).collect(),
        accuracy: rows.iter().map(|row| (row.name.clone(), value(&row.accuracy))).collect(),
        chosen,
    }
}

fn compared(data: &Dataset, asked: &RemedyAsked) -> Remedied {
    let stop = AtomicBool::new(false);
    let engine = Engine { store: None, threads: 1, stop: &stop };
    remedy(data, asked, engine, None, &Quiet).expect("planted data can be trained on")
}

fn best(found: &Found) -> (&String, f64) {
    let (name, value) = found.accuracy.iter().max_by(|a, b| a.1.total_cmp(b.1)).expect("there are rows");
    (name, *value)
}

/// How far a row is behind the best on the same test rows.
fn behind(found: &Found, row: &str) -> f64 {
    best(found).1 - found.accuracy[row]
}

fn print(found: &[Found]) {
    let share = |what: &str, right: usize, n: usize| {
        let interval = wilson(right as u64, n as u64, 0.95).map_or_else(String::new, |e| e.percent(0));
        println!("| {what} | {right} of {n} | {interval} |");
    };
    println!("| of the data sets | | %, 95 % (Wilson) |\n| --- | --- | --- |");
    let n = found.len();
    let near =
        |row: fn(&Found) -> &String| found.iter().filter(|f| behind(f, row(f)) <= f.reach[row(f)]).count();
    share("chosen row behind the best by no more than its interval reaches", near(|f| &f.chosen), n);
    share("the same of the row to use", near(|f| &f.used), n);
    let named: Vec<bool> = found.iter().filter_map(|f| f.loser_is_right).collect();
    if !named.is_empty() {
        share("right loser named", named.iter().filter(|right| **right).count(), named.len());
    }
    for code in ["gain", "gain_not_chosen", "within_noise"] {
        share(&format!("answer `{code}`"), found.iter().filter(|f| f.code == code).count(), n);
    }
    let regret = |row: fn(&Found) -> &String| {
        100.0 * sums::mean(&found.iter().map(|f| behind(f, row(f))).collect::<Vec<_>>())
    };
    println!(
        "\nBehind the best row on the same test rows, on average: chosen {:.2} points, to use {:.2}.\n",
        regret(|f| &f.chosen),
        regret(|f| &f.used)
    );
    println!("| row | accuracy, % | gain over joint, points | gain found in the study | chosen |");
    println!("| --- | --- | --- | --- | --- |");
    let mut names: Vec<&String> = Vec::new();
    for name in found.iter().flat_map(|f| &f.names) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for name in names {
        let with: Vec<&Found> = found.iter().filter(|f| f.accuracy.contains_key(name)).collect();
        let mean =
            |of: &dyn Fn(&Found) -> f64| 100.0 * sums::mean(&with.iter().map(|f| of(f)).collect::<Vec<_>>());
        let helps = with.iter().filter(|f| f.helps.contains(name)).count();
        let chosen = with.iter().filter(|f| f.chosen == *name).count();
        println!(
            "| {name} | {:.1} | {:+.1} | {helps} of {} | {chosen} |",
            mean(&|f| f.accuracy[name]),
            mean(&|f| f.accuracy[name] - f.accuracy["naive"]),
            with.len()
        );
    }
}
