//! Deep linear networks: the slower modality waits for the faster one.

use super::{Claim, Experiment, Found, Judgement, Size, Source, ZHANG};
use crate::lab::race::LEVEL;
use crate::lab::theory::phase::{LateFusionFlow, Moments, Toy, reduced_times};
use crate::num::parallel;
use crate::registry::Entry;
use crate::stats::{Estimate, student_mean};

/// Registration.
pub(super) const ENTRY: Entry<dyn Claim> = Entry {
    name: "unimodal_phase",
    summary: "in deep linear networks late fusion delays the slower modality by t_B/t_A = 1 + (g^2 - 1)/(1 - rho^2)",
    cites: &[ZHANG],
    knobs: &[],
    build: |_| Box::new(UnimodalPhase),
};

struct UnimodalPhase;

/// g, rho.
const TOYS: [(f64, f64); 5] = [(2.0, 0.0), (2.0, 0.5), (2.0, -0.5), (1.5, 0.0), (3.0, 0.3)];

/// Initial weights that the two-layer networks start from.
const STARTS: u64 = 8;

impl Claim for UnimodalPhase {
    fn source(&self) -> Source {
        Source { place: "Zhang, Latham and Saxe 2024; formulas read from the paper's code", quoted: true }
    }

    fn rule(&self) -> &'static str {
        "two layers of 50 units, u_0 = 1e-6: t_B/t_A simulated, mean of 8 starts, within 7 % of the law for five (g, rho); \
         four layers, g = 2, rho = 0.5: within 7 % at u_0 = 0.1 for fusion after layers 2, 3 and 4 and nearer at \
         u_0 = 0.05; early fusion, u_0 = 1e-3: within 7 % of 1"
    }

    fn experiments(&self, _size: Size) -> Vec<Experiment> {
        Vec::new()
    }

    fn judge(&self, found: &Found<'_>) -> Vec<Judgement> {
        let mut lines = Vec::new();
        for (ratio, correlation) in TOYS {
            let toy = Toy::new(ratio, correlation);
            let exact = toy.late_fusion();
            let starts: Vec<u64> = (0..STARTS).collect();
            let ratios: Vec<f64> = parallel::map(found.threads, &starts, |_, seed| {
                let flow = LateFusionFlow { moments: Moments::toy(&toy), width: 50, u0: 1e-6, seed: *seed };
                flow.times().ok().and_then(|times| times.ratio())
            })
            .into_iter()
            .flatten()
            .collect();
            let mean = student_mean(&ratios, LEVEL);
            lines.push(Judgement {
                what: format!("t_B/t_A, two layers, g = {ratio}, rho = {correlation}"),
                prediction: format!("{exact:.3}"),
                predicted: Some(exact),
                passed: mean.as_ref().is_some_and(|mean| (mean.value / exact - 1.0).abs() <= 0.07),
                measurement: mean,
                note: None,
            });
        }
        let toy = Toy::new(2.0, 0.5);
        for fusion in [2, 3, 4] {
            let off = |u0: f64| {
                let exact = toy.deep_fusion(4, fusion, u0);
                reduced_times(&toy, 4, fusion, u0).ratio().map(|s| (exact, s, (s / exact - 1.0).abs()))
            };
            let (far, near) = (off(0.1), off(0.05));
            let passed =
                far.is_some_and(|far| far.2 <= 0.07 && near.is_some_and(|near| near.2 <= far.2 + 0.001));
            let exact = toy.deep_fusion(4, fusion, 0.1);
            let what = format!("t_B/t_A, four layers, fused after layer {fusion}, u_0 = 0.1");
            lines.push(line(what, exact, far.map(|far| far.1), passed));
        }
        let early = reduced_times(&toy, 4, 1, 1e-3).ratio();
        let passed = early.is_some_and(|ratio| (ratio - 1.0).abs() <= 0.07);
        lines.push(line("t_B/t_A, four layers, early fusion".to_owned(), 1.0, early, passed));
        lines
    }
}

fn line(what: String, exact: f64, simulated: Option<f64>, passed: bool) -> Judgement {
    Judgement {
        what,
        prediction: format!("{exact:.3}"),
        predicted: Some(exact),
        measurement: simulated.map(|s| Estimate::without_interval(s, LEVEL, 1, "nothing is drawn")),
        passed,
        note: None,
    }
}
