//! Verdicts against causes: counts, shares with Wilson intervals, tables. The
//! groups are decided by what is true of the networks, never by an estimate.

use std::fmt::Write as _;

use rivalry::data::planted::CASES;
use rivalry::diagnose::Thresholds;
use rivalry::stats::wilson;
use serde_json::json;

use crate::study::Found;

const CODES: [&str; 10] = ["V0", "V1", "V2", "V3", "V4", "V5", "V6", "V7", "V8", "V9"];

/// What a data set can be asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Group {
    /// The effect is at least what such a study finds.
    Visible,
    /// There is an effect, but smaller than that.
    Small,
    /// No effect of the size of ROPE or more.
    Nothing,
}

/// The counts.
pub(crate) struct Matrix<'a> {
    found: &'a [Found],
}

/// A share of studies.
struct Share {
    of: &'static str,
    count: usize,
    n: usize,
}

/// Whether a verdict names a cause of harm.
fn is_cause(code: &str) -> bool {
    !matches!(code, "V0" | "V1" | "V4")
}

fn group(found: &Found) -> Group {
    let rope = Thresholds::default().rope;
    match found.planted {
        // "Nothing to gain" is a statement about equivalence: it can be made where a
        // difference of ROPE would be seen, and where there is none.
        "V4" if found.effect.size < rope && found.detectable <= rope => Group::Visible,
        _ if found.effect.size < rope => Group::Nothing,
        _ if found.effect.size < found.detectable => Group::Small,
        _ => Group::Visible,
    }
}

impl<'a> Matrix<'a> {
    pub(crate) fn new(found: &'a [Found]) -> Self {
        Self { found }
    }

    fn of(&self, which: Group) -> impl Iterator<Item = &Found> {
        self.found.iter().filter(move |f| group(f) == which)
    }

    fn shares(&self) -> Vec<Share> {
        let visible: Vec<&Found> = self.of(Group::Visible).collect();
        let among = |of: &'static str, all: &[&Found], is: &dyn Fn(&Found) -> bool| Share {
            of,
            count: all.iter().filter(|f| is(f)).count(),
            n: all.len(),
        };
        let nothing: Vec<&Found> =
            self.found.iter().filter(|f| !is_cause(f.planted) || group(f) == Group::Nothing).collect();
        let nothing: Vec<&Found> = nothing.into_iter().filter(|f| f.planted != "V1").collect();
        let small: Vec<&Found> = self.of(Group::Small).collect();
        let named: Vec<&Found> = self.found.iter().filter(|f| f.loser_is_right.is_some()).collect();
        let formed: Vec<&Found> = self.found.iter().filter(|f| f.variant_is_right.is_some()).collect();
        let is_right = |f: &Found| f.verdict == f.planted;
        vec![
            among("right verdict, effect above the detectable difference", &visible, &is_right),
            among("wrong verdict there (another cause, or no harm)", &visible, &|f| {
                f.verdict != f.planted && f.verdict != "V0"
            }),
            among("V0 there", &visible, &|f| f.verdict == "V0"),
            among("false alarm: a cause named where joint training does no harm", &nothing, &|f| {
                is_cause(f.verdict)
            }),
            among("right verdict, effect below the detectable difference", &small, &is_right),
            among("wrong verdict there", &small, &|f| f.verdict != f.planted && f.verdict != "V0"),
            among("right modality named, where the verdict is right", &named, &|f| {
                f.loser_is_right == Some(true)
            }),
            among("right form (a, b), where the verdict is right", &formed, &|f| {
                f.variant_is_right == Some(true)
            }),
        ]
    }

    /// Shares and matrices in Markdown.
    pub(crate) fn tables(&self, half: &str) -> String {
        let mut text = format!("{} data sets of the {half} half.\n\n", self.found.len());
        text.push_str("| share of data sets | | 95 % (Wilson) |\n| --- | --- | --- |\n");
        for share in self.shares() {
            let _ = match wilson(share.count as u64, share.n as u64, 0.95) {
                Some(e) => writeln!(
                    text,
                    "| {} | {} of {} = {:.1} % | {} |",
                    share.of,
                    share.count,
                    share.n,
                    100.0 * e.value,
                    e.interval().map_or_else(String::new, |i| format!(
                        "{:.1} to {:.1} %",
                        100.0 * i.low,
                        100.0 * i.high
                    ))
                ),
                None => writeln!(text, "| {} | none | |", share.of),
            };
        }
        for (title, which) in [
            ("Effect above the detectable difference", Group::Visible),
            ("Effect below the detectable difference", Group::Small),
            ("No effect of the size of ROPE", Group::Nothing),
        ] {
            let rows: Vec<String> = CASES.iter().filter_map(|case| self.row(case.name, which)).collect();
            if rows.is_empty() {
                continue;
            }
            let _ = write!(text, "\n{title}:\n\n| planted | cause | {} |\n", CODES.join(" | "));
            let _ = writeln!(text, "| --- | --- |{}", " --- |".repeat(CODES.len()));
            text.push_str(&rows.concat());
        }
        text
    }

    fn row(&self, case: &str, which: Group) -> Option<String> {
        let of: Vec<&Found> = self.of(which).filter(|f| f.case == case).collect();
        let planted = of.first()?.planted;
        let counts = CODES.map(|code| {
            let count = of.iter().filter(|f| f.verdict == code).count();
            match (count, code == planted) {
                (0, false) => String::new(),
                (_, true) => format!("**{count}**"),
                _ => count.to_string(),
            }
        });
        Some(format!("| {case} | {planted} | {} |\n", counts.join(" | ")))
    }

    /// Every study, and the shares.
    pub(crate) fn json(&self, half: &str) -> serde_json::Value {
        let shares: Vec<serde_json::Value> = self
            .shares()
            .iter()
            .map(|s| {
                let interval = wilson(s.count as u64, s.n as u64, 0.95);
                json!({ "share": s.of, "count": s.count, "n": s.n, "estimate": interval })
            })
            .collect();
        json!({ "half": half, "rivalry": env!("CARGO_PKG_VERSION"), "shares": shares, "studies": self.found })
    }
}

/// The page with other tables between the marks of a half.
pub(crate) fn replaced(page: &str, half: &str, tables: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {half}: begin -->\n"), format!("<!-- {half}: end -->"));
    let (before, rest) = page.split_once(&begin)?;
    let (_, after) = rest.split_once(&end)?;
    Some(format!("{before}{begin}{tables}{end}{after}"))
}
