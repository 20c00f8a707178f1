//! The Rust side of `benchmarks/lab`.
//!
//! With the argument `serve` it reads requests from standard input and answers
//! each with a line of JSON when the work is done; whoever asks measures:
//!
//! - `step A`, `products A`: see [`step`];
//! - `load FOLDER m q beta sigma0`, `flow KNOBS`, `descent ETA`, `weights`: see
//!   [`flow`].
//!
//! With `shared` it says what trials on one data set could share: see [`shared`].
//! Without either it times steps and products in turns, for quick looks.

mod flow;
mod shared;
mod step;

use std::io::{BufRead, Write};

use serde_json::json;

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("serve") => serve(&mut step::Contender::all()),
        Some("shared") => shared::report(),
        _ => step::Contender::all().iter_mut().for_each(step::compare),
    }
}

fn serve(contenders: &mut [step::Contender]) {
    let mut answers = std::io::stdout().lock();
    let mut answer = |value: serde_json::Value| {
        writeln!(answers, "{value}").and_then(|()| answers.flush()).expect("whoever asked is there");
    };
    answer(json!({"ready": env!("CARGO_PKG_VERSION")}));
    let mut problem = None;
    for request in std::io::stdin().lock().lines() {
        let request = request.expect("requests are text");
        let words: Vec<&str> = request.split_whitespace().collect();
        match words[..] {
            ["step", name] => {
                let contender = shape(contenders, name);
                answer(json!({"n_steps": contender.n_steps(), "train_loss": contender.steps()}));
            }
            ["products", name] => {
                let contender = shape(contenders, name);
                contender.products();
                answer(json!({"n_steps": contender.n_steps()}));
            }
            ["load", folder, m, q, beta, sigma0] => {
                let loaded = flow::Problem::load(folder, [m, q, beta, sigma0]);
                answer(json!({"weights": loaded.initial()}));
                problem = Some(loaded);
            }
            ["flow", ref knobs @ ..] => answer(loaded(&mut problem).flow(knobs)),
            ["descent", eta, bound, n_steps] => answer(loaded(&mut problem).descent(eta, bound, n_steps)),
            ["weights"] => answer(json!({"weights": loaded(&mut problem).last()})),
            _ => panic!("unknown request `{request}`"),
        }
    }
}

fn shape<'a>(contenders: &'a mut [step::Contender], name: &str) -> &'a mut step::Contender {
    contenders.iter_mut().find(|c| c.name() == name).expect("the shape is known")
}

fn loaded(problem: &mut Option<flow::Problem>) -> &mut flow::Problem {
    problem.as_mut().expect("`load` comes first")
}
