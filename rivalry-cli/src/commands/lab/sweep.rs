//! `rivalry lab sweep`: a map over settings.

use clap::Args;
use rivalry::lab::{GridPoint, QUANTITIES, Setting, SettingAt, SweepResults, Varied, grid, summarise};
use rivalry::registry::{Value, nearest};
use rivalry::sweep::{TrialSet, run_trials};
use serde_json::json;

use super::setting::{SettingArgs, citations, wrong};
use super::{TrialsArgs, document, tell};
use crate::clock::Stopwatch;
use crate::commands::sweep::Workload;
use crate::exit::{Failure, Status};
use crate::output::OutputArgs;
use crate::values;

/// More points than this are a typing error.
const MOST_POINTS: usize = 100_000;

/// A map: the race at every point of a grid over any knobs
#[derive(Args, Debug)]
#[command(after_help = "\
Every combination of the values is raced. The table is printed; --out keeps it as CSV,
the figures as SVG and the document as JSON. One varied knob is drawn as lines, two as
a heat map.

Examples:
  rivalry lab sweep --vary m=2,4,8 --vary strength.2=1,1.1,1.25
  rivalry lab sweep --vary sigma0=1e-4,1e-3,1e-2 --show joint_minus_best
  rivalry lab sweep --vary classes=5,10,20 --show joint_error --out map
  rivalry lab sweep --config map.toml")]
pub(super) struct SweepArgs {
    #[command(flatten)]
    setting: SettingArgs,
    /// Vary a knob over some values; repeatable
    #[arg(long, value_name = "KNOB=A,B,...", value_parser = values::varied, help_heading = "Setting")]
    vary: Vec<(String, Vec<Value>)>,
    /// Quantities to show, such as `p_win`, `joint_minus_best`, `time_to_win`; all of them
    /// are in the table [default: the first that was measured]
    #[arg(long, value_name = "NAME,...", value_delimiter = ',', help_heading = "Setting")]
    show: Vec<String>,
    /// Trials at every point
    #[arg(long, value_name = "N", default_value_t = 10, allow_negative_numbers = true, value_parser = values::whole::<u64, 1, 100_000_000>, help_heading = "Running")]
    trials: u64,
    #[command(flatten)]
    pub(super) running: TrialsArgs,
    #[command(flatten)]
    pub(super) output: OutputArgs,
}

/// What is asked: a setting, what varies, and the points that this makes.
struct Grid {
    base: Setting,
    vary: Vec<Varied>,
    points: Vec<SettingAt>,
}

impl SweepArgs {
    fn grid(&self) -> Result<Grid, Failure> {
        let config = self.setting.config()?;
        let base = self.setting.setting(&config)?;
        let vary: Vec<Varied> = config
            .vary
            .iter()
            .chain(&self.vary)
            .map(|(key, values)| Varied { key: key.clone(), values: values.clone() })
            .collect();
        shown(&self.show, &base)?;
        let points = points(&base, &vary)?;
        Ok(Grid { base, vary, points })
    }

    fn sets(&self, points: &[SettingAt]) -> Vec<TrialSet> {
        let set = |(_, setting): &SettingAt| TrialSet {
            setting: setting.clone(),
            first_seed: self.running.seed,
            trials: self.trials,
        };
        points.iter().map(set).collect()
    }

    /// Its trials.
    pub(super) fn workload(&self) -> Result<Workload, Failure> {
        let points = self.grid()?.points;
        let name = |(at, _): &SettingAt| {
            let knobs: Vec<String> = at.iter().map(|(knob, value)| format!("{knob}={value}")).collect();
            knobs.join(", ")
        };
        Ok(Workload::trials(self.sets(&points), points.iter().map(name).collect()))
    }
}

/// Does what was asked.
pub(super) fn run(args: &SweepArgs) -> Result<Status, Failure> {
    args.output.settle();
    let since = Stopwatch::start();
    let Grid { base, vary, points } = args.grid()?;
    let show = shown(&args.show, &base)?;
    let sets = args.sets(&points);
    let total = args.trials * sets.len() as u64;
    let about = format!("{} settings, {total} trials", sets.len());
    let outcomes = args.running.engage(total, &about, |engine, watch| run_trials(&sets, engine, watch))?;
    let points = points
        .into_iter()
        .zip(&outcomes)
        .map(|((at, setting), outcomes)| GridPoint {
            at,
            summary: summarise(&setting, outcomes),
            n_trials: outcomes.len(),
        })
        .collect();
    let results = SweepResults { vary, points };
    let settings = json!({ "setting": base, "trials": args.trials, "show": show });
    let document = document(
        "lab sweep",
        settings,
        json!(results),
        &citations(&base),
        args.running.seed,
        args.running.threads(),
        since,
    );
    tell(&document, args.running.out.as_deref(), &args.output)?;
    Ok(Status::Done)
}

fn points(base: &Setting, vary: &[Varied]) -> Result<Vec<SettingAt>, Failure> {
    if vary.is_empty() {
        return Err(Failure::usage(
            "nothing varies",
            "name a knob and its values, such as `--vary m=2,4,8`, or give a `--config` with a table `vary`",
        ));
    }
    let repeated = |varied: &Varied| vary.iter().filter(|other| other.key == varied.key).count() > 1;
    if let Some(varied) = vary.iter().find(|varied| repeated(varied)) {
        return Err(Failure::usage(
            format!("`{}` varies twice", varied.key),
            "give all values of a knob in one list",
        ));
    }
    let count = vary.iter().try_fold(1_usize, |count, varied| count.checked_mul(varied.values.len()));
    if count.is_none_or(|count| count > MOST_POINTS) {
        return Err(Failure::usage(
            format!("more than {MOST_POINTS} points"),
            "vary fewer knobs, or fewer values of each",
        ));
    }
    grid(base, vary).map_err(|errors| wrong(&errors))
}

/// The quantities asked for, or who wins and, where networks are trained to the
/// end, what joint training costs.
fn shown(names: &[String], base: &Setting) -> Result<Vec<String>, Failure> {
    if names.is_empty() {
        let defaults: &[&str] = if base.until_decided { &["p_win"] } else { &["p_win", "joint_minus_best"] };
        return Ok(defaults.iter().map(|name| (*name).to_owned()).collect());
    }
    for name in names {
        if !QUANTITIES.iter().any(|quantity| quantity.name == *name) {
            let known: Vec<String> =
                QUANTITIES.iter().map(|quantity| format!("`{}`", quantity.name)).collect();
            let close = nearest(name, QUANTITIES.iter().map(|quantity| quantity.name));
            let hint = match close.first() {
                Some(close) => format!("did you mean `{close}`?"),
                None => format!("there are {}", known.join(", ")),
            };
            return Err(Failure::usage(format!("`--show` knows no quantity `{name}`"), hint));
        }
    }
    Ok(names.to_vec())
}
