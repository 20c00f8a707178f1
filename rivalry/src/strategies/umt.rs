//! Uni-modal teacher: joint training that also keeps every encoder's embedding near that of
//! the network trained alone on its modality, which stays fixed.

use crate::model::{Outputs, Workspace};
use crate::num::{Matrix, Scalar};
use crate::registry::{Default, Entry, Knob, Range};
use crate::works;

use super::parts::{given, shares};
use super::{NeededRun, Needs, Objective, On, Step, Strategy, Term};

/// Registration.
pub(super) const fn entry<T: Scalar>() -> Entry<dyn Strategy<T>> {
    Entry {
        name: "umt",
        summary: "joint training, each encoder held near the one trained alone (uni-modal teacher)",
        cites: &[works::DU2023],
        knobs: &[Knob {
            name: "weight",
            default: Default::Number(10.0),
            range: Range::Between(0.0, 1e4),
            meaning: "factor on the mean squared distance of embeddings, summed over modalities; 0 is naive joint \
                      training (the paper's value was not found; 10 is that of a public implementation)",
        }],
        build: |settings| Box::new(Umt { weight: settings.number("weight"), teachers: None }),
    }
}

struct Umt<T> {
    weight: f64,
    /// The teachers' embeddings of all training rows: computed again when a run resumes.
    teachers: Option<Vec<Matrix<T>>>,
}

impl<T: Scalar> Strategy<T> for Umt<T> {
    fn needs(&self, modalities: &[String]) -> Needs {
        Needs { runs: NeededRun::each_alone(modalities), ..Needs::default() }
    }

    fn objective(&mut self, at: &Step<'_, T>, outputs: &Workspace<T>, objective: &mut Objective<T>) {
        objective.add(Term::cross_entropy(On::Fused, 1.0));
        if self.weight == 0.0 {
            return;
        }
        let epoch = at.epoch;
        let teachers = self.teachers.get_or_insert_with(|| {
            let embedding = |outputs: Outputs<T>| outputs.embeddings.into_iter().next();
            let all =
                epoch.needed.iter().map(|teacher| epoch.outputs_of(teacher, teacher.params, epoch.train));
            all.map(|outputs| embedding(outputs).expect("a network has a branch")).collect()
        });
        let shares = shares(at);
        for (branch, teacher) in teachers.iter().enumerate() {
            let embedding = outputs.embedding(branch);
            let per_unit = self.weight / embedding.cols() as f64;
            let mut value = 0.0;
            let mut gradient = Matrix::zeros(embedding.rows(), embedding.cols());
            for (i, (row, share)) in at.rows.iter().zip(&shares).enumerate() {
                let pairs = embedding.row(i).iter().zip(teacher.row(*row as usize));
                for (g, (own, taught)) in gradient.row_mut(i).iter_mut().zip(pairs) {
                    let away = own.to_f64() - taught.to_f64();
                    value += share * per_unit * away * away;
                    *g = 2.0 * share * per_unit * away;
                }
            }
            objective.add(given(On::Embedding(branch), value, &gradient));
        }
    }

    fn pytorch(&self) -> &'static str {
        include_str!("pytorch/umt.py")
    }
}
