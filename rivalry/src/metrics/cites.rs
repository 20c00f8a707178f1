//! The works that several metrics come from.

use crate::registry::Citation;

pub(super) const ALAIN2017: Citation = Citation {
    key: "alain2017probes",
    text: "G. Alain, Y. Bengio. Understanding Intermediate Layers Using Linear Classifier Probes. ICLR workshop 2017",
    url: "https://arxiv.org/abs/1610.01644",
};

pub(super) const BENJAMINI1995: Citation = Citation {
    key: "benjamini1995fdr",
    text: "Y. Benjamini, Y. Hochberg. Controlling the False Discovery Rate: a Practical and Powerful Approach to \
           Multiple Testing. Journal of the Royal Statistical Society B 57, 1995",
    url: "https://doi.org/10.1111/j.2517-6161.1995.tb02031.x",
};

pub(super) const BENAVOLI2017: Citation = Citation {
    key: "benavoli2017rope",
    text: "A. Benavoli, G. Corani, J. Demsar, M. Zaffalon. Time for a Change: a Tutorial for Comparing Multiple \
           Classifiers Through Bayesian Analysis. JMLR 18, 2017",
    url: "https://jmlr.org/papers/v18/16-305.html",
};

pub(super) const DELONG1988: Citation = Citation {
    key: "delong1988roc",
    text: "E. DeLong, D. DeLong, D. Clarke-Pearson. Comparing the Areas under Two or More Correlated Receiver \
           Operating Characteristic Curves. Biometrics 44, 1988",
    url: "https://doi.org/10.2307/2531595",
};

pub(super) const DU2023: Citation = Citation {
    key: "du2023unimodal",
    text: "C. Du, J. Teng, T. Li, Y. Liu, T. Yuan, Y. Wang, Y. Yuan, H. Zhao. On Uni-Modal Feature \
           Learning in Supervised Multi-Modal Learning. ICML 2023",
    url: "https://arxiv.org/abs/2305.01233",
};

pub(super) const MCNEMAR1947: Citation = Citation {
    key: "mcnemar1947",
    text: "Q. McNemar. Note on the Sampling Error of the Difference between Correlated Proportions or \
           Percentages. Psychometrika 12, 1947",
    url: "https://doi.org/10.1007/BF02295996",
};

pub(super) const NICHOLS2002: Citation = Citation {
    key: "nichols2002permutation",
    text: "T. Nichols, A. Holmes. Nonparametric Permutation Tests for Functional Neuroimaging. Human Brain \
           Mapping 15, 2002",
    url: "https://doi.org/10.1002/hbm.1058",
};

pub(super) const GAT2021: Citation = Citation {
    key: "gat2021perceptual",
    text: "I. Gat, I. Schwartz, A. Schwing. Perceptual Score: What Data Modalities Does Your Model Perceive? \
           NeurIPS 2021",
    url: "https://arxiv.org/abs/2110.14375",
};

pub(super) const GUO2017: Citation = Citation {
    key: "guo2017calibration",
    text: "C. Guo, G. Pleiss, Y. Sun, K. Q. Weinberger. On Calibration of Modern Neural Networks. ICML 2017",
    url: "https://arxiv.org/abs/1706.04599",
};

pub(super) const HEDGES1983: Citation = Citation {
    key: "hedges1983random",
    text: "L. V. Hedges. A Random Effects Model for Effect Sizes. Psychological Bulletin 93, 1983",
    url: "https://doi.org/10.1037/0033-2909.93.2.388",
};

pub(super) const HUANG2022: Citation = Citation {
    key: "huang2022competition",
    text: "Y. Huang, J. Lin, C. Zhou, H. Yang, L. Huang. Modality Competition: What Makes Joint \
           Training of Multi-modal Network Fail in Deep Learning? (Provably). ICML 2022",
    url: "https://arxiv.org/abs/2203.12221",
};

pub(super) const ROBERT1976: Citation = Citation {
    key: "robert1976rv",
    text: "P. Robert, Y. Escoufier. A Unifying Tool for Linear Multivariate Statistical Methods: The \
           RV-Coefficient. Applied Statistics 25, 1976",
    url: "https://doi.org/10.2307/2347233",
};

pub(super) const WANG2020: Citation = Citation {
    key: "wang2020hard",
    text: "W. Wang, D. Tran, M. Feiszli. What Makes Training Multi-Modal Classification Networks Hard? CVPR 2020",
    url: "https://arxiv.org/abs/1905.12681",
};

pub(super) const ZHANG2024: Citation = Citation {
    key: "zhang2024unimodal",
    text: "Y. Zhang, P. E. Latham, A. Saxe. Understanding Unimodal Bias in Multimodal Deep Linear Networks. ICML 2024",
    url: "https://arxiv.org/abs/2312.00935",
};
