//! Thousands of damaged files: whatever the bytes, a reader returns, soon, and
//! without more memory than the file warrants. The same files, in the same
//! order, every time; `fuzz/` goes on from here without end.

use rivalry::num::{Draws, Purpose};

use super::memory::peak_of;
use super::{corpus, format, is, read_bytes};
use rivalry::formats::predictions::predictions_from;
use rivalry::formats::{FORMATS, Limits, OpenOptions, PickOptions, Source};

/// Numbers that lie where lengths are.
const NUMBERS: [u64; 12] =
    [0, 1, 2, 0x7F, 0xFF, 0xFFFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 32, 1 << 62, u64::MAX - 1, u64::MAX];
const WORDS: [&[u8]; 18] = [
    b"PK\x03\x04",
    b"PK\x01\x02",
    b"PK\x05\x06",
    b"PK\x06\x06",
    b"PK\x06\x07",
    b"\x93NUMPY",
    b"(999999999999,)",
    b"'|O'",
    b"'<U999'",
    b"True",
    b"\"",
    b"\n",
    b",",
    b"nan",
    b"1e999",
    b"\xff",
    b"\0\0\0\0",
    b"\xef\xbb\xbf",
];

fn damage(bytes: &mut Vec<u8>, other: &[u8], draws: &mut Draws) {
    for _ in 0..=draws.below(4) {
        let len = bytes.len();
        if len == 0 {
            return;
        }
        let at = draws.below(len);
        match draws.below(8) {
            0 => bytes[at] ^= 1 << draws.below(8),
            1 => bytes[at] = draws.bits() as u8,
            2 => bytes.truncate(at),
            3 => {
                let width = [1, 2, 4, 8][draws.below(4)].min(len - at);
                let number = NUMBERS[draws.below(NUMBERS.len())].to_le_bytes();
                bytes[at..at + width].copy_from_slice(&number[..width]);
            }
            4 => {
                let word = WORDS[draws.below(WORDS.len())];
                let end = if draws.bernoulli(0.5) { at } else { (at + word.len()).min(len) };
                bytes.splice(at..end, word.iter().copied());
            }
            5 => {
                let (from, to) = (draws.below(other.len()), draws.below(other.len()));
                bytes.splice(at..at, other[from.min(to)..from.max(to)].iter().copied());
            }
            6 => {
                let end = at + draws.below(len - at);
                bytes.drain(at..end);
            }
            _ => {
                let end = (at + 1 + draws.below(64)).min(len);
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
        }
    }
}

// promise: P11
#[test]
fn damaged_files_are_read_or_refused() {
    /// Buffers, tables of characters, and the error itself.
    const OVERHEAD: usize = 1 << 20;
    let files = corpus();
    let soak = std::env::var_os("RIVALRY_SOAK").is_some();
    let per_file = if soak { 200_000 } else { 600 };
    let mut draws = Draws::new(11, Purpose::new("mutations"), 0);
    let (mut n_read, mut n_refused) = (0, 0);
    for (name, bytes) in &files {
        for _ in 0..per_file {
            let mut damaged = bytes.clone();
            let other = &files[draws.below(files.len())].1;
            damage(&mut damaged, other, &mut draws);
            let (result, peak) = peak_of(|| read_bytes(name, &damaged));
            // What inflates is bounded by what it inflates to; these archives
            // are stored or small.
            let most = OVERHEAD + 4 * damaged.len().max(if is(name, "npz") { 1 << 16 } else { 0 });
            assert!(peak <= most, "{name}: {peak} bytes for {}", damaged.len());
            match result {
                Ok(()) => n_read += 1,
                Err(error) => {
                    assert!(error.to_string().starts_with(name.as_str()), "{error}");
                    assert!(!error.to_string().chars().any(char::is_control), "{error:?}");
                    n_refused += 1;
                }
            }
        }
    }
    assert!(n_read > 500 && n_refused > 10_000, "{n_read} read, {n_refused} refused");
}

/// Every file of the corpus through every reader of the table.
// promise: P11
#[test]
fn every_reader_survives_every_file() {
    for entry in FORMATS {
        for (name, bytes) in corpus() {
            let source = Source::bytes(&name, &bytes);
            let read = format(entry.name).read(&source, &OpenOptions::default(), &Limits::default());
            // A folder is no bytes.
            assert!(entry.name != "folder" || read.is_err());
            let options = PickOptions { format: Some(entry.name.to_owned()), ..PickOptions::default() };
            let picked = predictions_from(&source, &options, &Limits::default());
            assert!(entry.name != "folder" || picked.is_err());
        }
    }
}
