//! Lists and matrices read by themselves, kinds asked for by name, and what the
//! operating system refuses.

use rivalry::data::{DataError, Dataset, FileError, Labels, Modality};
use rivalry::formats::{
    Array, Limits, ModalityChoice, OpenOptions, Source, Values, open, open_source, read_list, read_matrix,
    save,
};
use rivalry::num::Matrix;

use super::{Scratch, make, open_bytes};

fn texts(array: &Array) -> Vec<&str> {
    let Values::Text { codes, distinct, .. } = &array.values else { panic!("{array:?}") };
    codes.iter().map(|c| distinct[*c as usize].as_str()).collect()
}

#[test]
fn lists_are_read_with_and_without_a_header() {
    let scratch = Scratch::new();
    for (name, text, expected) in [
        ("a.csv", "label\n1\n0\n", vec!["1", "0"]),
        ("b.csv", "1\n0\n", vec!["1", "0"]),
        ("c.txt", "species\n1\n0\n", vec!["1", "0"]),
        ("d.txt", "cat\ndog\ncat\n", vec!["cat", "dog", "cat"]),
        ("species.csv", "species\ncat\ndog\n", vec!["cat", "dog"]),
        ("f.csv", "\"a, b\"\n\"c\"\n", vec!["a, b", "c"]),
    ] {
        let path = scratch.put(name, text.as_bytes());
        assert_eq!(texts(&read_list(&path, &Limits::default()).unwrap()), expected, "{name}");
    }
    let path = scratch.put("y.npy", &make::integers(&[3, 1, 3]));
    let labels = read_list(&path, &Limits::default()).unwrap().into_labels(&Limits::default()).unwrap();
    assert_eq!((labels.codes(), labels.class_names()), (&[1, 0, 1][..], &["1", "3"].map(String::from)[..]));
}

#[test]
fn matrices_are_read_with_and_without_a_header() {
    let scratch = Scratch::new();
    for (name, text) in [
        ("a.csv", "p,q\n1,2\n3,4\n"),
        ("b.csv", "1,2\n3,4\n"),
        ("c.txt", "1 2\n3 4\n"),
        ("d.tsv", "# p\tq\n1\t2\n3\t4\n"),
        ("e.txt", "# p q\n 1  2\n3\t4\n"),
    ] {
        let path = scratch.put(name, text.as_bytes());
        let matrix = read_matrix(&path, &Limits::default()).unwrap();
        assert_eq!(
            (matrix.rows, matrix.cols, &matrix.values),
            (2, Some(2), &Values::F64(vec![1.0, 2.0, 3.0, 4.0])),
            "{name}"
        );
    }
    let path = scratch.put("x.npy", &make::floats(2, &[1.0, 2.0, 3.0, 4.0]));
    assert_eq!(read_matrix(&path, &Limits::default()).unwrap().shape(), "(2, 2)");
    let path = scratch.put("d.npz", &make::ten(&[]));
    let error = read_matrix(&path, &Limits::default()).unwrap_err().to_string();
    assert!(error.ends_with("d.npz: expected a single array (`.npy` or a text file)"), "{error}");
}

#[test]
fn kinds_may_be_asked_for_by_name() {
    let text = b"a.1,y\n1,0\n2,1\n3,0\n4,1\n";
    let read = |format: &str| {
        let options = OpenOptions { format: Some(format.to_owned()), ..OpenOptions::default() };
        open_source(&Source::bytes("d.dat", text), &options, &Limits::default())
    };
    assert_eq!(read("csv").unwrap().n_samples(), 4);
    assert!(matches!(read("cvs").unwrap_err().root(), DataError::File(FileError::Unknown { .. })));
    let error = read("folder").unwrap_err().to_string();
    assert_eq!(error, "d.dat: expected a folder, found a file");
}

#[test]
fn modalities_are_chosen_renamed_and_ordered() {
    let choose = |name: &str, bytes: &[u8], choices: &[&str]| {
        let modalities = choices.iter().map(|c| ModalityChoice::parse(c)).collect();
        let options = OpenOptions { modalities, ..OpenOptions::default() };
        let data = open_source(&Source::bytes(name, bytes), &options, &Limits::default()).unwrap();
        let shape = |m: &Modality| (m.name.clone(), m.features.cols());
        data.modalities().iter().map(shape).collect::<Vec<_>>()
    };
    let named =
        |names: &[(&str, usize)]| names.iter().map(|(n, d)| ((*n).to_owned(), *d)).collect::<Vec<_>>();
    let archive = make::ten(&[("object", Some(make::npy("|O", "(10,)", &[0; 80])))]);
    // What has no role is not read, so it may be anything.
    assert_eq!(choose("d.npz", &archive, &["sound", "vision=im*"]), named(&[("sound", 3), ("vision", 2)]));
    let table = b"id,age,height,weight,y\n9,1,2,3,0\n8,4,5,6,1\n7,1,2,2,0\n6,3,1,2,1\n";
    assert_eq!(choose("d.csv", table, &["body=?eight", "who=age"]), named(&[("body", 2), ("who", 1)]));
    assert_eq!(choose("d.csv", table, &["all=*"]), named(&[("all", 4)]));
    // Columns of one modality need not stand together.
    let data = open_bytes("d.csv", b"b.1,a.1,b.2,y\n1,2,3,0\n4,5,6,1\n7,8,9,0\n1,1,1,1\n").unwrap();
    let b = &data.modalities()[data.modality_idx("b").unwrap()].features;
    assert_eq!((data.modality_idx("b"), b.get(1, 0), b.get(1, 1)), (Some(0), 4.0, 6.0));
}

#[test]
fn what_the_system_refuses_is_said() {
    let scratch = Scratch::new();
    let error = open(&scratch.0.join("no.npz"), &OpenOptions::default(), &Limits::default()).unwrap_err();
    assert!(matches!(error.root(), DataError::File(FileError::NotFound)), "{error}");
    assert!(error.to_string().ends_with("no.npz: there is no such file or folder"), "{error}");
    let modality = Modality::new("x", Matrix::from_fn(4, 1, |r, _| r as f64));
    let data = Dataset::new("d", vec![modality], Labels::from_integers(&[0, 1, 0, 1]), None, None).unwrap();
    for name in ["no/d.npz", "no/d.csv", "no/d"] {
        let error = save(&data, &scratch.0.join(name)).unwrap_err();
        assert!(matches!(error.root(), DataError::File(FileError::NotFound)), "{name}: {error}");
    }
    for (name, says) in
        [("d.npy", "a file of kind `npy` cannot hold a whole data set"), ("d.orc", "unknown kind of file")]
    {
        let error = save(&data, &scratch.0.join(name)).unwrap_err().to_string();
        assert!(error.contains(says), "{error}");
    }
    assert_eq!(scratch.list(), [""; 0]);
    scratch.put("file", b"");
    let error = open(&scratch.0.join("file/d.npz"), &OpenOptions::default(), &Limits::default()).unwrap_err();
    assert!(matches!(error.root(), DataError::File(FileError::Io { action: "open", .. })), "{error}");
    let file = Modality::new("CON", Matrix::from_fn(4, 1, |r, _| r as f64));
    let data = Dataset::new("d", vec![file], Labels::from_integers(&[0, 1, 0, 1]), None, None).unwrap();
    let error = save(&data, &scratch.0.join("d")).unwrap_err().to_string();
    assert!(error.ends_with("d: modality `CON` cannot become a file name"), "{error}");
}

#[test]
fn a_folder_is_a_folder_whatever_its_name() {
    let scratch = Scratch::new();
    scratch.put("d.npz/y.csv", b"0\n1\n0\n1\n");
    scratch.put("d.npz/x.csv", b"1\n2\n3\n4\n");
    assert_eq!(
        open(&scratch.0.join("d.npz"), &OpenOptions::default(), &Limits::default()).unwrap().n_samples(),
        4
    );
}
