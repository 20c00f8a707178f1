//! The page of a diagnosis in a real browser, with names that try to run, load,
//! restyle or break something. `tests/browser/look.py` drives the browser.
//!
//! Where no Chromium is installed the test says so and ends, except where
//! `RIVALRY_BROWSER` asks for it, as the build server does.

use std::path::{Path, PathBuf};
use std::process::Command;

use rivalry::data::atomic::write_atomic;
use serde_json::{Value, json};

use crate::process::{folder, rivalry_with};

/// What names try; `window.pwned` is what the trap looks at.
const ATTACKS: [&str; 25] = [
    "</script><script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "<svg onload=window.pwned=1>",
    "<svg><animate onbegin=window.pwned=1 attributeName=x dur=1s>",
    "javascript:window.pwned=1",
    "<a href=javascript:window.pwned=1>x</a>",
    "<iframe srcdoc='<script>parent.pwned=1</script>'></iframe>",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=https://example.org/x.css>",
    "<meta http-equiv=refresh content='0;url=https://example.org'>",
    "<base href=https://example.org/>",
    "<object data=https://example.org/x></object>",
    "<body onload=window.pwned=1>",
    "<details open ontoggle=window.pwned=1>",
    "<input autofocus onfocus=window.pwned=1>",
    "onmouseover=window.pwned=1 x=",
    "tabindex=1 onfocus=window.pwned=1 autofocus ",
    "&lt;script&gt;window.pwned=1&lt;/script&gt;",
    "&#x3c;script>window.pwned=1</script>",
    "\u{202e}desrever\u{2066}",
    "\u{2028}window.pwned=1\u{2029}",
    "\u{1b}[2Jx\u{7}\u{0}",
    "{{constructor.constructor('window.pwned=1')()}}",
    "${window.pwned=1}",
    "\\u003cscript>window.pwned=1</script>",
];
/// What they try to leave first.
const WAYS_OUT: [&str; 6] =
    ["", "\">", "'>", "--></style></title></script>", "]]></td></table>", "\u{fffe}\\\" "];

fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
    std::env::split_paths(&path)
        .flat_map(|folder| names.map(|name| folder.join(name)))
        .find(|program| program.is_file())
}

/// The document with as many classes as there are attacks, and every name of the
/// data passed through `name`, which is told a number.
fn named(document: &Value, name: &dyn Fn(usize, &str) -> String) -> Value {
    let mut text = document.clone();
    let classes = text["results"]["classes"].as_array().unwrap().clone();
    let n = ATTACKS.len() * WAYS_OUT.len();
    let many = (0..n).map(|idx| {
        let mut class = classes[idx % classes.len()].clone();
        class["name"] = json!(name(idx, &format!("class {idx}")));
        class
    });
    text["results"]["classes"] = many.collect();
    text["data"]["name"] = json!(name(1, "set"));
    text["citations"][0]["url"] = json!("javascript:window.pwned=1");
    text["citations"][1]["text"] = json!(name(2, "a work"));
    let modalities: Vec<String> = text["results"]["modalities"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["name"].as_str().unwrap().to_owned())
        .collect();
    for (idx, modality) in modalities.iter().enumerate() {
        rename(&mut text, modality, &name(3 + 7 * idx, modality));
    }
    text["verdict"]["sentence"] = json!(name(0, "the verdict"));
    text["verdict"]["next"] = json!([name(6, "a step")]);
    text
}

/// Replaces a name wherever it is a whole string, or what a quantity is of.
fn rename(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::String(text) if text == from => to.clone_into(text),
        Value::Array(items) => items.iter_mut().for_each(|item| rename(item, from, to)),
        Value::Object(fields) => {
            for (key, mut field) in std::mem::take(fields) {
                rename(&mut field, from, to);
                let stem = key.strip_suffix(from).filter(|stem| stem.ends_with('.'));
                let key = stem.map_or(key.clone(), |stem| format!("{stem}{to}"));
                fields.insert(key, field);
            }
        }
        _ => {}
    }
}

fn page(document: &Value, at: &Path) -> PathBuf {
    let json = at.with_extension("json");
    write_atomic(&json, document.to_string().as_bytes()).unwrap();
    let (json, html) = (json.to_str().unwrap(), at.with_extension("html"));
    let arguments = ["report", json, "--classes", "all", "--as", "html", "-o", html.to_str().unwrap()];
    let ended = rivalry_with(arguments);
    assert_eq!(ended.status, 0, "{ended}");
    html
}

// promise: P29
#[test]
fn a_page_is_inert_readable_and_complete_in_a_browser() {
    let Some(chromium) = chromium() else {
        assert!(std::env::var_os("RIVALRY_BROWSER").is_none(), "there is no Chromium to test with");
        return;
    };
    let out = folder("browser");
    let kept = rivalry_with(
        "diagnose demo:nutrimouse --seeds 2 --epochs 4 --threads 2 -q --out"
            .split(' ')
            .chain([out.to_str().unwrap()]),
    );
    assert_eq!(kept.status, 0, "{kept}");
    let document: Value =
        serde_json::from_str(&std::fs::read_to_string(out.join("report.json")).unwrap()).unwrap();
    let friendly = page(&named(&document, &|_, name| name.to_owned()), &out.join("friendly"));
    let hostile = |idx: usize, name: &str| {
        let (attack, way) = (ATTACKS[idx % ATTACKS.len()], WAYS_OUT[idx / ATTACKS.len() % WAYS_OUT.len()]);
        format!("{name}{way}{attack}")
    };
    let hostile = page(&named(&document, &hostile), &out.join("hostile"));
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/browser/look.py");
    let looked = Command::new("python3")
        .arg(script)
        .arg(chromium)
        .args([hostile, friendly, out.join("friendly.json")])
        .output()
        .expect("python3 is there");
    let (said, errors) = (String::from_utf8_lossy(&looked.stdout), String::from_utf8_lossy(&looked.stderr));
    assert!(looked.status.success(), "{said}{errors}");
}
