//! DRAWER: how to train. A strategy is a value handed to the one training
//! loop; naive joint training is the empty one.
//!
//! The hooks follow a step from input to weights, so a method's place in the
//! literature can be read off the hooks it fills. No strategy contains an
//! epoch loop, a solver or a network of its own. How the hooks meet the demands
//! of every method in the literature is on the page
//! `docs/decisions/0005-the-strategy-trait.md`.

mod agm;
mod auxiliary;
mod dgl;
pub mod ensemble;
mod gradient_blending;
mod inforeg;
mod mmpareto;
mod modality_dropout;
mod naive;
mod objective;
mod ogm;
mod opm;
mod parts;
mod plan;
mod pmr;
mod tmc;
mod umt;
mod cml;
mod functional_entropy;
mod g2d;
mod mbsd;
mod mla;
mod mmcosine;
mod mses;
mod mslr;
mod qmf;
mod reconboost;
mod relearn;
mod valuation;
mod amco;
mod cggm;
mod lfm;
mod pdf;
mod unimodal;
mod view;
mod warm_start;

use crate::model::Workspace;
use crate::num::{Matrix, Scalar};
use crate::registry::{Entry, Table};

pub use objective::{Loss, Objective, On, Term};
pub use plan::{NeededRun, Needs, Plan, Settle, SubStep};
pub use view::{Epoch, Fusing, Step, Teacher};

/// A way to train. Every method defaults to what naive joint training does.
pub trait Strategy<T: Scalar>: Send {
    /// Runs that must exist first, and changes to the network.
    fn needs(&self, _modalities: &[String]) -> Needs {
        Needs::default()
    }

    /// Before an epoch: changes weights (warm start, re-initialisation) or asks
    /// the loop to keep or restore a state.
    fn settle(&mut self, _at: &Epoch<'_, T>, _params: &mut [T]) -> Settle {
        Settle::Go
    }

    /// What the coming epoch trains: which branches, at what rates, on which
    /// samples.
    fn plan(&mut self, _at: &Epoch<'_, T>) -> Plan {
        Plan::default()
    }

    /// Before a forward pass: what the branches see (dropout of modalities).
    fn batch(&mut self, _at: &Step<'_, T>, _work: &mut Workspace<T>) {}

    /// After it: what is minimised. It may keep what [`Strategy::gradient`] needs,
    /// but changes no [`Strategy::memory`]: the same pass gives the same terms.
    fn objective(&mut self, _at: &Step<'_, T>, _outputs: &Workspace<T>, objective: &mut Objective<T>) {
        objective.add(Term::cross_entropy(On::Fused, 1.0));
    }

    /// The objective as a fixed sum of cross-entropies on logits with a factor
    /// each, where that is all there is to the strategy: it fills no other hook
    /// and looks at no weights. A gradient flow then follows neurons instead of
    /// weights where the encoders allow it; and a full batch of fused
    /// cross-entropy alone is worked tile by tile.
    fn terms(&self, _n_branches: usize) -> Option<Vec<(On, f64)>> {
        None
    }

    /// After the backward passes: the direction taken. `groups[0]` is what the
    /// solver will see; terms kept apart by the objective have a gradient each
    /// behind it, which this hook combines. Running means move here.
    fn gradient(&mut self, _at: &Step<'_, T>, groups: &mut [Vec<T>]) {
        let (first, rest) = groups.split_at_mut(1);
        for group in rest {
            first[0].iter_mut().zip(group.iter()).for_each(|(g, more)| *g += *more);
        }
    }

    /// How per-modality outputs become a prediction: scores, n x K, whose softmax is the
    /// predicted distribution; the largest wins. `None` is the sum of logits.
    /// [`Needs::fuses`] says whether there is one.
    fn fuse(&self, _at: &Fusing<'_, T>) -> Option<Matrix<T>> {
        None
    }

    /// What the strategy has measured or decided, for the trajectory: names, and one value per
    /// branch or head; the same names after every epoch. Read after each.
    fn readings(&self) -> Vec<(&'static str, Vec<f64>)> {
        Vec::new()
    }

    /// All that must survive a crash. What is not in here does not exist when a
    /// run resumes.
    fn memory(&mut self) -> Vec<(&'static str, &mut Vec<T>)> {
        Vec::new()
    }

    /// The method in PyTorch, to paste into one's own training: one Python file of the folder
    /// `pytorch`, which imports nothing but torch. Its functions and classes take parts of the
    /// joint logits, embeddings and modules by name of modality, its keyword arguments are the
    /// strategy's knobs (`lambda_` for `lambda`). Without a default: no strategy goes without.
    fn pytorch(&self) -> &'static str;
}

impl<T: Scalar> Entry<dyn Strategy<T>> {
    const ALL: &'static [Self] = &[
        naive::entry(),
        unimodal::entry(),
        ensemble::entry(),
        auxiliary::entry(),
        warm_start::entry(),
        umt::entry(),
        tmc::entry(),
        tmc::extended(),
        gradient_blending::entry(),
        gradient_blending::online(),
        ogm::entry(),
        ogm::with_noise(),
        agm::entry(),
        mmpareto::entry(),
        cggm::entry(),
        pmr::entry(),
        inforeg::entry(),
        opm::entry(),
        dgl::entry(),
        mslr::entry(),
        mses::entry(),
        g2d::entry(),
        modality_dropout::entry(),
        valuation::samples(),
        valuation::modalities(),
        amco::entry(),
        qmf::entry(),
        pdf::entry(),
        mmcosine::entry(),
        mbsd::entry(),
        cml::entry(),
        functional_entropy::entry(),
        lfm::entry(),
        mla::entry(),
        reconboost::entry(),
        relearn::entry(),
    ];
}

/// All strategies; the first is the default.
pub fn table<T: Scalar>() -> Table<dyn Strategy<T>> {
    Entry::<dyn Strategy<T>>::ALL
}
