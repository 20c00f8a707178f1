//! Which array or column is meant, by name.

use crate::data::{DataError, LayoutError, PredictionError, TableError, listed, shown};
use crate::formats::reading::{ModalityChoice, Pick, PickOptions, RESERVED};
use crate::registry::nearest;

/// Usual names of labels, in any case of letters.
pub(in crate::formats) const LABELS: [&str; 5] = ["y", "label", "labels", "class", "target"];
/// Usual names of groups.
pub(in crate::formats) const GROUPS: [&str; 2] = ["groups", "group"];
/// Usual names of predicted classes.
pub(in crate::formats) const PREDICTED: [&str; 6] =
    ["pred", "prediction", "predictions", "predicted", "y_pred", "y_hat"];
/// Usual names of scores in arrays and lists.
const SCORES: [&str; 4] = ["scores", "logits", "probs", "probabilities"];
/// Usual names of identifiers.
const IDS: [&str; 2] = ["id", "ids"];
/// More names of what is no prediction.
const ASIDE: [&str; 4] = ["y_true", "class_name", "split", "index"];

/// What is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Predictions,
    Labels,
    Groups,
}

impl What {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Predictions => "predictions",
            Self::Labels => "labels",
            Self::Groups => "groups",
        }
    }
}

/// What was found: the values, their column names if there are several
/// columns, and the identifiers.
pub(super) struct Chosen {
    values: Pick,
    column_names: Option<Vec<String>>,
    ids: Option<usize>,
}

impl Chosen {
    /// The values first, then the identifiers.
    pub(super) fn picks(&self) -> Vec<Pick> {
        let ids = self.ids.map(Pick::One);
        std::iter::once(self.values.clone()).chain(ids).collect()
    }

    pub(super) fn into_column_names(self) -> Option<Vec<String>> {
        self.column_names
    }
}

pub(in crate::formats) fn is_one_of(name: &str, usual: &[&str]) -> bool {
    usual.iter().any(|u| u.eq_ignore_ascii_case(name))
}

/// Chooses among the names of arrays, or of the columns of a table.
pub(super) fn choose(
    names: &[&str],
    what: What,
    options: &PickOptions,
    is_table: bool,
) -> Result<Chosen, DataError> {
    let ids = match &options.ids {
        Some(name) => Some(find(names, name, is_table)?),
        None => names.iter().position(|n| is_one_of(n, &IDS)),
    };
    // What is alone is what was asked for, whatever its name.
    let ids = ids.filter(|_| names.len() > 1);
    let values = match &options.name {
        Some(name) => by_name(names, name, ids, is_table && what == What::Predictions)?,
        None => by_role(names, what, ids, is_table)?,
    };
    let ids = ids.filter(|i| !values.positions().contains(i));
    let column_names = match &values {
        Pick::One(_) => None,
        Pick::Numbers(columns) => {
            Some(columns.iter().filter_map(|i| names.get(*i)).map(|n| (*n).to_owned()).collect())
        }
    };
    Ok(Chosen { values, column_names, ids })
}

/// The array or column of that name, or the columns that fit it.
fn by_name(names: &[&str], name: &str, ids: Option<usize>, may_be_several: bool) -> Result<Pick, DataError> {
    if may_be_several && !names.contains(&name) && name.contains(['*', '?', ',']) {
        let choice = ModalityChoice { name: name.to_owned(), pattern: name.to_owned() };
        let fits = |i: &usize| Some(*i) != ids && names.get(*i).is_some_and(|n| choice.fits(n));
        let columns: Vec<usize> = (0..names.len()).filter(fits).collect();
        if columns.is_empty() {
            let (modality, pattern) = ("scores".to_owned(), shown(name));
            return Err(TableError::NoMatch { modality, pattern }.into());
        }
        return Ok(Pick::Numbers(columns));
    }
    find(names, name, may_be_several).map(Pick::One)
}

/// The only one, or the only one of a usual name, or the only one that its
/// name does not set aside; several such columns of a table are scores.
fn by_role(names: &[&str], what: What, ids: Option<usize>, is_table: bool) -> Result<Pick, DataError> {
    let others: Vec<usize> = (0..names.len()).filter(|i| Some(*i) != ids).collect();
    if let [one] = others[..] {
        return Ok(Pick::One(one));
    }
    let among = |fits: &dyn Fn(&str) -> bool| -> Vec<usize> {
        others.iter().copied().filter(|i| names.get(*i).is_some_and(|n| fits(n))).collect()
    };
    let usual: &[&[&str]] = match what {
        What::Predictions => &[&SCORES, &PREDICTED],
        What::Labels => &[&LABELS],
        What::Groups => &[&GROUPS],
    };
    let named = usual.iter().map(|usual| among(&|name| is_one_of(name, usual))).find(|n| !n.is_empty());
    let could_be = match (named, what) {
        (Some(named), _) => named,
        (None, What::Predictions) => match &among(&|name| !is_aside(name))[..] {
            [one] => vec![*one],
            scores @ [_, _, ..] if is_table => return Ok(Pick::Numbers(scores.to_vec())),
            several => several.to_vec(),
        },
        _ => Vec::new(),
    };
    if let [one] = could_be[..] {
        return Ok(Pick::One(one));
    }
    let what = match (what, is_table) {
        (What::Predictions, true) => "column of predictions",
        (What::Predictions, false) => "array of predictions",
        (What::Labels, true) => "column of labels",
        (What::Labels, false) => "array of labels",
        (What::Groups, true) => "column of groups",
        (What::Groups, false) => "array of groups",
    };
    let meant = if could_be.is_empty() { &others } else { &could_be };
    let found = listed(meant.iter().filter_map(|i| names.get(*i).copied()));
    Err(PredictionError::Several { what, found }.into())
}

/// Whether something of that name is no prediction.
fn is_aside(name: &str) -> bool {
    let reserved = RESERVED.iter().any(|(reserved, _)| *reserved == name);
    reserved || is_one_of(name, &LABELS) || is_one_of(name, &GROUPS) || is_one_of(name, &ASIDE)
}

fn find(names: &[&str], name: &str, is_table: bool) -> Result<usize, DataError> {
    let found = names.iter().position(|n| *n == name);
    found.ok_or_else(|| {
        let nearest = nearest(name, names.iter().copied()).iter().map(|n| shown(n)).collect();
        let (name, found) = (shown(name), listed(names.iter().copied()));
        if is_table {
            TableError::NoColumn { name, nearest, found }.into()
        } else {
            LayoutError::NoArray { name, nearest, found }.into()
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(
        names: &[&str],
        what: What,
        name: Option<&str>,
        is_table: bool,
    ) -> Result<Vec<Pick>, DataError> {
        let options = PickOptions { name: name.map(str::to_owned), ..PickOptions::default() };
        choose(names, what, &options, is_table).map(|chosen| chosen.picks())
    }

    #[test]
    fn what_is_meant_follows_from_the_names() {
        use Pick::{Numbers, One};
        use What::{Groups, Labels, Predictions};
        for (names, what, is_table, expected) in [
            (&["logits"][..], Predictions, false, vec![One(0)]),
            (&["id"], Predictions, false, vec![One(0)]),
            (&["logits", "y"], Predictions, false, vec![One(0)]),
            (&["y"], Predictions, false, vec![One(0)]),
            (&["ids", "y", "probs", "groups"], Predictions, false, vec![One(2), One(0)]),
            (&["image", "text", "Y"], Labels, false, vec![One(2)]),
            (&["id", "cat", "dog"], Predictions, true, vec![Numbers(vec![1, 2]), One(0)]),
            (&["cat", "id", "label", "dog"], Predictions, true, vec![Numbers(vec![0, 3]), One(1)]),
            (&["id", "label", "pred"], Predictions, true, vec![One(2), One(0)]),
            (&["id", "pred", "loss"], Predictions, true, vec![One(1), One(0)]),
            (&["id", "pred", "scores", "loss"], Predictions, true, vec![One(2), One(0)]),
            (&["features", "logits"], Predictions, false, vec![One(1)]),
            (&["ID", "label"], Predictions, true, vec![One(1), One(0)]),
            (&["id", "patient"], Groups, true, vec![One(1), One(0)]),
            (&["id", "age", "group"], Groups, true, vec![One(2), One(0)]),
        ] {
            assert_eq!(chosen(names, what, None, is_table).unwrap(), expected, "{names:?}");
        }
    }

    #[test]
    fn names_and_patterns_choose() {
        use Pick::{Numbers, One};
        let names = ["id", "p_a", "p_b", "pred", "a*"];
        let by = |name| chosen(&names, What::Predictions, Some(name), true);
        assert_eq!(by("pred").unwrap(), [One(3), One(0)]);
        assert_eq!(by("p_*").unwrap(), [Numbers(vec![1, 2]), One(0)]);
        assert_eq!(by("*").unwrap(), [Numbers(vec![1, 2, 3, 4]), One(0)]);
        assert_eq!(by("a*").unwrap(), [One(4), One(0)]);
        assert_eq!(by("id").unwrap(), [One(0)]);
        assert!(matches!(by("q*"), Err(DataError::Table(TableError::NoMatch { .. }))));
        assert!(matches!(by("prde"), Err(DataError::Table(TableError::NoColumn { .. }))));
    }

    #[test]
    fn what_could_be_either_is_asked() {
        for (names, what, is_table) in [
            (&["a", "b"][..], What::Predictions, false),
            (&["a", "b"], What::Labels, true),
            (&["y", "label"], What::Predictions, true),
            (&["y", "label", "a"], What::Labels, true),
            (&["id", "pred", "y_hat", "dog"], What::Predictions, true),
        ] {
            let error = chosen(names, what, None, is_table).unwrap_err();
            assert!(matches!(error, DataError::Prediction(PredictionError::Several { .. })), "{names:?}");
        }
    }
}
