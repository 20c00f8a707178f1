//! Options of the network and how it is trained: they become a `Spec`.

use clap::Args;
use rivalry::data::Dataset;
use rivalry::registry::{Choice, Entry, Value, find};
use rivalry::spec::{ClassWeights, Spec};
use rivalry::{encoders, solvers};

use crate::exit::{Failure, Problem, Status};
use crate::{usage, values};

/// For a first look: at least so many epochs ...
const QUICK_EPOCHS: u32 = 15;
/// ... and at least so many updates.
const QUICK_UPDATES: u32 = 400;

/// The network and its training.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Network and training")]
pub(crate) struct TrainingArgs {
    /// Encoder of every modality; see `rivalry list encoders`
    #[arg(long, value_name = "NAME", default_value = "mlp")]
    encoder: String,
    /// Set a knob of the encoder, solver or schedule; repeatable
    #[arg(long, value_name = "KNOB=VALUE", value_parser = values::setting)]
    set: Vec<(String, Value)>,
    /// What turns gradients into weights; see `rivalry list solvers`
    #[arg(long, value_name = "NAME", default_value = "adam", visible_alias = "optimizer")]
    solver: String,
    /// Learning rate [default: the solver's]
    #[arg(long, value_name = "RATE", allow_negative_numbers = true, value_parser = values::positive)]
    lr: Option<f64>,
    /// Learning rate over epochs; see `rivalry list schedules`
    #[arg(long, value_name = "NAME", default_value = "constant")]
    schedule: String,
    /// Passes over the training samples [default: 60, or more for 1,500 updates]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::whole::<u32, 1, { u32::MAX as u64 }>)]
    epochs: Option<u32>,
    /// Samples per update
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 64, value_parser = values::whole::<u32, 1, { u32::MAX as u64 }>)]
    batch: u32,
    /// Epochs without better validation before training stops; 0 never stops early
    /// [default: 20 with at least 100 validation samples, else 0]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::whole::<u32, 0, { u32::MAX as u64 }>)]
    patience: Option<u32>,
    /// Weigh classes so that rare ones count as much as frequent ones
    #[arg(long)]
    balance_classes: bool,
    /// Take features as they are instead of standardising them on the training part
    #[arg(long)]
    no_standardise: bool,
    /// A first look: a quarter of the epochs and 3 seeds; less accurate and less certain
    #[arg(long)]
    pub(crate) quick: bool,
}

impl TrainingArgs {
    /// The spec that all runs share, but for what the plan varies.
    pub(crate) fn spec(&self, seed: u64) -> Result<Spec, Failure> {
        let mut spec = Spec {
            encoder: Choice::new(&self.encoder),
            solver: Choice::new(&self.solver),
            schedule: Choice::new(&self.schedule),
            epochs: self.epochs,
            batch: self.batch,
            patience: self.patience,
            class_weights: if self.balance_classes { ClassWeights::Balanced } else { ClassWeights::None },
            standardise: !self.no_standardise,
            seed,
            ..Spec::default()
        };
        let mut problems = self.apply_settings(&mut spec);
        if let Some(lr) = self.lr {
            spec.solver = spec.solver.with("lr", lr);
        }
        problems.extend(check(&spec));
        if problems.is_empty() {
            return Ok(spec);
        }
        if let Some(last) = problems.last_mut() {
            last.hint.get_or_insert(usage::KINDS_HINT.to_owned());
        }
        Err(Failure { status: Status::Usage, problems })
    }

    /// Fewer epochs where a first look is wanted and nothing else was said.
    pub(crate) fn hurry(&self, spec: &mut Spec, data: &Dataset) {
        if self.quick && spec.epochs.is_none() {
            let n_train = data.partition(0, 0, spec.seed, spec.valid_share).train.len() as u32;
            let updates_per_epoch = n_train.div_ceil(spec.batch).max(1);
            spec.epochs = Some(QUICK_EPOCHS.max(QUICK_UPDATES.div_ceil(updates_per_epoch)));
        }
    }

    /// `encoder.width=3` goes to the encoder; `width=3` to the one among
    /// encoder, solver and schedule that has such a knob.
    fn apply_settings(&self, spec: &mut Spec) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (key, value) in &self.set {
            let (owner, knob) = match key.split_once('.') {
                Some((owner, knob)) => (owner.to_owned(), knob),
                None => (owner_of(key, spec).to_owned(), key.as_str()),
            };
            let choice = match owner.as_str() {
                "encoder" => &mut spec.encoder,
                "solver" | "optimizer" => &mut spec.solver,
                "schedule" => &mut spec.schedule,
                _ => {
                    let message = format!(
                        "`--set {key}`: `{owner}` has no knobs; `encoder`, `solver` and `schedule` have"
                    );
                    problems.push(Problem { message, hint: None });
                    continue;
                }
            };
            choice.set.insert(knob.to_owned(), value.clone());
        }
        problems
    }
}

/// Which of the chosen kinds has a knob of this name; the encoder when none
/// has, so that the error names its nearest.
fn owner_of(knob: &str, spec: &Spec) -> &'static str {
    let has = |found: Option<bool>| found.unwrap_or(false);
    if has(knows(encoders::table::<f32>(), &spec.encoder.name, knob)) {
        "encoder"
    } else if has(knows(solvers::table::<f32>(), &spec.solver.name, knob)) {
        "solver"
    } else if has(knows(solvers::schedule::table(), &spec.schedule.name, knob)) {
        "schedule"
    } else {
        "encoder"
    }
}

fn knows<T: ?Sized>(table: &'static [Entry<T>], kind: &str, knob: &str) -> Option<bool> {
    let entry = table.iter().find(|entry| entry.name == kind)?;
    Some(entry.knobs.iter().any(|known| known.name == knob))
}

/// All that is wrong with the choices, before any data are read.
fn check(spec: &Spec) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut add = |errors: Vec<rivalry::registry::ChoiceError>| {
        problems.extend(errors.iter().map(|error| Problem { message: error.to_string(), hint: None }));
    };
    add(wrong("encoder", encoders::table::<f32>(), &spec.encoder));
    add(wrong("solver", solvers::table::<f32>(), &spec.solver));
    add(wrong("schedule", solvers::schedule::table(), &spec.schedule));
    problems
}

fn wrong<T: ?Sized>(
    drawer: &'static str,
    table: &'static [Entry<T>],
    choice: &Choice,
) -> Vec<rivalry::registry::ChoiceError> {
    match find(drawer, table, &choice.name) {
        Ok(entry) => entry.settle(choice).err().unwrap_or_default(),
        Err(error) => vec![error],
    }
}
