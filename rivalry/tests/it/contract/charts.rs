//! Charts of any numbers: every renderer draws them, or says what it leaves out.

use proptest::prelude::*;
use rivalry::registry::Choice;
use rivalry::render::renderer;
use rivalry::report::{
    Axis, Chart, ChartMark, Colours, Dot, DotRow, Dots, HeatMap, Lines, Point, Role, Scale, Series, Side,
    Ties, Unit,
};
use rivalry::stats::{Estimate, Interval};
use unicode_width::UnicodeWidthStr;

use crate::{figures, xml};

fn rendered(choice: &Choice, chart: Chart) -> String {
    let mut out = Vec::new();
    renderer(choice).unwrap().render(&figures::report_of("any", vec![chart]), &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A document whose coordinates are numbers, and lines that keep their width.
fn is_drawn(chart: &Chart, width: i64) {
    let text = rendered(&Choice::new("svg").with("width", 320 + width), chart.clone());
    let (_, words) = xml::read(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
    assert!(!text.replace(&words, "").contains("NaN"), "{text}");
    for line in text.lines().filter(|line| line.starts_with("<path") || line.starts_with("<rect")) {
        assert!(!line.contains("NaN") && !line.contains("inf"), "{line}");
        let digits = line.split(|c: char| !c.is_ascii_digit()).map(str::len).max();
        assert!(digits < Some(7), "far outside the picture: {line}");
    }
    let text = rendered(&Choice::new("terminal").with("width", width), chart.clone());
    for line in text.lines() {
        assert!(line.width() <= width as usize, "{width}: {line}\n{text}");
    }
}

fn any_value() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => -2.0..2.0,
        2 => any::<f64>(),
        1 => prop_oneof![Just(0.0), Just(f64::NAN), Just(f64::INFINITY), Just(1e300), Just(5e-324), Just(1.0)],
    ]
}

fn any_axis() -> impl Strategy<Value = Axis> {
    let units = [
        Unit::None,
        Unit::Percent,
        Unit::Points,
        Unit::Ratio,
        Unit::Probability,
        Unit::Seconds,
        Unit::Bytes,
        Unit::Scientific,
    ];
    let scales = [Scale::Linear, Scale::Log10];
    let names = prop::option::weighted(0.2, prop::collection::vec("[a-z <&]{0,40}", 0..6));
    ("[a-z ]{0,60}", prop::sample::select(units.to_vec()), prop::sample::select(scales.to_vec()), names)
        .prop_map(|(label, unit, scale, categories)| Axis { label, unit, scale, categories })
}

fn any_point() -> impl Strategy<Value = Point> {
    let end = || prop::option::of(any_value());
    (any_value(), any_value(), end(), end()).prop_map(|(x, y, low, high)| Point { x, y, low, high })
}

fn any_series() -> impl Strategy<Value = Series> {
    let roles = [Role::Measured, Role::Predicted, Role::Context];
    let points = prop::collection::vec(any_point(), 0..30);
    ("[a-z ]{0,50}", prop::sample::select(roles.to_vec()), prop::option::of(0_usize..9), points)
        .prop_map(|(name, role, group, points)| Series { name, role, group, points })
}

fn any_lines() -> impl Strategy<Value = Chart> {
    let sides = [Side::X, Side::Y];
    let mark = (prop::sample::select(sides.to_vec()), any_value(), "[a-z ]{0,40}")
        .prop_map(|(on, at, label)| ChartMark { on, at, label });
    let (series, marks) = (prop::collection::vec(any_series(), 0..9), prop::collection::vec(mark, 0..6));
    (any_axis(), any_axis(), series, marks).prop_map(|(x, y, series, marks)| {
        Chart::Lines(Lines { title: "any".to_owned(), caption: Vec::new(), x, y, series, marks })
    })
}

fn any_map() -> impl Strategy<Value = Chart> {
    let cell = any_value().prop_map(|value| {
        let ends = Interval { low: value - 0.1, high: value + 0.1 };
        let is_small = ends.low.is_finite() && ends.high.is_finite();
        if is_small {
            Some(Estimate::new(value, ends, 0.95, 9, "example"))
        } else {
            value.is_finite().then(|| Estimate::without_interval(value, 0.95, 9, "too large"))
        }
    });
    let values = || prop::collection::vec(any_value(), 0..9);
    let centre = prop::option::of(-1.0..1.0);
    // Fewer and more cells than the grid has.
    let cells = prop::collection::vec(cell, 0..90);
    (any_axis(), any_axis(), any_axis(), values(), values(), cells, centre).prop_map(
        |(x, y, value, x_values, y_values, cells, centre)| {
            let colours = centre.map_or(Colours::Sequential, |centre| Colours::Diverging { centre });
            let (title, caption) = ("any".to_owned(), Vec::new());
            Chart::HeatMap(HeatMap { title, caption, x, y, x_values, y_values, cells, value, colours })
        },
    )
}

fn any_dots() -> impl Strategy<Value = Chart> {
    let estimate = any_value().prop_filter_map("an estimate is finite", |value| {
        let ends = (value - 0.1).is_finite() && (value + 0.1).is_finite();
        let with =
            || Estimate::new(value, Interval { low: value - 0.1, high: value + 0.1 }, 0.95, 9, "example");
        match (value.is_finite(), ends) {
            (true, true) => Some(with()),
            (true, false) => Some(Estimate::without_interval(value, 0.95, 9, "too large")),
            _ => None,
        }
    });
    let dot = (estimate, prop::collection::vec(any_value(), 0..4))
        .prop_map(|(estimate, trainings)| Dot { estimate, trainings });
    let dots = prop::collection::vec(prop::option::of(dot), 0..4);
    let band = prop::option::of((any_value(), any_value()));
    let row = ("[a-z <&]{0,50}", dots, band, any::<bool>(), any::<bool>())
        .prop_map(|(name, dots, band, is_strong, apart)| DotRow { name, dots, band, is_strong, apart });
    let ties = prop_oneof![Just(Ties::None), Just(Ties::Joined), any_value().prop_map(Ties::From)];
    let mark = (any_value(), "[a-z ]{0,40}").prop_map(|(at, label)| ChartMark { on: Side::X, at, label });
    let (series, marks) = (prop::collection::vec("[a-z]{0,30}", 0..4), prop::collection::vec(mark, 0..4));
    (any_axis(), series, prop::collection::vec(row, 0..9), ties, marks).prop_map(
        |(x, series, rows, ties, marks)| {
            let (title, caption) = ("any".to_owned(), Vec::new());
            let band = Some("chance".to_owned());
            Chart::Dots(Dots { title, caption, x, rows_are: String::new(), series, rows, ties, band, marks })
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn lines_of_any_numbers_are_drawn(chart in any_lines(), width in 40_i64..160) {
        is_drawn(&chart, width);
    }

    #[test]
    fn dots_of_any_numbers_are_drawn(chart in any_dots(), width in 40_i64..160) {
        is_drawn(&chart, width);
    }

    #[test]
    fn maps_of_any_numbers_are_drawn(chart in any_map(), width in 40_i64..160) {
        is_drawn(&chart, width);
    }
}

/// Found among random charts: on a narrow terminal the ends of the axis did not fit.
#[test]
fn ends_too_long_for_one_line_take_two() {
    let row = DotRow {
        name: "<aa&a&<&   ".to_owned(),
        dots: Vec::new(),
        band: None,
        is_strong: false,
        apart: false,
    };
    let chart = Dots {
        title: "any".to_owned(),
        caption: Vec::new(),
        x: Axis { scale: Scale::Log10, ..Axis::linear("", Unit::Scientific) },
        rows_are: String::new(),
        series: vec!["aaaaaaaaaaa".to_owned()],
        rows: vec![row],
        ties: Ties::None,
        band: Some("chance".to_owned()),
        marks: vec![ChartMark { on: Side::X, at: 9.325_767_374_716_635e-126, label: String::new() }],
    };
    is_drawn(&Chart::Dots(chart), 40);
}

#[test]
fn what_cannot_be_shown_is_counted() {
    let points = [-1.0, 0.0, 10.0, 100.0].map(|x| Point::at(x, 1.0)).to_vec();
    let chart = Lines {
        title: String::new(),
        caption: Vec::new(),
        x: Axis::log10("time", Unit::Seconds),
        y: Axis::linear("", Unit::Ratio),
        series: vec![Series::new("a", Role::Measured, points)],
        marks: Vec::new(),
    };
    for name in ["svg", "terminal"] {
        let text = rendered(&Choice::new(name), Chart::Lines(chart.clone()));
        assert!(text.contains("2 points have no place on the axes and are not shown."), "{text}");
        let empty = Lines { series: Vec::new(), ..chart.clone() };
        assert!(rendered(&Choice::new(name), Chart::Lines(empty)).contains("There are no points to show."));
    }
}

#[test]
fn missing_and_certain_cells_are_marked_and_explained() {
    for (name, missing, certain) in [("svg", "Hatched", "Dot"), ("terminal", "–", "*")] {
        let text = rendered(&Choice::new(name), figures::difference_map());
        assert!(text.contains(&format!("{missing}: not measured (2 of 40).")), "{text}");
        assert!(text.contains(&format!("{certain}: the interval leaves out 0 points (28 of 40).")), "{text}");
    }
}
