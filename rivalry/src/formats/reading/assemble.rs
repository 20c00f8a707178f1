//! From named arrays to a data set: which array has which role, and what the
//! roles mean together.

use crate::data::{DataError, Dataset, LayoutError, Modality, Part, Split, listed, shown};
use crate::registry::nearest;

use super::array::Array;
use super::limits::Limits;
use super::options::OpenOptions;

/// What an array is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Features.
    Modality,
    /// A class per row.
    Label,
    /// The names of the classes.
    ClassNames,
    /// A group per row.
    Groups,
    /// The rows of a part: their numbers, or a mask.
    Part(Part),
    /// A fold per row.
    Fold,
    /// The names of the modalities in their order.
    Order,
}

/// Names with a meaning. An array that has one is a modality only if it is
/// explicitly asked for as one, so that a second label is never a feature.
pub(in crate::formats) const RESERVED: [(&str, Role); 9] = [
    ("y", Role::Label),
    ("labels", Role::Label),
    ("class_names", Role::ClassNames),
    ("groups", Role::Groups),
    ("train", Role::Part(Part::Train)),
    ("valid", Role::Part(Part::Valid)),
    ("test", Role::Part(Part::Test)),
    ("fold", Role::Fold),
    ("modalities", Role::Order),
];

/// An array to read: its position among the names, its role, and the name it
/// shall have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::formats) struct Wanted {
    pub position: usize,
    pub role: Role,
    pub name: String,
}

/// Which of the named arrays to read, and as what.
pub(in crate::formats) fn wanted(names: &[&str], options: &OpenOptions) -> Result<Vec<Wanted>, DataError> {
    let mut wanted: Vec<Wanted> = Vec::new();
    let two_roles = |position: usize| -> DataError {
        LayoutError::TwoRoles { name: shown(names.get(position).copied().unwrap_or_default()) }.into()
    };
    let mut add = |position: usize, role: Role, name: &str| {
        if wanted.iter().any(|w| w.position == position) {
            return Err(two_roles(position));
        }
        wanted.push(Wanted { position, role, name: name.to_owned() });
        Ok(())
    };
    let find = |name: &str| {
        let no_array = || LayoutError::NoArray {
            name: shown(name),
            nearest: nearest(name, names.iter().copied()).iter().map(|n| shown(n)).collect(),
            found: listed(names.iter().copied()),
        };
        names.iter().position(|n| *n == name).ok_or_else(no_array)
    };
    for choice in &options.modalities {
        let fits: Vec<usize> = match names.iter().position(|n| *n == choice.pattern) {
            Some(exact) => vec![exact],
            None => (0..names.len()).filter(|i| names.get(*i).is_some_and(|n| choice.fits(n))).collect(),
        };
        match fits[..] {
            [] => return Err(find(&choice.pattern).err().map_or(DataError::NoModalities, DataError::from)),
            [one] => add(one, Role::Modality, &choice.name)?,
            _ => {
                return Err(LayoutError::SeveralFit {
                    modality: shown(&choice.name),
                    pattern: shown(&choice.pattern),
                    found: listed(fits.iter().filter_map(|i| names.get(*i).copied())),
                }
                .into());
            }
        }
    }
    if let Some(name) = &options.label {
        add(find(name)?, Role::Label, name)?;
    }
    if let Some(name) = &options.groups {
        add(find(name)?, Role::Groups, name)?;
    }
    for (position, name) in names.iter().enumerate() {
        let reserved = RESERVED.iter().find(|(reserved, _)| reserved == name).map(|(_, role)| *role);
        let is_named = |role: Role| match role {
            Role::Label => options.label.is_some(),
            Role::Groups => options.groups.is_some(),
            _ => false,
        };
        let role = match reserved {
            Some(role) if is_named(role) => continue,
            Some(role) => role,
            None if options.modalities.is_empty() => Role::Modality,
            None => continue,
        };
        let is_taken = wanted.iter().any(|w| w.position == position);
        if is_taken && role == Role::Label {
            return Err(two_roles(position));
        }
        if !is_taken {
            wanted.push(Wanted { position, role, name: (*name).to_owned() });
        }
    }
    let mut labels = wanted.iter().filter(|w| w.role == Role::Label);
    match (labels.next(), labels.next()) {
        (None, _) => {
            let expected = RESERVED[0].0.to_owned();
            Err(LayoutError::NoLabels { expected, found: listed(names.iter().copied()) }.into())
        }
        (Some(first), Some(second)) => {
            let (first, second) = (first.name.clone(), second.name.clone());
            Err(LayoutError::TwoLabels { first, second }.into())
        }
        _ => Ok(wanted),
    }
}

/// Puts arrays together. Modalities keep the order in which they come, or that
/// of an array of their names.
pub(in crate::formats) fn assemble(
    name: &str,
    arrays: Vec<(Role, Array)>,
    limits: &Limits,
) -> Result<Dataset, DataError> {
    let (mut label, mut class_names, mut groups, mut fold, mut order) = (None, None, None, None, None);
    let mut parts: [Option<Array>; 3] = [None, None, None];
    let mut features: Vec<Array> = Vec::new();
    for (role, array) in arrays {
        let place = match role {
            Role::Modality => {
                features.push(array);
                continue;
            }
            Role::Label => &mut label,
            Role::ClassNames => &mut class_names,
            Role::Groups => &mut groups,
            Role::Fold => &mut fold,
            Role::Order => &mut order,
            Role::Part(Part::Train) => &mut parts[0],
            Role::Part(Part::Valid) => &mut parts[1],
            Role::Part(Part::Test) => &mut parts[2],
        };
        *place = Some(array);
    }
    let no_labels = || LayoutError::NoLabels {
        expected: RESERVED[0].0.to_owned(),
        found: listed(features.iter().map(|a| a.name.as_str())),
    };
    let label = label.ok_or_else(no_labels)?;
    let n_samples = label.rows;
    let mut labels = label.into_labels(limits)?;
    if let Some(class_names) = class_names {
        labels = labels.with_class_names(&class_names.into_texts("class_names", limits)?)?;
    }
    let groups = groups.map(|a| a.into_groups(limits)).transpose()?;
    let split = split(parts, fold, n_samples)?;
    if let Some(order) = order {
        features = ordered(features, &order.into_texts("modalities", limits)?)?;
    }
    let mut modalities = Vec::with_capacity(features.len());
    for array in features {
        let name = array.name.clone();
        modalities.push(Modality { name, features: array.into_features()? });
    }
    Dataset::new(name, modalities, labels, groups, split)
}

/// The arrays that are listed, in the order of the list.
fn ordered(features: Vec<Array>, names: &[String]) -> Result<Vec<Array>, DataError> {
    let mut left: Vec<Option<Array>> = features.into_iter().map(Some).collect();
    let mut ordered = Vec::with_capacity(names.len());
    for name in names {
        let found = left.iter_mut().find(|a| a.as_ref().is_some_and(|a| a.name == *name));
        let Some(array) = found.and_then(Option::take) else {
            let found = listed(left.iter().flatten().map(|array| array.name.as_str()));
            return Err(LayoutError::NoArray { name: shown(name), nearest: Vec::new(), found }.into());
        };
        ordered.push(array);
    }
    Ok(ordered)
}

/// The split that arrays describe. Of train and test one may be left out: it
/// is then what the others leave.
fn split(
    [train, valid, test]: [Option<Array>; 3],
    fold: Option<Array>,
    n_samples: usize,
) -> Result<Option<Split>, DataError> {
    let given = [(&train, "train"), (&valid, "valid"), (&test, "test")];
    if let Some(fold) = fold {
        return match given.iter().find(|(array, _)| array.is_some()) {
            Some((_, part)) => Err(LayoutError::SplitTwice { part }.into()),
            None => Ok(Some(Split::GivenFolds { fold: fold.into_counts("fold")? })),
        };
    }
    let rows = |array: Option<Array>, what| array.map(|a| a.into_part(what, n_samples)).transpose();
    let (train, valid, test) = (rows(train, "train")?, rows(valid, "valid")?, rows(test, "test")?);
    let rest = |taken: &[u32]| {
        let mut is_taken = vec![false; n_samples];
        for row in taken.iter().chain(valid.iter().flatten()) {
            // Row numbers that do not exist are the data set's to report.
            if let Some(place) = is_taken.get_mut(*row as usize) {
                *place = true;
            }
        }
        (0..n_samples as u32).zip(is_taken).filter(|(_, taken)| !taken).map(|(row, _)| row).collect()
    };
    Ok(match (train, test) {
        (None, None) if valid.is_some() => return Err(LayoutError::ValidAlone.into()),
        (None, None) => None,
        (Some(train), None) => Some(Split::Given { test: rest(&train), train, valid }),
        (None, Some(test)) => Some(Split::Given { train: rest(&test), valid, test }),
        (Some(train), Some(test)) => Some(Split::Given { train, valid, test }),
    })
}
