"""What a discriminator answers where it is told the class."""
from torch import Tensor, nn


def projection_logits(features: Tensor, decision: nn.Module,
                      embedding: nn.Module | None,
                      label: Tensor | None) -> Tensor:
    """``decision(h) + <embedding(label), h>``.

    The second part is the projection: how far the features point to the
    class.

    Args:
        features: ``h``, ``[N, C]``.
        decision: ``[N, C]`` to logits ``[N, 1]``.
        embedding: Classes ``[N]`` to ``[N, C]``; None for no classes.
        label: Classes ``[N]``, if there are classes.

    Returns:
        ``[N, 1]``.

    Source: Miyato and Koyama 2018, arXiv:1802.05637, figure 1 (d).
    """
    logits = decision(features)
    if embedding is None:
        return logits
    return logits + (embedding(label) * features).sum(1, keepdim=True)
