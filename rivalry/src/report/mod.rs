//! A report: one content in two forms. [`Report::blocks`] is for people: an
//! ordered list of typed blocks that every renderer for people can draw.
//! [`Report::document`] is for programs: the versioned JSON document.
//!
//! Nothing here formats a number, escapes a string or knows of colours: cells
//! hold values with units, and names are kept as the data spelled them. A
//! report is a pure function of what it is composed from; it holds no date,
//! and the wall time in its provenance is what the caller measured.

mod audit;
mod blocks;
mod chart;
mod checks;
mod comparison;
mod data_table;
mod diagnosis;
mod document;
mod dots;
mod inspection;
mod lab;
mod monitor;
mod remedy;

pub use audit::{audit, audit_document};
pub use blocks::{
    Better, Block, Card, Cell, Check, Column, Emphasis, Equation, Evidence, Mark, Row, Step, Table, Term,
    Tone, Unit,
};
pub use chart::{Axis, Chart, ChartMark, Colours, HeatMap, Lines, Point, Role, Scale, Series, Side};
pub use checks::{Decide, Requirement, RequirementError, checks, kept_checks};
pub use comparison::comparison;
pub use data_table::{DataCell, DataTable};
pub use diagnosis::{ClassesShown, NotADiagnosis, diagnosis};
pub use document::{Document, Provenance, Schema, Work};
pub use dots::{Dot, DotRow, Dots, Ties};
pub use inspection::{data_summary, inspection};
pub use lab::lab;
pub use monitor::{monitor, monitor_document};
pub use remedy::remedy;

/// One content, for people and for programs.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What the report is about, in a few words.
    pub title: String,
    /// What people read, in order.
    pub blocks: Vec<Block>,
    /// What programs read.
    pub document: Document,
}

impl Report {
    /// What fits a glance: the conclusion with the notes beside it, or where
    /// nothing is concluded the checks or the first table. The document stays whole.
    pub fn card(&self) -> Self {
        let at = |wanted: fn(&Block) -> bool| self.blocks.iter().position(wanted);
        let chosen = at(|block| matches!(block, Block::Verdict(_)))
            .or_else(|| at(|block| matches!(block, Block::Checks(_))))
            .or_else(|| at(|block| matches!(block, Block::Table(_))));
        let mut blocks: Vec<Block> = Vec::new();
        if let Some(at) = chosen {
            let beside = self.blocks.get(at + 1).filter(|block| matches!(block, Block::Notes(_)));
            blocks.extend(self.blocks.get(at).into_iter().chain(beside).cloned());
        }
        Self { title: self.title.clone(), blocks, document: self.document.clone() }
    }
}
