//! What the PyTorch files of the strategies are tested against: all hooks of every strategy over some
//! epochs of given weights, on the small networks of `strategies.json`. Written by `cargo xtask kinds`
//! for `rivalry-py/tests/snippets`, and held current here.

use std::path::Path;

use rivalry::model::{Inputs, LateFusion};
use rivalry::num::Matrix;
use rivalry::registry::{Choice, Default, find};
use rivalry::strategies::{self, Epoch, Fusing, NeededRun, Plan, Settle, Strategy, Teacher};
use rivalry::train::{direction, direction_of_plan};
use serde_json::{Map, Value, json};

use super::{document, flat, inputs, network};

const PROBLEMS: &str = include_str!("strategies.json");
/// Read by `test_snippets.py` beside it.
const FILE: &str = "../rivalry-py/tests/snippets/steps.json";
const SEED: u64 = 11;
const N_EPOCHS: u32 = 20;
/// The weights at the start of every epoch, as steps of a descent; the step of an epoch is at the weights
/// of the next one's start. Not in order: losses and gradients are to rise before they fall.
const WALK: [usize; 8] = [3, 1, 0, 2, 4, 5, 6, 7];
/// Epochs whose directions are written.
const SHOWN: [usize; 3] = [0, 2, 4];
/// How far numbers may be from the committed ones: bits differ between kinds of CPU.
const TOLERANCE: f64 = 1e-10;

/// Settings under which a strategy acts within these epochs, and its variants; all others are
/// compared at their defaults.
const SETTINGS: &[(&str, &str)] = &[
    ("ensemble", r#"{"temperature": false}"#),
    ("ensemble", r#"{"temperature": true}"#),
    ("auxiliary", r#"{"weight": 0.7, "encoder_rate": 1.5}"#),
    ("warm_start", "{}"),
    ("warm_start", r#"{"freeze": true}"#),
    ("tmc", r#"{"anneal": 4}"#),
    ("etmc", r#"{"anneal": 4}"#),
    ("gradient_blending_online", r#"{"super_epoch": 2}"#),
    ("ogm", r#"{"epochs": 4}"#),
    ("ogm", r#"{"alpha": 0.3, "cut": "centred"}"#),
    ("agm", r#"{"clip": 0.1}"#),
    ("agm", r#"{"alpha": 4.0, "clip": 0.0}"#),
    ("mmpareto", "{}"),
    ("mmpareto", r#"{"weight": 5.0, "gamma": 1.0}"#),
    ("cggm", "{}"),
    ("cggm", r#"{"rho": 0.0, "lambda": 5.0}"#),
    ("pmr", r#"{"alpha": 2.0, "mu": 0.5, "entropy_epochs": 2, "epochs": 4, "share": 0.4}"#),
    ("pmr", r#"{"alpha": 2.0, "mu": 0.5, "share": 0.4, "keep": 0.2, "variant": "reference"}"#),
    ("inforeg", "{}"),
    ("inforeg", r#"{"beta": 0.5, "threshold": 0.0, "auxiliary": 0.0, "cut": "centred"}"#),
    ("opm", r#"{"warm_up": 1, "batches": 1.0}"#),
    ("opm", r#"{"warm_up": 1, "batches": 1.0, "base": 0.9, "cut": "centred"}"#),
    ("dgl", r#"{"weight": 0.5}"#),
    ("mslr", r#"{"strength": 2.0, "tilt": 0.3}"#),
    ("mses", r#"{"patience": 1}"#),
    ("mses", r#"{"patience": 2, "smooth": 0.9}"#),
    ("g2d", r#"{"epochs": 2}"#),
    ("modality_dropout", r#"{"rate": 0.6}"#),
    ("modality_dropout", r#"{"rate": 0.3, "rescale": false}"#),
    ("sample_valuation", r#"{"warm_up": 1, "repeats": 2}"#),
    ("modality_valuation", r#"{"warm_up": 1, "alpha": 0.8}"#),
    ("amco", r#"{"ramp": 11, "most": 0.9}"#),
    ("amco", r#"{"sigma": 1.0}"#),
    ("qmf", r#"{"rank": 0.7}"#),
    ("pdf", r#"{"predict": 2.0}"#),
    ("mbsd", r#"{"auxiliary": 0.5, "distil": 2.0}"#),
    ("cml", r#"{"lambda": 2.0}"#),
    ("cml", r#"{"lambda": 2.0, "cut": "centred"}"#),
    ("functional_entropy", r#"{"lambda": 0.3, "samples": 2}"#),
    ("functional_entropy", r#"{"lambda": 0.3, "samples": 1, "norm": 1.0, "form": "variance"}"#),
    ("lfm", r#"{"agreement": 0.3, "rate": 0.5}"#),
    ("lfm", r#"{"schedule": "fixed"}"#),
    ("mla", "{}"),
    ("mla", r#"{"variant": "reference"}"#),
    ("mla", r#"{"variant": "none", "fusion": "equal"}"#),
    ("reconboost", r#"{"stage": 1, "together": 2, "rate": 0.5}"#),
    ("relearn", r#"{"every": 2, "times": 2}"#),
];

/// A network with its data, given weights by epoch, and the networks that strategies build on.
struct Problem {
    case: Value,
    model: LateFusion<f64>,
    train: Inputs<f64>,
    valid: Inputs<f64>,
    walk: Vec<Vec<f64>>,
}

impl Problem {
    /// One of those in `strategies.json`, with its first modalities.
    fn new(name: &str, n_modalities: usize) -> Self {
        let mut case = document(PROBLEMS)["problems"][name].clone();
        let names: Vec<String> = case["modalities"].as_array_mut().map_or(Vec::new(), |all| {
            all.truncate(n_modalities);
            all.iter().map(|m| m["name"].as_str().unwrap().to_owned()).collect()
        });
        let of_these = |p: &String| names.iter().any(|name| p.starts_with(&format!("{name}.")));
        case["params"].as_object_mut().unwrap().retain(|p, _| of_these(p));
        let (model, train) = (network(&case), inputs(&case));
        let start = flat(&model, &case["params"]);
        let valid = held_out(&train, model.n_classes());
        let own = case["on"] == "own_head";
        let descent = descend(&model, start, &train, if own { "auxiliary" } else { "naive" }, WALK.len() - 1);
        let walk = WALK.iter().map(|step| descent[*step].clone()).collect();
        Self { case, model, train, valid, walk }
    }

    fn names(&self) -> Vec<String> {
        self.model.branches().iter().map(|b| b.name().to_owned()).collect()
    }

    /// A network on some of the modalities, trained a little from its own initial weights.
    fn teacher(&self, modalities: &[String]) -> (LateFusion<f64>, Vec<f64>) {
        let mut alone = self.case.clone();
        alone["on"] = "joint".into();
        let all = self.case["modalities"].as_array().unwrap().iter().enumerate();
        let chosen = all.filter(|(_, m)| modalities.iter().any(|name| m["name"] == name.as_str()));
        let indexed = chosen.map(|(index, m)| {
            let mut m = m.clone();
            m["index"] = index.into();
            m
        });
        alone["modalities"] = indexed.collect();
        let model = network(&alone);
        let x = modalities.iter().map(|name| {
            let place = self.names().iter().position(|n| n == name).unwrap();
            self.train.x[place].clone()
        });
        let train = Inputs { x: x.collect(), y: self.train.y.clone() };
        let params = descend(&model, model.init(SEED), &train, "naive", 12).pop().unwrap();
        (model, params)
    }

    fn document(&self) -> Value {
        let alone = self.names().into_iter().map(|name| {
            let (model, params) = self.teacher(std::slice::from_ref(&name));
            (name, named(&model, &params))
        });
        let (joint, of_joint) = self.teacher(&self.names());
        let rows = |x: &Matrix<f64>| (0..x.rows()).map(|i| x.row(i).to_vec()).collect::<Vec<_>>();
        let x = self.names().into_iter().zip(&self.valid.x).map(|(name, x)| (name, json!(rows(x))));
        let naive = SHOWN.map(|index| {
            let params = &self.walk[index + 1];
            let at = epoch(index, &self.model, params, &self.train, &self.valid, &[]);
            let found =
                direction_of_plan(build(&Choice::new("naive")).as_mut(), &at, params, &Plan::default(), 0);
            (index.to_string(), named(&self.model, &found))
        });
        json!({
            "modalities": self.names(),
            "valid": { "inputs": x.collect::<Map<_, _>>(), "labels": self.valid.y },
            "walk": self.walk.iter().map(|params| named(&self.model, params)).collect::<Vec<_>>(),
            "naive": naive.into_iter().collect::<Map<_, _>>(),
            "first": named(&self.model, &self.model.init(SEED)),
            "trained_alone": alone.collect::<Map<_, _>>(),
            "trained_jointly": named(&joint, &of_joint),
        })
    }
}

/// Rows that resemble the training rows; two have other labels.
fn held_out(train: &Inputs<f64>, n_classes: usize) -> Inputs<f64> {
    let moved = |x: &Matrix<f64>| {
        let by = |i: usize, c: usize| f64::from(u32::try_from((3 * i + 5 * c) % 7).unwrap()) / 7.0 - 0.4;
        Matrix::from_fn(x.rows(), x.cols(), |i, c| 0.8 * x.row(i)[c] + by(i, c))
    };
    let mut y = train.y.clone();
    y.iter_mut().take(2).for_each(|y| *y = (*y + 1) % u32::try_from(n_classes).unwrap());
    Inputs { x: train.x.iter().map(moved).collect(), y }
}

/// Weights before each of some steps of gradient descent, and after them.
fn descend(
    model: &LateFusion<f64>,
    start: Vec<f64>,
    train: &Inputs<f64>,
    strategy: &str,
    n_steps: usize,
) -> Vec<Vec<f64>> {
    let mut strategy = build(&Choice::new(strategy));
    let rows: Vec<u32> = (0..u32::try_from(train.len()).unwrap()).collect();
    let mut walk = vec![start];
    for _ in 0..n_steps {
        let params = walk.last().unwrap();
        let at = epoch(0, model, params, train, train, &[]);
        let slope = direction(strategy.as_mut(), &at, params, &rows);
        walk.push(params.iter().zip(slope).map(|(p, g)| p - 0.5 * g).collect());
    }
    walk
}

fn epoch<'a>(
    index: usize,
    model: &'a LateFusion<f64>,
    params: &'a [f64],
    train: &'a Inputs<f64>,
    valid: &'a Inputs<f64>,
    needed: &'a [Teacher<'a, f64>],
) -> Epoch<'a, f64> {
    let index = u32::try_from(index).unwrap();
    Epoch { index, n_epochs: N_EPOCHS, seed: SEED, model, params, train, valid, needed }
}

fn build(choice: &Choice) -> Box<dyn Strategy<f64>> {
    let entry = find("strategy", strategies::table::<f64>(), &choice.name).unwrap();
    (entry.build)(&entry.settle(choice).unwrap())
}

/// The values of every parameter tensor, row by row.
fn named(model: &LateFusion<f64>, params: &[f64]) -> Value {
    let of = |t: rivalry::model::NamedTensor| (t.name, json!(params[t.range]));
    model.tensors().into_iter().map(of).collect::<Map<_, _>>().into()
}

/// The choices of a strategy that are compared.
fn choices(name: &str) -> Vec<Choice> {
    let set =
        |text: &&(&str, &str)| Choice { name: name.to_owned(), set: serde_json::from_str(text.1).unwrap() };
    let chosen: Vec<Choice> =
        SETTINGS.iter().filter(|(of, _)| *of == name).collect::<Vec<_>>().iter().map(set).collect();
    if chosen.is_empty() { vec![Choice::new(name)] } else { chosen }
}

/// Everything that a strategy does over the given weights.
fn steps(problem: &Problem, choice: &Choice) -> Value {
    let mut strategy = build(choice);
    let needs = strategy.needs(&problem.names());
    let teachers: Vec<_> =
        needs.runs.iter().map(|NeededRun { modalities, .. }| problem.teacher(modalities)).collect();
    let needed: Vec<_> =
        teachers.into_iter().map(|(model, params)| Teacher { model, params: params.leak() }).collect();
    let Problem { model, train, valid, walk, .. } = problem;
    let mut naive = build(&Choice::new("naive"));
    let mut kept = Vec::new();
    let mut epochs = Vec::new();
    for (index, pair) in walk.windows(2).enumerate() {
        let (given, inside) = (&pair[0], &pair[1]);
        let mut record = Map::new();
        let mut params = given.clone();
        let settle = strategy.settle(&epoch(index, model, given, train, valid, &needed), &mut params);
        match settle {
            Settle::Go => {}
            Settle::Keep => kept.clone_from(&params),
            Settle::Restore => params.clone_from(&kept),
        }
        if params != *given {
            record.insert("settled".to_owned(), named(model, &params));
        }
        let at = epoch(index, model, &params, train, valid, &needed);
        let plan = strategy.plan(&at);
        if plan != Plan::default() {
            let rates: Vec<_> = plan.steps.iter().map(|s| json!([s.encoder_rates, s.head_rates])).collect();
            record.insert("rates".to_owned(), rates.into());
            let rows = plan.samples.as_ref().map(|all| all.iter().map(|(row, _)| *row).collect::<Vec<_>>());
            record.insert("rows".to_owned(), json!(rows));
            record.insert("stop".to_owned(), json!(plan.stop));
        }
        let directions: Vec<_> = (0..plan.steps.len())
            .map(|s| direction_of_plan(strategy.as_mut(), &at, inside, &plan, s))
            .collect();
        let plain = direction_of_plan(naive.as_mut(), &at, inside, &Plan::default(), 0);
        if SHOWN.contains(&index) && directions != [plain] {
            let shown: Vec<_> = directions.iter().map(|found| named(model, found)).collect();
            record.insert("directions".to_owned(), shown.into());
        }
        for (name, values) in strategy.readings() {
            record.insert(name.to_owned(), json!(values));
        }
        epochs.push(Value::Object(record));
    }
    let params = &walk[WALK.len() - 1];
    let (outputs, on_valid) = (model.evaluate(params, train), model.evaluate(params, valid));
    let fusing = Fusing { model, params, valid: Some((&on_valid, &valid.y)), outputs: &outputs };
    let fused = strategy.fuse(&fusing).map(|scores| scores.as_slice().to_vec());
    json!({ "epochs": epochs, "fused": fused })
}

/// The file with the text that a strategy prints.
fn file_of(strategy: &dyn Strategy<f64>) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/strategies/pytorch");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    let holds = |path: &&std::path::PathBuf| std::fs::read_to_string(path).unwrap() == strategy.pytorch();
    files.iter().find(holds).unwrap().file_name().unwrap().to_str().unwrap().to_owned()
}

fn all() -> Value {
    let mut problems = Map::new();
    let (mut cases, mut snippets) = (Vec::new(), Map::new());
    let of = |n: usize, own: bool| format!("{n} modalities{}", if own { " with own heads" } else { "" });
    for entry in strategies::table::<f64>() {
        let default = build(&Choice::new(entry.name));
        let knobs = entry.knobs.iter().map(|knob| {
            let value = match knob.default {
                Default::Number(v) => json!(v),
                Default::Whole(v) => json!(v),
                Default::Word(v) => json!(v),
                Default::Flag(v) => json!(v),
            };
            (knob.name.to_owned(), value)
        });
        let about = json!({ "file": file_of(default.as_ref()), "knobs": knobs.collect::<Map<_, _>>() });
        snippets.insert(entry.name.to_owned(), about);
        for (variant, choice) in choices(entry.name).into_iter().enumerate() {
            for n in if variant == 0 { 2..=3 } else { 3..=3 } {
                let base = of(n, default.needs(&["a".to_owned(), "b".to_owned()]).own_heads);
                let alone = default.needs(&["a".to_owned(), "b".to_owned()]).refuses.is_some();
                let name = if alone { format!("one of {base}") } else { base.clone() };
                let problem = Problem::new(&base, if alone { 1 } else { n });
                problems.entry(name.clone()).or_insert_with(|| problem.document());
                problems[&name]["base"] = json!(base);
                let Value::Object(mut case) = steps(&problem, &choice) else { unreachable!() };
                case.insert("problem".to_owned(), name.into());
                case.insert("strategy".to_owned(), serde_json::to_value(&choice).unwrap());
                cases.push(Value::Object(case));
            }
        }
    }
    json!({ "seed": SEED, "n_epochs": N_EPOCHS, "snippets": snippets, "problems": problems, "cases": cases })
}

/// Where two documents differ by more than the tolerance.
fn difference(path: &str, a: &Value, b: &Value) -> Option<String> {
    match (a, b) {
        (Value::Object(x), Value::Object(y)) if x.keys().eq(y.keys()) => {
            x.iter().find_map(|(key, value)| difference(&format!("{path}/{key}"), value, &y[key]))
        }
        (Value::Array(x), Value::Array(y)) if x.len() == y.len() => {
            let mut pairs = x.iter().zip(y).enumerate();
            pairs.find_map(|(i, (x, y))| difference(&format!("{path}/{i}"), x, y))
        }
        (Value::Number(x), Value::Number(y)) => {
            let (x, y) = (x.as_f64().unwrap(), y.as_f64().unwrap());
            ((x - y).abs() > TOLERANCE * x.abs().max(1.0)).then(|| format!("{path}: {x} and {y}"))
        }
        _ => (a != b).then(|| path.to_owned()),
    }
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "`cargo xtask kinds` asks through the environment for the file to be written"
)]
fn what_snippets_are_tested_against_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    let found = all();
    if std::env::var("RIVALRY_WRITE_DOCS").is_ok() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, format!("{found}\n")).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let committed: Value = serde_json::from_str(&committed).unwrap_or_default();
    let behind = difference("", &found, &committed);
    assert_eq!(behind, None, "{FILE} is behind the strategies: run `cargo xtask kinds`");
}

/// What of Python's own library files may import.
const STANDARD: [&str; 4] = ["math", "copy", "itertools", "collections"];

/// A file that no strategy prints would be tested by nobody.
#[test]
fn every_file_is_printed_and_imports_nothing_but_torch() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/strategies/pytorch");
    let mut on_disk: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let table = strategies::table::<f64>();
    let mut printed: Vec<String> =
        table.iter().map(|e| file_of(build(&Choice::new(e.name)).as_ref())).collect();
    on_disk.sort();
    printed.sort();
    printed.dedup();
    assert_eq!(on_disk, printed);
    for entry in table {
        let text = build(&Choice::new(entry.name)).pytorch();
        assert!(
            text.starts_with("\"\"\"") && text.ends_with('\n'),
            "{}: starts with its docstring",
            entry.name
        );
        for line in text.lines().filter(|line| line.starts_with("import ") || line.starts_with("from ")) {
            let module = line.split_whitespace().nth(1).unwrap().split('.').next().unwrap();
            assert!(module == "torch" || STANDARD.contains(&module), "{}: {line}", entry.name);
        }
    }
}
