//! The works that several metrics come from.

use crate::registry::Citation;

pub(super) use crate::works::{
    DU2023, HUANG2022, HUANG2025, MA2023, PENG2022, WANG2020, WEI2024, WEI2024PARETO, WEI2024RELEARNING,
    ZHANG2024,
};

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

pub(super) const BERTSCHINGER2014: Citation = Citation {
    key: "bertschinger2014unique",
    text: "N. Bertschinger, J. Rauh, E. Olbrich, J. Jost, N. Ay. Quantifying Unique Information. Entropy \
           16, 2014",
    url: "https://arxiv.org/abs/1311.2852",
};

pub(super) const CHAUDHURI2025: Citation = Citation {
    key: "chaudhuri2025rank",
    text: "A. Chaudhuri, A. Dutta, T. Bui, S. Georgescu. A Closer Look at Multimodal Representation \
           Collapse. ICML 2025",
    url: "https://arxiv.org/abs/2505.22483",
};

pub(super) const KLEINMAN2023: Citation = Citation {
    key: "kleinman2023critical",
    text: "M. Kleinman, A. Achille, S. Soatto. Critical Learning Periods for Multisensory Integration in Deep \
           Networks. CVPR 2023",
    url: "https://arxiv.org/abs/2210.04643",
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

pub(super) const ETHAYARAJH2022: Citation = Citation {
    key: "ethayarajh2022difficulty",
    text: "K. Ethayarajh, Y. Choi, S. Swayamdipta. Understanding Dataset Difficulty with V-Usable \
           Information. ICML 2022",
    url: "https://arxiv.org/abs/2110.08420",
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

pub(super) const HESSEL2020: Citation = Citation {
    key: "hessel2020emap",
    text: "J. Hessel, L. Lee. Does my multimodal model learn cross-modal interactions? It's harder to tell than you \
           might think! EMNLP 2020",
    url: "https://arxiv.org/abs/2010.06572",
};

pub(super) const HU2022: Citation = Citation {
    key: "hu2022shape",
    text: "P. Hu, X. Li, Y. Zhou. SHAPE: An Unified Approach to Evaluate the Contribution and Cooperation \
           of Individual Modalities. IJCAI 2022",
    url: "https://arxiv.org/abs/2205.00302",
};

pub(super) const HUANG2021: Citation = Citation {
    key: "huang2021better",
    text: "Y. Huang, C. Du, Z. Xue, X. Chen, H. Zhao, L. Huang. What Makes Multi-modal Learning Better \
           than Single (Provably). NeurIPS 2021",
    url: "https://arxiv.org/abs/2106.04538",
};

pub(super) const KULL2019: Citation = Citation {
    key: "kull2019beyond",
    text: "M. Kull, M. Perello-Nieto, M. Kaengsepp, T. Silva Filho, H. Song, P. Flach. Beyond Temperature \
           Scaling: Obtaining Well-calibrated Multi-class Probabilities with Dirichlet Calibration. \
           NeurIPS 2019",
    url: "https://arxiv.org/abs/1910.12656",
};

pub(super) const KUMAR2019: Citation = Citation {
    key: "kumar2019verified",
    text: "A. Kumar, P. Liang, T. Ma. Verified Uncertainty Calibration. NeurIPS 2019",
    url: "https://arxiv.org/abs/1909.10155",
};

pub(super) const LIANG2021: Citation = Citation {
    key: "liang2021multibench",
    text: "P. P. Liang, Y. Lyu, X. Fan, Z. Wu, Y. Cheng, J. Wu, L. Chen, P. Wu, M. A. Lee, Y. Zhu, R. \
           Salakhutdinov, L.-P. Morency. MultiBench: Multiscale Benchmarks for Multimodal Representation \
           Learning. NeurIPS 2021",
    url: "https://arxiv.org/abs/2107.07502",
};

pub(super) const LIANG2023: Citation = Citation {
    key: "liang2023pid",
    text: "P. P. Liang, Y. Cheng, X. Fan, C. K. Ling, S. Nie, R. Chen, Z. Deng, N. Allen, R. Auerbach, F. \
           Mahmood, R. Salakhutdinov, L.-P. Morency. Quantifying & Modeling Multimodal Interactions: An \
           Information Decomposition Framework. NeurIPS 2023",
    url: "https://arxiv.org/abs/2302.12247",
};

pub(super) const MILLER1955: Citation = Citation {
    key: "miller1955bias",
    text: "G. A. Miller. Note on the Bias of Information Estimates. Information Theory in Psychology, 1955",
    url: "https://doi.org/10.1162/089976603321780272",
};

pub(super) const ROBERT1976: Citation = Citation {
    key: "robert1976rv",
    text: "P. Robert, Y. Escoufier. A Unifying Tool for Linear Multivariate Statistical Methods: The \
           RV-Coefficient. Applied Statistics 25, 1976",
    url: "https://doi.org/10.2307/2347233",
};

pub(super) const ROY2007: Citation = Citation {
    key: "roy2007effective",
    text: "O. Roy, M. Vetterli. The Effective Rank: A Measure of Effective Dimensionality. EUSIPCO 2007",
    url: "https://ieeexplore.ieee.org/document/7098875",
};

pub(super) const SHAPLEY1953: Citation = Citation {
    key: "shapley1953value",
    text: "L. S. Shapley. A Value for n-Person Games. Contributions to the Theory of Games II, 1953",
    url: "https://doi.org/10.1515/9781400881970-018",
};

pub(super) const WU2022: Citation = Citation {
    key: "wu2022greedy",
    text: "N. Wu, S. Jastrzebski, K. Cho, K. J. Geras. Characterizing and Overcoming the Greedy Nature of \
           Learning in Multi-modal Deep Neural Networks. ICML 2022",
    url: "https://arxiv.org/abs/2202.05306",
};

pub(super) const XU2020: Citation = Citation {
    key: "xu2020usable",
    text: "Y. Xu, S. Zhao, J. Song, R. Stewart, S. Ermon. A Theory of Usable Information under \
           Computational Constraints. ICLR 2020",
    url: "https://arxiv.org/abs/2002.10689",
};

pub(super) const SPEARMAN1904: Citation = Citation {
    key: "spearman1904association",
    text: "C. Spearman. The Proof and Measurement of Association between Two Things. American Journal of Psychology \
           15, 1904",
    url: "https://doi.org/10.2307/1412159",
};
