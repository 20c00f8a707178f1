//! Labels, class names, groups and modality names.

use super::{Row, make, npz, row};

pub(super) fn rows() -> Vec<Row> {
    let classes = |names: &[&str]| make::texts(names);
    let named = |name: &str| {
        let mut y: Vec<&str> = ["a", "b"].repeat(5);
        y[4] = name;
        make::texts(&y)
    };
    let long = "x".repeat(201);
    let halves: Vec<f64> = (0..10).map(|i| if i == 6 { 0.5 } else { f64::from(i % 2) }).collect();
    let missing: Vec<f64> = (0..10).map(|i| if i == 6 { f64::NAN } else { f64::from(i % 2) }).collect();
    let whole: Vec<f64> = (0..10).map(|i| f64::from(i % 2)).collect();
    let as_list = |values: &[f64]| {
        make::npy("<f8", "(10,)", &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<u8>>())
    };
    let modality =
        |name: &'static str, what: &'static str| npz(what, &[(name, make::floats(10, &[0.5; 10]))]);
    vec![
        row("no labels", "d.npz", make::ten(&[("y", None)])),
        row("only labels", "d.npz", make::npz(&[("y", make::integers(&[0, 1]))])),
        npz("two label arrays", &[("labels", make::integers(&[0; 10]))]),
        npz("one label too many", &[("y", make::integers(&[0, 1, 0, 1, 0, 1, 0, 1, 0, 1, 0]))]),
        npz("labels are fractions", &[("y", as_list(&halves))]),
        npz("labels are missing", &[("y", as_list(&missing))]),
        npz("labels are one-hot", &[("y", make::floats(10, &[1.0, 0.0].repeat(10)))]),
        npz("labels are all one class", &[("y", make::integers(&[3; 10]))]),
        row("one sample", "d.npz", make::npz(&[("x", make::floats(1, &[0.5])), ("y", make::integers(&[0]))])),
        row(
            "two samples of two classes",
            "d.npz",
            make::npz(&[("x", make::floats(2, &[0.5, 1.0])), ("y", make::integers(&[0, 1]))]),
        ),
        npz(
            "a label has no class name",
            &[
                ("y", make::integers(&[0, 1, 2, 1, 0, 1, 0, 1, 0, 1])),
                ("class_names", classes(&["no", "yes"])),
            ],
        ),
        npz(
            "labels count from 1, class names from 0",
            &[
                ("y", make::integers(&[1, 2, 1, 2, 1, 2, 1, 2, 1, 2])),
                ("class_names", classes(&["no", "yes"])),
            ],
        ),
        npz("a text label is no class name", &[("y", named("c")), ("class_names", classes(&["a", "b"]))]),
        npz("a class has no samples", &[("class_names", classes(&["no", "yes", "maybe"]))]),
        npz("two classes have one name", &[("class_names", classes(&["no", "no"]))]),
        npz(
            "class names are fractions",
            &[(
                "class_names",
                make::npy("<f8", "(2,)", &[0.5_f64.to_le_bytes(), 1.5_f64.to_le_bytes()].concat()),
            )],
        ),
        npz("a label is empty", &[("y", named(""))]),
        npz("a label ends with a blank", &[("y", named("a "))]),
        npz("a label holds an escape sequence", &[("y", named("\u{1b}[31mred"))]),
        npz("a label reverses what follows", &[("y", named("\u{202e}cat"))]),
        npz("a label is very long", &[("y", named(&long))]),
        row("a label cell is empty", "d.csv", "a.1,y\n1,0\n2,\n"),
        row("a class has two names", "d.csv", "a.1,y,class_name\n1,0,no\n2,1,yes\n3,0,yes\n"),
        row("class names for labels that are no numbers", "d.csv", "a.1,y,class_name\n1,n,no\n2,y,yes\n"),
        row("class names for labels with a gap", "d.csv", "a.1,y,class_name\n1,0,no\n2,2,yes\n"),
        npz("groups are fractions", &[("groups", as_list(&halves))]),
        npz("groups are a matrix", &[("groups", make::floats(10, &[1.0; 20]))]),
        npz("one group too few", &[("groups", make::integers(&[1; 9]))]),
        npz(
            "a group is empty",
            &[("groups", make::texts(&["a", "b", "", "d", "e", "f", "g", "h", "i", "j"]))],
        ),
        npz("all samples are one group", &[("groups", make::integers(&[1; 10]))]),
        row("a group cell is empty", "d.csv", "a.1,y,groups\n1,0,s1\n2,1,\n"),
        modality("a/b", "a modality is a path"),
        modality("a+b", "a modality looks like two"),
        modality(".hidden", "a modality is hidden"),
        modality("", "a modality has no name"),
        modality(" a", "a modality begins with a blank"),
        modality("a\u{7}", "a modality rings the bell"),
        npz("labels are whole floating-point numbers", &[("y", as_list(&whole))]),
        npz("labels are truth values", &[("y", make::mask(&[0, 1, 0, 1, 0, 1, 0, 1, 0, 1]))]),
        npz("labels are a column", &[("y", make::npy("|u1", "(10, 1)", &[0, 1, 0, 1, 0, 1, 0, 1, 0, 1]))]),
        npz("a class of one sample", &[("y", make::integers(&[0, 1, 0, 1, 0, 1, 0, 1, 0, 2]))]),
        npz("a class in one group", &[("groups", make::integers(&[1, 2, 3, 2, 3, 2, 3, 2, 3, 2]))]),
    ]
}
