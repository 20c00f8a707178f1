//! How each series looks: colour by group, dashes for what is predicted,
//! markers for what is measured.

use super::page::{Page, Path, px};
use super::palette::{CONTEXT, SERIES};
use crate::report::{Role, Series};

/// Dashes of predicted series; the first is what the notes call dashed.
const DASHES: [&str; 5] = ["6 3", "11 3", "9 3 2 3", "3.5 2", "6 2 1.5 2 1.5 2"];
const SHAPES: [Shape; 6] =
    [Shape::Circle, Shape::Square, Shape::Triangle, Shape::Diamond, Shape::Wedge, Shape::Cross];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    Circle,
    Square,
    Triangle,
    Diamond,
    Wedge,
    Cross,
}

/// How one series looks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Look {
    pub(super) colour: &'static str,
    pub(super) width: f64,
    pub(super) dash: Option<&'static str>,
    marker: Option<(Shape, bool)>,
}

/// One look per series. Series differ without colour too: where no group has
/// two, each has its own marker or dash; else the members of a group have, and
/// every other group has its markers hollow.
pub(super) fn looks(series: &[Series]) -> Vec<Look> {
    let groups = groups(series);
    let is_alone = |idx: usize| {
        !(0..series.len()).any(|j| j != idx && groups[j] == groups[idx] && series[j].role == series[idx].role)
    };
    let all_alone = (0..series.len()).all(|idx| series[idx].role == Role::Context || is_alone(idx));
    let rank = |idx: usize| {
        let before = (0..idx).filter(|j| series[*j].role == series[idx].role);
        before.filter(|j| all_alone || groups[*j] == groups[idx]).count()
    };
    (0..series.len())
        .map(|idx| {
            let colour = SERIES[groups[idx] % SERIES.len()];
            let rank = rank(idx);
            let is_hollow = if all_alone { rank / SHAPES.len() % 2 == 1 } else { groups[idx] % 2 == 1 };
            match series[idx].role {
                Role::Measured => Look {
                    colour,
                    width: 1.6,
                    dash: None,
                    marker: Some((SHAPES[rank % SHAPES.len()], is_hollow)),
                },
                Role::Predicted => {
                    Look { colour, width: 1.6, dash: Some(DASHES[rank % DASHES.len()]), marker: None }
                }
                Role::Context => Look { colour: CONTEXT, width: 1.0, dash: None, marker: None },
            }
        })
        .collect()
}

/// The group of every series; those without one get what is left, in order.
fn groups(series: &[Series]) -> Vec<usize> {
    let is_taken = |group: usize| series.iter().any(|other| other.group == Some(group));
    let mut free = (0..).filter(|group| !is_taken(*group));
    series
        .iter()
        .map(|one| match one.group {
            Some(group) => group,
            None if one.role == Role::Context => usize::MAX,
            None => free.next().unwrap_or(0),
        })
        .collect()
}

impl Look {
    /// Attributes of the line.
    pub(super) fn stroke(&self) -> String {
        let dash = self.dash.map_or_else(String::new, |dash| format!(" stroke-dasharray=\"{dash}\""));
        format!(
            "fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"{dash}",
            self.colour,
            px(self.width)
        )
    }

    /// Whether points are marked.
    pub(super) fn has_marker(&self) -> bool {
        self.marker.is_some()
    }

    /// Draws markers at these places, as one path.
    pub(super) fn markers(&self, page: &mut Page, places: &[(f64, f64)]) {
        let Some((shape, is_hollow)) = self.marker else { return };
        let mut path = Path::default();
        for (x, y) in places {
            outline(&mut path, shape, *x, *y);
        }
        let (fill, width) = match (shape, is_hollow) {
            (Shape::Cross, _) => ("none", 1.6),
            (_, true) => ("#ffffff", 1.3),
            (_, false) => (self.colour, 1.0),
        };
        page.path(
            &path,
            &format!("fill=\"{fill}\" stroke=\"{}\" stroke-width=\"{}\"", self.colour, px(width)),
        );
    }
}

/// A marker of about seven pixels around a place.
fn outline(path: &mut Path, shape: Shape, x: f64, y: f64) {
    match shape {
        Shape::Circle => path.circle(x, y, 3.0),
        Shape::Square => path.polygon(x, y, &[(-2.7, -2.7), (2.7, -2.7), (2.7, 2.7), (-2.7, 2.7)]),
        Shape::Triangle => path.polygon(x, y, &[(0.0, -3.7), (3.5, 2.5), (-3.5, 2.5)]),
        Shape::Diamond => path.polygon(x, y, &[(0.0, -3.9), (3.4, 0.0), (0.0, 3.9), (-3.4, 0.0)]),
        Shape::Wedge => path.polygon(x, y, &[(0.0, 3.7), (3.5, -2.5), (-3.5, -2.5)]),
        Shape::Cross => {
            path.from(x - 2.8, y - 2.8).to(x + 2.8, y + 2.8).from(x + 2.8, y - 2.8).to(x - 2.8, y + 2.8)
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(role: Role, group: Option<usize>) -> Series {
        Series { group, ..Series::new("", role, Vec::new()) }
    }

    #[test]
    fn measured_and_predicted_of_a_group_share_a_colour() {
        let found = looks(&[
            series(Role::Measured, Some(0)),
            series(Role::Predicted, Some(0)),
            series(Role::Measured, Some(1)),
            series(Role::Predicted, Some(1)),
            series(Role::Context, None),
        ]);
        assert_eq!(found[0].colour, found[1].colour);
        assert_ne!(found[0].colour, found[2].colour);
        assert_ne!(found[0].marker, found[2].marker);
        assert_ne!(found[1].dash, found[3].dash);
        assert_eq!(found[4].colour, CONTEXT);
    }

    #[test]
    fn series_differ_without_colour() {
        for grouped in [false, true] {
            let all: Vec<Series> =
                (0..12).map(|idx| series(Role::Measured, grouped.then_some(idx % 2))).collect();
            let found = looks(&all);
            for i in 0..12 {
                for j in 0..i {
                    assert_ne!(found[i].marker, found[j].marker, "{grouped} {i} {j}");
                }
            }
        }
    }

    #[test]
    fn series_without_a_group_leave_the_colours_of_groups_alone() {
        let found = looks(&[
            series(Role::Measured, None),
            series(Role::Measured, Some(0)),
            series(Role::Measured, None),
        ]);
        assert_eq!([found[0].colour, found[1].colour, found[2].colour], [SERIES[1], SERIES[0], SERIES[2]]);
    }
}
