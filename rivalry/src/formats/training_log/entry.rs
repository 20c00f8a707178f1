//! One line of a log.

use serde_json::{Map, Value};

use crate::data::shown;
use crate::num::Matrix;

/// Labels, and per modality rows x classes.
type Rows = (Vec<u32>, Vec<(String, Matrix<f64>)>);

/// One line of a log.
pub(super) struct Entry {
    pub(super) epoch: u64,
    pub(super) split: String,
    /// Labels, and per modality rows x classes.
    pub(super) rows: Option<Rows>,
    /// Modality, metric, value.
    pub(super) score: Option<(Option<String>, String, f64)>,
}

impl Entry {
    pub(super) fn parse(text: &[u8]) -> Result<Self, String> {
        let value: Value = serde_json::from_slice(text).map_err(|error| format!("not JSON: {error}"))?;
        let Value::Object(fields) = value else { return Err("not an object".to_owned()) };
        let epoch = fields.get("epoch").and_then(Value::as_u64).ok_or("`epoch` is no whole number")?;
        let split = match fields.get("split") {
            None | Some(Value::Null) => "train".to_owned(),
            Some(Value::String(split)) => split.clone(),
            Some(_) => return Err("`split` is no text".to_owned()),
        };
        let rows = match fields.get("logits") {
            None => None,
            Some(Value::Object(logits)) => Some(rows(&fields, logits)?),
            Some(_) => return Err("`logits` is no object of modalities".to_owned()),
        };
        let score = match fields.get("metric") {
            None => None,
            Some(metric) => Some(score(&fields, metric)?),
        };
        if rows.is_none() && score.is_none() {
            return Err("neither logits nor a score".to_owned());
        }
        Ok(Self { epoch, split, rows, score })
    }
}

fn rows(fields: &Map<String, Value>, logits: &Map<String, Value>) -> Result<Rows, String> {
    let class = |value: &Value| {
        value.as_u64().and_then(|v| u32::try_from(v).ok()).ok_or("labels are no whole numbers from 0")
    };
    let (labels, single) = match (fields.get("labels"), fields.get("label")) {
        (Some(Value::Array(labels)), None) => (labels.iter().map(class).collect::<Result<_, _>>()?, false),
        (None, Some(label)) => (vec![class(label)?], true),
        _ => return Err("logits need `label`, or `labels` with a row for each".to_owned()),
    };
    let mut found = Vec::new();
    for (name, values) in logits {
        let wrong = || format!("`logits` of `{}`: not a list of numbers", shown(name));
        let Value::Array(values) = values else { return Err(wrong()) };
        let rows: Vec<&Vec<Value>> = if single {
            vec![values]
        } else {
            values.iter().map(Value::as_array).collect::<Option<_>>().ok_or_else(wrong)?
        };
        let n_classes = rows.first().map_or(0, |row| row.len());
        if n_classes < 2 && !rows.is_empty() && !single || rows.iter().any(|row| row.len() != n_classes) {
            return Err(format!("`logits` of `{}`: rows of different lengths", shown(name)));
        }
        let numbers: Option<Vec<f64>> =
            rows.iter().flat_map(|row| row.iter()).map(|v| v.as_f64().filter(|v| v.is_finite())).collect();
        found.push((name.clone(), Matrix::from_vec(rows.len(), n_classes, numbers.ok_or_else(wrong)?)));
    }
    Ok((labels, found))
}

fn score(fields: &Map<String, Value>, metric: &Value) -> Result<(Option<String>, String, f64), String> {
    let text = |value: &Value, what| value.as_str().map(str::to_owned).ok_or(format!("`{what}` is no text"));
    let metric = text(metric, "metric")?;
    let modality = match fields.get("modality") {
        None | Some(Value::Null) => None,
        Some(modality) => Some(text(modality, "modality")?),
    };
    let value = fields.get("value").and_then(Value::as_f64).filter(|v| v.is_finite());
    Ok((modality, metric, value.ok_or("`value` is no finite number")?))
}

impl Entry {
    /// A score from a row of a table.
    pub(super) fn of_table(epoch: u64, split: String, score: (Option<String>, String, f64)) -> Self {
        Self { epoch, split, rows: None, score: Some(score) }
    }
}
