//! `rivalry list`.

use crate::process::rivalry;

#[test]
fn one_drawer_with_its_knobs() {
    insta::assert_snapshot!(rivalry("list renderers"), @r#"
exit status: 0
---- stdout
What there is

renderers: how reports are drawn

  name      what it is
  ────────────────────────────────────────────────────────────────────────
  terminal  tables and a verdict for reading, as plain text or with colour
  json      one versioned document for programs: fractions, not percent

  report --as NAME

Knobs of terminal

  knob   default  allowed                        what it does
  ───────────────────────────────────────────────────────────────────────────────────
  width  100      a whole number from 40 to 400  columns that a line may take
  color  false    true or false                  colour on top of the signs and words

Knobs of json

  knob    default  allowed        what it does
  ────────────────────────────────────────────────────────────────────────────────────────
  indent  true     true or false  one value per line, indented; false writes a single line
"#);
}

#[test]
fn the_document_names_every_kind_and_its_knobs() {
    let document = rivalry("list --json").json();
    assert_eq!(document["schema"]["name"], "rivalry");
    assert_eq!(document["command"], "list");
    let drawers = document["results"]["drawers"].as_array().unwrap();
    let encoders = drawers.iter().find(|drawer| drawer["name"] == "encoders").unwrap();
    let names: Vec<&str> =
        encoders["kinds"].as_array().unwrap().iter().map(|kind| kind["name"].as_str().unwrap()).collect();
    assert!(names.contains(&"mlp") && names.contains(&"linear"), "{names:?}");
    for drawer in drawers {
        for kind in drawer["kinds"].as_array().unwrap() {
            assert!(!kind["summary"].as_str().unwrap().is_empty(), "{kind}");
            for knob in kind["knobs"].as_array().unwrap() {
                assert!(!knob["default"].is_null() && !knob["range"].is_null(), "{knob}");
            }
            for key in kind["cites"].as_array().unwrap() {
                let citations = document["citations"].as_array().unwrap();
                assert!(citations.iter().any(|work| work["key"] == *key), "{key} is not in the bibliography");
            }
        }
    }
}
