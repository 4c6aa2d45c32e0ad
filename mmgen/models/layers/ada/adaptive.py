"""Adaptive discriminator augmentation.

Karras et al. 2020, arXiv:2006.06676, section 3.
"""
import torch
from mmengine.dist import all_reduce
from torch import Tensor, nn

from mmgen.models.layers.ada.pipe import AugmentPipe
from mmgen.registry import MODULES


@MODULES.register_module()
class ADAAug(nn.Module):
    """`AugmentPipe` with a probability that follows from D's overfitting.

    The statistic is ``r_t = E[sign(D(real))]`` (equation 1) over the images of
    ``update_interval`` batches, of all processes together. Where it is above
    the target, D knows the training images too well, and the probability
    ``p`` rises; else it falls, never below 0.

    A GAN's config turns it on with ``disc_augment=dict(type='ADAAug',
    aug_pipeline=dict(xflip=1, ...))``. What it remembers is in its buffers,
    and so in a checkpoint.

    Args:
        aug_pipeline: Settings of `AugmentPipe`; None for no augmentation.
        update_interval: Batches from one change of ``p`` to the next.
        augment_initial_p: ``p`` at the start.
        ada_target: The target of ``r_t``.
        ada_kimg: Thousands of images in which ``p`` goes from 0 to 1 if it
            always rises.

    Raises:
        ValueError: An interval below 1, a speed that is not positive or a
            probability below 0.
    """

    def __init__(self,
                 aug_pipeline: dict | None = None,
                 update_interval: int = 4,
                 augment_initial_p: float = 0.0,
                 ada_target: float = 0.6,
                 ada_kimg: float = 500) -> None:
        super().__init__()
        if update_interval < 1 or ada_kimg <= 0 or augment_initial_p < 0:
            raise ValueError(
                f'ADAAug: update_interval={update_interval}, '
                f'ada_kimg={ada_kimg} and augment_initial_p='
                f'{augment_initial_p}, expected at least 1, more than 0 and '
                'at least 0.')
        self.aug_pipeline = AugmentPipe(**(aug_pipeline or {}))
        self.aug_pipeline.p.fill_(augment_initial_p)
        self.update_interval = update_interval
        self.ada_target = ada_target
        self.ada_kimg = ada_kimg
        # Images since the last change of p, and the sum of their signs.
        self.register_buffer('log_buffer', torch.zeros(2))

    def forward(self, images: Tensor) -> Tensor:
        """See `AugmentPipe`."""
        return self.aug_pipeline(images)

    @torch.no_grad()
    def observe(self, real_logits: Tensor, batch: int) -> dict[str, Tensor]:
        """Take the discriminator's answers to augmented real images.

        To be called with each of its batches, in all processes.

        Args:
            real_logits: One or more for each image, ``[N, ...]``.
            batch: Batches of the discriminator before this one.

        Returns:
            Scalars to log: ``augment_p``, the probability of the next batch.
        """
        # A logit that is no number, as fp16 has them in an update that is
        # skipped, counts for neither side.
        signs = real_logits.float().sign().nan_to_num(0)
        signs = signs.reshape(len(signs), -1).mean(1)
        seen = torch.stack([signs.new_full((), len(signs)), signs.sum()])
        # The sum of all processes is known to each, so that the checkpoint of
        # one can be resumed by all.
        all_reduce(seen)
        self.log_buffer += seen
        if (batch + 1) % self.update_interval == 0:
            self._change_p()
        return dict(augment_p=self.aug_pipeline.p.clone())

    def _change_p(self) -> None:
        """Take a step against the overfitting."""
        images, signs = self.log_buffer
        direction = (signs / images - self.ada_target).sign()
        step = direction * images / (self.ada_kimg * 1000)
        self.aug_pipeline.p.add_(step).clamp_(min=0)
        self.log_buffer.zero_()
