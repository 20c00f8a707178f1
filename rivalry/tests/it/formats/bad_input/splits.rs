//! Splits and folds.

use super::{Row, make, npz, row};

pub(super) fn rows() -> Vec<Row> {
    let parts = |what: &'static str, train: &[i64], test: &[i64]| {
        npz(what, &[("train", make::integers(train)), ("test", make::integers(test))])
    };
    let floats = |values: &[f64]| {
        let bytes: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        make::npy("<f8", &format!("({},)", values.len()), &bytes)
    };
    let folds = |what: &'static str, fold: &[i64]| npz(what, &[("fold", make::integers(fold))]);
    let (train, test) = (make::integers(&[0, 1, 2, 3, 4, 5]), make::integers(&[6, 7, 8, 9]));
    vec![
        parts("a row that does not exist", &[0, 1, 2, 3], &[8, 9, 10]),
        parts("a row counted from the end", &[0, 1, 2, 3], &[-1, -2]),
        parts("a row number beyond all rows", &[0, 1, 2, 3], &[1 << 40]),
        parts("a row twice", &[0, 1, 2, 1], &[8, 9]),
        parts("a row in two parts", &[0, 1, 2, 3], &[3, 4]),
        parts("nothing to train on", &[], &[8, 9]),
        parts("nothing to test", &[0, 1], &[]),
        parts("a class is not trained", &[0, 2, 4], &[1, 3]),
        npz(
            "nothing to validate",
            &[("train", train.clone()), ("test", test.clone()), ("valid", make::integers(&[]))],
        ),
        npz(
            "validation rows are tested",
            &[("train", train.clone()), ("test", test.clone()), ("valid", make::integers(&[9]))],
        ),
        npz(
            "all rows train and none is left to test",
            &[("train", make::integers(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]))],
        ),
        npz("only validation is given", &[("valid", make::integers(&[1, 2]))]),
        npz("a mask is too short", &[("train", make::mask(&[1, 1, 1, 0])), ("test", test.clone())]),
        npz("a row number is a fraction", &[("train", floats(&[0.0, 1.5])), ("test", test.clone())]),
        npz("row numbers are texts", &[("train", make::texts(&["a", "b"])), ("test", test.clone())]),
        npz(
            "row numbers are a matrix",
            &[("train", make::floats(2, &[0.0, 1.0, 2.0, 3.0])), ("test", test.clone())],
        ),
        row("a part that is none", "d.csv", "a.1,y,split\n1,0,train\n2,1,trian\n"),
        folds("all in one fold", &[4; 10]),
        folds("a fold too few", &[0, 0, 1, 1, 0, 0, 1, 1, 0]),
        folds("a class in one fold", &[0, 1, 0, 2, 0, 1, 0, 2, 0, 1]),
        folds("a negative fold", &[0, 0, 1, 1, -1, -1, 0, 0, 1, 1]),
        npz("a fold is a fraction", &[("fold", floats(&[0.0, 0.0, 0.5, 0.5, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0]))]),
        npz(
            "parts and folds",
            &[("train", train.clone()), ("fold", make::integers(&[0, 0, 1, 1, 0, 0, 1, 1, 0, 0]))],
        ),
        row("a fold is a word", "d.csv", "a.1,y,fold\n1,0,first\n2,1,second\n"),
        row("a fold cell is empty", "d.csv", "a.1,y,fold\n1,0,1\n2,1,\n"),
        npz("a class is not tested", &[("train", train.clone()), ("test", make::integers(&[6, 8]))]),
        npz("rows in no part", &[("train", train.clone()), ("test", make::integers(&[8, 9]))]),
        npz(
            "groups in two parts",
            &[
                ("train", train.clone()),
                ("test", test.clone()),
                ("groups", make::integers(&[0, 0, 1, 1, 2, 2, 2, 2, 3, 3])),
            ],
        ),
        npz(
            "groups in two folds",
            &[
                ("fold", make::integers(&[0, 0, 0, 0, 0, 1, 1, 1, 1, 1])),
                ("groups", make::texts(&["a", "a", "b", "b", "c", "c", "d", "d", "a", "e"])),
            ],
        ),
        npz("only test rows are given", &[("test", test)]),
        npz(
            "only training rows are given, as a mask",
            &[("train", make::mask(&[1, 1, 1, 1, 1, 1, 0, 0, 0, 0]))],
        ),
    ]
}
