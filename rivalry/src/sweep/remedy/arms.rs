//! What is compared: the controls, which are always there, and the methods.

use crate::data::Dataset;
use crate::metrics::{NAIVE, UNIMODAL};
use crate::registry::{Choice, ChoiceError, Entry, find};
use crate::spec::{Job, Spec, SpecError};
use crate::strategies::{self, Strategy};

use super::results::Refused;

/// Factor on the encoders' learning rate of the control that trains encoders faster: what `MMPareto` comes to
/// where no gradients conflict.
const FASTER: f64 = 1.5;
/// Solvers that divide a gradient by its own size.
const NORMALISING: [&str; 2] = ["adam", "adamw"];

/// Strategies that run as controls.
pub const CONTROLS: [&str; 4] = [UNIMODAL, NAIVE, "ensemble", "auxiliary"];

/// One row of the comparison.
#[derive(Clone, Debug)]
pub(super) struct Arm {
    pub(super) name: String,
    pub(super) summary: &'static str,
    pub(super) kind: Kind,
    /// Positions of its modalities.
    pub(super) modalities: Vec<usize>,
    /// How it is trained; every knob has its value.
    pub(super) choice: Choice,
    pub(super) warnings: Vec<String>,
}

/// The part that a row plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// One modality trained alone: a control.
    Alone,
    /// Naive joint training: a control.
    Joint,
    /// A further control.
    Control,
    /// What is tried.
    Method,
}

impl Arm {
    pub(super) fn is_control(&self) -> bool {
        self.kind != Kind::Method
    }

    /// What a plan takes.
    pub(super) fn network(&self) -> (Vec<usize>, Choice) {
        (self.modalities.clone(), self.choice.clone())
    }

    /// Its run at the place of `at`.
    pub(super) fn job(&self, data: &Dataset, at: &Spec) -> Result<Job, Vec<SpecError>> {
        let names = self.modalities.iter().map(|m| data.modalities()[*m].name.clone()).collect();
        Spec { modalities: names, strategy: self.choice.clone(), ..at.clone() }.check(data)
    }

    /// The same method with other settings.
    pub(super) fn with(&self, choice: Choice) -> Self {
        Self { choice, ..self.clone() }
    }
}

/// The controls that name the loser: each modality alone, then naive joint training.
pub(super) fn baselines(data: &Dataset) -> Vec<Arm> {
    let entry = |name| entry(name).expect("the controls are in the drawer");
    let alone = data.modalities().iter().enumerate().map(|(m, modality)| Arm {
        name: format!("{} alone", modality.name),
        kind: Kind::Alone,
        modalities: vec![m],
        ..plain(entry(UNIMODAL), data)
    });
    alone.chain([Arm { kind: Kind::Joint, ..plain(entry(NAIVE), data) }]).collect()
}

/// The controls that run beside the methods.
pub(super) fn further_controls(data: &Dataset) -> Vec<Arm> {
    let control = |name| Arm {
        kind: Kind::Control,
        ..plain(entry(name).expect("the controls are in the drawer"), data)
    };
    let auxiliary = control("auxiliary");
    let faster = auxiliary.with(auxiliary.choice.clone().with("encoder_rate", FASTER));
    let faster = Arm { name: format!("auxiliary, encoder_rate {FASTER}"), ..faster };
    vec![control("ensemble"), auxiliary, faster]
}

/// The methods of these names, or all of the drawer that are no control; and those that do not apply to these
/// data, with the reason.
pub(super) fn methods(
    data: &Dataset,
    base: &Spec,
    names: &[String],
) -> Result<(Vec<Arm>, Vec<Refused>), Vec<ChoiceError>> {
    let mut entries: Vec<&'static Entry<dyn Strategy<f32>>> = Vec::new();
    let mut errors = Vec::new();
    for name in names {
        match find("strategy", strategies::table::<f32>(), name) {
            Ok(entry) if entries.iter().all(|known| known.name != entry.name) => entries.push(entry),
            Ok(_) => {}
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    if names.is_empty() {
        entries.extend(strategies::table::<f32>());
    }
    let (mut arms, mut refused) = (Vec::new(), Vec::new());
    for entry in entries.into_iter().filter(|entry| !CONTROLS.contains(&entry.name)) {
        let mut arm = plain(entry, data);
        match arm.job(data, base) {
            Ok(job) => {
                let solver = job.spec().solver.name.as_str();
                if job.needs().modulates && NORMALISING.contains(&solver) {
                    arm.warnings.push(format!(
                        "scales, projects or holds back gradients, and `{solver}` divides them by their size: what changes \
                         slowly cancels; `--solver sgd` lets it act"
                    ));
                }
                arms.push(arm);
            }
            Err(errors) => {
                let why = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
                refused.push(Refused { name: arm.name, why });
            }
        }
    }
    Ok((arms, refused))
}

fn entry(name: &str) -> Option<&'static Entry<dyn Strategy<f32>>> {
    strategies::table::<f32>().iter().find(|entry| entry.name == name)
}

/// The method on all modalities, with the paper's defaults.
fn plain(entry: &'static Entry<dyn Strategy<f32>>, data: &Dataset) -> Arm {
    let settings = entry.settle(&Choice::new(entry.name)).expect("defaults are allowed values");
    let set = settings.iter().map(|(knob, value)| (knob.to_owned(), value.clone())).collect();
    Arm {
        name: entry.name.to_owned(),
        summary: entry.summary,
        kind: Kind::Method,
        modalities: (0..data.modalities().len()).collect(),
        choice: Choice { name: entry.name.to_owned(), set },
        warnings: Vec::new(),
    }
}
