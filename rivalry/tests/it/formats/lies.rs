//! Files that lie about themselves: the attacks of `docs/attacks.md`, by
//! number, each with its message and with the memory that it made a reader ask
//! for; and honest files, with theirs.

use std::fmt::Write as _;

use rivalry::data::{DataError, FileError};
use rivalry::formats::{Limits, OpenOptions, Source, open, open_source};

use super::make::{self, End, Member};
use super::memory::peak_of;
use super::{Scratch, open_bytes, read_bytes};

/// Buffers and tables that do not depend on the file.
const OVERHEAD: usize = 1 << 20;

struct Attack {
    number: u32,
    file: &'static str,
    bytes: Vec<u8>,
    /// What the message must contain.
    says: &'static str,
}

fn attack(number: u32, file: &'static str, bytes: Vec<u8>, says: &'static str) -> Attack {
    Attack { number, file, bytes, says }
}

fn arrays_that_lie() -> Vec<Attack> {
    let header = |text: &str| make::npy_raw(text, &[]);
    let mut long_header = b"\x93NUMPY\x02\x00".to_vec();
    long_header.extend(u32::MAX.to_le_bytes());
    long_header.extend([b' '; 100]);
    let mut real_header = b"\x93NUMPY\x02\x00".to_vec();
    real_header.extend(10_000_000_u32.to_le_bytes());
    real_header.resize(10_000_012, b' ');
    let mut four_petabytes = make::npy("<f4", "(1000000, 1000000000)", &[]);
    four_petabytes.resize(144, 0);
    vec![
        attack(
            1,
            "x.npy",
            four_petabytes,
            "byte 144: the array ends here, but its header promises 4000000000000128 bytes",
        ),
        attack(
            2,
            "x.npy",
            make::npy("<f8", "(4294967296, 4294967296)", &[]),
            "multiplies to more values than can be counted",
        ),
        attack(
            2,
            "x.npy",
            make::npy("<f8", "(2305843009213693952,)", &[]),
            "multiplies to more values than can be counted",
        ),
        attack(
            2,
            "x.npy",
            make::npy("<f8", "(99999999999999999999999,)", &[]),
            "multiplies to more values than can be counted",
        ),
        attack(
            3,
            "x.npy",
            long_header,
            "too many bytes in an array's header: 4294967295, at most 65536 are read",
        ),
        attack(
            3,
            "x.npy",
            real_header,
            "too many bytes in an array's header: 10000000, at most 65536 are read",
        ),
        attack(4, "x.npy", make::npy("<U0", "(1000000000000000,)", &[]), "arrays of type `<U0` are not read"),
        attack(4, "x.npy", make::npy("|S0", "(1000000000000000,)", &[]), "arrays of type `|S0` are not read"),
        attack(4, "x.npy", make::npy("|V0", "(1000000000000000,)", &[]), "arrays of type `|V0` are not read"),
        attack(
            5,
            "x.npy",
            make::npy("<f8", "(1000000000000000, 0)", &[]),
            "too many rows: 1000000000000000, at most 10000000 are read",
        ),
        attack(
            5,
            "x.npy",
            make::npy("<f8", "(0, 1000000000000000)", &[]),
            "too many columns: 1000000000000000, at most 1048576 are read",
        ),
        attack(
            6,
            "x.npy",
            header(&format!("{{'shape': ({}), ", "1,".repeat(10_000))),
            "expected at most 64 dimensions",
        ),
        attack(6, "x.npy", header(&"[".repeat(60_000)), "expected `{` in the array's header"),
        attack(
            7,
            "x.npy",
            header("{'descr': '<f8', 'descr': '<f4', 'fortran_order': False, 'shape': (1,), }"),
            "the array's header has `descr`, which is unknown or there twice",
        ),
        attack(8, "x.npy", make::npy("<U99999999", "(1,)", &[]), "the array ends here"),
        attack(
            8,
            "x.npy",
            make::npy("<U4611686018427387904", "(4,)", &[]),
            "arrays of type `<U4611686018427387904` are not read",
        ),
        attack(
            9,
            "d.npz",
            distinct_texts(300_000),
            "too many distinct texts: 262145, at most 262144 are read",
        ),
        attack(
            9,
            "d.npz",
            make::npz(&[
                ("x", make::floats(300_000, &vec![0.5; 300_000])),
                ("y", make::integers(&(0..300_000).collect::<Vec<i64>>())),
            ]),
            "too many distinct labels or groups: 262145, at most 262144 are read",
        ),
    ]
}

/// An archive whose labels are all different texts.
fn distinct_texts(n: usize) -> Vec<u8> {
    let texts: Vec<String> = (0..n).map(|i| format!("{i:06}")).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    make::npz(&[("x", make::floats(n, &vec![0.5; n])), ("y", make::texts(&texts))])
}

fn archives_that_lie() -> Vec<Attack> {
    let array = make::floats(10, &[0.5; 10]);
    let labels = || Member::stored("y.npy", &make::integers(&[0, 1, 0, 1, 0, 1, 0, 1, 0, 1]));
    let x = || Member::deflated("x.npy", &array);
    // Both the array and the directory claim what is not there.
    let claims = |bytes: u32| {
        let rows = (bytes - 128) / 4;
        let mut member = Member::deflated("x.npy", &make::npy("<f4", &format!("({rows}, 1)"), &[0; 1000]));
        member.size = bytes;
        make::zip(&[member, labels()])
    };
    let bomb = |claimed: Option<u32>| {
        let mut member = Member::deflated("x.npy", &vec![0; 30_000_000]);
        member.size = claimed.unwrap_or(member.size);
        make::zip(&[member, labels()])
    };
    // Many directory entries for the same bytes.
    let quine: Vec<Member> =
        (0..500).map(|i| Member { name: format!("x{i}.npy").into(), offset: Some(0), ..x() }).collect();
    let mut outside = x();
    outside.offset = Some(0x7000_0000);
    let mut beyond = x();
    beyond.compressed = 0x7000_0000;
    let mut wide = x();
    wide.size = u32::MAX;
    wide.extra = [&b"\x01\x00\x08\x00"[..], &u64::MAX.to_le_bytes()].concat();
    let mut wide_offset = x();
    wide_offset.offset = Some(u32::MAX);
    wide_offset.extra = [&b"\x01\x00\x08\x00"[..], &(u64::MAX - 10).to_le_bytes()].concat();
    let many: Vec<Member> = (0..2000).map(|i| Member::stored(&format!("x{i}.npy"), &[])).collect();
    let renamed = Member { local_name: b"z.npy".to_vec(), ..x() };
    let mut sum = x();
    sum.crc32 ^= 1;
    let with_end = |end: End| make::zip_with(&[x(), labels()], end);
    vec![
        attack(10, "d.npz", claims(0xE000_0000), "too many bytes after inflating: 3758"),
        attack(11, "d.npz", claims(0x3000_0000), "member `x.npy`: expected 805306368 bytes, found fewer"),
        attack(11, "d.npz", claims(2_000_000), "member `x.npy`: expected 2000000 bytes, found fewer"),
        attack(
            12,
            "d.npz",
            bomb(Some(1000)),
            "member `x.npy`: byte 0: expected the signature of an `.npy` array",
        ),
        attack(12, "d.npz", bomb(None), "member `x.npy`: byte 0: expected the signature of an `.npy` array"),
        attack(
            13,
            "d.npz",
            make::zip(&quine),
            "member `x0.npy`: byte 0: the member's header and the directory disagree",
        ),
        attack(
            13,
            "d.npz",
            make::zip(&[x(), Member { offset: Some(0), ..x() }]),
            "member `x.npy`: two members have this name",
        ),
        attack(13, "d.npz", overlapping(), "the member overlaps another one or the directory"),
        attack(
            14,
            "d.npz",
            make::zip(&[outside, labels()]),
            "member `x.npy`: byte 1879048192: expected the header of a member",
        ),
        attack(
            14,
            "d.npz",
            make::zip(&[beyond, labels()]),
            "member `x.npy`: byte 0: the member overlaps another one or the directory",
        ),
        attack(
            15,
            "d.npz",
            make::zip(&[wide, labels()]),
            "too many bytes after inflating: 18446744073709551615",
        ),
        attack(15, "d.npz", make::zip(&[wide_offset, labels()]), "expected the header of a member"),
        attack(16, "d.npz", make::zip(&many), "too many members: 2000, at most 1024 are read"),
        attack(
            16,
            "d.npz",
            with_end(End { entries: 1, ..End::default() }),
            "the directory has 2 entries, but the end record says 3",
        ),
        attack(
            16,
            "d.npz",
            with_end(End { entries: -1, ..End::default() }),
            "the directory has 2 entries, but the end record says 1",
        ),
        attack(
            17,
            "d.npz",
            with_end(End { len: 1, ..End::default() }),
            "the directory does not end where the end record begins",
        ),
        attack(
            17,
            "d.npz",
            with_end(End { at: -1, ..End::default() }),
            "the directory does not end where the end record begins",
        ),
        attack(
            17,
            "d.npz",
            with_end(End { at: i32::MAX, ..End::default() }),
            "the directory does not end where the end record begins",
        ),
        attack(
            17,
            "d.npz",
            with_end(End { volume: 1, ..End::default() }),
            "the archive is one volume of several",
        ),
        attack(
            18,
            "d.npz",
            make::zip(&[renamed, labels()]),
            "member `x.npy`: byte 0: the member's header and the directory disagree",
        ),
        attack(19, "d.npz", make::zip(&[sum, labels()]), "member `x.npy`: the checksum does not match"),
    ]
}

/// Two members of which the second begins inside the first.
fn overlapping() -> Vec<u8> {
    let inner = make::zip(&[Member::stored("b.npy", &make::floats(1, &[0.5]))]);
    let mut outer = Member::stored("a.npy", &inner);
    let start = 30 + "a.npy".len() as u32;
    let mut b = Member::stored("b.npy", &make::floats(1, &[0.5]));
    b.offset = Some(start);
    b.data.clear();
    outer.offset = None;
    let mut members = [outer, b];
    members[1].local_name = b"b.npy".to_vec();
    make::zip(&members)
}

fn tables_that_lie() -> Vec<Attack> {
    let mut wide = String::new();
    for i in 0..1_100_000 {
        write!(wide, "{i},").unwrap();
    }
    wide.push_str("y\n");
    let endless = [&b"a.1,y\n1,"[..], &vec![b'x'; 34_000_000]].concat();
    let commas = [&b"a.1,a.2,a.3,a.4,a.5,a.6,y\n"[..], &b",,,,,,\n".repeat(1_000_000)].concat();
    let labels: String = (0..300_000).fold("a.1,y\n".to_owned(), |mut text, i| {
        writeln!(text, "1,c{i}").unwrap();
        text
    });
    let long_label = format!("a.1,y\n1,{}\n", "x".repeat(2000));
    vec![
        attack(20, "d.csv", wide.into_bytes(), "too many columns: 1100001, at most 1048576 are read"),
        attack(21, "d.csv", endless.clone(), "too many bytes in a line: "),
        attack(
            21,
            "d.txt",
            endless.into_iter().map(|b| if b == b',' { b' ' } else { b }).collect(),
            "too many bytes in a line: ",
        ),
        attack(22, "d.csv", commas, "line 2, column 1: expected a number, found an empty cell"),
        attack(
            23,
            "d.csv",
            labels.into_bytes(),
            "line 262146, column 2: too many distinct texts: 262145, at most 262144 are read",
        ),
        attack(
            23,
            "d.csv",
            long_label.into_bytes(),
            "line 2, column 2: too many characters in a text: 2000, at most 1024 are read",
        ),
        attack(24, "d.csv", b"a.1,y\n1,\"0\n2,1\n3,0\n".to_vec(), "a quotation mark (`\"`) has no partner"),
        attack(25, "d.csv", b"a.1,y\n1,\xff\xfe\n".to_vec(), "line 2: expected text in UTF-8"),
        attack(25, "d.csv", b"\xff\xfea\0,\0y\0\n\0".to_vec(), "expected text in UTF-8, found UTF-16"),
        attack(
            25,
            "d.csv",
            [&b"a.1,y\n"[..], &[0; 5000], b"\n"].concat(),
            "line 2: expected 2 cells, found 1",
        ),
    ]
}

// promise: P11
// promise: P12
#[test]
fn files_that_lie_get_their_message_and_no_memory() {
    let attacks = [arrays_that_lie(), archives_that_lie(), tables_that_lie()];
    let mut wrong = Vec::new();
    for Attack { number, file, bytes, says } in attacks.into_iter().flatten() {
        let (result, peak) = peak_of(|| read_bytes(file, &bytes));
        let (message, hint) = match result {
            Err(error) => (error.to_string(), error.hint()),
            Ok(()) => ("it was read".to_owned(), None),
        };
        if !(message.starts_with(file) && message.contains(says) && hint.is_some()) {
            wrong.push(format!("attack {number}: {message}"));
        }
        let most = match number {
            // An array is allocated on the archive's word up to 16 MiB.
            11 => OVERHEAD + (16 << 20),
            // A quarter of a million distinct labels are kept before one too many.
            9 | 23 => 32 << 20,
            // A line of a million cells is held with where its cells end.
            20 | 21 => 64 << 20,
            _ => OVERHEAD,
        };
        if peak > most + 4 * bytes.len() {
            wrong.push(format!("attack {number}: {peak} bytes for {}", bytes.len()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Attack 10 as it was first seen: an archive of 3.9 MB with 3.9 GB of zeros.
// promise: P12
#[test]
fn a_bomb_is_refused_before_it_inflates() {
    let zeros = Member::deflated("x.npy", &make::npy("<f4", "(1000, 10000)", &vec![0; 40_000_000]));
    // The deflate stream of 40 MB, said to be one of 3.9 GB, and the limits
    // that would allow it.
    let mut liar = zeros.clone();
    liar.size = 3_900_000_000;
    let bytes = make::zip(&[liar, Member::stored("y.npy", &make::integers(&vec![0; 1000]))]);
    let (error, peak) = peak_of(|| open_bytes("d.npz", &bytes).unwrap_err());
    assert!(
        matches!(
            error.root(),
            DataError::File(FileError::OverLimit { found: 3_900_008_128, limit: 1_073_741_824, .. })
        ),
        "{error}"
    );
    assert!(peak < OVERHEAD, "{peak}");
    let mut limits = Limits::default();
    limits.max_inflated_bytes = u64::MAX;
    let source = Source::bytes("d.npz", &bytes);
    let (error, peak) = peak_of(|| open_source(&source, &OpenOptions::default(), &limits).unwrap_err());
    assert!(error.to_string().ends_with("member `x.npy`: expected 3900000000 bytes, found fewer"), "{error}");
    assert!(peak < OVERHEAD, "{peak}");
    // The honest one is read within what it inflates to.
    let honest = make::zip(&[
        zeros,
        Member::stored("y.npy", &make::integers(&(0..1000).map(|i| i % 2).collect::<Vec<i64>>())),
    ]);
    let (data, peak) = peak_of(|| open_bytes("d.npz", &honest).unwrap());
    assert_eq!(data.n_samples(), 1000);
    assert!(peak < OVERHEAD + 4 * 40_008_000, "{peak}");
}

/// What honest files of every type take. The promise allows 64 MiB more.
// promise: P12
#[test]
fn honest_files_take_little_memory() {
    const ROWS: usize = 20_000;
    const COLS: usize = 100;
    let n = ROWS * COLS;
    let shape = format!("({ROWS}, {COLS})");
    let labels: Vec<u8> = (0..ROWS).map(|i| (i % 3) as u8).collect();
    for (descr, width) in [
        ("|b1", 1),
        ("|i1", 1),
        ("|u1", 1),
        ("<i2", 2),
        (">u2", 2),
        ("<f2", 2),
        ("<i4", 4),
        ("<f4", 4),
        (">i8", 8),
        ("<f8", 8),
    ] {
        for order in ["False", "True"] {
            let bytes: Vec<u8> = if descr == "|b1" { vec![1; n] } else { vec![0; n * width] };
            let x = make::npy_raw(
                &format!("{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}"),
                &bytes,
            );
            let y = make::npy("|u1", &format!("({ROWS},)"), &labels);
            let inflated = x.len() + y.len();
            for deflate in [false, true] {
                let member = if deflate { Member::deflated } else { Member::stored };
                let file = make::zip(&[member("x.npy", &x), member("y.npy", &y)]);
                let (data, peak) = peak_of(|| open_bytes("d.npz", &file).unwrap());
                assert_eq!(data.n_samples(), ROWS);
                assert!(peak <= OVERHEAD + 4 * inflated, "{descr} {order}: {peak} for {inflated}");
            }
        }
    }
    // The fewest bytes that a cell can take.
    let mut table = (0..COLS).map(|i| format!("a.{i},")).collect::<Vec<_>>().concat() + "y\n";
    for label in labels {
        table.push_str(&"1,".repeat(COLS));
        writeln!(table, "{label}").unwrap();
    }
    let (data, peak) = peak_of(|| open_bytes("d.csv", table.as_bytes()).unwrap());
    assert_eq!(data.n_samples(), ROWS);
    assert!(peak <= OVERHEAD + 4 * table.len(), "{peak} for {}", table.len());
}

/// Attacks on time: each of these would take minutes if a reader were careless,
/// and no test here takes that long.
// promise: P11
#[test]
fn nothing_takes_more_than_linear_time() {
    // 26: a fold of its own for every sample; 27: a class and a group for every
    // other sample; 28: a pattern that backtracks without end.
    const N: usize = 200_000;
    let numbers: Vec<i64> = (0..N as i64).collect();
    let halves: Vec<i64> = numbers.iter().map(|i| i / 2).collect();
    let x = make::floats(N, &vec![0.5; N]);
    let folds =
        make::npz(&[("x", x.clone()), ("y", make::integers(&halves)), ("fold", make::integers(&numbers))]);
    assert_eq!(open_bytes("d.npz", &folds).unwrap().n_folds(), N);
    let shifted: Vec<i64> = numbers.iter().map(|i| (i + 1) / 2).collect();
    let groups = make::npz(&[("x", x), ("y", make::integers(&halves)), ("groups", make::integers(&shifted))]);
    let parts = open_bytes("d.npz", &groups).unwrap().partition(1, 0, 1, 0.1);
    assert!(parts.test.len() > 1000 && parts.train.len() > 100_000);
    let pattern = rivalry::formats::ModalityChoice::parse(&format!("m={}b", "*a".repeat(300)));
    assert!(!pattern.fits(&"a".repeat(1000)));
}

/// 29: a folder of very many files is not listed to its end.
#[test]
fn a_folder_of_many_files_is_refused() {
    let scratch = Scratch::new();
    for i in 0..1100 {
        scratch.put(&format!("d/x{i}.npy"), b"");
    }
    let error = open(&scratch.0.join("d"), &OpenOptions::default(), &Limits::default()).unwrap_err();
    assert!(
        error.to_string().contains("too many files in the folder: 1025, at most 1024 are read"),
        "{error}"
    );
}
