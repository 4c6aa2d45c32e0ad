"""The adversarial loss of pairs of a real and a generated image."""
import torch.nn.functional as F
from torch import Tensor

from mmgen.ops.precision import full_precision


def relativistic_pairing_loss(wanted: Tensor, other: Tensor) -> Tensor:
    """``softplus(other - wanted)``, averaged over pairs of logits.

    The discriminator wants the real image of a pair to have the larger
    logit, the generator the generated one.

    Computed in full precision, also under autocast.

    Args:
        wanted: Logits of the images that should win, any shape.
        other: Logits of those that they are paired with, the same shape.

    Returns:
        A scalar.

    Raises:
        ValueError: The shapes differ.

    Source: Jolicoeur-Martineau 2018, arXiv:1807.00734 (RpGAN), with the
    logistic function of Huang et al. 2024, arXiv:2501.05441, section 2.
    """
    if wanted.shape != other.shape:
        raise ValueError(
            'relativistic_pairing_loss: logits have shapes '
            f'{list(wanted.shape)} and {list(other.shape)}, expected the same: '
            'there is one generated image for each real one.')
    return F.softplus(full_precision(other) - full_precision(wanted)).mean()
