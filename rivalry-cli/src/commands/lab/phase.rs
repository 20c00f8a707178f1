//! `rivalry lab phase`: the uni-modal phase of deep linear networks.

use std::path::PathBuf;

use clap::Args;
use rivalry::data::Dataset;
use rivalry::lab::{PhaseResults, claims, data_phase, toy_phase};
use rivalry::registry::find;
use serde_json::json;

use super::{ProgressArgs, document, tell};
use crate::clock::Stopwatch;
use crate::commands::store;
use crate::exit::{Failure, Status};
use crate::home::Home;
use crate::options::ReadingArgs;
use crate::output::OutputArgs;
use crate::values;

/// How long the slower modality waits in a deep linear network, or on your own features
#[derive(Args, Debug)]
#[command(after_help = "\
Without DATA: two scalar modalities, y = x_A + x_B, law and simulation. With DATA: which
modality a linear network would learn first, and how much later the others, before
anything is trained.

Examples:
  rivalry lab phase
  rivalry lab phase --ratio 3 --correlation 0.3
  rivalry lab phase --depth 4 --fusion 2 --u0 0.05
  rivalry lab phase demo")]
pub(super) struct PhaseArgs {
    /// A file, a folder with a file per modality, `demo` or `demo:nutrimouse`
    #[arg(value_name = "DATA")]
    data: Option<PathBuf>,
    #[command(flatten)]
    reading: ReadingArgs,
    /// g = sigma_A / sigma_B, at least 1
    #[arg(long, value_name = "G", default_value_t = 2.0, value_parser = values::at_least_one, help_heading = "Toy")]
    ratio: f64,
    /// rho: the correlation of the two modalities, between -1 and 1
    #[arg(long, value_name = "RHO", default_value_t = 0.0, value_parser = values::correlation, allow_hyphen_values = true, help_heading = "Toy")]
    correlation: f64,
    /// L: layers of the network
    #[arg(long, value_name = "L", default_value_t = 2, allow_negative_numbers = true, value_parser = values::whole::<u32, 2, 16>, help_heading = "Toy")]
    depth: u32,
    /// L_f: layers before the modalities are fused [default: all of them, late fusion]
    #[arg(long, value_name = "LF", allow_negative_numbers = true, value_parser = values::whole::<u32, 1, 16>, help_heading = "Toy")]
    fusion: Option<u32>,
    /// u_0: size of a layer at the start, between 0 and 1
    #[arg(long, value_name = "U0", default_value_t = 0.01, value_parser = values::share, help_heading = "Toy")]
    u0: f64,
    /// Folder that keeps the report and its figures; made if missing
    #[arg(long, value_name = "DIR", help_heading = "Running")]
    out: Option<PathBuf>,
    #[command(flatten)]
    shown: ProgressArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// Does what was asked.
pub(super) fn run(args: &PhaseArgs) -> Result<Status, Failure> {
    args.output.settle();
    let since = Stopwatch::start();
    let shown = args.shown.progress();
    let results = if let Some(data) = &args.data {
        let data = args.reading.open(data)?;
        check(&data)?;
        let (n, modalities) = (data.n_samples(), data.modalities().len());
        shown.note(&format!("{}: {n} samples, {modalities} modalities", data.name()));
        PhaseResults { toy: None, data: Some(data_phase(&data, 0)) }
    } else {
        let fusion = toy_fusion(args)?;
        shown.note(&format!("{} layers, fused after layer {fusion}", args.depth));
        let toy = toy_phase(args.ratio, args.correlation, args.depth, fusion, args.u0);
        PhaseResults { toy: Some(toy), data: None }
    };
    if let Some(out) = &args.out {
        Home::named(out).map_err(|error| store::failed(&error))?;
    }
    let cites = find("claim", claims::table(), "unimodal_phase").map_or(&[][..], |entry| entry.cites);
    let document = document("lab phase", json!({}), json!(results), cites, 0, 1, since);
    tell(&document, args.out.as_deref(), &args.output)?;
    Ok(Status::Done)
}

/// The layer after which the toy fuses, where it can be simulated as asked.
fn toy_fusion(args: &PhaseArgs) -> Result<u32, Failure> {
    let fusion = args.fusion.unwrap_or(args.depth);
    if fusion > args.depth {
        return Err(Failure::usage(
            format!("a network of {} layers cannot be fused after layer {fusion}", args.depth),
            "`--fusion` is at most `--depth`",
        ));
    }
    let between = fusion > 1 && fusion < args.depth;
    if between && 1.0 + args.correlation * args.ratio <= 0.0 {
        return Err(Failure::usage(
            format!(
                "with `--ratio {}` and `--correlation {}` modality B is not positively correlated with y, and \
                 there is no law for fusion between the ends",
                args.ratio, args.correlation
            ),
            "raise the correlation above -1/ratio, or fuse late",
        ));
    }
    Ok(fusion)
}

fn check(data: &Dataset) -> Result<(), Failure> {
    if data.modalities().len() < 2 {
        return Err(Failure::one(
            Status::Data,
            format!("`{}` has one modality; a phase takes two", data.name()),
            Some("name the parts of the features as modalities: `--modality NAME=PATTERN`".to_owned()),
        ));
    }
    Ok(())
}
