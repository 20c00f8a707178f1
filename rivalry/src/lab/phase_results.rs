//! Results of `lab phase` as documents hold them.

use serde::{Deserialize, Serialize};

use super::theory::phase::{Toy, predict, reduced_times};
use crate::data::Dataset;

/// The uni-modal phase of deep linear networks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PhaseResults {
    /// The toy that was asked for; nothing with data.
    pub toy: Option<ToyPhase>,
    /// What the features of a data set foretell; nothing without data.
    pub data: Option<DataPhase>,
}

/// Two scalar modalities, y = x_A + x_B.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ToyPhase {
    /// g = sigma_A / sigma_B.
    pub ratio: f64,
    /// rho.
    pub correlation: f64,
    /// L: layers.
    pub depth: u32,
    /// L_f: layers before fusion.
    pub fusion: u32,
    /// u_0: size of a layer at the start.
    pub u0: f64,
    /// t_B / t_A by the law.
    pub time_ratio: f64,
    /// The same simulated; nothing when the slower modality was never learned.
    pub simulated: Option<f64>,
    /// By how much the plateau's weight of A exceeds its final value.
    pub misattribution: f64,
    /// t_B / t_A of every fusion layer: layer, law, simulated.
    pub by_fusion: Vec<(u32, f64, Option<f64>)>,
    /// t_B / t_A of every correlation: rho, law, simulated.
    pub by_correlation: Vec<(f64, f64, Option<f64>)>,
}

/// The order in which a deep linear network would learn a data set's modalities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DataPhase {
    /// Modalities, the first learned first, with their time relative to it;
    /// nothing where nothing linear is left to learn.
    pub order: Vec<(String, Option<f64>)>,
    /// Per pair: first, second, t_B/t_A, share of the labels' variance that is
    /// explained linearly by the first alone and by both.
    pub pairs: Vec<PairResult>,
}

/// Two modalities of a data set.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PairResult {
    /// Learned first.
    pub first: String,
    /// Learned second.
    pub second: String,
    /// t_B / t_A; nothing when the second adds nothing that is linear.
    pub time_ratio: Option<f64>,
    /// Share of the labels' variance that the first explains.
    pub explained_by_first: f64,
    /// Share that both explain.
    pub explained_by_both: f64,
}

/// The toy's phase beside the others of its family.
pub fn toy_phase(ratio: f64, correlation: f64, depth: u32, fusion: u32, u0: f64) -> ToyPhase {
    let toy = Toy::new(ratio, correlation);
    // The law between the ends needs a B that correlates with y, and so does its
    // simulation.
    let has_law = |toy: &Toy, fusion: u32| fusion == 1 || fusion == depth || toy.drives().1 > 0.0;
    let at = |toy: &Toy, fusion: u32| {
        let simulated =
            if toy.drives().1 > 0.0 { reduced_times(toy, depth, fusion, u0).ratio() } else { None };
        (toy.deep_fusion(depth, fusion, u0), simulated)
    };
    let (time_ratio, simulated) = at(&toy, fusion);
    ToyPhase {
        ratio,
        correlation,
        depth,
        fusion,
        u0,
        time_ratio,
        simulated,
        misattribution: toy.misattribution(),
        by_fusion: (1..=depth)
            .filter(|fusion| has_law(&toy, *fusion))
            .map(|fusion| {
                let (law, simulated) = at(&toy, fusion);
                (fusion, law, simulated)
            })
            .collect(),
        by_correlation: (-8..=8)
            .map(|tenth| f64::from(tenth) / 10.0)
            .filter(|rho| has_law(&Toy::new(ratio, *rho), fusion))
            .map(|rho| {
                let (law, simulated) = at(&Toy::new(ratio, rho), fusion);
                (rho, law, simulated)
            })
            .collect(),
    }
}

/// What the features of a data set foretell.
pub fn data_phase(data: &Dataset, seed: u64) -> DataPhase {
    let train = data.partition(0, 0, seed, 0.0).train;
    let found = predict(data, &train, true);
    let name = |r: usize| data.modalities()[r].name.clone();
    DataPhase {
        order: found
            .order
            .iter()
            .map(|(r, time)| (name(*r), Some(*time).filter(|t| t.is_finite())))
            .collect(),
        pairs: found
            .pairs
            .iter()
            .map(|pair| PairResult {
                first: name(pair.first),
                second: name(pair.second),
                time_ratio: Some(pair.time_ratio).filter(|ratio| ratio.is_finite()),
                explained_by_first: pair.explained_by_first,
                explained_by_both: pair.explained_by_both,
            })
            .collect(),
    }
}
