//! How long an encoder goes on taking up information: the prime learning window
//! of Huang et al. (`InfoReg`, CVPR 2025).
//!
//! T_t is the mean squared entry of the encoder's gradient of the joint loss in epoch t, on
//! a fixed part of the training rows; its moving average runs over ten epochs (fewer at the
//! start). The growth k_t = (average ending at t - average ending at t - 1) / average
//! ending at t; k = 1 in the first epoch. The window is the epochs before k first
//! fails to exceed the threshold.

use crate::metrics::{Direction, Metric, Need, Quantity, Reading, Scale, Sheet, Subject, cites};
use crate::num::sums;
use crate::registry::{Default, Entry, Knob, Range};

pub(super) const ENTRY: Entry<dyn Metric> = Entry {
    name: "fisher",
    summary: "prime learning window of each encoder by the growth of its Fisher trace",
    cites: &[cites::HUANG2025],
    knobs: &[Knob {
        name: "threshold",
        default: Default::Number(0.05),
        range: Range::Between(0.0, 1.0),
        meaning: "relative growth of the trace per epoch above which the window lasts",
    }],
    build: |settings| Box::new(Fisher { threshold: settings.number("threshold") }),
};

const QUANTITIES: &[Quantity] = &[Quantity {
    name: "fisher_window",
    unit: "epochs",
    scale: Scale::Positive,
    direction: Direction::Neither,
    definition: "epochs until the encoder's Fisher trace (mean squared gradient of the joint loss, average of ten epochs) \
                 no longer grows by 5 % per epoch",
}];

const EPOCHS: usize = 10;

struct Fisher {
    threshold: f64,
}

impl Metric for Fisher {
    fn quantities(&self) -> &'static [Quantity] {
        QUANTITIES
    }

    fn needs(&self) -> &'static [Need] {
        &[Need::Meters]
    }

    fn cost(&self) -> &'static str {
        "while training, together with `starvation`"
    }

    fn measure(&self, trial: &Reading<'_>, sheet: &mut Sheet) {
        for modality in 0..trial.n_modalities() {
            let subject = Subject::Modality(modality);
            let window = trial
                .branch_curves(modality)
                .map(|curves| window(&curves.fisher_trace, self.threshold) as f64);
            sheet.number_or("fisher_window", subject, window);
        }
    }
}

/// Epochs before the growth of the trace first fails to exceed the threshold.
fn window(trace: &[f64], threshold: f64) -> usize {
    let average = |epoch: usize| sums::mean(&trace[(epoch + 1).saturating_sub(EPOCHS)..=epoch]);
    let grows = |epoch: &usize| {
        let now = average(*epoch);
        *epoch == 0 || (now > 0.0 && (now - average(epoch - 1)) / now > threshold)
    };
    (0..trace.len()).take_while(grows).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_by_hand() {
        // Averages 1, 1.5, 2, 1.75: growth 1/3, 1/4, then none.
        assert_eq!(window(&[1.0, 2.0, 3.0, 1.0, 9.0], 0.05), 3);
        assert_eq!(window(&[1.0, 2.0, 3.0, 1.0, 9.0], 0.3), 2);
        assert_eq!(window(&[1.0, 1.0], 0.05), 1);
        assert_eq!((window(&[], 0.05), window(&[0.0, 0.0], 0.05)), (0, 1));
        let growing: Vec<f64> = (0..30).map(|t| f64::from(1 << t)).collect();
        assert_eq!(window(&growing, 0.05), 30);
    }
}
