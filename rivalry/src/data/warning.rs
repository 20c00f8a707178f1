//! What is not wrong with the data, but colours results.

use std::collections::BTreeSet;
use std::fmt;

use super::{Dataset, Split};

/// Something about valid data that a reader of results should know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Warning {
    /// Groups that a given split puts into more than one part.
    GroupsLeak {
        /// How many.
        n_groups: usize,
        /// One of them.
        example: String,
    },
    /// Classes that a given test part lacks.
    NotTested {
        /// Their names.
        classes: Vec<String>,
    },
    /// Classes whose only sample, or only group, always trains.
    AlwaysTrained {
        /// Their names.
        classes: Vec<String>,
        /// Sample or group.
        what: &'static str,
    },
    /// Rows that are in no given part.
    Unused {
        /// How many.
        n_rows: usize,
    },
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |classes: &[String]| {
            let shown: Vec<String> = classes.iter().take(5).map(|c| format!("`{c}`")).collect();
            let more = classes.len().saturating_sub(5);
            let tail = if more == 0 { String::new() } else { format!(" and {more} more") };
            format!("{}{tail}", shown.join(", "))
        };
        match self {
            Self::GroupsLeak { n_groups, example } => write!(
                f,
                "the given split separates {n_groups} group{} (for example `{example}`): test results may be too good",
                if *n_groups == 1 { "" } else { "s" }
            ),
            Self::NotTested { classes } => write!(f, "no test sample of class {}", list(classes)),
            Self::AlwaysTrained { classes, what } => {
                write!(f, "never tested, because one {what} is all there is of class {}", list(classes))
            }
            Self::Unused { n_rows } => {
                write!(
                    f,
                    "{n_rows} row{} in no part of the split",
                    if *n_rows == 1 { " is" } else { "s are" }
                )
            }
        }
    }
}

/// The part of a row that is in none.
const UNUSED: u32 = u32::MAX;

impl Dataset {
    pub(super) fn find_warnings(&self) -> Vec<Warning> {
        let mut warnings = Vec::new();
        let names = |lacking: &dyn Fn(usize) -> bool| -> Vec<String> {
            (0..self.n_classes()).filter(|c| lacking(*c)).map(|c| self.class_names()[c].clone()).collect()
        };
        let part_of: Vec<u32> = match self.split() {
            Split::Given { train, valid, test } => {
                let mut part_of = vec![UNUSED; self.n_samples()];
                let valid = valid.as_deref().unwrap_or_default();
                for (part, rows) in [&train[..], valid, &test[..]].into_iter().enumerate() {
                    for r in rows {
                        part_of[*r as usize] = part as u32;
                    }
                }
                let tested: BTreeSet<u32> = test.iter().map(|r| self.labels()[*r as usize]).collect();
                let classes = names(&|c| !tested.contains(&(c as u32)));
                if !classes.is_empty() {
                    warnings.push(Warning::NotTested { classes });
                }
                let n_rows = part_of.iter().filter(|p| **p == UNUSED).count();
                if n_rows > 0 {
                    warnings.push(Warning::Unused { n_rows });
                }
                part_of
            }
            Split::GivenFolds { fold } => fold.clone(),
            Split::HoldOut { .. } | Split::Folds { .. } => {
                let holders = self.holders();
                let classes = names(&|c| holders[c] == 1);
                if !classes.is_empty() {
                    warnings.push(Warning::AlwaysTrained { classes, what: self.unit_name() });
                }
                Vec::new()
            }
        };
        if let (Some(groups), false) = (self.groups(), part_of.is_empty()) {
            let mut first = vec![UNUSED; self.group_names().len()];
            let mut leaking = BTreeSet::new();
            for (group, part) in groups.iter().zip(&part_of) {
                let first = &mut first[*group as usize];
                if *first == UNUSED {
                    *first = *part;
                } else if *part != UNUSED && *first != *part {
                    leaking.insert(*group);
                }
            }
            if let Some(example) = leaking.first() {
                let example = self.group_names()[*example as usize].clone();
                warnings.insert(0, Warning::GroupsLeak { n_groups: leaking.len(), example });
            }
        }
        warnings
    }
}
