//! How often the verdict is right, measured on data whose cause is known.
//!
//! ```text
//! cargo bench -p rivalry --bench verdicts -- setting|scoring|calm [--quick] [--only CASE] [--write]
//! ```
//!
//! Diagnoses every planted data set of a half and counts verdicts against causes. `--quick`
//! takes one data set per cause, `--only` those of one case; `--write` puts the tables into
//! `docs/verdict-accuracy.md` and every study into `docs/verdict-accuracy/HALF.json`.

mod halves;
mod matrix;
mod study;
mod truth;

use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use rivalry::data::atomic::write_atomic_with;
use rivalry::data::planted::CASES;
use rivalry::num::parallel;

use crate::matrix::Matrix;

const USAGE: &str =
    "cargo bench -p rivalry --bench verdicts -- setting|scoring|calm [--quick] [--only CASE] [--write]";

fn main() -> ExitCode {
    // Cargo adds `--bench` by itself.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let has = |word: &str| words.iter().any(|w| w == word);
    let half = match words.first().map(String::as_str) {
        Some("setting") => &halves::SETTING,
        Some("scoring") => &halves::SCORING,
        Some("calm") => &halves::CALM,
        // What `cargo bench` runs without being asked for more.
        None => return ExitCode::SUCCESS,
        Some(_) => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    let only = words.iter().position(|word| word == "--only").and_then(|at| words.get(at + 1));
    let is_whole = only.is_none() && !has("--quick");
    if has("--write") && (!is_whole || half.name == halves::SETTING.name) {
        eprintln!(
            "`--write` writes the whole of `scoring` or `calm`: the page has no place for a part, nor for the half that \
             rules were set on"
        );
        return ExitCode::from(2);
    }
    let cells = half.cells(has("--quick"), only.map(String::as_str));
    let done = AtomicUsize::new(0);
    let found = parallel::map(parallel::available(), &cells, |_, cell| {
        let found = study::run(&CASES[cell.case], cell);
        let n_done = done.fetch_add(1, Ordering::Relaxed) + 1;
        eprintln!(
            "{n_done}/{}: {} ({:?}, {} classes, {} modalities, strength {}): {} {:.3}, detectable {:.3}: {} {}",
            cells.len(),
            found.case,
            found.evaluation,
            found.knobs.n_classes,
            found.knobs.n_modalities,
            found.knobs.strength,
            found.effect.quantity,
            found.effect.size,
            found.detectable,
            found.verdict,
            found.sentence
        );
        found
    });
    let matrix = Matrix::new(&found);
    let tables = matrix.tables(half.name);
    println!("{tables}");
    if has("--write") {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let page = root.join("docs/verdict-accuracy.md");
        let text = std::fs::read_to_string(&page).expect("the page is there");
        let text = matrix::replaced(&text, half.name, &tables).expect("the page has a place for the tables");
        let folder = root.join("docs/verdict-accuracy");
        std::fs::create_dir_all(&folder).expect("docs can be written");
        let json = matrix.json(half.name);
        let json = format!("{}\n", serde_json::to_string_pretty(&json).expect("plain data"));
        write_atomic_with(&page, |file| file.write_all(text.as_bytes())).expect("docs can be written");
        let path = folder.join(format!("{}.json", half.name));
        write_atomic_with(&path, |file| file.write_all(json.as_bytes())).expect("docs can be written");
    }
    ExitCode::SUCCESS
}
