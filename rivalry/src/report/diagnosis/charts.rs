//! The charts of a diagnosis: the numbers of its tables and curves as values
//! to be drawn. One is there only where the document has its numbers.

use super::reading::{Class, Curves, Modality, Number, Results};
use super::tables::{FDR, row_name};
use crate::report::{
    Axis, Cell, Chart, ChartMark, Colours, Dot, DotRow, Dots, HeatMap, Lines, Point, Role, Series, Ties, Unit,
};
use crate::stats::Estimate;

/// With more classes than this, the largest changes each way are shown.
const MOST_CLASSES: usize = 30;
/// Networks whose curves can be told apart.
const MOST_CURVES: usize = 7;
/// What a reader must know of single trainings.
const TRAININGS: &str =
    "A single training is one seed, or the whole of one repeat where the data are split in folds.";

/// Every network with its interval and its trainings.
pub(super) fn models(results: &Results) -> Option<Chart> {
    let n_modalities = results.modalities.len();
    let mut group = None;
    let rows: Vec<DotRow> = results
        .models
        .iter()
        .filter_map(|model| {
            let own = (model.kind.as_str(), model.strategy != "unimodal" && model.strategy != "naive");
            let apart = group.is_some_and(|other| other != own);
            group = Some(own);
            let trainings = model.trainings.iter().filter_map(|one| one.value("accuracy")).collect();
            let dot = Dot { estimate: estimate(&model.accuracy)?, trainings };
            let is_best = results.best_unimodal.as_ref() == Some(&model.name);
            let is_joint = model.strategy == "naive" && model.modalities.len() == n_modalities;
            let row = DotRow::plain(row_name(model, results), vec![Some(dot)]);
            Some(DotRow { is_strong: is_best || is_joint, apart, ..row })
        })
        .collect();
    chart(Dots {
        title: "Accuracy of every network".to_owned(),
        caption: vec![format!("Bold: the best modality alone and the joint network. {TRAININGS}")],
        x: Axis::linear("accuracy", Unit::Percent),
        rows_are: "network".to_owned(),
        series: vec![String::new()],
        rows,
        ties: Ties::None,
        band: None,
        marks: Vec::new(),
    })
}

/// What each encoder is worth alone and in the joint network.
pub(super) fn deficits(results: &Results) -> Option<Chart> {
    let rows = results
        .modalities
        .iter()
        .map(|m| DotRow::plain(&m.name, vec![dot(m, "probe_alone"), dot(m, "probe_in_joint")]));
    chart(Dots {
        title: "What the joint network's encoders lost".to_owned(),
        caption: vec![format!(
            "A linear probe on each encoder, trained alone and as part of the joint network; the bar between them is \
             the encoder deficit. {TRAININGS}"
        )],
        x: Axis::linear("accuracy of a probe", Unit::Percent),
        rows_are: "modality".to_owned(),
        series: vec!["trained alone".to_owned(), "in the joint network".to_owned()],
        rows: rows.collect(),
        ties: Ties::Joined,
        band: None,
        marks: Vec::new(),
    })
}

/// What the joint network loses without each modality, by every convention
/// that was measured.
pub(super) fn usage(results: &Results) -> Option<Chart> {
    let is_value = |name: &&str| {
        name.starts_with("shapley") && results.definitions.get(*name).is_some_and(|d| d.unit == "accuracy")
    };
    let named = ["permutation_drop", "within_class_drop"].into_iter();
    let found = results.definitions.keys().map(String::as_str).filter(is_value);
    let quantities: Vec<&str> = named
        .chain(found)
        .filter(|name| results.modalities.iter().any(|m| matches!(m.cell(name), Cell::Estimate(_))))
        .collect();
    let rows = results
        .modalities
        .iter()
        .map(|m| DotRow::plain(&m.name, quantities.iter().map(|name| dot(m, name)).collect()));
    let caption = quantities
        .iter()
        .filter_map(|name| Some(format!("{}: {}.", words(name), results.definitions.get(*name)?.definition)));
    chart(Dots {
        title: "How much each modality is used".to_owned(),
        caption: caption.collect(),
        x: Axis::linear("accuracy lost without it", Unit::Points),
        rows_are: "modality".to_owned(),
        series: quantities.iter().map(|name| words(name)).collect(),
        rows: rows.collect(),
        ties: Ties::From(0.0),
        band: None,
        marks: Vec::new(),
    })
}

/// Which classes changed, from the largest drop to the largest gain.
pub(super) fn class_changes(results: &Results) -> Option<Chart> {
    let mut classes: Vec<(&Class, Estimate)> =
        results.classes.iter().filter_map(|class| Some((class, estimate(&class.change)?))).collect();
    classes.sort_by(|a, b| a.1.value.total_cmp(&b.1.value));
    let band: Vec<(f64, f64)> = results.null_band.iter().filter_map(|rank| rank.low.zip(rank.high)).collect();
    let band = (band.len() == classes.len()).then_some(band);
    let n_classes = classes.len();
    let top = if n_classes > MOST_CLASSES { MOST_CLASSES / 2 } else { n_classes };
    let is_shown = |rank: usize| rank < top || rank + top >= n_classes;
    let rows =
        classes.into_iter().enumerate().filter(|(rank, _)| is_shown(*rank)).map(|(rank, (class, change))| {
            DotRow {
                band: band.as_ref().map(|band| band[rank]),
                is_strong: class.q_value.is_some_and(|q| q < FDR),
                apart: n_classes > MOST_CLASSES && rank + top == n_classes,
                ..DotRow::plain(&class.name, vec![Some(Dot { estimate: change, trainings: Vec::new() })])
            }
        });
    let mut caption = vec!["Bold: changed at a false discovery rate of 5 %.".to_owned()];
    if n_classes > MOST_CLASSES {
        caption.insert(0, format!("The {top} largest changes each way of {n_classes}."));
    }
    if band.is_none() {
        caption.push(
            "The largest of many changes are large by selection alone: trust the bold ones.".to_owned(),
        );
    }
    chart(Dots {
        title: "Which classes changed".to_owned(),
        caption,
        x: Axis::linear("joint minus best alone", Unit::Points),
        rows_are: "class".to_owned(),
        series: vec![String::new()],
        rows: rows.collect(),
        ties: Ties::None,
        band: band.map(|_| "what a class of this rank would show if nothing had changed".to_owned()),
        marks: vec![ChartMark::at_x(0.0, "no change")],
    })
}

/// Who wins which class: a map of classes and modalities.
pub(super) fn winners(results: &Results) -> Option<Chart> {
    let names: Vec<String> = results.modalities.iter().map(|m| m.name.clone()).collect();
    let has_margins = results.classes.iter().any(|class| !class.by_modality.is_empty());
    if results.classes.iter().all(|class| class.winner.is_none()) && !has_margins {
        return None;
    }
    let margin = |class: &Class, name: &String| {
        let of = class.by_modality.iter().find(|of| of.name == *name)?;
        match of.cell("class_margin") {
            Cell::Estimate(estimate) => Some(estimate),
            _ => None,
        }
    };
    let won = |class: &Class, name: &String| {
        let value = f64::from(u8::from(class.winner.as_ref()? == name));
        let method = "the winner in most trainings";
        Some(Estimate::without_interval(value, 0.95, class.n, method))
    };
    let is_measured =
        results.classes.iter().any(|class| names.iter().any(|name| margin(class, name).is_some()));
    let cell =
        |class: &Class, name: &String| if is_measured { margin(class, name) } else { won(class, name) };
    let classes: Vec<String> = results.classes.iter().map(|class| class.name.clone()).collect();
    let (x_values, y_values): (Vec<f64>, Vec<f64>) =
        ((0..names.len()).map(|i| i as f64).collect(), (0..classes.len()).map(|i| i as f64).collect());
    let cells = results.classes.iter().flat_map(|class| names.iter().map(move |name| (class, name)));
    let cells: Vec<Option<Estimate>> = cells.map(|(class, name)| cell(class, name)).collect();
    let (title, caption, value, colours) = if is_measured {
        (
            "Who carries which class",
            "Each modality's part of the joint network's margin (right class minus mean of the others) on the test \
             samples of a class; the largest wins it.",
            Axis::linear("part of the margin", Unit::Ratio),
            Colours::Diverging { centre: 0.0 },
        )
    } else {
        (
            "Who wins which class",
            "100: the modality with the largest part of the joint network's margin in most trainings.",
            Axis::linear("wins the class", Unit::Percent),
            Colours::Sequential,
        )
    };
    Some(Chart::HeatMap(HeatMap {
        title: title.to_owned(),
        caption: vec![caption.to_owned()],
        x: Axis::categories("modality", names),
        y: Axis::categories("class", classes),
        x_values,
        y_values,
        cells,
        value,
        colours,
    }))
}

/// Training and validation loss over epochs, alone and joint.
pub(super) fn learning(results: &Results) -> Vec<Chart> {
    let shown: Vec<(String, &Curves)> = results
        .models
        .iter()
        .filter(|model| {
            model.kind == "unimodal"
                || (model.strategy == "naive" && model.modalities.len() == results.modalities.len())
        })
        .filter_map(|model| {
            let of = results.curves.iter().find(|curves| curves.model == model.name)?;
            Some((row_name(model, results), of))
        })
        .collect();
    // The joint network stands last and must not be the one that is left out.
    let shown = &shown[shown.len().saturating_sub(MOST_CURVES)..];
    let one = |quantity: &str, title: &str| {
        let series: Vec<Series> =
            shown.iter().filter_map(|(name, of)| course(of, quantity, name.clone())).collect();
        over_epochs(title, "loss in nats", series, Vec::new())
    };
    [("train_loss", "Loss on training samples"), ("valid_loss", "Loss on validation samples")]
        .into_iter()
        .filter_map(|(quantity, title)| one(quantity, title))
        .collect()
}

/// How much each modality still had to learn in the joint network, by epoch.
pub(super) fn meters(results: &Results) -> Option<Chart> {
    let is_joint = |name: &str| {
        results.models.iter().any(|model| {
            model.name == name
                && model.strategy == "naive"
                && model.modalities.len() == results.modalities.len()
        })
    };
    let joint = results.curves.iter().find(|curves| is_joint(&curves.model))?;
    let series = results
        .modalities
        .iter()
        .enumerate()
        .filter_map(|(idx, m)| {
            let series = course(joint, &format!("residual_ratio.{}", m.name), m.name.clone())?;
            Some(series.in_group(idx))
        })
        .collect();
    let marks = vec![ChartMark::at_y(1.0, "as alone")];
    over_epochs("Who still learns: the residual ratio by epoch", "residual ratio", series, marks)
}

fn over_epochs(title: &str, label: &str, series: Vec<Series>, marks: Vec<ChartMark>) -> Option<Chart> {
    (!series.is_empty()).then(|| {
        Chart::Lines(Lines {
            title: title.to_owned(),
            caption: vec![
                "Lines: means over trainings; bands: the least and the most of them. Curves end where half of the \
                 trainings did."
                    .to_owned(),
            ],
            x: Axis::linear("epoch", Unit::None),
            y: Axis::linear(label, Unit::Ratio),
            series,
            marks,
        })
    })
}

fn course(of: &Curves, quantity: &str, name: String) -> Option<Series> {
    let course = of.quantities.get(quantity)?;
    let points = of.epochs.iter().enumerate().filter_map(|(idx, epoch)| {
        let (low, high) = (course.low.get(idx).copied(), course.high.get(idx).copied());
        Some(Point { x: *epoch as f64 + 1.0, y: *course.mean.get(idx)?, low, high })
    });
    Some(Series::new(name, Role::Measured, points.collect()))
}

/// A quantity of a modality with its trainings.
fn dot(of: &Modality, quantity: &str) -> Option<Dot> {
    let Cell::Estimate(estimate) = of.cell(quantity) else { return None };
    let trainings = of.trainings.iter().filter_map(|one| one.value(quantity)).collect();
    Some(Dot { estimate, trainings })
}

fn estimate(number: &Number) -> Option<Estimate> {
    match number.cell() {
        Cell::Estimate(estimate) => Some(estimate),
        _ => None,
    }
}

/// A quantity's name in words.
fn words(quantity: &str) -> String {
    quantity.replace('_', " ")
}

/// The chart, if it has anything to show.
fn chart(dots: Dots) -> Option<Chart> {
    let has_dots = dots.rows.iter().any(|row| row.dots.iter().any(Option::is_some));
    has_dots.then_some(Chart::Dots(dots))
}
