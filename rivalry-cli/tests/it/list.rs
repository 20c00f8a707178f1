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
  ──────────────────────────────────────────────────────────────────────────────────────────────────
  terminal  tables and a verdict for reading, as plain text or with colour
  json      one versioned document for programs: fractions, not percent
  csv       the numbers as one tidy table for other programs: fractions, not percent
  svg       the charts as figures for papers and pages, readable for the colour-blind and without
            colour
  html      one page with verdict, tables and charts that opens offline, prints, and needs no script
  markdown  verdict and tables for issues, notebooks and pages, in GitHub's Markdown
  latex     verdict and tables as a LaTeX fragment for a paper (booktabs)
  junit     checks and claims as a JUnit test suite for build servers

  report --as NAME

Knobs of terminal

  knob    default  allowed                        what it does
  ─────────────────────────────────────────────────────────────────────────────────────
  width   100      a whole number from 40 to 400  columns that a line may take
  color   false    true or false                  colour on top of the signs and words
  charts  true     true or false                  charts in characters among the tables

Knobs of json

  knob    default  allowed        what it does
  ────────────────────────────────────────────────────────────────────────────────────────
  indent  true     true or false  one value per line, indented; false writes a single line

Knobs of csv

  knob   default  allowed                         what it does
  ──────────────────────────────────────────────────────────────────────────────────────────────────
  table  0        a whole number from 0 to 10000  the one table for programs to write, counted from
                                                  1; 0 writes all, below each other

Knobs of svg

  knob   default  allowed                          what it does
  ──────────────────────────────────────────────────────────────────────────────────────────────────
  width  640      a whole number from 320 to 2400  width of a figure in pixels; text keeps its size
  chart  0        a whole number from 0 to 10000   the one chart to draw, counted from 1; 0 draws
                                                   all, below each other

Knobs of html

  knob      default  allowed        what it does
  ──────────────────────────────────────────────────────────────────────────────────────────────────
  fragment  false    true or false  the sections alone, for somebody else's page: no script, no
                                    policy, a style sheet for them only

Methods from
  - Y. Shafranovich. RFC 4180: Common format and MIME type for comma-separated values (CSV) files.
    2005 https://www.rfc-editor.org/rfc/rfc4180
  - M. Okabe, K. Ito. Color Universal Design: how to make figures and presentations that are
    friendly to colorblind people. University of Tokyo 2008. https://jfly.uni-koeln.de/color/
  - F. Crameri, G. E. Shephard, P. J. Heron. The misuse of colour in science communication. Nature
    Communications 11, 2020. https://doi.org/10.1038/s41467-020-19160-7
  - GitHub Flavored Markdown Spec, version 0.29-gfm. 2019. https://github.github.com/gfm/
  - S. Fear. Publication quality tables in LaTeX: the booktabs package, version 1.61803398. 2020.
    https://ctan.org/pkg/booktabs
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
