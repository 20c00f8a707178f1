//! A sweep of real trainings, small ones, over the store: claim, go on from the
//! newest checkpoint, keep checkpoints, commit.

use rivalry::data::{Dataset, Labels, Modality, Split};
use rivalry::num::{Draws, Matrix, Purpose};
use rivalry::record::file::encode;
use rivalry::record::{Checkpoint, Record};
use rivalry::registry::Choice;
use rivalry::spec::{Job, Spec};
use rivalry::store::{Claim, Store, StoreError};
use rivalry::train::{Control, EpochReport, Trained, Watch, train};

/// Epochs of every run, and after how many a checkpoint is kept.
pub(super) const EPOCHS: u32 = 6;
pub(super) const INTERVAL: u32 = 2;

/// Three classes of so many samples in two noisy modalities; the first fifth is
/// tested.
pub(super) fn data(n: u32, change: impl Fn(usize, usize, usize, f64) -> f64) -> Dataset {
    let mut draws = Draws::new(8, Purpose::new("promise data"), 0);
    let labels: Vec<i64> = (0..i64::from(n)).map(|i| i % 3).collect();
    let modalities = [("a", 4), ("b", 3)]
        .into_iter()
        .enumerate()
        .map(|(m, (name, width))| {
            let x = Matrix::from_fn(n as usize, width, |r, c| {
                let plain = (labels[r] as f64 - 1.0) * (c as f64 - 1.0) + draws.normal();
                change(m, r, c, plain)
            });
            Modality::new(name, x)
        })
        .collect();
    let n_test = n / 5;
    let split = Split::Given { train: (n_test..n).collect(), valid: None, test: (0..n_test).collect() };
    Dataset::new("small", modalities, Labels::from_integers(&labels), None, Some(split)).unwrap()
}

/// The runs: each modality alone, both jointly and with auxiliary losses.
pub(super) fn plan(data: &Dataset) -> Vec<Job> {
    let spec = |strategy: &str, modalities: &[&str]| Spec {
        strategy: Choice::new(strategy),
        modalities: modalities.iter().map(|name| (*name).to_owned()).collect(),
        encoder: Choice::new("mlp").with("width", 3_i64).with("dropout", 0.2),
        epochs: Some(EPOCHS),
        batch: 8,
        seed: 5,
        ..Spec::default()
    };
    let specs =
        [spec("unimodal", &["a"]), spec("unimodal", &["b"]), spec("naive", &[]), spec("auxiliary", &[])];
    specs.iter().map(|spec| spec.check(data).unwrap()).collect()
}

struct Keeper<'a> {
    n_epochs: &'a mut usize,
    keep: &'a mut dyn FnMut(&Checkpoint) -> Result<(), StoreError>,
    trouble: Option<StoreError>,
}

impl Watch for Keeper<'_> {
    fn epoch(&mut self, report: &EpochReport) -> Control {
        *self.n_epochs += 1;
        match &self.trouble {
            Some(_) => Control::Stop,
            None if report.done.is_multiple_of(INTERVAL) => Control::Checkpoint,
            None => Control::Continue,
        }
    }

    fn checkpoint(&mut self, checkpoint: &Checkpoint) {
        self.trouble = (self.keep)(checkpoint).err();
    }
}

/// Works until every run is in the store; counts epochs that a watch saw,
/// which leaves out the last of a run.
pub(super) fn work(store: &Store, data: &Dataset, n_epochs: &mut usize) -> Result<(), StoreError> {
    for job in plan(data) {
        let lease = loop {
            match store.claim(job.id())? {
                Claim::Mine(lease) => break Some(lease),
                Claim::Done => break None,
                // A process that another test has just forked holds our files
                // until it starts its program.
                Claim::Busy => std::thread::yield_now(),
            }
        };
        let Some(lease) = lease else { continue };
        let from = store.latest_checkpoint(&lease)?;
        let from = from.map(|container| Checkpoint::from_container(&container).unwrap());
        let mut keep = |checkpoint: &Checkpoint| store.checkpoint(&lease, &checkpoint.to_container());
        let mut keeper = Keeper { n_epochs: &mut *n_epochs, keep: &mut keep, trouble: None };
        let trained = train(&job, data, &[], from.as_ref(), &mut keeper).unwrap();
        match (keeper.trouble, trained) {
            (Some(error), _) => return Err(error),
            (None, Trained::Done(record)) => store.commit(lease, &record.to_container())?,
            (None, Trained::Interrupted(_)) => unreachable!("only trouble stops a run"),
        }
    }
    Ok(())
}

/// The bytes of every run, computed without a store.
pub(super) fn undisturbed(data: &Dataset) -> Vec<Vec<u8>> {
    let run = |job: &Job| match train(job, data, &[], None, &mut rivalry::train::Unwatched).unwrap() {
        Trained::Done(record) => encode(&record.to_container()),
        Trained::Interrupted(_) => unreachable!("nobody asked to stop"),
    };
    plan(data).iter().map(run).collect()
}

/// The bytes of every run of the plan in the store.
pub(super) fn kept(store: &Store, data: &Dataset) -> Vec<Vec<u8>> {
    let read = |job: &Job| {
        let container = store.read(job.id()).unwrap().expect("the run is there");
        assert_eq!(Record::from_container(&container).unwrap().id, job.id());
        encode(&container)
    };
    plan(data).iter().map(read).collect()
}
