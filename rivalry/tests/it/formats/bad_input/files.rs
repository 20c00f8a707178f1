//! Files, folders, and what is asked of them.

use super::super::make::{End, Member};
use super::{Row, folder, make, npz, row};

/// A file of one tensor.
fn tensor(dtype: &str, offsets: &str) -> Vec<u8> {
    let header = format!(r#"{{"y":{{"dtype":"{dtype}","shape":[4],"data_offsets":{offsets}}}}}"#);
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 4]].concat()
}

pub(super) fn rows() -> Vec<Row> {
    let x = || Member::stored("x.npy", &make::floats(4, &[0.5, 1.0, 2.0, 3.0]));
    let y = || Member::stored("y.npy", &make::integers(&[0, 1, 0, 1]));
    let whole = make::zip(&[x(), y()]);
    let mut damaged = x();
    damaged.data[140] ^= 1;
    let mut deflated = Member::deflated("x.npy", &make::floats(4, &[0.5, 1.0, 2.0, 3.0]));
    deflated.data[20] ^= 0xFF;
    let mut extra = x();
    extra.data.push(0);
    extra.compressed += 1;
    extra.size += 1;
    let mut sizes = x();
    sizes.size -= 1;
    let table = "a.1,b.1,y\n1,2,0\n3,4,1\n";
    let free = "age,weight,height,y\n1,2,3,0\n4,5,6,1\n";
    vec![
        row("an empty file", "d.npz", ""),
        row("a kind that nobody knows", "d.dat", "hello\n"),
        row("text with the name of an archive", "d.npz", "a.1,y\n1,0\n"),
        row("text with the name of an array", "d.npy", "1 2 3\n"),
        row("an array alone", "d.npy", make::floats(2, &[0.5, 1.0])),
        row("HDF5", "d.h5", b"\x89HDF\r\n\x1a\n"),
        row("MATLAB", "d.mat", b"MATLAB 5.0 MAT-file, Platform: GLNXA64"),
        row("MATLAB 7.3", "d.mat", b"MATLAB 7.3 MAT-file, Platform: GLNXA64"),
        row("a MATLAB file of version 4", "d.mat", b"\0\0\0\0\x04\0\0\0"),
        row("safetensors cut short", "d.safetensors", b"\x50\0\0\0\0\0\0\0{\"x\":"),
        row("a tensor of another type", "d.safetensors", tensor("F8_E4M3", "[0,4]")),
        row("tensors with a gap", "d.safetensors", tensor("F32", "[4,20]")),
        row("parquet", "d.parquet", b"PAR1\x15\x04"),
        row("arrow", "d.arrow", b"ARROW1\0\0"),
        row("gzip", "d.csv.gz", b"\x1f\x8b\x08\x00"),
        row("bzip2", "d.csv.bz2", b"BZh91AY"),
        row("xz", "d.csv.xz", b"\xfd7zXZ\0\0"),
        row("zstandard", "d.csv.zst", b"\x28\xb5\x2f\xfd"),
        row("a spreadsheet", "d.xlsx", make::zip(&[Member::stored("[Content_Types].xml", b"<Types/>")])),
        row("a pickle", "d.bin", b"\x80\x04\x95"),
        row("an archive cut short", "d.npz", &whole[..whole.len() - 1]),
        row(
            "an archive of arrays and a text",
            "d.npz",
            make::zip(&[x(), y(), Member::stored("README.txt", b"hello")]),
        ),
        row("a damaged byte", "d.npz", make::zip(&[damaged, y()])),
        row("a damaged compressed byte", "d.npz", make::zip(&[deflated, y()])),
        row("a byte too many", "d.npz", make::zip(&[extra, y()])),
        row("sizes that differ", "d.npz", make::zip(&[sizes, y()])),
        row("an encrypted member", "d.npz", make::zip(&[Member { flags: 1, ..x() }, y()])),
        row("another compression", "d.npz", make::zip(&[Member { method: 12, ..x() }, y()])),
        row(
            "a member's name in Latin-1",
            "d.npz",
            make::zip(&[Member { name: b"\xe9.npy".to_vec(), ..x() }, y()]),
        ),
        row("two members of one name", "d.npz", make::zip(&[x(), x(), y()])),
        row("a volume of several", "d.npz", make::zip_with(&[x(), y()], End { volume: 2, ..End::default() })),
        row(
            "a version of the future",
            "d.npz",
            make::npz(&[("x", b"\x93NUMPY\x04\x00".to_vec()), ("y", make::integers(&[0, 1]))]),
        ),
        row(
            "an array cut short",
            "d.npz",
            make::npz(&[("x", make::npy("<f4", "(4, 1)", &[0; 15])), ("y", make::integers(&[0, 1, 0, 1]))]),
        ),
        row(
            "an array without a shape",
            "d.npz",
            make::npz(&[
                ("x", make::npy_raw("{'descr': '<f4', 'fortran_order': False, }", &[])),
                ("y", make::integers(&[0, 1])),
            ]),
        ),
        row("a table without a header", "d.csv", "1,2,0\n3,4,1\n"),
        row("a column twice", "d.csv", "a.1,b.1,a.1,y\n1,2,3,0\n"),
        row("a table in Latin-1", "d.csv", b"a.1,y\n1,caf\xe9\n2,tea\n"),
        row("a table in UTF-16", "d.csv", b"\xff\xfea\0,\0y\0\n\0"),
        row("a quote that is never closed", "d.csv", "a.1,y\n1,\"no\n2,yes\n"),
        row("a table whose last line does not end", "d.csv", "a.1,y\n1,0\n2,1"),
        row("no label column", "d.csv", "a.1,b.1,species\n1,2,0\n3,4,1\n"),
        row("two label columns", "d.csv", "a.1,label,class\n1,0,0\n2,1,1\n"),
        row("two group columns", "d.csv", "a.1,y,group,groups\n1,0,0,0\n2,1,1,1\n"),
        row("columns of no modality", "d.csv", free),
        row("a column without a name", "d.csv", ",a.1,y\n0,1,0\n1,2,1\n"),
        row("a label that is not there", "d.csv", table).label("Y"),
        row("a label with a slip of the pen", "d.csv", free).label("wieght"),
        row("groups that are not there", "d.csv", table).groups("subject"),
        row("a pattern that fits no column", "d.csv", free).modality("body=w*").modality("face=eye*"),
        row("a column in two modalities", "d.csv", free).modality("body=*ight").modality("size=h*"),
        npz("a label array that is not there", &[]).label("yy"),
        npz("a group array that is not there", &[]).groups("subject"),
        npz("a modality that is not there", &[]).modality("image").modality("sounds"),
        npz("a pattern for several arrays", &[("image2", make::floats(10, &[0.5; 10]))])
            .modality("image=im*,so*"),
        npz("an array in two roles", &[]).modality("a=image").modality("b=image"),
        npz("the label as a modality", &[]).modality("a=image").modality("y"),
        npz("one name for two modalities", &[]).modality("a=image").modality("a=sound"),
        folder("an empty folder", &[("d/.hidden", ""), ("d/README.md", "nothing here")]),
        folder("a folder without labels", &[("d/a.csv", "1\n2\n"), ("d/b.csv", "1\n2\n")]),
        folder("two files for one array", &[("d/a.csv", "1\n2\n"), ("d/a.npy", ""), ("d/y.csv", "0\n1\n")]),
        folder(
            "a file of another kind",
            &[("d/a.csv", "1\n2\n"), ("d/photo.jpg", ""), ("d/y.csv", "0\n1\n")],
        ),
        folder("a folder in the folder", &[("d/a.csv/x", "1\n2\n"), ("d/y.csv", "0\n1\n")]),
        folder("a cell of a file in a folder", &[("d/a.csv", "1,2\n3,x\n"), ("d/y.csv", "0\n1\n")]),
        folder("labels of two columns", &[("d/a.csv", "1,2\n3,4\n"), ("d/y.csv", "0,1\n1,0\n")]),
        folder(
            "a label file with an empty line of cells",
            &[("d/a.csv", "1,2\n3,4\n"), ("d/y.csv", "0\n\"\"\n")],
        ),
        folder("fewer labels than rows", &[("d/a.csv", "1,2\n3,4\n5,6\n"), ("d/y.csv", "0\n1\n")]),
        folder(
            "a name that is not listed",
            &[("d/a.csv", "1\n2\n"), ("d/y.csv", "0\n1\n"), ("d/modalities.csv", "b\n")],
        ),
        folder(
            "a header in each file",
            &[("d/a.csv", "p,q\n1,2\n3,4\n5,6\n7,8\n"), ("d/y.csv", "label\n0\n1\n0\n1\n")],
        ),
        row("a second label among the features", "d.csv", "a.1,y,class\n1,0,0\n2,1,1\n3,0,0\n4,1,1\n")
            .label("y")
            .modality("a=*"),
        row(
            "semicolons, a byte-order mark and Windows line ends",
            "d.csv",
            "\u{feff}a.1;y\r\n1;0\r\n2;1\r\n3;0\r\n4;1\r\n",
        ),
        row("a commented header", "d.txt", "# a.1 y\n1 0\n2 1\n3 0\n4 1\n"),
    ]
}
