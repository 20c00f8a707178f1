//! Inference that knows nothing of networks: estimates with intervals, tests,
//! multiplicity, power.
//!
//! Nothing here returns a NaN: where a number does not exist the answer is
//! `None`, and where only the interval does not exist the estimate says why.
//! Draws are counter-based, so results depend on the data and the seed alone.
//!
//! | question | function |
//! | --- | --- |
//! | one share of samples | [`wilson`], [`clopper_pearson`] |
//! | two models, one run each, same samples | [`PairedCounts::newcombe`], [`mcnemar_exact`], [`mcnemar_midp`] |
//! | a mean, one number per trial | [`student_mean`] |
//! | means over seeds x samples | [`crossed()`], [`crossed_share`] |
//! | any statistic of samples | [`bootstrap()`] |
//! | an area under the ROC curve; any statistic with influence values | [`auc`], [`crossed_linear`] |
//! | the largest of many changes | [`null_band()`] |
//! | differences on folds | [`FoldDifferences`] |
//! | one difference per seed | [`sign_flip`] |
//! | practically the same? | [`Replicates::practical`], [`FoldDifferences::practical`], [`rope`] |
//! | many tests | [`holm`], [`benjamini_hochberg`] |
//! | how many samples? | [`mcnemar_samples`], [`detectable_difference`], [`detectable_difference_over_seeds`] |

mod bootstrap;
pub mod clusters;
mod crossed;
pub mod distributions;
mod estimate;
mod exact;
mod gamma;
mod intervals;
mod kinds;
mod linear;
mod means;
mod multiplicity;
mod null_band;
mod paired;
mod power;
mod practical;
mod replicates;
mod resampled;
mod roc;
mod two_way;
mod units;

pub use bootstrap::{Bootstrap, bootstrap, bootstrap_replicates};
pub use crossed::{crossed, crossed_replicates, crossed_share};
pub use estimate::{Estimate, Interval};
pub use intervals::{PairedCounts, clopper_pearson, wilson};
pub use linear::{crossed_linear, pseudo_values};
pub use means::student_mean;
pub use multiplicity::{benjamini_hochberg, holm};
pub use null_band::{ClassDifferences, Expected, NullBand, null_band};
pub use paired::{EXACT_SIGN_FLIPS, SignFlip, mcnemar_exact, mcnemar_midp, sign_flip, smallest_sign_flip_p};
pub use power::{
    detectable_difference, detectable_difference_over_seeds, mcnemar_exact_power, mcnemar_power,
    mcnemar_samples,
};
pub use practical::{Practical, rope};
pub use replicates::{Ends, Replicates};
pub use resampled::FoldDifferences;
pub use roc::{Auc, auc};
