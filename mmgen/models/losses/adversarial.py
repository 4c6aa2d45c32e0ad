"""What a discriminator's answers cost: the adversarial losses.

D answers with logits. ``target_is_real`` says what the player wants them to
mean: D wants real for real images and fake for generated ones, G wants real
for generated ones.
"""
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.ops.precision import full_precision
from mmgen.registry import MODULES

GAN_TYPES = ('vanilla', 'lsgan', 'wgan', 'wgan-logistic-ns', 'hinge')


def gan_loss(logits: Tensor,
             gan_type: str,
             target_is_real: bool,
             *,
             is_disc: bool = False,
             real_label_val: float = 1.0,
             fake_label_val: float = 0.0) -> Tensor:
    """An adversarial loss, averaged over the logits ``x``.

    ================  ==========================  =========================
    gan_type          target real                 target fake
    ================  ==========================  =========================
    vanilla           BCE(sigmoid(x), real)       BCE(sigmoid(x), fake)
    lsgan             (x - real)^2                (x - fake)^2
    wgan              -x                          x
    wgan-logistic-ns  softplus(-x)                softplus(x)
    hinge, D          max(0, 1 - x)               max(0, 1 + x)
    hinge, G          -x                          -x
    ================  ==========================  =========================

    Computed in full precision, also under autocast.

    Args:
        logits: Answers of D, any shape.
        gan_type: One of the names above.
        target_is_real: What the answers should say.
        is_disc: Whether D is the player; only hinge asks.
        real_label_val: ``real`` above.
        fake_label_val: ``fake`` above.

    Returns:
        A scalar.

    Raises:
        ValueError: An unknown ``gan_type``.

    Source: vanilla with the non-saturating G, Goodfellow et al. 2014,
    arXiv:1406.2661; lsgan, Mao et al. 2016, arXiv:1611.04076; wgan, Arjovsky
    et al. 2017, arXiv:1701.07875; hinge, Lim and Ye 2017, arXiv:1705.02894.
    """
    x = full_precision(logits)
    label = real_label_val if target_is_real else fake_label_val
    if gan_type == 'vanilla':
        return F.binary_cross_entropy_with_logits(x, torch.full_like(x, label))
    if gan_type == 'lsgan':
        return (x - label).square().mean()
    towards_target = x if target_is_real else -x
    if gan_type == 'wgan':
        return -towards_target.mean()
    if gan_type == 'wgan-logistic-ns':
        return F.softplus(-towards_target).mean()
    if gan_type == 'hinge':
        return F.relu(1 - towards_target).mean() if is_disc else -x.mean()
    raise ValueError(f'gan_loss: gan_type={gan_type!r}, expected one of '
                     f'{", ".join(map(repr, GAN_TYPES))}.')


@MODULES.register_module()
class GANLoss(nn.Module):
    """`gan_loss` as a module.

    Args:
        gan_type: See `gan_loss`.
        real_label_val: See `gan_loss`.
        fake_label_val: See `gan_loss`.
        loss_weight: Factor of the generator's loss. The discriminator's is
            always taken once.
    """

    def __init__(self,
                 gan_type: str,
                 real_label_val: float = 1.0,
                 fake_label_val: float = 0.0,
                 loss_weight: float = 1.0) -> None:
        super().__init__()
        if gan_type not in GAN_TYPES:
            raise ValueError(f'GANLoss: gan_type={gan_type!r}, expected one '
                             f'of {", ".join(map(repr, GAN_TYPES))}.')
        self.gan_type = gan_type
        self.real_label_val = real_label_val
        self.fake_label_val = fake_label_val
        self.loss_weight = loss_weight

    def forward(self,
                input: Tensor,
                target_is_real: bool,
                is_disc: bool = False) -> Tensor:
        """The loss of the logits ``input``, a scalar."""
        loss = gan_loss(
            input,
            self.gan_type,
            target_is_real,
            is_disc=is_disc,
            real_label_val=self.real_label_val,
            fake_label_val=self.fake_label_val)
        return loss if is_disc else loss * self.loss_weight
