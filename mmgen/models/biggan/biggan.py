"""BigGAN's losses: the hinge (Brock et al. 2018, arXiv:1809.11096, section 3)."""
from mmgen.models.base import BaseConditionalGAN
from mmgen.registry import MODELS


@MODELS.register_module()
class BigGAN(BaseConditionalGAN):
    """BigGAN; the arguments are those of `BaseConditionalGAN`.

    D minimises ``max(0, 1 + D(fake)) + max(0, 1 - D(real))``, G ``-D(fake)``.
    """

    gan_type = 'hinge'
