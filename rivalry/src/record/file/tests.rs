use proptest::prelude::*;
use serde_json::json;

use super::*;

fn sample() -> Container {
    let nan = f64::from_bits(0x7ff8_dead_beef_0001);
    Container::new(json!({"run": "ab", "classes": ["zero", "été"], "rate": 0.1}))
        .and_then(|it| it.with("loss", &[2, 2], vec![1.5, -0.0, nan, f64::NEG_INFINITY]))
        .and_then(|it| {
            it.with(
                "weights",
                &[3],
                vec![f32::MIN_POSITIVE / 2.0, f32::from_bits(0xffc0_0123), f32::INFINITY],
            )
        })
        .and_then(|it| it.with("labels", &[1, 3], vec![0_u32, 7, u32::MAX]))
        .and_then(|it| it.with("mask", &[5], vec![0_u8, 1, 1, 0, 255]))
        .and_then(|it| it.with("counts", &[], vec![i64::MIN]))
        .and_then(|it| it.with("nothing", &[0, 4], Vec::<f32>::new()))
        .unwrap()
}

/// A file whose checksums fit, whatever it says.
fn forge(header: &str, table: &str, body: &[u8]) -> Vec<u8> {
    let pad = |text: &str| {
        let mut text = text.as_bytes().to_vec();
        text.resize(padded(text.len()), b' ');
        text
    };
    let (header, table) = (pad(header), pad(table));
    let mut out = MAGIC.to_vec();
    for word in [VERSION, header.len() as u64, table.len() as u64] {
        out.extend(word.to_le_bytes());
    }
    let checksum = head_checksum(&out, &header, &table);
    out.extend(checksum.as_bytes());
    out.extend(header);
    out.extend(table);
    out.extend(body);
    seal(out)
}

fn seal(mut out: Vec<u8>) -> Vec<u8> {
    let trailer = blake3::hash(&out);
    out.extend(trailer.as_bytes());
    out
}

fn refused(header: &str, table: &str, body: &[u8]) -> String {
    decode(&forge(header, table, body)).unwrap_err().to_string()
}

#[test]
fn what_is_written_is_read_back_to_the_bit() {
    let container = sample();
    let file = encode(&container);
    assert_eq!(file, encode(&container));
    assert_eq!(decode(&file).unwrap(), container);
    let (shape, loss) = container.get::<f64>("loss").unwrap();
    assert_eq!((shape, loss[2].to_bits()), (&[2, 2][..], 0x7ff8_dead_beef_0001));
    assert_eq!(container.get::<i64>("counts").unwrap(), (&[][..], &[i64::MIN][..]));
    assert_eq!(container.get::<u8>("loss").unwrap_err().to_string(), "array \"loss\" holds f64, not u8");
    assert_eq!(container.get::<u8>("gain").unwrap_err().to_string(), "there is no array \"gain\"");
}

/// What format 1 is: a change of these bytes is a new format, and the reader
/// of this one stays.
#[test]
fn format_1_stays_as_it_is() {
    let file = include_bytes!("format-1.rivalry");
    assert_eq!(decode(file).unwrap(), sample());
    assert_eq!(encode(&sample()), file);
}

#[test]
fn numbers_in_the_header_are_exact() {
    let numbers = json!([
        0.1,
        1.0 / 3.0,
        5e-324,
        f64::MAX,
        f64::MIN_POSITIVE,
        -0.0,
        1e16,
        9007199254740993_u64,
        u64::MAX,
        i64::MIN,
        123456789.12345679
    ]);
    let container = Container::new(numbers.clone()).unwrap();
    let back = decode(&encode(&container)).unwrap();
    for (ours, theirs) in numbers.as_array().unwrap().iter().zip(back.header().as_array().unwrap()) {
        assert_eq!(ours, theirs);
        assert_eq!(ours.as_f64().unwrap().to_bits(), theirs.as_f64().unwrap().to_bits());
    }
}

#[test]
fn the_head_is_read_without_the_numbers() {
    let file = encode(&sample());
    let length = file.len() as u64;
    let needed = head_bytes(&file[..FIXED_BYTES], length).unwrap();
    let head = decode_head(&file[..needed], length).unwrap();
    assert_eq!(head.header, *sample().header());
    assert_eq!((head.arrays.len(), head.arrays[2].name.as_str()), (6, "labels"));
    assert_eq!((head.arrays[2].dtype, head.arrays[2].shape.as_slice()), (Dtype::U32, &[1, 3][..]));
    assert!(matches!(decode_head(&file[..needed - 1], length), Err(FileError::TooShort { .. })));
    assert!(matches!(decode_head(&file[..needed], length - 1), Err(FileError::Cut { .. })));
}

#[test]
fn every_cut_and_every_changed_byte_is_seen() {
    let file = encode(&sample());
    for at in 0..file.len() {
        assert!(decode(&file[..at]).is_err(), "cut at {at}");
        for flip in [1, 0x80, 0xff] {
            let mut changed = file.clone();
            changed[at] ^= flip;
            assert!(decode(&changed).is_err(), "byte {at} ^ {flip}");
        }
    }
    let mut longer = file.clone();
    longer.push(0);
    assert!(matches!(decode(&longer), Err(FileError::Trailing { .. })));
}

#[test]
fn each_way_to_be_damaged_has_its_message() {
    let file = encode(&sample());
    let change = |at: usize| {
        let mut changed = file.clone();
        changed[at] ^= 1;
        decode(&changed).unwrap_err().to_string()
    };
    assert_eq!(change(3), "not a run file: it does not begin with the mark of one");
    assert_eq!(change(8), "damaged: the checksum does not fit");
    assert_eq!(change(70), "the header is damaged: its checksum does not fit");
    assert_eq!(change(file.len() - 40), "damaged: the checksum does not fit");
    assert_eq!(change(file.len() - 1), "damaged: the checksum does not fit");
    let cut = |n: usize| decode(&file[..n]).unwrap_err().to_string();
    assert_eq!(cut(0), "cut short: 0 bytes are less than the smallest file has");
    assert_eq!(cut(100), format!("cut short: 100 bytes of at least {} are there", head_end(&file) + 32));
    let whole = file.len();
    assert_eq!(cut(whole - 1), format!("cut short: {} bytes of at least {whole} are there", whole - 1));
}

fn head_end(file: &[u8]) -> usize {
    head_bytes(file, file.len() as u64).unwrap()
}

#[test]
fn a_later_format_is_told_from_damage() {
    let mut later = MAGIC.to_vec();
    later.extend(2_u64.to_le_bytes());
    later.extend([0x5a; 40]);
    let error = decode(&seal(later.clone())).unwrap_err();
    assert_eq!(error.to_string(), "written in format 2, this program reads formats up to 1");
    later.extend([0; 32]);
    assert_eq!(decode(&later), Err(FileError::Checksum));
}

#[test]
fn lies_with_fitting_checksums_are_refused() {
    let eight = [0; 8];
    let line = |fields: &str| format!("[{{{fields}}}]");
    let good = r#""name":"a","dtype":"f64","shape":[1],"offset":0"#;
    assert!(decode(&forge("{}", &line(good), &eight)).is_ok());
    for (table, body, message) in [
        (line(&good.replace("f64", "f128")), &eight[..], "array \"a\" holds \"f128\", which is none of"),
        (line(&good.replace("[1]", "[2]")), &eight, "cut short: "),
        (line(&good.replace("[1]", "[1000000,1000000000]")), &eight, "cut short: "),
        (line(&good.replace("[1]", "[4294967296,4294967296]")), &eight, "is too large for this machine"),
        (line(&good.replace("[1]", "[0]")), &eight, "something was appended"),
        (line(&good.replace("[1]", "[-1]")), &eight, "the header is not what it should be: "),
        (line(&good.replace("[1]", "[1,1,1,1,1,1,1,1,1]")), &eight, "has 9 dimensions"),
        (line(&good.replace("\"offset\":0", "\"offset\":8")), &eight, "is said to begin at 8"),
        (line(&good.replace("f64", "u8")), &[0, 0, 0, 0, 0, 0, 0, 9], "bytes that belong to no array"),
        (line(&good.replace("\"a\"", "\"\"")), &eight, "an array's name has 0 bytes"),
        (line(&good.replace("\"a\"", &format!("{:?}", "n".repeat(257)))), &eight, "name has 257 bytes"),
        (line(&good.replace("offset", "offzet")), &eight, "unknown field `offzet`"),
        (format!("[{{{good}}},{{{}}}]", good.replace(":0", ":8")), &[0; 16], "two arrays are called"),
        ("{}".to_owned(), &[], "the header is not what it should be: "),
        (String::new(), &[], "the header is not what it should be: "),
        ("[".repeat(4096), &[], "the header is not what it should be: "),
    ] {
        let found = refused("{}", &table, body);
        assert!(found.contains(message), "{table}: {found}");
    }
    assert!(refused(&"[".repeat(4096), "[]", &[]).contains("recursion limit exceeded"));
    let deep = format!("{}0{}", "[".repeat(MAX_HEADER_DEPTH + 1), "]".repeat(MAX_HEADER_DEPTH + 1));
    assert!(refused(&deep, "[]", &[]).contains("nested more than 100 levels"));
    let lines = vec![r#"{"name":"a","dtype":"u8","shape":[0],"offset":0}"#; MAX_ARRAYS + 1];
    assert!(refused("{}", &format!("[{}]", lines.join(",")), &[]).contains("4097 arrays"));
}

#[test]
fn lying_lengths_are_refused_before_anything_is_read() {
    for (position, value, message) in [
        (16, u64::MAX - 7, "18446744073709551608 bytes, more than the 1048576 allowed"),
        (24, 1 << 40, "1099511627776 bytes, more than the"),
        (16, 1 << 20, "cut short: "),
        (16, 3, "3 bytes are no multiple of 8"),
    ] {
        let mut file = forge("{}", "[]", &[]);
        file[position..position + 8].copy_from_slice(&value.to_le_bytes());
        let found = decode(&file).unwrap_err().to_string();
        assert!(found.contains(message), "{found}");
    }
}

#[test]
fn a_container_that_exists_can_be_read_back() {
    let text = "x".repeat(MAX_HEADER_BYTES - 2);
    let mut container = Container::new(json!(text)).unwrap();
    for i in 0..MAX_ARRAYS {
        let name = format!("{i:04}{}", "\u{1}".repeat(MAX_NAME_BYTES - 4));
        container
            .push(&name, &[0, usize::MAX, usize::MAX, usize::MAX, 1, 1, 1, 1], Vec::<u8>::new())
            .unwrap();
    }
    assert_eq!(decode(&encode(&container)).unwrap(), container);
    let error = container.push("one more", &[], vec![0_u8]).unwrap_err();
    assert_eq!(error.to_string(), "4097 arrays, more than the 4096 allowed");
    let error = Container::new(json!(format!("{text}x"))).unwrap_err().to_string();
    assert_eq!(error, "the header has 1048577 bytes, more than the 1048576 allowed");
}

#[test]
fn a_container_takes_only_what_fits() {
    let mut container = Container::new(json!(null)).unwrap();
    container.push("a", &[2, 3], vec![0_u8; 6]).unwrap();
    for (name, shape, message) in [
        ("a", &[1][..], "two arrays are called \"a\""),
        ("b", &[2], "array \"b\" of shape [2] was given 1 values"),
        ("", &[1], "an array's name has 0 bytes, not 1 to 256"),
        ("c", &[1; 9], "array \"c\" has 9 dimensions, more than the 8 allowed"),
        ("d", &[usize::MAX, 2], "is too large for this machine"),
    ] {
        let error = container.push(name, shape, vec![0_u8]).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    let mut deep = json!(0);
    for _ in 0..=MAX_HEADER_DEPTH {
        deep = json!([deep]);
    }
    assert_eq!(Container::new(deep.clone()), Err(FileError::HeaderTooDeep));
    assert!(Container::new(deep[0].clone()).is_ok());
}

proptest! {
    #[test]
    fn any_floats_come_back(bits in prop::collection::vec(any::<u64>(), 0..50), small in any::<u32>()) {
        let floats: Vec<f64> = bits.iter().map(|b| f64::from_bits(*b)).collect();
        let container = Container::new(json!({}))
            .and_then(|it| it.with("wide", &[floats.len()], floats))
            .and_then(|it| it.with("narrow", &[1], vec![f32::from_bits(small)]))
            .unwrap();
        let back = decode(&encode(&container)).unwrap();
        prop_assert_eq!(back, container);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(
        noise in prop::collection::vec(any::<u8>(), 0..200),
        header in "[\\[\\]{}\":,0-9a-z]{0,40}",
        table in "[\\[\\]{}\":,0-9a-z]{0,40}",
    ) {
        let _ = decode(&noise);
        let _ = decode_head(&noise, u64::MAX);
        let _ = decode(&forge(&header, &table, &noise));
    }
}
