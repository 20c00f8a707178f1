//! Labels and groups: values of any kind turned into codes 0, 1, 2, ... and
//! names. The codes follow the sorted distinct values: integers numerically,
//! strings by code point.

use std::collections::BTreeMap;

use super::error::{DataError, shown};

/// A class per sample.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Labels {
    codes: Vec<u32>,
    class_names: Vec<String>,
    /// The distinct values when the labels came as integers.
    integers: Option<Vec<i64>>,
}

impl Labels {
    /// Labels given as integers; the classes are the distinct values in
    /// ascending order, named by their decimal form.
    pub fn from_integers(values: &[i64]) -> Self {
        Self::from_integer_iter(values.iter().copied())
    }

    /// [`Labels::from_integers`] without a list of them in memory.
    pub(crate) fn from_integer_iter(values: impl Iterator<Item = i64> + Clone) -> Self {
        let (codes, distinct) = code_integers(values);
        Self {
            codes,
            class_names: distinct.iter().map(ToString::to_string).collect(),
            integers: Some(distinct),
        }
    }

    /// Labels given as strings; the classes are the distinct strings in
    /// ascending order of code points.
    pub fn from_strings<S: AsRef<str>>(values: &[S]) -> Self {
        let (codes, distinct) = code(values.iter().map(AsRef::as_ref));
        Self { codes, class_names: distinct.iter().map(|s| (*s).to_owned()).collect(), integers: None }
    }

    /// Labels given as codes into a list of classes.
    ///
    /// # Errors
    /// [`DataError::LabelOutOfRange`] when a code has no class.
    pub fn from_codes(codes: Vec<u32>, class_names: Vec<String>) -> Result<Self, DataError> {
        match codes.iter().position(|c| *c as usize >= class_names.len()) {
            Some(row) => Err(DataError::LabelOutOfRange {
                row,
                label: i64::from(codes[row]),
                n_classes: class_names.len(),
            }),
            None => Ok(Self { codes, class_names, integers: None }),
        }
    }

    /// Labels read from text that says neither: numbers if all are integers in
    /// plain decimal form, else strings. `codes` are positions in a list of
    /// distinct texts.
    pub(crate) fn from_texts(codes: Vec<u32>, texts: &[String]) -> Self {
        let (codes, class_names, integers) = sorted_naturally(codes, texts);
        Self { codes, class_names, integers }
    }

    /// Labels given as strings that a reader has already numbered.
    pub(crate) fn from_distinct_strings(codes: Vec<u32>, texts: &[String]) -> Self {
        let (order, sorted) = code(texts.iter().map(String::as_str));
        let codes = codes.into_iter().map(|c| order[c as usize]).collect();
        Self { codes, class_names: sorted.into_iter().map(str::to_owned).collect(), integers: None }
    }

    /// The same labels with the classes named and ordered by a list.
    ///
    /// Integers from 0 to K - 1 count positions in the list; other integers,
    /// and all strings, must be found in it by name.
    ///
    /// # Errors
    /// [`DataError::LabelOutOfRange`] or [`DataError::UnknownLabel`] when a
    /// label is not in the list, [`DataError::DuplicateClass`] when the list
    /// names a class twice.
    pub fn with_class_names<S: AsRef<str>>(self, names: &[S]) -> Result<Self, DataError> {
        let names: Vec<String> = names.iter().map(|n| n.as_ref().to_owned()).collect();
        let mut position: BTreeMap<&str, u32> = BTreeMap::new();
        for (i, name) in names.iter().enumerate() {
            if position.insert(name, i as u32).is_some() {
                return Err(DataError::DuplicateClass { name: shown(name) });
            }
        }
        let inside = |v: &i64| usize::try_from(*v).is_ok_and(|v| v < names.len());
        let by_position = self.integers.as_ref().filter(|distinct| distinct.iter().all(inside));
        let recode: Vec<Option<u32>> = match by_position {
            Some(distinct) => distinct.iter().map(|v| Some(*v as u32)).collect(),
            None => self.class_names.iter().map(|n| position.get(n.as_str()).copied()).collect(),
        };
        if let Some(lost) = recode.iter().position(Option::is_none) {
            return Err(match &self.integers {
                Some(distinct) => {
                    // The label that fits neither way is the telling one.
                    let lost = distinct
                        .iter()
                        .zip(&recode)
                        .position(|(v, found)| !inside(v) && found.is_none())
                        .unwrap_or(lost);
                    let row = self.first_row(lost);
                    DataError::LabelOutOfRange { row, label: distinct[lost], n_classes: names.len() }
                }
                None => DataError::UnknownLabel {
                    row: self.first_row(lost),
                    label: shown(&self.class_names[lost]),
                },
            });
        }
        let codes = self.codes.into_iter().map(|c| recode[c as usize].unwrap_or_default()).collect();
        Ok(Self { codes, class_names: names, integers: None })
    }

    fn first_row(&self, class: usize) -> usize {
        self.codes.iter().position(|c| *c as usize == class).unwrap_or_default()
    }

    /// The class of each sample.
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// The name of each class.
    pub fn class_names(&self) -> &[String] {
        &self.class_names
    }
}

/// A group per sample (a subject, a speaker, a site): samples of one group are
/// never separated by a split that this library makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    ids: Vec<u32>,
    names: Vec<String>,
}

impl Groups {
    /// Groups given as integers.
    pub fn from_integers(values: &[i64]) -> Self {
        Self::from_integer_iter(values.iter().copied())
    }

    /// [`Groups::from_integers`] without a list of them in memory.
    pub(crate) fn from_integer_iter(values: impl Iterator<Item = i64> + Clone) -> Self {
        let (ids, distinct) = code_integers(values);
        Self { ids, names: distinct.iter().map(ToString::to_string).collect() }
    }

    /// Groups given as strings. Strings that are all decimal integers sort as
    /// numbers, so that it does not matter how a file stored them.
    pub fn from_strings<S: AsRef<str>>(values: &[S]) -> Self {
        let (ids, distinct) = code(values.iter().map(AsRef::as_ref));
        let names: Vec<String> = distinct.iter().map(|s| (*s).to_owned()).collect();
        Self::from_codes(ids, &names)
    }

    /// Groups given as positions in a list of distinct names.
    pub(crate) fn from_codes(ids: Vec<u32>, names: &[String]) -> Self {
        let (ids, names, _) = sorted_naturally(ids, names);
        Self { ids, names }
    }

    /// The group of each sample, as a position in [`Groups::names`].
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// The name of each group.
    pub fn names(&self) -> &[String] {
        &self.names
    }
}

/// Renumbers codes so that their names are sorted: as numbers when all are
/// integers in plain decimal form (then the numbers are returned too), else by
/// code point.
fn sorted_naturally(codes: Vec<u32>, names: &[String]) -> (Vec<u32>, Vec<String>, Option<Vec<i64>>) {
    let integer = |name: &String| name.parse::<i64>().ok().filter(|i| i.to_string() == *name);
    let integers: Option<Vec<i64>> = names.iter().map(integer).collect();
    let mut order: Vec<usize> = (0..names.len()).collect();
    match &integers {
        Some(integers) => order.sort_by_key(|i| integers[*i]),
        None => order.sort_by(|a, b| names[*a].cmp(&names[*b])),
    }
    let mut position = vec![0; names.len()];
    for (new, old) in order.iter().enumerate() {
        position[*old] = new as u32;
    }
    let codes = codes.into_iter().map(|c| position[c as usize]).collect();
    let integers = integers.map(|integers| order.iter().map(|i| integers[*i]).collect());
    (codes, order.iter().map(|i| names[*i].clone()).collect(), integers)
}

/// Each value's position among the sorted distinct values, and those.
fn code<V: Ord + Copy>(values: impl Iterator<Item = V> + Clone) -> (Vec<u32>, Vec<V>) {
    let mut positions: BTreeMap<V, u32> = values.clone().map(|v| (v, 0)).collect();
    for (i, position) in positions.values_mut().enumerate() {
        *position = i as u32;
    }
    (values.map(|v| positions[&v]).collect(), positions.into_keys().collect())
}

/// [`code`] of integers, by a table where they lie close together.
fn code_integers(values: impl Iterator<Item = i64> + Clone) -> (Vec<u32>, Vec<i64>) {
    let (mut low, mut high, mut n) = (i64::MAX, i64::MIN, 0_u64);
    for value in values.clone() {
        (low, high, n) = (low.min(value), high.max(value), n + 1);
    }
    let span = i128::from(high) - i128::from(low);
    if n == 0 || span > 2 * i128::from(n) + 1_000 {
        return code(values);
    }
    let at = |value: i64| (value - low) as usize;
    let mut positions = vec![u32::MAX; span as usize + 1];
    values.clone().for_each(|value| positions[at(value)] = 0);
    let mut distinct = Vec::new();
    for (value, position) in (low..=high).zip(&mut positions).filter(|(_, position)| **position == 0) {
        *position = distinct.len() as u32;
        distinct.push(value);
    }
    (values.map(|value| positions[at(value)]).collect(), distinct)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_sort_as_numbers_and_strings_as_text() {
        let labels = Labels::from_integers(&[10, 9, -1, 10]);
        assert_eq!(
            (labels.codes(), labels.class_names()),
            (&[2, 1, 0, 2][..], &["-1", "9", "10"].map(String::from)[..])
        );
        let labels = Labels::from_strings(&["10", "9", "b", "10"]);
        assert_eq!(
            (labels.codes(), labels.class_names()),
            (&[0, 1, 2, 0][..], &["10", "9", "b"].map(String::from)[..])
        );
        assert_eq!(Groups::from_strings(&["s2", "s1"]).ids(), [1, 0]);
    }

    #[test]
    fn integers_close_together_and_far_apart_are_coded_alike() {
        let near: Vec<i64> = (0..500).map(|i| (i * 37) % 91 - 7).collect();
        assert_eq!(code_integers(near.iter().copied()), code(near.iter().copied()));
        let far = [i64::MIN, 5, i64::MAX, 5];
        assert_eq!(code_integers(far.into_iter()), (vec![0, 1, 2, 1], vec![i64::MIN, 5, i64::MAX]));
        assert_eq!(code_integers(std::iter::empty()), (vec![], vec![]));
    }

    #[test]
    fn class_names_by_position_and_by_name() {
        let by_position = Labels::from_integers(&[1, 0, 1]).with_class_names(&["no", "yes"]).unwrap();
        assert_eq!((by_position.codes(), &by_position.class_names()[1]), (&[1, 0, 1][..], &"yes".to_owned()));
        let by_name = Labels::from_integers(&[1, 2, 3]).with_class_names(&["3", "2", "1"]).unwrap();
        assert_eq!(by_name.codes(), [2, 1, 0]);
        let text = Labels::from_strings(&["b", "a"]).with_class_names(&["b", "a"]).unwrap();
        assert_eq!(text.codes(), [0, 1]);
    }

    #[test]
    fn labels_outside_the_list_are_errors() {
        assert_eq!(
            Labels::from_integers(&[0, 7]).with_class_names(&["a", "b"]),
            Err(DataError::LabelOutOfRange { row: 1, label: 7, n_classes: 2 })
        );
        assert_eq!(
            Labels::from_strings(&["a", "c"]).with_class_names(&["a", "b"]),
            Err(DataError::UnknownLabel { row: 1, label: "c".to_owned() })
        );
        assert_eq!(
            Labels::from_strings(&["a"]).with_class_names(&["a", "a"]),
            Err(DataError::DuplicateClass { name: "a".to_owned() })
        );
        assert!(Labels::from_codes(vec![0, 2], vec!["a".to_owned(), "b".to_owned()]).is_err());
    }
}
