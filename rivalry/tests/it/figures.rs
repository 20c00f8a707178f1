//! Charts as the lab draws them, over made-up numbers, for the tests of
//! renderers and the example in the documentation.

use rivalry::num::special::{exp, normal_cdf, powf};
use rivalry::report::{
    Axis, Block, Chart, ChartMark, Colours, Document, Dot, DotRow, Dots, HeatMap, Lines, Point, Report, Role,
    Series, Ties, Unit,
};
use rivalry::stats::{Estimate, Interval};
use serde_json::json;

/// A report of these charts alone.
pub(crate) fn report_of(title: &str, charts: Vec<Chart>) -> Report {
    Report {
        title: title.to_owned(),
        blocks: charts.into_iter().map(Block::Chart).collect(),
        document: Document::plain("lab", json!({}), json!({})),
    }
}

/// About this share of `n`, with its interval.
fn share(share: f64, n: u64) -> Estimate {
    rivalry::stats::wilson((share * n as f64).round() as u64, n, 0.95).unwrap()
}

/// All of them.
pub(crate) fn all() -> Vec<Chart> {
    vec![
        growth(),
        race(),
        win_map(),
        difference_map(),
        by_strategy(),
        time_to_win(),
        deficits(),
        class_changes(),
    ]
}

/// Alignments of four classes in two modalities over the logarithm of time.
pub(crate) fn growth() -> Chart {
    let starts = [[0.11, 0.08], [0.09, 0.10], [0.12, 0.07], [0.07, 0.095]];
    let mut series = Vec::new();
    let mut marks = Vec::new();
    for (class, starts) in starts.iter().enumerate() {
        let blow_up = |start: f64| 0.5 / (start * start);
        let decided = blow_up(starts[0]).min(blow_up(starts[1]));
        marks.push(ChartMark::at_x(decided, format!("class {}", class + 1)));
        for (modality, start) in starts.iter().enumerate() {
            let alignment = |t: f64| {
                let t_end = t.min(0.999 * decided);
                let growing = start / powf(1.0 - t_end / blow_up(*start), 0.5).max(start / 1.6);
                if *start == starts[0].max(starts[1]) && t > decided { 1.6 } else { growing.min(1.6) }
            };
            let points =
                (0..160).map(|i| powf(10.0, f64::from(i) / 53.0)).map(|t| Point::at(t, alignment(t)));
            let name = format!("class {}, {}", class + 1, ["image", "audio"][modality]);
            series.push(Series::new(name, Role::Measured, points.collect()).in_group(modality));
        }
    }
    Chart::Lines(Lines {
        title: "Which modality wins each class".to_owned(),
        caption: vec!["Dotted: the time at which a class is decided.".to_owned()],
        x: Axis::log10("time", Unit::Scientific),
        y: Axis::linear("alignment Γ", Unit::Ratio),
        series,
        marks,
    })
}

/// Probability to win against the ratio of strengths: measured beside closed forms.
pub(crate) fn race() -> Chart {
    let mut series = Vec::new();
    for (group, m) in [5.0, 20.0].into_iter().enumerate() {
        let p = |ratio: f64| normal_cdf((ratio - 1.0) * powf(m, 0.5) * 0.9);
        let measured = (0..11).map(|i| 0.5 + 0.1 * f64::from(i)).map(|ratio| {
            let wins =
                (200.0 * (p(ratio) + 0.02 * powf(-1.0, (ratio * 10.0).round()))).round().clamp(0.0, 200.0);
            Point::of(ratio, &share(wins / 200.0, 200))
        });
        let name = format!("m = {m}");
        series.push(Series::new(name.clone(), Role::Measured, measured.collect()).in_group(group));
        let predicted = (0..101).map(|i| 0.5 + 0.01 * f64::from(i)).map(|ratio| Point::at(ratio, p(ratio)));
        series.push(
            Series::new(format!("{name}, closed form"), Role::Predicted, predicted.collect()).in_group(group),
        );
    }
    Chart::Lines(Lines {
        title: "The stronger modality wins, the more surely the wider the network".to_owned(),
        caption: vec!["Wilson intervals at level 0.95 over 200 trials.".to_owned()],
        x: Axis::linear("ratio of strengths", Unit::Ratio),
        y: Axis::linear("classes won by image", Unit::Percent),
        series,
        marks: vec![ChartMark::at_y(0.5, "even"), ChartMark::at_x(1.0, "equal strength")],
    })
}

/// The same over a grid.
pub(crate) fn win_map() -> Chart {
    let y_values = vec![2.0, 5.0, 10.0, 20.0, 50.0];
    let x_values: Vec<f64> = (0..9).map(|i| 0.6 + 0.1 * f64::from(i)).collect();
    let cells = y_values
        .iter()
        .flat_map(|m| x_values.iter().map(move |ratio| normal_cdf((ratio - 1.0) * powf(*m, 0.5) * 0.9)))
        .map(|p| Some(share(p, 200)))
        .collect();
    Chart::HeatMap(HeatMap {
        title: "Who wins the race".to_owned(),
        caption: vec!["200 trials per cell.".to_owned()],
        x: Axis::linear("ratio of strengths", Unit::Ratio),
        y: Axis::log10("neurons per class m", Unit::None),
        x_values,
        y_values,
        cells,
        value: Axis::linear("classes won by image", Unit::Percent),
        colours: Colours::Sequential,
    })
}

/// Joint error minus the best error alone, with cells that were not run.
pub(crate) fn difference_map() -> Chart {
    let x_values = vec![0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2];
    let y_values = vec![0.2, 0.4, 0.6, 0.8, 1.0];
    let mut cells = Vec::new();
    for (j, ratio) in y_values.iter().enumerate() {
        for (i, sigma) in x_values.iter().enumerate() {
            let value = 0.16 * exp(-30.0 * sigma) * ratio - 0.05 * (1.2 - ratio);
            let is_run = !(i > 5 && j > 3);
            cells.push(is_run.then(|| {
                let interval = Interval::new(value - 0.021, value + 0.021);
                Estimate::new(value, interval, 0.95, 100, "example")
            }));
        }
    }
    Chart::HeatMap(HeatMap {
        title: "Where naive joint training really is worse".to_owned(),
        caption: vec!["Test error of the joint network minus that of the best modality alone.".to_owned()],
        x: Axis::log10("scale of the initial weights σ₀", Unit::Scientific),
        y: Axis::linear("ratio of insufficiencies μ₂ / μ₁", Unit::Ratio),
        x_values,
        y_values,
        cells,
        value: Axis::linear("joint − best alone", Unit::Points),
        colours: Colours::Diverging { centre: 0.0 },
    })
}

/// Series over categories.
pub(crate) fn by_strategy() -> Chart {
    let measured = |values: [f64; 4]| -> Vec<Point> {
        values.iter().enumerate().map(|(idx, value)| Point::of(idx as f64, &share(*value, 400))).collect()
    };
    let strategies = ["naive", "auxiliary", "ensemble", "image alone"].map(str::to_owned).to_vec();
    Chart::Lines(Lines {
        title: "Test error by strategy".to_owned(),
        caption: Vec::new(),
        x: Axis::categories("", strategies),
        y: Axis::linear("test error", Unit::Percent),
        series: vec![
            Series::new("K = 10", Role::Measured, measured([0.19, 0.11, 0.10, 0.14])),
            Series::new("K = 50", Role::Measured, measured([0.23, 0.15, 0.13, 0.16])),
        ],
        marks: vec![ChartMark::at_y(0.1, "1/K")],
    })
}

fn dot(value: f64, half: f64, trainings: &[f64]) -> Dot {
    let estimate = Estimate::new(value, Interval::new(value - half, value + half), 0.95, 400, "example");
    Dot { estimate, trainings: trainings.iter().map(|off| value + off).collect() }
}

/// What encoders are worth alone and in a joint network.
pub(crate) fn deficits() -> Chart {
    let trainings = [-0.012, -0.004, 0.003, 0.006, 0.011];
    let row = |name: &str, alone: f64, joint: f64| {
        DotRow::plain(name, vec![Some(dot(alone, 0.021, &trainings)), Some(dot(joint, 0.024, &trainings))])
    };
    Chart::Dots(Dots {
        title: "What the joint network's encoders lost".to_owned(),
        caption: vec!["The bar between two probes is the encoder deficit.".to_owned()],
        x: Axis::linear("accuracy of a probe", Unit::Percent),
        rows_are: "modality".to_owned(),
        series: vec!["trained alone".to_owned(), "in the joint network".to_owned()],
        rows: vec![row("image", 0.81, 0.69), row("audio", 0.88, 0.872), row("text", 0.74, 0.715)],
        ties: Ties::Joined,
        band: None,
        marks: Vec::new(),
    })
}

/// Changes of classes, sorted, against what selection alone would show.
pub(crate) fn class_changes() -> Chart {
    let changes: [f64; 11] = [-0.21, -0.09, -0.07, -0.04, -0.01, 0.0, 0.02, 0.03, 0.05, 0.08, 0.17];
    let n = changes.len() as f64;
    let rows = changes.iter().enumerate().map(|(rank, change)| {
        // About the normal scores of the ranks.
        let expected = 0.052 * (rank as f64 - (n - 1.0) / 2.0) / (n / 3.2);
        DotRow {
            band: Some((expected - 0.05, expected + 0.05)),
            is_strong: change.abs() > 0.15,
            ..DotRow::plain(format!("class {}", rank + 1), vec![Some(dot(*change, 0.06, &[]))])
        }
    });
    Chart::Dots(Dots {
        title: "Which classes changed".to_owned(),
        caption: vec!["Bold: changed at a false discovery rate of 5 %.".to_owned()],
        x: Axis::linear("joint minus best alone", Unit::Points),
        rows_are: "class".to_owned(),
        series: vec![String::new()],
        rows: rows.collect(),
        ties: Ties::None,
        band: Some("what a class of this rank would show if nothing had changed".to_owned()),
        marks: vec![ChartMark::at_x(0.0, "no change")],
    })
}

/// A band over a logarithmic range on both axes, with a reference behind it.
pub(crate) fn time_to_win() -> Chart {
    let starts = (0..40).map(|i| powf(10.0, -3.0 + f64::from(i) / 20.0));
    let band = starts.clone().map(|start| Point {
        x: start,
        y: 0.9 / (start * start),
        low: Some(0.5 / (start * start)),
        high: Some(1.5 / (start * start)),
    });
    let law = starts.map(|start| Point::at(start, 1.0 / (start * start)));
    Chart::Lines(Lines {
        title: "Time to win".to_owned(),
        caption: vec!["Band: the middle 95 % of 200 trials.".to_owned()],
        x: Axis::log10("initial alignment Γ₀", Unit::Scientific),
        y: Axis::log10("time", Unit::Scientific),
        series: vec![
            Series::new("measured", Role::Measured, band.collect()).in_group(0),
            Series::new("power law", Role::Predicted, law.collect()).in_group(0),
        ],
        marks: Vec::new(),
    })
}
