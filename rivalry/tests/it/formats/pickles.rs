//! Nothing is ever unpickled.

use rivalry::data::{DataError, FileError};
use rivalry::formats::{Limits, OpenOptions, open};

use super::{Scratch, corpus, make, read_bytes};

// promise: P27
#[test]
fn pickled_files_are_refused_by_name() {
    let mut n_files = 0;
    for (name, bytes) in corpus().iter().filter(|(name, _)| name.starts_with("pickled")) {
        let error = read_bytes(name, bytes).unwrap_err();
        assert!(matches!(error.root(), DataError::File(FileError::Pickled { .. })), "{name}: {error}");
        assert!(error.to_string().contains("pickled data are refused"), "{error}");
        assert!(error.hint().unwrap().contains("save plain arrays"), "{error}");
        n_files += 1;
    }
    assert_eq!(n_files, 9);
}

// promise: P27
#[test]
fn names_that_mean_pickle_are_refused_whatever_is_inside() {
    let scratch = Scratch::new();
    for name in ["d.pkl", "d.pickle", "d.joblib", "d.pt", "d.pth"] {
        // Protocol 0 is text: nothing in it says what it is.
        let path = scratch.put(name, b"cposix\nsystem\n(S'echo this program ran'\ntR.");
        let error = open(&path, &OpenOptions::default(), &Limits::default()).unwrap_err();
        assert!(error.to_string().contains("pickled data are refused"), "{error}");
    }
}

/// numpy once read headers by evaluating them.
// promise: P27
#[test]
fn headers_are_not_evaluated() {
    for expression in [
        "__import__('os').system('echo ran')",
        "{'descr': __import__('os').system('echo ran'), 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f8', 'fortran_order': not True, 'shape': (1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2 ** 60,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': 1, }",
        "{'descr': '<f8' 'fortran_order': False, 'shape': (1,), }",
        "{'descr': r'<f8', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1,), } + {}",
        "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
    ] {
        let error = read_bytes("x.npy", &make::npy_raw(expression, &[0; 8])).unwrap_err();
        assert!(error.to_string().starts_with("x.npy: byte "), "{expression}: {error}");
        assert!(error.to_string().ends_with("in the array's header"), "{expression}: {error}");
    }
}
