//! The tables of a diagnosis.

use super::reading::{Class, Data, Model, Results, Settings};
use super::{ClassesShown, classes_won};
use crate::report::{Better, Block, Cell, Column, Emphasis, Row, Table, Unit};

/// With at most this many classes the report lists all of them anyway.
const FEW_CLASSES: usize = 20;
/// The false discovery rate at which a changed class is counted.
pub(super) const FDR: f64 = 0.05;

/// The talk's table: each modality alone, every combination, the controls.
pub(super) fn models(results: &Results, data: &Data, settings: &Settings) -> Table {
    let n_modalities = results.modalities.len();
    let mut rows: Vec<Row> = Vec::new();
    let mut group = None;
    for model in &results.models {
        let own = (model.kind.as_str(), model.strategy != "unimodal" && model.strategy != "naive");
        let apart = group.is_some_and(|other| other != own);
        group = Some(own);
        let is_best = model.kind == "unimodal" && results.best_unimodal.as_ref() == Some(&model.name);
        let is_joint = model.strategy == "naive" && model.modalities.len() == n_modalities;
        rows.push(Row {
            cells: vec![
                Cell::Text(row_name(model, results)),
                model.accuracy.cell(),
                if is_best { Cell::Empty } else { model.drop_vs_best_unimodal.cell() },
                Cell::text(if is_best {
                    "best alone"
                } else if is_joint {
                    "joint"
                } else {
                    ""
                }),
            ],
            emphasis: if is_best || is_joint { Emphasis::Strong } else { Emphasis::Plain },
            apart,
        });
    }
    let best = results.best_unimodal.as_ref().map_or_else(String::new, |best| format!("`{best}`, "));
    let mut caption = Vec::new();
    if let Some(model) = results.models.first().filter(|model| model.accuracy.value.is_some()) {
        let level = model.accuracy.level.unwrap_or(0.95);
        caption.push(format!(
            "{} tested samples, {} seeds; intervals at level {level}: {} (n = {}).",
            data.n_tested(),
            settings.seeds,
            model.accuracy.method,
            model.accuracy.n
        ));
    }
    caption.push(format!(
        "drop: accuracy minus that of {best}the best modality alone, paired; negative = worse. Single \
         modalities are networks trained alone; combinations are trained jointly; the ensemble averages the \
         networks trained alone."
    ));
    Table {
        title: "Accuracy alone, jointly, and as an ensemble".to_owned(),
        caption,
        columns: vec![
            Column::plain("network"),
            results.defined(Column::of("accuracy", Unit::Percent, Better::Higher), "accuracy"),
            results.defined(
                Column::of("drop vs best alone", Unit::Points, Better::Higher),
                "drop_vs_best_unimodal",
            ),
            Column::plain(""),
        ],
        rows,
    }
}

/// Names of many modalities, joined, would be cut off: with more than three,
/// all of them and all but one are named as such.
pub(super) fn row_name(model: &Model, results: &Results) -> String {
    let all: Vec<&String> = results.modalities.iter().map(|modality| &modality.name).collect();
    if all.len() <= 3 || model.kind == "ensemble" {
        return model.name.clone();
    }
    let left_out: Vec<&&String> = all.iter().filter(|name| !model.modalities.contains(name)).collect();
    let short = match left_out.as_slice() {
        [] => format!("all {}", all.len()),
        [one] => format!("all but {one}"),
        _ => return model.name.clone(),
    };
    if matches!(model.strategy.as_str(), "naive" | "unimodal") {
        short
    } else {
        format!("{short} ({})", model.strategy)
    }
}

/// What became of each modality.
pub(super) fn modalities(results: &Results) -> Table {
    let points = |head, better| Column::of(head, Unit::Points, better);
    let percent = |head| Column::of(head, Unit::Percent, Better::Higher);
    let columns = [
        ("alone", percent("alone")),
        ("branch_in_joint", percent("branch in joint")),
        ("probe_alone", percent("probe alone")),
        ("probe_in_joint", percent("probe in joint")),
        ("encoder_deficit", points("encoder deficit", Better::Lower)),
        ("permutation_drop", points("permutation drop", Better::Neither)),
        ("residual_ratio", Column::of("residual ratio", Unit::Ratio, Better::Neither)),
        ("classes_won", Column::plain("classes won")),
    ];
    let n_classes = results.classes.len();
    let rows = results
        .modalities
        .iter()
        .map(|modality| {
            let cells = columns.iter().map(|(quantity, _)| match *quantity {
                "classes_won" => classes_won(modality.cell(quantity), n_classes),
                _ => modality.cell(quantity),
            });
            Row::plain(std::iter::once(Cell::text(&modality.name)).chain(cells).collect())
        })
        .collect();
    let mut caption =
        vec!["alone: the network trained on this modality alone, through its own head".to_owned()];
    caption.extend(columns.iter().filter_map(|(quantity, column)| {
        let found = results.definitions.get(*quantity)?;
        Some(format!("{}: {}", column.head, found.definition))
    }));
    Table {
        title: "What became of each modality".to_owned(),
        caption,
        columns: std::iter::once(Column::plain("modality"))
            .chain(columns.map(|(quantity, column)| results.defined(column, quantity)))
            .collect(),
        rows,
    }
}

/// Whether improved classes are those that the added modalities decide; none where it was not measured.
pub(in crate::report) fn association(results: &Results) -> Option<Block> {
    let found = results.change_follows_added.as_ref().filter(|found| found.value.is_some())?;
    let best = results.best_unimodal.as_deref().unwrap_or("the best alone");
    let label = format!("rank correlation over classes: change with the share of the margin not from {best}");
    Some(Block::KeyValues(vec![(label, found.cell(), Unit::None)]))
}

/// Which classes changed; none when no change could be measured. `first` is what
/// the model is called whose changes are shown, where it is no joint network.
pub(in crate::report) fn classes(
    results: &Results,
    shown: ClassesShown,
    first: Option<&str>,
) -> Option<Table> {
    let mut classes: Vec<(&Class, f64)> =
        results.classes.iter().filter_map(|class| Some((class, class.change.value?))).collect();
    if classes.is_empty() {
        return None;
    }
    let best = results.best_unimodal.as_deref().unwrap_or("best alone");
    let changed = |sign: f64| {
        classes
            .iter()
            .filter(|(class, change)| class.q_value.is_some_and(|q| q < FDR) && change * sign > 0.0)
            .count()
    };
    let (down, up) = (changed(-1.0), changed(1.0));
    let n_classes = classes.len();
    // The sort is stable: classes that changed alike keep their order.
    classes.sort_by(|a, b| a.1.total_cmp(&b.1));
    let top = match shown {
        ClassesShown::Top(top) if n_classes > FEW_CLASSES.max(2 * top) => Some(top),
        _ => None,
    };
    let listed: Vec<(&Class, bool)> = match top {
        None => classes.iter().map(|(class, _)| (*class, false)).collect(),
        Some(top) => {
            let dropped = classes.iter().take(top).map(|(class, _)| (*class, false));
            let improved = classes.iter().skip(n_classes - top).enumerate();
            dropped.chain(improved.map(|(idx, (class, _))| (*class, idx == 0))).collect()
        }
    };
    let rows = listed
        .into_iter()
        .map(|(class, apart)| {
            let mut cells = vec![
                Cell::text(&class.name),
                Cell::count(class.n),
                class.joint.cell(),
                class.best_unimodal.cell(),
                class.change.cell(),
                class.shrunken_change.cell(),
                class.q_value.map_or(Cell::Empty, Cell::Number),
            ];
            if first.is_none() {
                cells.push(class.winner.as_ref().map_or(Cell::Empty, Cell::text));
            }
            Row { cells, emphasis: Emphasis::Plain, apart }
        })
        .collect();
    let mut caption = vec![format!(
        "{} of {n_classes} classes change at a false discovery rate of 5 %: {down} down, {up} up.",
        down + up
    )];
    if first.is_none() {
        let winner =
            "Winner: the modality with the largest part of the joint network's margin, in most trainings.";
        caption[0] = format!("{} {winner}", caption[0]);
    }
    if let Some(top) = top {
        caption.push(format!(
            "The {top} largest changes each way; the largest of many changes are large by selection alone: read the \
             shrunken change. `--classes all` lists every class."
        ));
    }
    let mut columns = vec![
        Column::plain("class"),
        Column::plain("n"),
        results.defined(Column::of(first.unwrap_or("joint"), Unit::Percent, Better::Higher), "class_joint"),
        results.defined(Column::of(best, Unit::Percent, Better::Higher), "class_best_unimodal"),
        results.defined(Column::of("change", Unit::Points, Better::Higher), "class_change"),
        results.defined(Column::of("shrunken", Unit::Points, Better::Higher), "class_shrunken_change"),
        results.defined(Column::of("q", Unit::Probability, Better::Neither), "class_q_value"),
    ];
    if first.is_none() {
        columns.push(Column::plain("winner"));
    }
    let title = match first {
        Some(first) => format!("Classes: {first} against {best}"),
        None => format!("Classes: joint network against {best} alone"),
    };
    Some(Table { title, caption, columns, rows })
}
