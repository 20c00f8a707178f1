//! Works that several kinds come from, each cited with the same words everywhere.

use crate::registry::Citation;

/// Uni-modal and paired features, laziness, UMT and UME.
pub const DU2023: Citation = Citation {
    key: "du2023unimodal",
    text: "C. Du, J. Teng, T. Li, Y. Liu, T. Yuan, Y. Wang, Y. Yuan, H. Zhao. On Uni-Modal Feature \
           Learning in Supervised Multi-Modal Learning. ICML 2023",
    url: "https://arxiv.org/abs/2305.01233",
};

/// The talk: modality competition.
pub const HUANG2022: Citation = Citation {
    key: "huang2022competition",
    text: "Y. Huang, J. Lin, C. Zhou, H. Yang, L. Huang. Modality Competition: What Makes Joint \
           Training of Multi-modal Network Fail in Deep Learning? (Provably). ICML 2022",
    url: "https://arxiv.org/abs/2203.12221",
};

/// InfoReg, prime learning windows.
pub const HUANG2025: Citation = Citation {
    key: "huang2025inforeg",
    text: "C. Huang, Y. Wei, Z. Yang, D. Hu. Adaptive Unimodal Regulation for Balanced Multimodal \
           Information Acquisition. CVPR 2025",
    url: "https://arxiv.org/abs/2503.18595",
};

/// Calibrated multimodal learning.
pub const MA2023: Citation = Citation {
    key: "ma2023calibrating",
    text: "H. Ma, Q. Zhang, C. Zhang, B. Wu, H. Fu, J. T. Zhou, Q. Hu. Calibrating Multimodal Learning. \
           ICML 2023",
    url: "https://arxiv.org/abs/2306.01265",
};

/// OGM-GE, discrepancy ratio.
pub const PENG2022: Citation = Citation {
    key: "peng2022balanced",
    text: "X. Peng, Y. Wei, A. Deng, D. Wang, D. Hu. Balanced Multimodal Learning via On-the-fly Gradient \
           Modulation. CVPR 2022",
    url: "https://arxiv.org/abs/2203.15332",
};

/// Effective competitive strength.
pub const TANG2025: Citation = Citation {
    key: "tang2025strength",
    text: "Tang et al. Effective Competitive Strength: shaping initial strengths by uni-modal training \
           before joint training. 2025",
    url: "https://arxiv.org/abs/2509.20840",
};

/// Gradient-Blending, auxiliary losses.
pub const WANG2020: Citation = Citation {
    key: "wang2020hard",
    text: "W. Wang, D. Tran, M. Feiszli. What Makes Training Multi-Modal Classification Networks Hard? CVPR 2020",
    url: "https://arxiv.org/abs/1905.12681",
};

/// Sample-level modality valuation.
pub const WEI2024: Citation = Citation {
    key: "wei2024enhancing",
    text: "Y. Wei, R. Feng, Z. Wang, D. Hu. Enhancing Multimodal Cooperation via Sample-level Modality \
           Valuation. CVPR 2024",
    url: "https://arxiv.org/abs/2309.06255",
};

/// `MMPareto`, gradient conflict.
pub const WEI2024PARETO: Citation = Citation {
    key: "wei2024mmpareto",
    text: "Y. Wei, D. Hu. MMPareto: Boosting Multimodal Learning with Innocent Unimodal Assistance. ICML \
           2024",
    url: "https://arxiv.org/abs/2405.17730",
};

/// Re-learning, purity gap.
pub const WEI2024RELEARNING: Citation = Citation {
    key: "wei2024diagnosing",
    text: "Y. Wei, S. Li, R. Feng, D. Hu. Diagnosing and Re-learning for Balanced Multimodal Learning. \
           ECCV 2024",
    url: "https://arxiv.org/abs/2407.09705",
};

/// Uni-modal phases of deep linear networks.
pub const ZHANG2024: Citation = Citation {
    key: "zhang2024unimodal",
    text: "Y. Zhang, P. E. Latham, A. Saxe. Understanding Unimodal Bias in Multimodal Deep Linear Networks. \
           ICML 2024",
    url: "https://arxiv.org/abs/2312.00935",
};

/// The one-standard-error rule.
pub const BREIMAN1984: Citation = Citation {
    key: "breiman1984trees",
    text: "L. Breiman, J. H. Friedman, R. A. Olshen, C. J. Stone. Classification and Regression Trees. Wadsworth 1984",
    url: "https://doi.org/10.1201/9781315139470",
};

/// Adjusted p values.
pub const HOLM1979: Citation = Citation {
    key: "holm1979multiple",
    text: "S. Holm. A Simple Sequentially Rejective Multiple Test Procedure. Scandinavian Journal of Statistics 6, 1979",
    url: "https://www.jstor.org/stable/4615733",
};

/// Successive halving.
pub const JAMIESON2016: Citation = Citation {
    key: "jamieson2016halving",
    text: "K. Jamieson, A. Talwalkar. Non-stochastic Best Arm Identification and Hyperparameter Optimization. AISTATS 2016",
    url: "https://arxiv.org/abs/1502.07943",
};
