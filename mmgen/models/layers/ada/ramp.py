"""Augmentation with a probability on a schedule."""
import torch
from torch import Tensor, nn

from mmgen.models.layers.ada.pipe import AugmentPipe
from mmgen.registry import MODULES
from mmgen.utils.cosine import cosine_ramp


@MODULES.register_module()
class RampUpAug(nn.Module):
    """`AugmentPipe` with a probability that rises along a cosine.

    The probability is in a buffer, and so in a checkpoint.

    Args:
        aug_pipeline: Settings of `AugmentPipe`.
        final_p: Probability at the end; it is 0 at the start.
        ramp_iters: Batches of the discriminator until then.

    Source: Huang et al. 2024, arXiv:2501.05441, which has no adaptation.
    """

    def __init__(self, aug_pipeline: dict, final_p: float,
                 ramp_iters: int) -> None:
        super().__init__()
        self.aug_pipeline = AugmentPipe(**aug_pipeline)
        self.aug_pipeline.p.zero_()
        self.final_p = final_p
        self.ramp_iters = ramp_iters

    def forward(self, images: Tensor) -> Tensor:
        """See `AugmentPipe`."""
        return self.aug_pipeline(images)

    @torch.no_grad()
    def observe(self, real_logits: Tensor, batch: int) -> dict[str, Tensor]:
        """Go one batch on; only the number of the batch matters.

        Args:
            real_logits: Answers of the discriminator.
            batch: Batches of the discriminator before this one.

        Returns:
            Scalars to log: ``augment_p``, the probability of the next batch.
        """
        p = self.aug_pipeline.p
        p.fill_(cosine_ramp(0.0, self.final_p, (batch + 1) / self.ramp_iters))
        return dict(augment_p=p.clone())
