//! What a MATLAB file offers to read: its variables, and the matrices of its
//! cells one by one.

use crate::data::{DataError, MatError};
use crate::formats::reading::{Array, Limits, Source, within};

use super::matrix::{Class, Form, Header, list, next_of_cell};
use super::stream::{Element, File, Stream};
use super::{place, within_inflated};

/// Something that can be read as one array.
pub(super) struct Part {
    pub name: String,
    /// The cell that it is a matrix of.
    pub cell_name: Option<String>,
    pub header: Header,
    element: usize,
    inside: Inside,
}

/// Which values of a variable are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Inside {
    /// All of a matrix.
    Whole,
    /// One matrix of a cell, counted from 0.
    Matrix(usize),
    /// The texts of a cell.
    Texts,
    /// Any matrix of a cell, which are all the same: labels once per view.
    Same,
}

/// An opened file.
pub(super) struct Parts<'a> {
    file: File<'a>,
    elements: Vec<Element>,
    pub list: Vec<Part>,
}

impl<'a> Parts<'a> {
    pub(super) fn open(
        source: &Source<'a>,
        limits: &Limits,
        is_label: impl Fn(&str) -> bool,
    ) -> Result<Self, DataError> {
        let mut file = File::open(source.open()?, limits)?;
        let elements = file.elements(limits)?;
        let mut list = Vec::new();
        for (i, element) in elements.iter().enumerate() {
            let mut stream = file.stream(*element)?;
            let header = Header::read(&mut stream, limits)?;
            // Objects keep their content in a variable without a name.
            if header.name.is_empty() {
                continue;
            }
            let parts = match header.class {
                Class::Cell => cell(header.clone(), i, &mut stream, limits, is_label(&header.name))
                    .map_err(|e| e.at(&place(&header.name)))?,
                _ => vec![Part {
                    name: header.name.clone(),
                    cell_name: None,
                    header,
                    element: i,
                    inside: Inside::Whole,
                }],
            };
            list.extend(parts);
            within("matrices", list.len() as u64, limits.max_members as u64)?;
        }
        name_views(&mut list);
        Ok(Self { file, elements, list })
    }

    /// The parts at these positions, in this order.
    pub(super) fn read(
        &mut self,
        chosen: &[(usize, Form)],
        limits: &Limits,
    ) -> Result<Vec<Array>, DataError> {
        let element_of = |position: usize| self.list.get(position).map(|p| p.element);
        let mut used: Vec<usize> = chosen.iter().filter_map(|(position, _)| element_of(*position)).collect();
        used.sort_unstable();
        used.dedup();
        let inflated = used.iter().filter_map(|i| self.elements.get(*i)).map(|e| e.inflated);
        within_inflated(inflated.fold(0, u64::saturating_add), self.file.most_inflated)?;
        let mut arrays: Vec<Option<Array>> = vec![None; chosen.len()];
        // A variable is gone through once, however many of its matrices are read.
        for element in used {
            let asked: Vec<(usize, &Part, Form)> = chosen
                .iter()
                .enumerate()
                .filter_map(|(i, (position, form))| Some((i, self.list.get(*position)?, *form)))
                .filter(|(_, part, _)| part.element == element)
                .collect();
            let (Some((_, first, _)), Some(at)) = (asked.first(), self.elements.get(element)) else {
                continue;
            };
            let variable = first.cell_name.as_deref().unwrap_or(&first.name);
            let stream = &mut self.file.stream(*at)?;
            read_variable(stream, &asked, &mut arrays, limits).map_err(|e| e.at(&place(variable)))?;
        }
        Ok(arrays.into_iter().flatten().collect())
    }
}

/// Reads all that is asked of one variable.
fn read_variable(
    stream: &mut Stream<'_, '_>,
    asked: &[(usize, &Part, Form)],
    arrays: &mut [Option<Array>],
    limits: &Limits,
) -> Result<(), DataError> {
    let header = Header::read(stream, limits)?;
    let mut keep = |to: usize, array: Array| {
        if let Some(place) = arrays.get_mut(to) {
            *place = Some(array);
        }
    };
    if header.class != Class::Cell {
        let Some((to, _, form)) = asked.first() else { return Ok(()) };
        keep(*to, header.values(stream, *form, limits)?);
        // The same variable in two roles is refused before; here it is total.
        return Ok(());
    }
    let mut texts = Vec::new();
    let mut same: Option<Array> = None;
    for k in 0..header.n_values()? as usize {
        inside_cell(stream, limits, |header, stream| {
            for (to, part, form) in asked {
                match part.inside {
                    Inside::Matrix(i) if i == k => keep(*to, header.values(stream, *form, limits)?),
                    Inside::Texts => texts.push(header.texts(stream, limits)?.concat()),
                    Inside::Same => {
                        let array = header.values(stream, Form::List, limits)?;
                        match &same {
                            Some(first) if *first != array => return Err(MatError::LabelsDiffer.into()),
                            _ => same = Some(array),
                        }
                    }
                    _ => continue,
                }
                break;
            }
            Ok(())
        })
        .map_err(|e| e.at(&format!("matrix {}", k + 1)))?;
    }
    for (to, part, _) in asked {
        match part.inside {
            Inside::Texts => keep(*to, list(&texts, limits)?),
            Inside::Same => same.take().into_iter().for_each(|array| keep(*to, array)),
            _ => {}
        }
    }
    Ok(())
}

/// The parts of a cell: its texts together, or its matrices one by one.
fn cell(
    header: Header,
    element: usize,
    stream: &mut Stream<'_, '_>,
    limits: &Limits,
    is_label: bool,
) -> Result<Vec<Part>, DataError> {
    let n = header.n_values()?;
    within("values in a cell", n, limits.max_rows as u64)?;
    let mut parts: Vec<Part> = Vec::new();
    let mut all_texts = true;
    for k in 0..n as usize {
        let inner = inside_cell(stream, limits, |header, _| Ok(header.clone()))
            .map_err(|e| e.at(&format!("matrix {}", k + 1)))?;
        all_texts &= inner.class == Class::Text;
        if !all_texts {
            within("matrices in a cell", n, limits.max_members as u64)?;
        }
        if parts.len() < limits.max_members {
            parts.push(Part {
                name: format!("{}{}", header.name, k + 1),
                cell_name: Some(header.name.clone()),
                header: inner,
                element,
                inside: Inside::Matrix(k),
            });
        }
    }
    let whole = |header: Header, inside| {
        vec![Part { name: header.name.clone(), cell_name: None, header, element, inside }]
    };
    if all_texts && n > 0 {
        let n = n as usize;
        return Ok(whole(Header { shape: vec![n, 1], ..header }, Inside::Texts));
    }
    match parts.first() {
        Some(first) if is_label => {
            let shape = first.header.shape.clone();
            Ok(whole(Header { shape, ..header }, Inside::Same))
        }
        _ => Ok(parts),
    }
}

/// Reads the next matrix of a cell, as far as `read` does, and passes over the
/// rest of it.
fn inside_cell<R>(
    stream: &mut Stream<'_, '_>,
    limits: &Limits,
    read: impl FnOnce(&Header, &mut Stream<'_, '_>) -> Result<R, DataError>,
) -> Result<R, DataError> {
    let len = next_of_cell(stream)?;
    let before = stream.left;
    let result = if len == 0 {
        // MATLAB's `[]`.
        let empty = Header { class: Class::Other("empty matrix"), shape: vec![0, 0], name: String::new() };
        read(&empty, stream)?
    } else {
        let header = Header::read(stream, limits)?;
        read(&header, stream)?
    };
    let taken = before - stream.left;
    let rest = len.checked_sub(taken).ok_or(MatError::Part { len: taken, left: len })?;
    stream.skip(rest)?;
    Ok(result)
}

/// The matrices of a file's only cell are its views.
fn name_views(list: &mut [Part]) {
    let mut cells: Vec<&str> = list.iter().filter_map(|p| p.cell_name.as_deref()).collect();
    cells.dedup();
    if cells.len() != 1 {
        return;
    }
    let is_view = |part: &Part| part.cell_name.is_some();
    let taken = |name: &str| list.iter().any(|p| !is_view(p) && p.name == name);
    let n_views = list.iter().filter(|p| is_view(p)).count();
    if (1..=n_views).any(|i| taken(&format!("view{i}"))) {
        return;
    }
    for (i, part) in list.iter_mut().filter(|p| is_view(p)).enumerate() {
        part.name = format!("view{}", i + 1);
    }
}
