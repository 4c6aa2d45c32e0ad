"""SNGAN's losses: the hinge (Miyato et al. 2018, arXiv:1802.05957, section 4)."""
from mmgen.models.base import BaseConditionalGAN
from mmgen.registry import MODELS


@MODELS.register_module()
class SNGAN(BaseConditionalGAN):
    """SNGAN, with projection if there are classes.

    D minimises ``max(0, 1 + D(fake)) + max(0, 1 - D(real))``, G ``-D(fake)``.
    The arguments are those of `BaseConditionalGAN`.
    """

    gan_type = 'hinge'
