"""Fourier features: StyleGAN3's first feature map, which can be moved.

Karras et al. 2021, arXiv:2106.12423, sections 3.1 (configuration B) and 3.2
(H, which adds the style's transform), and appendix F.
"""
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.models.stylegan3.mapping import FullyConnected
from mmgen.models.stylegan3.signals import Band


def movement(t: Tensor) -> Tensor:
    """The matrices that shift by ``-(x, y)``, then rotate by an angle.

    Args:
        t: Cosine and sine of the angle, up to a common factor, ``x`` and
            ``y`` up to the same: ``[N, 4]``.

    Returns:
        ``[N, 3, 3]``.

    Source: appendix F; the factor keeps the first two on the unit circle.
    """
    c, s, x, y = (t / t[:, :2].norm(dim=1, keepdim=True)).unbind(1)
    zero, one = torch.zeros_like(x), torch.ones_like(x)
    rotation = torch.stack([c, -s, zero, s, c, zero, zero, zero, one], 1)
    shift = torch.stack([one, zero, -x, zero, one, -y, zero, zero, one], 1)
    return rotation.view(-1, 3, 3) @ shift.view(-1, 3, 3)


class SynthesisInput(nn.Module):
    """The first feature map.

    It is a fixed set of waves, moved and rotated as the first style asks
    for. So the network can choose its coordinates for each image.

    Args:
        band: The map.
        style_channels: Size ``D`` of a style.
    """

    def __init__(self, band: Band, style_channels: int) -> None:
        super().__init__()
        self.band = band
        channels = band.channels
        # Frequencies are even over the disc of the band.
        angle = 2 * torch.pi * torch.rand(channels)
        radius = band.cutoff * torch.rand(channels).sqrt()
        freqs = torch.stack([radius * angle.cos(), radius * angle.sin()], 1)

        self.weight = nn.Parameter(torch.randn(channels, channels))
        self.affine = FullyConnected(style_channels, 4, std=0.0)
        with torch.no_grad():  # no movement at the start
            self.affine.bias[0] = 1.0
        self.register_buffer('transform', torch.eye(3))
        self.register_buffer('freqs', freqs)
        self.register_buffer('phases', torch.rand(channels) - 0.5)

    def forward(self, w: Tensor, transform: Tensor | None = None) -> Tensor:
        """Make the map.

        Args:
            w: Styles ``[N, D]``.
            transform: From a place in the image to where its content is
                without this argument: ``[3, 3]`` or ``[N, 3, 3]``. Unit is the
                image side, origin its centre, ``y`` points down. None for the
                buffer of this name.

        Returns:
            ``[N, C, H, W]``.
        """
        # From the map's coordinates by `transform`, then as the style asks for
        transform = self.transform if transform is None else transform
        if transform.shape[-2:] != (3, 3):
            raise ValueError(
                f'SynthesisInput: transform has shape {list(transform.shape)}, '
                'expected [3, 3] or [N, 3, 3].')
        transform = movement(self.affine(w)) @ transform.to(w)    # [N, 3, 3]

        # Waves with these frequencies and phases on the untransformed grid
        freqs = self.freqs @ transform[:, :2, :2]                 # [N, C, 2]
        phases = self.phases + transform[:, :2, 2] @ self.freqs.T  # [N, C]
        x = torch.einsum('hwd,ncd->nchw', self.grid(), freqs)
        x = torch.sin(2 * torch.pi * (x + phases[:, :, None, None]))

        # Waves that the transform took beyond the band fade out
        cutoff, nyquist = self.band.cutoff, self.band.rate / 2
        beyond = (freqs.norm(dim=2) - cutoff) / (nyquist - cutoff)
        x = x * (1 - beyond).clamp(0, 1)[:, :, None, None]

        # Mix them
        weight = self.weight / len(self.weight)**0.5
        return F.conv2d(x, weight[:, :, None, None])              # [N, C, H, W]

    def grid(self) -> Tensor:
        """Coordinates (x, y) of the samples, ``[H, W, 2]``."""
        index = torch.arange(self.band.size, device=self.freqs.device)
        axis = (index + 0.5 - self.band.size / 2) / self.band.rate
        y, x = torch.meshgrid(axis, axis, indexing='ij')
        return torch.stack([x, y], 2)
