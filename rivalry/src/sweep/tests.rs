//! The sweep's contracts: same bits for any number of threads, resuming,
//! sharing a store, budgets.

use std::sync::atomic::AtomicUsize;

use super::*;
use crate::metrics::{Metrics, ModelCurves, ModelKey, NAIVE, Subject};
use crate::registry::Choice;
use crate::spec::Spec;
use crate::stats::Bootstrap;
use crate::train::tests::small_data;

/// Counts runs; may raise the flag after some.
#[derive(Default)]
pub(super) struct Counter {
    pub(super) computed: AtomicUsize,
    pub(super) reused: AtomicUsize,
    pub(super) stop_after: usize,
    pub(super) stop: AtomicBool,
}

impl SweepWatch for Counter {
    fn run_done(&self, run: &RunDone<'_>) {
        let counter = if run.reused { &self.reused } else { &self.computed };
        let count = counter.fetch_add(1, Ordering::SeqCst) + 1;
        if self.stop_after > 0 && count == self.stop_after {
            self.stop.store(true, Ordering::SeqCst);
        }
    }
}

impl Counter {
    fn counts(&self) -> (usize, usize) {
        (self.computed.load(Ordering::SeqCst), self.reused.load(Ordering::SeqCst))
    }
}

fn asked(seeds: u32) -> Asked {
    let base = Spec {
        encoder: Choice::new("mlp").with("width", 6_i64),
        epochs: Some(5),
        batch: 16,
        meters: true,
        seed: 10,
        ..Spec::default()
    };
    Asked {
        base,
        seeds,
        subsets: Subsets::Default,
        controls: vec![Choice::new("auxiliary"), Choice::new("ensemble")],
        bootstrap: Bootstrap { replicates: 200, ..Bootstrap::default() },
    }
}

fn go(
    seeds: u32,
    threads: usize,
    store: Option<&Store>,
    watch: &Counter,
) -> Result<Diagnosed, DiagnoseError> {
    let engine = Engine { store, threads, stop: &watch.stop };
    diagnose(&small_data(90), &asked(seeds), &Metrics::all(), engine, None, watch)
}

struct Folder(std::path::PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("rivalry-sweep-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

// promise: P24
#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let one = go(3, 1, None, &Counter::default()).unwrap();
    for threads in [2, 3, 8] {
        assert_eq!(go(3, threads, None, &Counter::default()).unwrap(), one, "{threads} threads");
    }
    // Three alone, three pairs, one joint, two controls, three seeds.
    assert_eq!(one.n_runs, 27);
    // The joint network was read while it trained, and nothing else was.
    let readings = |of: &ModelCurves| of.quantities.keys().filter(|name| name.contains('.')).count();
    for curves in &one.measurements.curves {
        let is_joint = curves.model == ModelKey::new(&[0, 1, 2], NAIVE);
        // Six readings for each of three modalities.
        assert_eq!(readings(curves), if is_joint { 18 } else { 0 }, "{:?}", curves.model);
        assert!(curves.quantities.values().all(|course| course.mean.len() == curves.epochs.len()));
    }
    assert!(one.measurements.table.get("starved", &Subject::Modality(0)).is_ok());
    // All pairs of three modalities were trained, so every subset has its value.
    assert!(one.measurements.table.get("shapley_retrained", &Subject::Modality(0)).is_ok());
}

#[test]
fn running_again_is_resuming() {
    let folder = Folder::new("again");
    let store = Store::open(&folder.0).unwrap();
    let undisturbed = go(2, 2, None, &Counter::default()).unwrap();
    let first = Counter { stop_after: 4, ..Counter::default() };
    let interrupted = go(2, 2, Some(&store), &first);
    let Err(DiagnoseError::Sweep(SweepError::Interrupted { done, total: 18 })) = interrupted else {
        panic!("{interrupted:?}");
    };
    assert!((4..=5).contains(&done));
    let second = Counter::default();
    assert_eq!(go(2, 2, Some(&store), &second).unwrap(), undisturbed);
    assert_eq!(second.counts(), (18 - done, done));
    let third = Counter::default();
    assert_eq!(go(2, 1, Some(&store), &third).unwrap(), undisturbed);
    assert_eq!(third.counts(), (0, 18));
    // One seed more costs one seed more.
    let fourth = Counter::default();
    go(3, 2, Some(&store), &fourth).unwrap();
    assert_eq!(fourth.counts(), (9, 18));
}

// promise: P04
#[test]
fn a_checkpoint_is_asked_for_before_much_work_is_at_risk() {
    let folder = Folder::new("interval");
    let store = Store::open(&folder.0).unwrap();
    let job = &Plan::new(&small_data(60), &Spec::default(), 1, Subsets::Joint, &[]).unwrap().units[0].job;
    let Claim::Mine(lease) = store.claim(job.id()).unwrap() else { panic!("nobody else claims it") };
    let stop = AtomicBool::new(false);
    let asked = |home, flops_per_epoch: f64| -> Vec<Control> {
        let mut keeper = Keeper { home, stop: &stop, flops_per_epoch, unsaved: 0.0, trouble: None };
        let report = |done| EpochReport {
            done,
            of: 9,
            train_loss: 1.0,
            train_error: None,
            valid_accuracy: None,
            time: None,
            gradient_evaluations: 0,
            weights: None,
        };
        (1..=6).map(|done| keeper.epoch(&report(done))).collect()
    };
    let (go, keep) = (Control::Continue, Control::Checkpoint);
    let home = Some((&store, &lease));
    assert_eq!(asked(home, 0.4 * FLOPS_PER_CHECKPOINT), [go, go, keep, go, go, keep]);
    assert_eq!(asked(home, 2.0 * FLOPS_PER_CHECKPOINT), [keep; 6]);
    assert_eq!(asked(None, 2.0 * FLOPS_PER_CHECKPOINT), [go; 6]);
    stop.store(true, Ordering::SeqCst);
    assert_eq!(asked(home, 0.0)[0], Control::Stop);
}

#[test]
fn two_sweeps_over_one_store_compute_each_run_once() {
    let folder = Folder::new("shared");
    let store = Store::open(&folder.0).unwrap();
    let (left, right) = (Counter::default(), Counter::default());
    let (a, b) = std::thread::scope(|scope| {
        let other = scope.spawn(|| go(3, 2, Some(&Store::open(&folder.0).unwrap()), &right).unwrap());
        (go(3, 2, Some(&store), &left).unwrap(), other.join().unwrap())
    });
    assert_eq!(a, b);
    assert_eq!(left.counts().0 + right.counts().0, 27);
}

#[test]
fn a_budget_fits_the_plan_and_says_what_it_left_out() {
    // A clock on which every look costs a second.
    let ticks = AtomicUsize::new(0);
    let clock = || ticks.fetch_add(1, Ordering::SeqCst) as f64;
    let watch = Counter::default();
    let engine = Engine { store: None, threads: 1, stop: &watch.stop };
    let budget = Budget { seconds: 10.0, clock: &clock };
    let data = small_data(60);
    let fitted = diagnose(&data, &asked(40), &Metrics::all(), engine, Some(&budget), &watch).unwrap();
    assert!(fitted.trials.len() < 10, "{}", fitted.trials.len());
    assert_eq!(fitted.left_out.len(), 2, "{:?}", fitted.left_out);
    assert!(fitted.left_out[1].ends_with("of 40 seeds"));
}

#[test]
fn plans_name_what_is_wrong_with_them() {
    let data = small_data(60);
    let plan = |base: &Spec, seeds| Plan::new(&data, base, seeds, Subsets::Default, &[]);
    assert_eq!(plan(&Spec::default(), 0), Err(PlanError::NoSeeds));
    let odd = Spec { batch: 0, solver: Choice::new("adm"), ..Spec::default() };
    assert_eq!(
        plan(&odd, 1).unwrap_err().to_string(),
        "solver: unknown solver `adm`: did you mean `adam`?; batch: must be at least 1, not 0"
    );
}

#[test]
fn parts_of_a_plan_hold_what_they_build_on() {
    let data = small_data(60);
    let asked = asked(2);
    // A student of uni-modal teachers.
    let controls = [Choice::new("umt")];
    let plan = Plan::new(&data, &asked.base, 2, Subsets::Joint, &controls).unwrap();
    let student = |unit: &Unit| unit.job.spec().strategy.name == "umt";
    let at = plan.units.iter().rposition(student).unwrap();
    assert!(!plan.units[at].needs.is_empty());
    let (units, n_trials) = plan.part(&[at]);
    assert_eq!(n_trials, 1);
    assert_eq!(units.len(), 1 + plan.units[at].needs.len());
    for unit in &units {
        assert_eq!(unit.trial, 0);
        let original = plan.units.iter().find(|other| other.job.id() == unit.job.id()).unwrap();
        let ids = |of: &[Unit], needs: &[usize]| needs.iter().map(|i| of[*i].job.id()).collect::<Vec<_>>();
        assert_eq!(ids(&units, &unit.needs), ids(&plan.units, &original.needs));
    }
    // All parts, one after the other, leave the store of the whole.
    let folders = [Folder::new("whole"), Folder::new("parts")];
    let [whole, parts] = folders.each_ref().map(|folder| Store::open(&folder.0).unwrap());
    let watch = Counter::default();
    let engine = |store| Engine { store: Some(store), threads: 2, stop: &watch.stop };
    run(&plan.units, plan.trials.len(), &data, engine(&whole), &watch, |_, _| ()).unwrap();
    let shares = deal(&plan.costs(&data), 3);
    assert!(shares.iter().all(|share| !share.is_empty()));
    for share in shares.iter().rev() {
        let (units, n_trials) = plan.part(share);
        run(&units, n_trials, &data, engine(&parts), &watch, |_, _| ()).unwrap();
    }
    let kept = |store: &Store| store.records().collect::<Result<Vec<_>, _>>().unwrap();
    assert_eq!(kept(&whole), kept(&parts));
    assert_eq!(plan.part(&[]), (Vec::new(), 0));
}
