//! Options of how much is computed, with what and where it is kept.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use rivalry::data::Dataset;

use crate::commands::sweep::Place;
use crate::progress::in_words;
use crate::values;

/// Seeds of a first look.
const QUICK_SEEDS: u32 = 3;
/// Seeds unless said otherwise.
const SEEDS: u32 = 10;

/// How much, with what, and where it is kept.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Running")]
pub(crate) struct RunningArgs {
    /// Trainings of every network, each from other initial weights [default: 10]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::whole::<u32, 1, 100_000>)]
    seeds: Option<u32>,
    /// The first seed; the others follow it
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value_t = 0, value_parser = values::whole::<u64, 0, { u64::MAX }>)]
    pub(crate) seed: u64,
    /// Time the work must fit into, such as 90s, 2m or 1h30m; says what it left out
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, value_parser = values::duration)]
    pub(crate) budget: Option<Duration>,
    /// Threads; results do not depend on it [default: all cores]
    #[arg(long, value_name = "N", allow_negative_numbers = true, value_parser = values::whole::<usize, 1, 65_535>)]
    threads: Option<usize>,
    /// Folder that keeps the runs and the report, so that the same command resumes; made
    /// if missing
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

impl RunningArgs {
    /// How many seeds.
    pub(crate) fn seeds(&self, quick: bool) -> u32 {
        self.seeds.unwrap_or(if quick { QUICK_SEEDS } else { SEEDS })
    }

    /// Runs in a place that a plan was given, not in one of its own.
    pub(crate) fn settle_in(&mut self, place: Place<'_>) {
        self.out = Some(place.store.to_owned());
        self.threads = place.threads;
    }

    /// What is about to run, for whoever waits for it.
    pub(crate) fn opening(&self, data: &Dataset, seeds: u32) -> String {
        let plural = |n: usize| if n == 1 { "" } else { "s" };
        let threads = self.threads();
        let budget = |budget: Duration| format!(", {}", in_words(budget.as_secs_f64()));
        format!(
            "{}: {} samples, {} modalities, {seeds} seed{}, {threads} thread{}{}",
            data.name(),
            data.n_samples(),
            data.modalities().len(),
            plural(seeds as usize),
            plural(threads),
            self.budget.map_or_else(String::new, budget),
        )
    }

    /// How many threads.
    pub(crate) fn threads(&self) -> usize {
        threads(self.threads)
    }
}

/// So many threads, or one per core.
pub(crate) fn threads(asked: Option<usize>) -> usize {
    let available = || std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
    asked.unwrap_or_else(available)
}
