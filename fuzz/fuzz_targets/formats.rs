//! Any bytes through any reader of the table of formats: the first byte draws
//! the reader, the rest is the file. A new format is picked up by being in the
//! table. Start with `rivalry/tests/corpus`, whose files gain a byte in front
//! (`fuzz/README.md`).
#![no_main]

use libfuzzer_sys::fuzz_target;
use rivalry::formats::predictions::predictions_from;
use rivalry::formats::{FORMATS, Limits, OpenOptions, PickOptions, Source, open_source};
use rivalry::registry::Choice;

fuzz_target!(|bytes: &[u8]| {
    let Some((draw, file)) = bytes.split_first() else { return };
    let entry = &FORMATS[usize::from(*draw) % FORMATS.len()];
    // The low ceilings leave libFuzzer's own limit on memory for real finds.
    let mut limits = Limits::default();
    limits.max_inflated_bytes = 1 << 24;
    let options = OpenOptions { format: Some(entry.name.to_owned()), ..OpenOptions::default() };
    let source = Source::bytes("data", file);
    let picked = PickOptions { format: Some(entry.name.to_owned()), ..PickOptions::default() };
    let _ = predictions_from(&source, &picked, &limits);
    let settings = entry.settle(&Choice::new(entry.name)).expect("formats have no knobs");
    if (entry.build)(&settings).read(&source, &options, &limits).is_err() {
        return;
    }
    if let Ok(data) = open_source(&source, &options, &limits) {
        let parts = data.partition(0, 0, 0, 0.2);
        assert!(!parts.train.is_empty() && !parts.test.is_empty());
        let _ = data.describe();
    }
});
