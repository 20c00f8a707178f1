//! The uni-modal phase of deep linear networks.

use super::{provenance, results, strong};
use crate::lab::{DataPhase, PhaseResults, ToyPhase};
use crate::report::diagnosis::NotADiagnosis;
use crate::report::{
    Axis, Better, Block, Cell, Chart, ChartMark, Column, Document, Lines, Point, Report, Role, Row, Series,
    Table, Unit,
};

/// The report of `lab phase`.
pub(super) fn report(document: &Document) -> Result<Report, NotADiagnosis> {
    let results: PhaseResults = results(document)?;
    if results.toy.is_none() && results.data.is_none() {
        let why = "it holds neither `toy` nor `data`".to_owned();
        return Err(NotADiagnosis::Part { part: "results", why });
    }
    let mut blocks = Vec::new();
    if let Some(toy) = &results.toy {
        blocks.push(Block::Paragraph(format!(
            "y = x_A + x_B, sigma_A / sigma_B = {}, correlation {}; a linear network of {} layers, fused after \
             layer {}, from layers of size {}.",
            toy.ratio, toy.correlation, toy.depth, toy.fusion, toy.u0
        )));
        blocks.push(Block::Table(by_fusion(toy)));
        blocks.push(Block::KeyValues(vec![(
            "the plateau's weight of A exceeds its final value by".to_owned(),
            Cell::Number(toy.misattribution),
            Unit::Ratio,
        )]));
        blocks.push(Block::Chart(by_correlation(toy)));
    }
    if let Some(data) = &results.data {
        blocks.push(Block::Table(order(data)));
        blocks.push(Block::Table(pairs(data)));
        blocks.push(Block::Notes(vec![
            "a prediction for two-layer linear networks with late fusion and small initial weights, from the \
             covariances of the training rows; networks with other activations need not follow it"
                .to_owned(),
        ]));
    }
    blocks.push(Block::Bibliography(document.citations.clone()));
    blocks.push(provenance(document));
    Ok(Report { title: "The uni-modal phase".to_owned(), blocks, document: document.clone() })
}

fn simulated(value: Option<f64>) -> Cell {
    value.map_or_else(|| Cell::Missing("the slower modality was not learned".to_owned()), Cell::Number)
}

fn by_fusion(toy: &ToyPhase) -> Table {
    let rows = toy
        .by_fusion
        .iter()
        .map(|(fusion, law, measured)| {
            let cells = vec![
                Cell::Text(match *fusion {
                    1 => "after layer 1 (early)".to_owned(),
                    last if last == toy.depth => format!("after layer {last} (late)"),
                    layer => format!("after layer {layer}"),
                }),
                Cell::Number(*law),
                simulated(*measured),
            ];
            if *fusion == toy.fusion { strong(cells) } else { Row::plain(cells) }
        })
        .collect();
    Table {
        title: "How much later the slower modality is learned: t_B / t_A".to_owned(),
        caption: vec![
            "The law holds for small initial weights; simulated: the same network's reduced equations."
                .to_owned(),
        ],
        columns: vec![
            Column::plain("fusion"),
            Column::of("law", Unit::Ratio, Better::Neither),
            Column::of("simulated", Unit::Ratio, Better::Neither),
        ],
        rows,
    }
}

fn by_correlation(toy: &ToyPhase) -> Chart {
    let law = toy.by_correlation.iter().map(|(rho, law, _)| Point::at(*rho, *law)).collect();
    let measured = toy.by_correlation.iter().filter_map(|(rho, _, m)| Some(Point::at(*rho, (*m)?))).collect();
    Chart::Lines(Lines {
        title: "Length of the uni-modal phase against the correlation of the modalities".to_owned(),
        caption: vec![format!(
            "sigma_A / sigma_B = {}, fused after layer {} of {}.",
            toy.ratio, toy.fusion, toy.depth
        )],
        x: Axis::linear("correlation", Unit::None),
        y: Axis::linear("t_B / t_A", Unit::Ratio),
        series: vec![
            Series::new("simulated", Role::Measured, measured),
            Series::new("law", Role::Predicted, law),
        ],
        marks: vec![ChartMark::at_y(1.0, "at once")],
    })
}

fn order(data: &DataPhase) -> Table {
    let rows = data
        .order
        .iter()
        .map(|(name, time)| {
            let never = || Cell::Missing("nothing linear is left to learn".to_owned());
            Row::plain(vec![Cell::text(name), time.map_or_else(never, Cell::Number)])
        })
        .collect();
    Table {
        title: "The order in which modalities are learned".to_owned(),
        caption: vec!["Time relative to the first one.".to_owned()],
        columns: vec![Column::plain("modality"), Column::of("time", Unit::Ratio, Better::Neither)],
        rows,
    }
}

fn pairs(data: &DataPhase) -> Table {
    let rows = data
        .pairs
        .iter()
        .map(|pair| {
            Row::plain(vec![
                Cell::Text(format!("{} before {}", pair.first, pair.second)),
                pair.time_ratio.map_or_else(
                    || Cell::Missing("the second adds nothing that is linear".to_owned()),
                    Cell::Number,
                ),
                Cell::Number(pair.explained_by_first),
                Cell::Number(pair.explained_by_both),
            ])
        })
        .collect();
    Table {
        title: "Pairs".to_owned(),
        caption: vec![
            "Explained: share of the labels' variance that the first modality, and both, explain linearly."
                .to_owned(),
        ],
        columns: vec![
            Column::plain("pair"),
            Column::of("t_B / t_A", Unit::Ratio, Better::Neither),
            Column::of("by the first", Unit::Percent, Better::Neither),
            Column::of("by both", Unit::Percent, Better::Neither),
        ],
        rows,
    }
}
