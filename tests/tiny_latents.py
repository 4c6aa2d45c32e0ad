"""Models whose images follow their latents by a known law, and a distance."""
import torch
from torch import Tensor, nn

from mmgen.evaluation.features import PerceptualDistance
from mmgen.models.base import BaseGAN
from mmgen.models.layers import NoiseGenerator
from mmgen.registry import FEATURES

EMA = dict(type='ExponentialMovingAverage', momentum=0.5)


@FEATURES.register_module(force=True)
class MeanSquare(PerceptualDistance):
    """The mean squared difference of pixels."""

    name = 'MeanSquare'
    least_side = 1

    def distances(self, a: Tensor, b: Tensor) -> Tensor:
        return (a - b).square().mean((1, 2, 3))

    def identity(self) -> dict:
        return dict(name=self.name)

    def to(self, device: torch.device | str) -> 'MeanSquare':
        return self


class LinearGenerator(NoiseGenerator):
    """Images are linear in the style, the style is linear in the noise."""

    def __init__(self, side: int = 16, gain: float = 0.1,
                 injected: float = 0.0) -> None:
        super().__init__()
        draws = torch.Generator().manual_seed(0)
        self.noise_size = 4
        self.side = side
        self.injected = injected
        self.mapping = nn.Parameter(torch.randn(4, 4, generator=draws))
        self.paint = nn.Parameter(
            torch.randn(4, 3 * side**2, generator=draws) * gain)
        self.latents: list[Tensor] = []

    def map_noise(self, z: Tensor) -> Tensor:
        return z @ self.mapping + 1

    def forward(self, z: Tensor, input_is_latent: bool = False) -> Tensor:
        self.latents.append(z)
        w = z if input_is_latent else self.map_noise(z)
        images = (w @ self.paint).view(-1, 3, self.side, self.side)
        return images + self.injected * torch.randn(images.shape)


class WaveGenerator(NoiseGenerator):
    """A wave, wherever it is looked at: moves with its coordinates exactly.

    Args:
        side: Of the images, pixels.
        faithful: Share of the movement that it makes.
        cycles: Of the wave, in an image side.
    """

    def __init__(self, side: int = 32, faithful: float = 1.0,
                 cycles: float = 2.0) -> None:
        super().__init__()
        self.noise_size = 2
        self.side = side
        self.faithful = nn.Parameter(torch.tensor(faithful))
        self.cycles = cycles

    def forward(self, z: Tensor, transform: Tensor | None = None) -> Tensor:
        transform = torch.eye(3) if transform is None else transform
        transform = torch.eye(3).lerp(transform, self.faithful)
        axis = (torch.arange(self.side) + 0.5) / self.side - 0.5
        y, x = torch.meshgrid(axis, axis, indexing='ij')
        places = torch.stack([x, y, torch.ones_like(x)], 2) @ transform.T
        direction = nn.functional.normalize(z, dim=1)
        along = torch.einsum('hwd,nd->nhw', places[:, :, :2], direction)
        wave = torch.sin(2 * torch.pi * self.cycles * along)
        return wave[:, None].expand(-1, 3, -1, -1)


def gan(generator: nn.Module, averaged: bool = True) -> BaseGAN:
    """A model that samples."""
    return BaseGAN(generator, ema_config=EMA if averaged else None).eval()
