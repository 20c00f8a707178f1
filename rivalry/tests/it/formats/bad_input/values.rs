//! Values and shapes of features.

use super::{Row, make, npz, row};

pub(super) fn rows() -> Vec<Row> {
    let image = |bad: f32| {
        let mut values: Vec<f32> = (0..20).map(|i| i as f32).collect();
        values[7] = bad;
        make::floats(10, &values)
    };
    let mut infinite: Vec<f64> = vec![0.5; 30];
    (infinite[4], infinite[9], infinite[29]) = (f64::NEG_INFINITY, f64::NAN, f64::INFINITY);
    let mut huge: Vec<i64> = (0..10).collect();
    huge[3] = (1 << 53) + 1;
    let unsigned: Vec<u8> = (0..10_u64).flat_map(|i| (u64::MAX - i).to_le_bytes()).collect();
    let table = |cell: &str| format!("a.1,a.2,y\n1,2,0\n3,{cell},1\n5,6,0\n7,8,1\n");
    let of_type = |descr: &str, bytes: usize| make::npy(descr, "(10,)", &vec![0; 10 * bytes]);
    vec![
        npz("a feature is NaN", &[("image", image(f32::NAN))]),
        npz("a feature is infinite", &[("image", image(f32::INFINITY))]),
        npz("several features are not finite", &[("sound", make::doubles(10, &infinite))]),
        row("a cell says nan", "d.csv", table("nan")),
        row("a cell says n/a", "d.csv", table("n/a")),
        row("a cell is empty", "d.csv", table("")),
        row("a cell is a question mark", "d.csv", table("?")),
        row("a cell says inf", "d.csv", table("-inf")),
        row("a cell is beyond all numbers", "d.csv", table("1e999")),
        row("a cell is a word", "d.csv", table("red")),
        row("a cell has two points", "d.csv", table("1.2.3")),
        row("a cell has a thousands separator", "d.csv", table("\"1,234,567\"")),
        row("a cell has a decimal comma", "d.csv", "a.1;a.2;y\n1,5;2;0\n3;4;1\n"),
        row("a cell is not in ASCII digits", "d.csv", table("１２")),
        npz("an integer feature cannot be a double", &[("id", make::integers(&huge))]),
        npz("an unsigned integer is beyond all signed ones", &[("id", make::npy("<u8", "(10,)", &unsigned))]),
        npz("a truth value is 2", &[("image", make::mask(&[0, 1, 0, 1, 2, 1, 0, 1, 0, 1]))]),
        npz(
            "a modality is text",
            &[("image", make::texts(&["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"]))],
        ),
        npz("a text is no Unicode", &[("y", make::npy("<U1", "(2,)", &[0x41, 0, 0, 0, 0, 0xD8, 0, 0]))]),
        npz("a byte string is no UTF-8", &[("y", make::npy("|S2", "(2,)", b"ab\xff\xfe"))]),
        npz("complex numbers", &[("image", of_type("<c16", 16))]),
        npz("dates", &[("image", of_type("<M8[ns]", 8))]),
        npz(
            "records",
            &[(
                "image",
                make::npy_raw(
                    "{'descr': [('a', '<f4'), ('b', '<f4')], 'fortran_order': False, 'shape': (10,), }",
                    &[0; 80],
                ),
            )],
        ),
        npz("long doubles", &[("image", of_type("<f16", 16))]),
        npz("objects", &[("image", of_type("|O", 8))]),
        npz("a modality has more rows", &[("image", make::floats(11, &[0.5; 22]))]),
        npz("a modality has three dimensions", &[("image", make::npy("<f4", "(10, 2, 1)", &[0; 80]))]),
        npz("a modality is a single number", &[("image", make::npy("<f4", "()", &[0; 4]))]),
        npz("a modality has no columns", &[("image", make::npy("<f4", "(10, 0)", &[]))]),
        row(
            "nothing has rows",
            "d.npz",
            make::npz(&[("x", make::npy("<f4", "(0, 3)", &[])), ("y", make::npy("<i8", "(0,)", &[]))]),
        ),
        row("a line is short", "d.csv", "a.1,a.2,y\n1,2,0\n3,1\n"),
        row("a line is long", "d.csv", "a.1,a.2,y\n1,2,0\n3,4,1,\n"),
        row("a line of blanks between cells is short", "d.txt", "a.1 a.2 y\n1 2 0\n\n3 1\n"),
        row("a table has a header only", "d.csv", "a.1,a.2,y\n"),
        npz(
            "subnormal and huge features",
            &[(
                "sound",
                make::doubles(10, &[5e-324, 1e150, -1e150, 2e-310, 0.0, 1.7e308, 3.0, 4.0, 5.0, 6.0]),
            )],
        ),
        npz("negative zeros", &[("image", make::floats(10, &[-0.0; 10]))]),
        npz(
            "a constant feature",
            &[(
                "image",
                make::floats(
                    10,
                    &[
                        1.0, 2.0, 1.0, 3.0, 1.0, 4.0, 1.0, 5.0, 1.0, 6.0, 1.0, 7.0, 1.0, 8.0, 1.0, 9.0, 1.0,
                        0.0, 1.0, 0.5,
                    ],
                ),
            )],
        ),
        npz(
            "equal samples",
            &[
                ("image", make::floats(10, &[0.5; 10])),
                ("sound", make::doubles(10, &[1.0, 1.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 8.0, 8.0])),
            ],
        ),
        npz("a list as a modality", &[("image", make::npy("<i2", "(10,)", &[1; 20]))]),
        row("truth values as pandas writes them", "d.csv", table("True")),
    ]
}
