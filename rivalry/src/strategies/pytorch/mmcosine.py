"""MMCosine (Xu et al., ICASSP 2023, arXiv:2303.05338): each modality's logits are cosines between its
embedding and its class vectors, so that no modality gains by longer embeddings or weights; their sum
times a scale is trained and predicts. Biases of the heads have no part.

    loss = F.cross_entropy(mmcosine(embeddings, heads), labels)
    scores = mmcosine(embeddings, heads)  # to predict
"""

import torch.nn.functional as F
from torch import Tensor, nn


def mmcosine(embeddings: dict[str, Tensor], heads: dict[str, nn.Linear], *, scale: float = 10.0) -> Tensor:
    """The joint logits: `scale` times the sum of all modalities' cosines."""
    cosine = lambda f, head: F.normalize(f, dim=1) @ F.normalize(head.weight, dim=1).T
    return scale * sum(cosine(f, heads[m]) for m, f in embeddings.items())
