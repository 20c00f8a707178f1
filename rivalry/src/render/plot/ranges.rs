//! The ranges that charts show: of axes, and of the values of a map.

use super::Domain;
use crate::report::{Colours, HeatMap, Lines, Scale, Side, Unit};

/// What the horizontal axis shows.
pub(in crate::render) fn x_domain(chart: &Lines) -> Domain {
    if let Some(names) = &chart.x.categories {
        return Domain::between(-0.5, names.len() as f64 - 0.5, chart.x.scale);
    }
    let points = chart.series.iter().flat_map(|series| &series.points).map(|point| point.x);
    Domain::around(points.chain(marks_on(chart, Side::X)), chart.x.scale).padded(0.02)
}

/// What the vertical axis shows.
pub(in crate::render) fn y_domain(chart: &Lines) -> Domain {
    if let Some(names) = &chart.y.categories {
        return Domain::between(-0.5, names.len() as f64 - 0.5, chart.y.scale);
    }
    let points = chart.series.iter().flat_map(|series| &series.points);
    let values = points.flat_map(|point| [Some(point.y), point.low, point.high]).flatten();
    let tight = Domain::around(values.chain(marks_on(chart, Side::Y)), chart.y.scale);
    let domain = tight.padded(0.04).down_to_zero();
    // Nothing lies above 100 %.
    if chart.y.unit == Unit::Percent && tight.high() <= 1.0 { domain.at_most(1.0) } else { domain }
}

fn marks_on(chart: &Lines, side: Side) -> impl Iterator<Item = f64> {
    chart.marks.iter().filter(move |mark| mark.on == side).map(|mark| mark.at)
}

/// Where the values of a map lie between least and most.
#[derive(Clone, Copy, Debug)]
pub(in crate::render) struct Shades(Domain);

impl Shades {
    /// The range of the map's values; equally far on both sides of a centre.
    pub(in crate::render) fn of(map: &HeatMap) -> Self {
        let scale = map.value.scale;
        let values = map.cells.iter().flatten().map(|cell| cell.value);
        let around = Domain::around(values, scale);
        Self(match map.colours {
            Colours::Diverging { centre } if Domain::shows(centre, scale) => match scale {
                Scale::Linear => {
                    let reach = (around.low() - centre).abs().max((around.high() - centre).abs());
                    Domain::between(centre - reach, centre + reach, scale)
                }
                Scale::Log10 => {
                    let reach = (around.high() / centre).max(centre / around.low()).max(1.0);
                    Domain::between(centre / reach, centre * reach, scale)
                }
            },
            // A share that nearly reaches its bounds is shown between them.
            Colours::Sequential
                if map.value.unit == Unit::Percent
                    && scale == Scale::Linear
                    && around.low() >= 0.0
                    && around.high() <= 1.0
                    && around.high() - around.low() > 0.5 =>
            {
                Domain::between(0.0, 1.0, scale)
            }
            _ => around,
        })
    }

    /// The range.
    pub(in crate::render) fn domain(&self) -> &Domain {
        &self.0
    }

    /// From 0 to 1; the centre, if there is one, lies at a half.
    pub(in crate::render) fn place(&self, value: f64) -> Option<f64> {
        self.0.place(value)
    }
}
