"""Sequential modality prioritisation of G2D (Rakib and Bagavathi, ICCV 2025, arXiv:2506.21514): modalities
that are confident alone wait. For the first `epochs` epochs only the weakest encoder trains, then the two
weakest, and so on to all of them. (G2D's distillation from the same networks is what UMT does.)

    confidence = confidences(logits_alone, labels)  # once: networks trained alone, on training rows
    g2d(encoders, confidence, epoch)  # at the start of each epoch
"""

from torch import Tensor, nn


def g2d(
    encoders: dict[str, nn.Module], confidence: dict[str, float], epoch: int, *, epochs: int = 10
) -> dict[str, bool]:
    """Freezes and thaws the encoders; returns which ones train. epochs=0 is naive joint training."""
    order = sorted(confidence, key=confidence.get)  # of equals the first counts as weaker
    joined = order[: epoch // epochs + 1] if epochs else order
    for m, encoder in encoders.items():
        for p in encoder.parameters():
            p.requires_grad_(m in joined)
            p.grad = None  # so that momentum does not move a frozen one
    return {m: m in joined for m in encoders}


def confidences(logits: dict[str, Tensor], labels: Tensor) -> dict[str, float]:
    """Mean probability of the right class of each network trained alone."""
    return {m: z.softmax(1).gather(1, labels[:, None]).mean().item() for m, z in logits.items()}
