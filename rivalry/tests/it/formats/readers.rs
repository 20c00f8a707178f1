//! Files of SciPy and of safetensors, read to the bit; and what of them is
//! refused, with its message.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use rivalry::data::{DataError, Dataset, Split};
use rivalry::formats::{Limits, ModalityChoice, OpenOptions, Source, open_source, save};

use super::memory::peak_of;
use super::{Scratch, corpus, open_bytes};

#[derive(Deserialize)]
struct Golden {
    arrays: BTreeMap<String, Numpy>,
    half: Numpy,
    brain: Numpy,
    views: Vec<Numpy>,
    view_labels: Vec<usize>,
}

#[derive(Deserialize)]
struct Numpy {
    shape: Vec<usize>,
    values: Vec<Value>,
}

impl Numpy {
    fn bits(&self) -> Vec<u64> {
        let number = |v: &Value| v.as_bool().map_or_else(|| v.as_f64().unwrap(), f64::from);
        self.values.iter().map(|v| number(v).to_bits()).collect()
    }
}

fn golden() -> Golden {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/golden/formats/readers.json");
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn file(name: &str) -> Vec<u8> {
    corpus().into_iter().find(|(n, _)| n == name).unwrap().1
}

fn holds(data: &Dataset, modality: &str, expected: &Numpy, name: &str) {
    let features = &data.modalities()[data.modality_idx(modality).unwrap()].features;
    let values: Vec<u64> = (0..features.rows())
        .flat_map(|r| (0..features.cols()).map(move |c| features.get(r, c).to_bits()))
        .collect();
    assert_eq!((features.rows(), features.cols()), (expected.shape[0], expected.shape[1]), "{name}");
    assert_eq!(values, expected.bits(), "{name}, {modality}");
}

fn chosen(name: &str, bytes: &[u8], label: Option<&str>, modalities: &[&str]) -> Result<Dataset, DataError> {
    let options = OpenOptions {
        label: label.map(str::to_owned),
        modalities: modalities.iter().map(|m| ModalityChoice::parse(m)).collect(),
        ..OpenOptions::default()
    };
    open_source(&Source::bytes(name, bytes), &options, &Limits::default())
}

// promise: P15
#[test]
fn data_sets_of_scipy_and_safetensors_are_read_to_the_bit() {
    let golden = golden();
    for name in ["arrays.safetensors", "plain.mat", "compressed.mat"] {
        let data = open_bytes(name, &file(name)).unwrap();
        for modality in ["image", "sound", "flags", "small", "wide"] {
            holds(&data, modality, &golden.arrays[modality], name);
        }
        assert_eq!(data.labels(), [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2], "{name}");
        let split = Split::Given { train: (0..9).collect(), valid: None, test: (9..12).collect() };
        assert_eq!(*data.split(), split, "{name}");
        if name.ends_with("mat") {
            assert_eq!(data.class_names(), ["ant", "bee", "Käfer"], "{name}");
            assert_eq!(data.group_names(), ["s0", "s1", "s2", "s3"], "{name}");
        }
    }
    let read = |name: &str| open_bytes(name, &file(name)).unwrap();
    holds(&read("half.safetensors"), "half", &golden.half, "half");
    holds(&read("brain.safetensors"), "brain", &golden.brain, "brain");
}

// promise: P15
#[test]
fn cells_of_views_are_read_whichever_way_they_lie() {
    let golden = golden();
    for name in ["views.mat", "views_rows.mat"] {
        let data = open_bytes(name, &file(name)).unwrap();
        assert_eq!(data.modalities().len(), 3, "{name}");
        for (i, view) in golden.views.iter().enumerate() {
            holds(&data, &format!("view{}", i + 1), view, name);
        }
        let labels: Vec<usize> = data.labels().iter().map(|c| *c as usize + 1).collect();
        assert_eq!(labels, golden.view_labels, "{name}");
        assert_eq!(data.class_names(), ["1", "2"], "{name}");
    }
    let bytes = file("views.mat");
    let names = |data: Dataset| data.modalities().iter().map(|m| m.name.clone()).collect::<Vec<_>>();
    let pick = |modalities: &[&str]| names(chosen("views.mat", &bytes, Some("Y"), modalities).unwrap());
    assert_eq!(pick(&["image=view3", "view1"]), ["image", "view1"]);
    assert_eq!(pick(&["X"]), ["view1", "view2", "view3"]);
    assert_eq!(pick(&["m=X"]), ["m1", "m2", "m3"]);
}

/// What is not read is refused by its name, and is no obstacle when it is not
/// asked for.
// promise: P14
#[test]
fn what_matlab_holds_and_is_not_read_is_named() {
    for (name, says) in [
        ("struct.mat", "struct.mat, variable `s`: a struct is not read"),
        ("sparse.mat", "sparse.mat, variable `x`: a sparse matrix is not read"),
        ("complex.mat", "complex.mat, variable `x`: a complex matrix is not read"),
    ] {
        let error = open_bytes(name, &file(name)).unwrap_err();
        assert_eq!(error.to_string(), says);
        assert!(error.hint().unwrap().contains("--modality"), "{error}");
    }
    let data = chosen("struct.mat", &file("struct.mat"), None, &["x"]).unwrap();
    assert_eq!((data.n_samples(), data.modalities().len()), (8, 1));
    let hdf5 = [&b"MATLAB 7.3 MAT-file, Platform: GLNXA64"[..], &[b' '; 90]].concat();
    let error = open_bytes("d.mat", &hdf5).unwrap_err();
    assert_eq!(
        error.to_string(),
        "d.mat: this is a MATLAB file of version 7.3 (HDF5), which is not read here"
    );
    assert!(error.hint().unwrap().contains("h5py"), "{error}");
    let error = open_bytes("d.mat", b"\0\0\0\0 version 4").unwrap_err();
    assert_eq!(error.to_string(), "d.mat: expected the header of a MATLAB file of version 5 to 7");
    let scratch = Scratch::new();
    let data = open_bytes("views.mat", &file("views.mat")).unwrap();
    for name in ["d.mat", "d.safetensors"] {
        let error = save(&data, &scratch.0.join(name)).unwrap_err().to_string();
        assert!(error.ends_with("are read, not written"), "{error}");
    }
}

fn tensors(header: &str, bytes: &[u8]) -> Vec<u8> {
    let mut file = (header.len() as u64).to_le_bytes().to_vec();
    file.extend(header.as_bytes());
    file.extend(bytes);
    file
}

/// An element of a MATLAB file: its tag, its bytes, its padding.
fn element(kind: u32, bytes: &[u8]) -> Vec<u8> {
    let mut out = [kind.to_le_bytes(), (bytes.len() as u32).to_le_bytes()].concat();
    out.extend(bytes);
    out.resize(out.len().next_multiple_of(8), 0);
    out
}

/// A matrix of bytes that are stored as they are.
fn matrix(class: u32, shape: [u32; 2], name: &str, kind: u32, bytes: &[u8]) -> Vec<u8> {
    let words = |words: &[u32]| words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
    let inside = [
        element(6, &words(&[class, 0])),
        element(5, &words(&shape)),
        element(1, name.as_bytes()),
        element(kind, bytes),
    ];
    element(14, &inside.concat())
}

fn mat(variables: &[Vec<u8>]) -> Vec<u8> {
    let mut file = b"MATLAB 5.0 MAT-file".to_vec();
    file.resize(124, b' ');
    file.extend([0, 1, b'I', b'M']);
    file.extend(variables.concat());
    file
}

fn compressed(variable: &[u8], claims: Option<u32>) -> Vec<u8> {
    let mut variable = variable.to_vec();
    if let Some(claims) = claims {
        variable[4..8].copy_from_slice(&claims.to_le_bytes());
    }
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::new(9));
    std::io::Write::write_all(&mut encoder, &variable).unwrap();
    let bytes = encoder.finish().unwrap();
    let mut out = [15_u32.to_le_bytes(), (bytes.len() as u32).to_le_bytes()].concat();
    out.extend(bytes);
    out
}

/// Attacks 34 to 45 of `docs/attacks.md`: each with its message and the memory
/// that it made a reader ask for.
// promise: P12
#[test]
fn tensors_and_matrices_that_lie_are_refused() {
    const OVERHEAD: usize = 1 << 20;
    let x = r#"{"x":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]}"#;
    let tensor = |dtype: &str, shape: &str, offsets: &str| {
        tensors(
            &format!(r#"{{"y":{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}}}}}"#),
            &[0; 8],
        )
    };
    let y = || matrix(9, [4, 1], "y", 2, &[0, 1, 0, 1]);
    let cell = |n: u32, inside: &[u8]| {
        let words = |words: &[u32]| words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<u8>>();
        let parts =
            [element(6, &words(&[1, 0])), element(5, &words(&[1, n])), element(1, b"X"), inside.to_vec()];
        element(14, &parts.concat())
    };
    let zeros = matrix(9, [20_000, 100], "x", 2, &vec![0; 2_000_000]);
    let attacks: Vec<(u32, &str, Vec<u8>, &str)> = vec![
        (34, "d.safetensors", tensors("", &[]), "EOF while parsing a value"),
        (
            34,
            "d.safetensors",
            u64::MAX.to_le_bytes().to_vec(),
            "too many bytes in the header: 18446744073709551615",
        ),
        (
            34,
            "d.safetensors",
            [&1_000_000_u64.to_le_bytes()[..], b"{"].concat(),
            "byte 9: the file ends inside its header",
        ),
        (
            35,
            "d.safetensors",
            tensor("F32", "[4000000000000000,1]", "[0,8]"),
            "need 16000000000000000 bytes, its offsets give 8",
        ),
        (
            35,
            "d.safetensors",
            tensor("F32", "[4294967296,4294967296,4294967296]", "[0,8]"),
            "multiplies to more values",
        ),
        (
            35,
            "d.safetensors",
            tensor("F32", "[2]", "[0,80]"),
            "byte 71: the file ends here, but its header promises 143 bytes",
        ),
        (35, "d.safetensors", tensor("F32", "[2]", "[8,0]"), "offsets [8, 0] of tensor `y`"),
        (35, "d.safetensors", tensor("F32", "[2]", "[1,9]"), "expected the tensor to begin at"),
        (
            35,
            "d.safetensors",
            tensor("F32", "[2]", "[18446744073709551615,18446744073709551615]"),
            "offsets [18446744073709551615",
        ),
        (
            36,
            "d.safetensors",
            tensors(&format!(r#"{x},"y":{{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}}}"#), &[0; 8]),
            "expected the tensor to begin at",
        ),
        (
            36,
            "d.safetensors",
            tensors(&format!(r#"{x},"x":{{"dtype":"F32","shape":[2],"data_offsets":[8,16]}}}}"#), &[0; 16]),
            "tensor `x` is there twice",
        ),
        (36, "d.safetensors", tensors(&format!("{x}}}"), &[0; 16]), "but more follows (8 bytes)"),
        (37, "d.safetensors", tensors(&"{\"a\":".repeat(60_000), &[]), "EOF while parsing"),
        (38, "d.safetensors", tensor("C64", "[1]", "[0,8]"), "tensors of type `C64` are not read"),
        (
            38,
            "d.safetensors",
            tensor("I64", "[]", "[0,8]"),
            "expected a 1-D or 2-D array, found one of shape ()",
        ),
        (
            39,
            "d.mat",
            mat(&[y(), matrix(9, [4, 1], "x", 9, &[0; 8])]),
            "variable `x`: its shape 4x1 needs 4 values, 1 are there",
        ),
        (
            39,
            "d.mat",
            mat(&[y(), matrix(9, [4_000_000_000, 1_000_000_000], "x", 9, &[0; 8])]),
            "needs 4000000000000000000 values, 1 are there",
        ),
        (
            40,
            "d.mat",
            [mat(&[y()]), vec![14, 0, 0, 0, 255, 255, 255, 255]].concat(),
            "the file ends here, but the element that begins at byte 200 promises 4294967295 bytes",
        ),
        (40, "d.mat", mat(&[element(3, &[0; 8])]), "byte 128: expected a variable"),
        (
            41,
            "d.mat",
            mat(&[compressed(&zeros, Some(400_000_000)), y()]),
            "a part promises 400000000 bytes where 2000056 are left",
        ),
        (42, "d.mat", mat(&[cell(4_000_000, &[]), y()]), "a part promises 8 bytes where 0 are left"),
        (
            42,
            "d.mat",
            mat(&[cell(2_000, &matrix(9, [1, 1], "", 2, &[0]).repeat(2_000)), y()]),
            "too many matrices in a cell: 2000, at most 1024 are read",
        ),
        (
            43,
            "d.mat",
            mat(&[cell(1, &cell(1, &cell(1, &[]))), y()]),
            "matrix 1: a cell in a cell is not read",
        ),
        (
            44,
            "d.mat",
            mat(&[
                y(),
                element(14, &[element(6, &[6, 0, 0, 0, 0, 0, 0, 0]), element(5, &[0; 400])].concat()),
            ]),
            "too many bytes of sizes: 400",
        ),
        (
            45,
            "d.mat",
            mat(&[y(), matrix(4, [1, 2_000], "groups", 16, &[b'a'; 2_000])]),
            "too many characters in a text: 2000",
        ),
    ];
    let mut numbers: Vec<u32> = attacks.iter().map(|(number, ..)| *number).collect();
    numbers.dedup();
    assert_eq!(numbers, (34..=45).collect::<Vec<_>>());
    for (number, name, bytes, says) in attacks {
        let (result, peak) = peak_of(|| open_bytes(name, &bytes));
        let error = result.expect_err(&format!("attack {number} is read")).to_string();
        assert!(error.contains(says), "attack {number}: {error}, not {says}");
        assert!(peak <= OVERHEAD + 4 * bytes.len(), "attack {number}: {peak} for {}", bytes.len());
    }
    let mut limits = Limits::default();
    limits.max_inflated_bytes = 1 << 20;
    let bytes = mat(&[compressed(&zeros, None), y()]);
    let source = Source::bytes("d.mat", &bytes);
    let error = open_source(&source, &OpenOptions::default(), &limits).unwrap_err().to_string();
    assert!(error.contains("too many bytes after inflating: 1048577, at most 1048576 are read"), "{error}");
    // Honest ones, of the fewest bytes per value.
    let labels: Vec<u8> = (0..20_000_u32).map(|i| (i % 3) as u8).collect();
    let y = matrix(9, [20_000, 1], "y", 2, &labels);
    for variable in [zeros.clone(), compressed(&zeros, None)] {
        let bytes = mat(&[variable, y.clone()]);
        let (data, peak) = peak_of(|| open_bytes("d.mat", &bytes).unwrap());
        assert_eq!(data.n_samples(), 20_000);
        assert!(peak <= OVERHEAD + 4 * 2_020_000, "{peak}");
    }
    let header = r#"{"x":{"dtype":"U8","shape":[20000,100],"data_offsets":[0,2000000]},"y":{"dtype":"U8","shape":[20000],"data_offsets":[2000000,2020000]}}"#;
    let bytes = tensors(header, &[vec![1; 2_000_000], labels].concat());
    let (data, peak) = peak_of(|| open_bytes("d.safetensors", &bytes).unwrap());
    assert_eq!(data.n_samples(), 20_000);
    assert!(peak <= OVERHEAD + 4 * bytes.len(), "{peak}");
}
