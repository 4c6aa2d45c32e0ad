"""Normalisation whose scale and shift come from a condition."""
import torch
from torch import Tensor, nn

from mmgen.models.layers.init import init_style, init_weights
from mmgen.models.layers.norm import make_norm
from mmgen.models.layers.spectral_norm import LayerMaker
from mmgen.models.layers.sync_batch_norm import batch_norm
from mmgen.registry import MODULES


@MODULES.register_module()
class BigGANConditionBN(nn.Module):
    """BigGAN's conditional batch norm: ``bn(x) * (1 + gain(y)) + bias(y)``.

    Args:
        num_features: Channels ``C`` of the image.
        linear_input_channels: Size ``D`` of the condition ``y``, or the
            number of classes with ``input_is_label``. 0 for an ordinary batch
            norm with a learnt scale and shift, which ignores ``y``.
        bn_eps: Added to the variance.
        sn_eps: Epsilon of the spectral norm.
        sn_style: ``'torch'`` or ``'ajbrock'``, see `spectral_norm`.
        momentum: Step of the running statistics.
        input_is_label: Whether ``y`` is a class index. Gain and bias are then
            plain tables, without spectral norm.
        with_spectral_norm: Whether the linear gain and bias are normalised.
        auto_sync_bn: Whether the batches of all processes count as one.

    Source: Brock et al. 2018, arXiv:1809.11096, appendix B (figure 15); the
    method is that of Dumoulin et al. 2016, arXiv:1610.07629.
    """

    def __init__(self,
                 num_features: int,
                 linear_input_channels: int,
                 bn_eps: float = 1e-5,
                 sn_eps: float = 1e-6,
                 sn_style: str = 'ajbrock',
                 momentum: float = 0.1,
                 input_is_label: bool = False,
                 with_spectral_norm: bool = True,
                 auto_sync_bn: bool = True) -> None:
        super().__init__()
        self.conditional = linear_input_channels > 0
        layers = LayerMaker(with_spectral_norm, sn_style, sn_eps)
        if self.conditional and input_is_label:
            self.gain = nn.Embedding(linear_input_channels, num_features)
            self.bias = nn.Embedding(linear_input_channels, num_features)
        elif self.conditional:
            self.gain = layers.linear(
                linear_input_channels, num_features, bias=False)
            self.bias = layers.linear(
                linear_input_channels, num_features, bias=False)
        self.bn = batch_norm(
            num_features,
            sync=auto_sync_bn,
            eps=bn_eps,
            momentum=momentum,
            affine=not self.conditional)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Normalise.

        Args:
            x: ``[N, C, H, W]``.
            y: Condition ``[N, D]``, or labels ``[N]``.
        """
        x = self.bn(x)
        if not self.conditional:
            return x
        return modulate(x, self.gain(y), self.bias(y))


@MODULES.register_module()
class SNConditionNorm(nn.Module):
    """Normalisation with a gain and a bias of each class.

    ``norm(x) * (1 + gain[y]) + bias[y]``; gain and bias are tables with a row
    for each class.

    Args:
        in_channels: Channels ``C`` of the image.
        num_classes: ``K``; 0 for an ordinary normalisation with a learnt
            gain and bias, which ignores ``y``.
        use_cbn: Whether there are tables; without, as with no classes.
        norm_cfg: Normalisation, see `make_norm`.
        cbn_norm_affine: Whether the normalisation keeps its own gain and
            bias beside the tables.
        auto_sync_bn: Whether the batches of all processes count as one.
        with_spectral_norm: Whether the tables are normalised.
        sn_style: ``'torch'`` or ``'ajbrock'``, see `spectral_norm`.
        norm_eps: Added to the variance.
        sn_eps: Epsilon of the spectral norm.
        init_cfg: See `init_style`; for tables with spectral norm. Others
            begin with zeros, so that all classes have scale 1 and shift 0,
            but zeros have no singular value to be divided by.

    Source: Dumoulin et al. 2016, arXiv:1610.07629; for GANs Miyato and Koyama
    2018, arXiv:1802.05637.
    """

    def __init__(self,
                 in_channels: int,
                 num_classes: int,
                 use_cbn: bool = True,
                 norm_cfg: dict = dict(type='BN'),
                 cbn_norm_affine: bool = False,
                 auto_sync_bn: bool = True,
                 with_spectral_norm: bool = False,
                 sn_style: str = 'torch',
                 norm_eps: float = 1e-4,
                 sn_eps: float = 1e-12,
                 init_cfg: dict = dict(type='BigGAN')) -> None:
        super().__init__()
        style = init_style(init_cfg, owner=type(self).__name__)
        self.conditional = use_cbn and num_classes > 0
        own = dict(
            eps=norm_eps, affine=cbn_norm_affine or not self.conditional)
        _, self.norm = make_norm(
            {**own, **norm_cfg}, in_channels, sync=auto_sync_bn)
        if not self.conditional:
            return
        layers = LayerMaker(with_spectral_norm, sn_style, sn_eps)
        self.weight_embedding = layers.embedding(num_classes, in_channels)
        self.bias_embedding = layers.embedding(num_classes, in_channels)
        for table in (self.weight_embedding, self.bias_embedding):
            if with_spectral_norm:
                init_weights(table, style.init_type)
            else:
                nn.init.zeros_(table.weight)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Normalise.

        Args:
            x: ``[N, C, H, W]``.
            y: Labels ``[N]``.
        """
        x = self.norm(x)
        if not self.conditional:
            return x
        return modulate(x, self.weight_embedding(y), self.bias_embedding(y))


def modulate(x: Tensor, gain: Tensor, bias: Tensor) -> Tensor:
    """``x * (1 + gain) + bias``.

    Args:
        x: ``[N, C, H, W]``.
        gain: ``[N, C]``.
        bias: ``[N, C]``.
    """
    gain, bias = gain[:, :, None, None], bias[:, :, None, None]
    return torch.addcmul(bias, x, 1 + gain)
