//! The page that lists what is in each drawer is written from the tables, and
//! the example figures by the renderer: `cargo xtask kinds` writes them, this
//! compares them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use rivalry::data::sparse_coding::knobs::{KNOBS, is_per_modality};
use rivalry::metrics::{Direction, Metrics};
use rivalry::registry::{Choice, Citation, Table};
use rivalry::render::renderer;

use crate::figures;

const HEAD: &str = "\
# What is in each drawer

Written from the program's own tables by `cargo xtask kinds`; a test compares. A kind is asked for by its name; its knobs
are set with `name=value`. What only builds with an optional feature have is at the end.
";

/// Entries that only builds with the feature of their name have: drawer, name
/// and summary, so that every build writes the same page.
const OPTIONAL: [(&str, &str, &str); 2] = [
    (
        "Formats",
        "parquet",
        "table of typed columns, as pandas, polars and Spark write it (uncompressed or Snappy); read, not written",
    ),
    ("Renderers", "parquet", "the table of `csv` as a parquet file with typed columns; not for a terminal"),
];

/// A page with a section per drawer and the works that the kinds cite.
struct Page {
    text: String,
    works: BTreeMap<&'static str, Citation>,
}

impl Page {
    fn drawer<T: ?Sized>(&mut self, title: &str, about: &str, table: Table<T>) {
        let text = &mut self.text;
        write!(
            text,
            "\n## {title}\n\n{about}\n\n| name | what it is | knobs | source |\n| --- | --- | --- | --- |\n"
        )
        .unwrap();
        for entry in table {
            if let Some((.., summary)) =
                OPTIONAL.iter().find(|(drawer, name, _)| (*drawer, *name) == (title, entry.name))
            {
                assert_eq!(entry.summary, *summary, "{title}");
                continue;
            }
            let knobs: Vec<String> = entry
                .knobs
                .iter()
                .map(|k| format!("`{}={}`, {}: {}", k.name, k.default, k.range_text(), k.meaning))
                .collect();
            let sources: Vec<&str> = entry.cites.iter().map(|c| c.key).collect();
            let (knobs, sources) = (knobs.join("<br>"), sources.join(", "));
            writeln!(text, "| `{}` | {} | {knobs} | {sources} |", entry.name, entry.summary).unwrap();
            for work in entry.cites {
                let known = self.works.insert(work.key, *work);
                assert!(known.is_none_or(|k| k == *work), "two works are called `{}`", work.key);
            }
        }
    }

    /// What the metrics need, cost and write.
    fn metrics(&mut self) {
        let (text, metrics) = (&mut self.text, Metrics::all());
        text.push_str(
            "\nWhat has to be kept for all of a metric's quantities, and what it costs per training, with n test rows, K \
             classes and M\nmodalities:\n\n| metric | needs | cost |\n| --- | --- | --- |\n",
        );
        for (entry, metric) in metrics.iter() {
            let needs: Vec<&str> = metric.needs().iter().map(|need| need.name()).collect();
            writeln!(text, "| `{}` | {} | {} |", entry.name, needs.join(", "), metric.cost()).unwrap();
        }
        text.push_str(
            "\nWhat they write; better: which way, or neither.\n\n| quantity | metric | unit | better | what it is |\n| --- \
             | --- | --- | --- | --- |\n",
        );
        for (entry, metric) in metrics.iter() {
            for quantity in metric.quantities() {
                let better = match quantity.direction {
                    Direction::Higher => "higher",
                    Direction::Lower => "lower",
                    Direction::Neither => "",
                };
                let what = quantity.definition.replace('|', "\\|");
                let (name, unit) = (quantity.name, quantity.unit);
                writeln!(text, "| `{name}` | `{}` | {unit} | {better} | {what} |", entry.name).unwrap();
            }
        }
    }

    /// What only some builds have.
    fn optional(&mut self) {
        self.text.push_str(
            "\n## With optional features\n\nIn builds with `--features NAME`; the rules are in [data-files.md](data-files.md).\n\n\
             | name | drawer | what it is |\n| --- | --- | --- |\n",
        );
        for (drawer, name, summary) in OPTIONAL {
            writeln!(self.text, "| `{name}` | {drawer} | {summary} |").unwrap();
        }
    }

    fn finish(mut self) -> String {
        self.text += "\n## Sources\n\n";
        for work in self.works.values() {
            writeln!(self.text, "- {}: {}. <{}>", work.key, work.text, work.url).unwrap();
        }
        self.text
    }
}

fn page() -> String {
    let mut page = Page { text: HEAD.to_owned(), works: BTreeMap::new() };
    page.drawer("Formats", "Files to data sets, and back.", rivalry::formats::FORMATS);
    page.drawer("Encoders", "Features of one modality to its embedding.", rivalry::encoders::table::<f32>());
    page.drawer("Strategies", "How to train; the first is the default.", rivalry::strategies::table::<f32>());
    page.drawer(
        "Solvers",
        "Gradients to weights; the first is the default.",
        rivalry::solvers::table::<f32>(),
    );
    let schedules = rivalry::solvers::schedule::table();
    page.drawer("Learning-rate schedules", "A factor on the solver's rate, per epoch.", schedules);
    page.drawer("Metrics", "Evidence to measurements; all are applied.", rivalry::metrics::METRICS);
    page.metrics();
    page.drawer("Renderers", "Reports to bytes.", rivalry::render::RENDERERS);
    page.drawer("Claims", "Statements of the theory that are measured.", rivalry::lab::claims::table());
    page.optional();
    page.finish()
}

/// A file of the documentation is what the program gives today.
#[expect(
    clippy::disallowed_methods,
    reason = "`cargo xtask kinds` asks through the environment for the files to be written"
)]
fn is_current(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    if std::env::var("RIVALRY_WRITE_DOCS").is_ok() {
        std::fs::write(&path, text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "docs/{name} is behind the program: run `cargo xtask kinds`");
}

#[test]
fn the_page_of_kinds_is_what_the_tables_say() {
    is_current("kinds.md", &page());
}

const CLAIMS_HEAD: &str = "\
# The claims of the theory

Written from the program's own tables by `cargo xtask kinds`; a test compares. `rivalry lab verify` measures them, `rivalry lab verify NAME` one
of them. *Quoted*: the statement stands on the talk's slides or in the cited work. *Ours*: our reconstruction or derivation; numbers in rules are
always ours, and were written down before the claim was measured on the seeds of the verification. Intervals are at 95 %; where a rule says that an interval meets a
band, it is widened to hold for all lines at once (Bonferroni, a hundred lines). What the words mean: [lab.md](lab.md).

| claim | statement | source | rule |
| --- | --- | --- | --- |
";

#[test]
fn the_page_of_claims_is_what_the_tables_say() {
    let mut page = CLAIMS_HEAD.to_owned();
    for entry in rivalry::lab::claims::table() {
        let claim = (entry.build)(&entry.settle(&Choice::new(entry.name)).unwrap());
        let (source, by) = (claim.source(), if claim.source().quoted { "quoted" } else { "ours" });
        writeln!(
            page,
            "| `{}` | {} | {} ({by}) | {} |",
            entry.name,
            entry.summary,
            source.place,
            claim.rule()
        )
        .unwrap();
    }
    is_current("claims.md", &page);
}

#[test]
fn the_example_figures_are_what_is_drawn() {
    for (name, chart) in [
        ("race", figures::race()),
        ("difference", figures::difference_map()),
        ("deficits", figures::deficits()),
        ("classes", figures::class_changes()),
    ] {
        let report = figures::report_of("An example with made-up numbers", vec![chart]);
        let mut drawn = Vec::new();
        renderer(&Choice::new("svg")).unwrap().render(&report, &mut drawn).unwrap();
        is_current(&format!("figures/{name}.svg"), &String::from_utf8(drawn).unwrap());
    }
}

#[test]
fn the_page_of_the_labs_data_lists_its_knobs() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/lab-data.md");
    let page = std::fs::read_to_string(path).unwrap();
    let mut table =
        "| knob | of | default | allowed | meaning |\n| --- | --- | --- | --- | --- |\n".to_owned();
    for knob in KNOBS {
        let of = if is_per_modality(knob.name) { "modality" } else { "model" };
        let (name, default, range) = (knob.name, knob.default, knob.range_text());
        writeln!(table, "| `{name}` | {of} | {default} | {range} | {} |", knob.meaning).unwrap();
    }
    assert!(page.contains(&format!("{table}\n")), "docs/lab-data.md is behind the knobs:\n{table}");
}
