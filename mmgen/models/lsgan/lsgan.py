"""LSGAN's losses.

Mao et al. 2016, arXiv:1611.04076, equation 2: squares take the place of
logarithms. D moves generated images towards ``a`` and real ones towards
``b``; G moves its images to ``c``. Here a = 0 and b = c = 1, the 0-1 coding
that the paper proposes under "Parameters Selection". Difference from the
paper: no factor 1/2, as in MMGeneration 1.x.
"""
from mmgen.models.base import BaseGAN
from mmgen.registry import MODELS


@MODELS.register_module()
class LSGAN(BaseGAN):
    """Least squares GAN; the arguments are those of `BaseGAN`.

    D minimises ``D(fake)^2 + (D(real) - 1)^2``, G ``(D(fake) - 1)^2``.
    """

    gan_type = 'lsgan'
