"""From images to latents of a StyleGAN that makes them.

Karras et al. 2020, arXiv:1912.04958, appendix D: the style and the noise maps
are optimised until the image looks like the target. A style for each layer
instead of one is W+ of Abdal et al. 2019, arXiv:1904.03189.
"""
import math
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from mmgen.apis.directions import style_size
from mmgen.evaluation.features import FeatureNetwork, build_feature_network
from mmgen.models.layers import StyleGenerator
from mmgen.utils.whole_file import whole_file

# Larger images are compared at this side (appendix D).
COMPARED_SIDE = 256
# Noise is held to be noise down to this side (appendix D).
LEAST_NOISE_SIDE = 8

# Of two batches of float RGB images [N, 3, H, W] in 0 .. 255, [N].
Distance = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class ProjectionSettings:
    """How images are projected; the defaults are those of appendix D.

    Attributes:
        total_iters: Steps.
        lr: The highest rate of learning.
        lr_rampup: Share of the steps, at the start, over which it grows.
        lr_rampdown: Share of the steps, at the end, over which it falls.
        mean_latent: Styles that the mean one is of.
        w_plus: Whether each layer gets a style of its own.
        noise: What is added to the style at first, as a share of how far
            styles are from their mean.
        noise_ramp: Share of the steps after which nothing is added.
        noise_regularize: Weight of `noise_correlation`.
        mse: Weight of `pixel_distance` beside the distance.
    """

    total_iters: int = 1000
    lr: float = 0.1
    lr_rampup: float = 0.05
    lr_rampdown: float = 0.25
    mean_latent: int = 10000
    w_plus: bool = False
    noise: float = 0.05
    noise_ramp: float = 0.75
    noise_regularize: float = 1e5
    mse: float = 0.0

    def __post_init__(self) -> None:
        for name, least in (('total_iters', 1), ('mean_latent', 1),
                            ('noise', 0), ('noise_regularize', 0),
                            ('mse', 0)):
            if getattr(self, name) < least:
                raise ValueError(f'Projection: {name}={getattr(self, name)}, '
                                 f'expected at least {least}.')
        for name in ('lr', 'lr_rampup', 'lr_rampdown', 'noise_ramp'):
            if getattr(self, name) <= 0:
                raise ValueError(f'Projection: {name}={getattr(self, name)}, '
                                 'expected a number above 0.')

    def rate(self, done: float) -> float:
        """The rate of learning.

        Args:
            done: Share of the steps, [0, 1].
        """
        down = min(1.0, (1 - done) / self.lr_rampdown)
        up = min(1.0, done / self.lr_rampup)
        return self.lr * up * (0.5 - 0.5 * math.cos(math.pi * down))

    def noise_strength(self, done: float) -> float:
        """What is added to the style, as a share; falls as a square."""
        return self.noise * max(0.0, 1 - done / self.noise_ramp)**2


class Projection(NamedTuple):
    """Latents that make images, and what they make.

    Attributes:
        latents: Styles ``[N, D]``, in W+ ``[N, L, D]``.
        noises: For each place where the network adds noise ``[N, 1, H, W]``;
            none for StyleGAN3.
        images: Float RGB ``[N, 3, H, W]``, 0 to 255, not cut off.
        distances: Of the images to the targets, ``[N]``.
    """

    latents: Tensor
    noises: list[Tensor]
    images: Tensor
    distances: Tensor


# ---------------------------------------------------------------- distances


def pixel_distance(a: Tensor, b: Tensor) -> Tensor:
    """The mean square, ``[N]``, on the scale on which images are [-1, 1].

    Args:
        a: Float RGB ``[N, 3, H, W]``, 0 to 255.
        b: Likewise.
    """
    return ((a - b) / 127.5).square().mean((1, 2, 3))


class FeatureDistance:
    """The squared distance of feature vectors, by the second one's square.

    Args:
        network: One that takes float images, and lets gradients through.
    """

    def __init__(self, network: FeatureNetwork) -> None:
        self.network = network

    def __call__(self, a: Tensor, b: Tensor) -> Tensor:
        first, second = self.network(torch.cat([a, b])).chunk(2)
        return (first - second).square().sum(1) / second.square().sum(1)


def build_distance(kind: str, device: torch.device | str,
                   options: dict | None = None) -> Distance:
    """A distance by its name.

    Args:
        kind: ``'pixels'``, or the name of a registered `PerceptualDistance`
            (``'LPIPSStyleGAN'``, ``'LPIPS'``) or feature network
            (``'EfficientNetLite0'``).
        device: Where it is wanted.
        options: Its arguments, such as the file of its weights.

    Raises:
        ValueError: There is none of this name.
        FileNotFoundError: Its weights are missing.
    """
    if kind == 'pixels':
        return pixel_distance
    network = build_feature_network(dict(options or {}, type=kind))
    try:
        network = network.to(device)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f'{error} (here with --distance-cfg path=FILE). Or take '
            '--distance EfficientNetLite0 or pixels.') from error
    return FeatureDistance(network) if isinstance(network, FeatureNetwork) \
        else network


def noise_correlation(noise: Tensor) -> Tensor:
    """How far noise is from being noise, ``[N]``: ``L_ij`` of appendix D.

    The squared correlation of neighbours, to the left and above, at the
    map's own resolution and at each half of it; averages of 2x2 values are
    doubled, which keeps their variance.

    Args:
        noise: Maps ``[N, 1, H, W]``, which go on at the other side.
    """
    total = noise.new_zeros(len(noise))
    while True:
        for axis in (2, 3):
            products = noise * noise.roll(1, axis)
            total = total + products.mean((1, 2, 3)).square()
        if min(noise.shape[2:]) <= LEAST_NOISE_SIDE:
            return total
        noise = 2 * F.avg_pool2d(noise, 2)


# --------------------------------------------------------------- projection


def project(network: StyleGenerator,
            targets: Tensor,
            to_float_rgb: Callable[[Tensor], Tensor],
            distance: Distance,
            settings: ProjectionSettings = ProjectionSettings(),
            label: int | None = None,
            seed: int = 0,
            watch: Callable[[int, Tensor], None] | None = None) -> Projection:
    """Find latents whose images look like the targets.

    All images are given the same random numbers, so that what becomes of one
    does not depend on the others.

    Args:
        network: Generator of a StyleGAN, in eval mode.
        targets: Float RGB ``[N, 3, H, W]``, 0 to 255, of the network's size.
        to_float_rgb: From the network's images to such.
        distance: What is made small.
        settings: How.
        label: Class whose mean style is the start; None for the mean of all.
        seed: Of all that is random.
        watch: Given each step, from 0, and its images, as in `Projection`,
            made with what was added to their styles.

    Raises:
        ValueError: The network has no styles, or targets of another size.
    """
    mean, spread = style_statistics(
        network, settings.mean_latent, label, seed)
    draws = torch.Generator().manual_seed(seed)

    def draw(*shape: int) -> Tensor:
        return torch.randn(1, *shape, generator=draws).to(mean)

    count = len(targets)
    layers = (network.num_latents, ) if settings.w_plus else ()
    latents = mean.expand(count, *layers, -1).clone().requires_grad_()
    noises = [draw(*kept.shape[1:]).repeat(count, 1, 1, 1).requires_grad_()
              for kept in kept_noise(network)]

    def make(ws: Tensor) -> Tensor:
        given = dict(injected_noise=noises) if noises else {}
        return to_float_rgb(network(ws, input_is_latent=True, **given))

    with torch.no_grad():
        _check_targets(targets, make(latents))
    goal = compared(targets)

    def judge(images: Tensor) -> Tensor:
        images = compared(images)
        found = distance(images, goal)
        return found + settings.mse * pixel_distance(images, goal) \
            if settings.mse else found

    variables = [latents, *noises]
    optimizer = torch.optim.Adam(variables)
    for step in range(settings.total_iters):
        done = step / settings.total_iters
        optimizer.param_groups[0]['lr'] = settings.rate(done)
        added = settings.noise_strength(done) * spread
        images = make(latents + added * draw(*latents.shape[1:]))
        loss = judge(images).sum()
        if noises and settings.noise_regularize:
            correlations = torch.stack([
                noise_correlation(noise) for noise in noises])
            loss = loss + settings.noise_regularize * correlations.sum()
        # Asked for these alone: the network's weights get no gradients.
        gradients = torch.autograd.grad(loss, variables)
        for variable, gradient in zip(variables, gradients):
            variable.grad = gradient
        optimizer.step()
        normalize_noise(noises)
        if watch is not None:
            watch(step, images.detach())
    with torch.no_grad():
        images = make(latents)
        return Projection(
            latents.detach(), [noise.detach() for noise in noises], images,
            judge(images))


@torch.no_grad()
def style_statistics(network: StyleGenerator, count: int, label: int | None,
                     seed: int) -> tuple[Tensor, float]:
    """The mean style ``[D]``, and how far styles are from it: ``sigma_w``.

    Args:
        network: See `project`.
        count: Styles to draw.
        label: See `project`.
        seed: Of their noise.

    Raises:
        ValueError: The network has no styles, or no such class.
    """
    style_size(network)  # refuses what has no styles
    classes = network.num_classes or 0
    if label is not None and not 0 <= label < classes:
        raise ValueError(
            f'Projection: label={label}, but {type(network).__name__} has '
            f'{classes or "no"} classes.')
    draws = torch.Generator().manual_seed(seed)
    z = torch.randn(count, network.noise_size, generator=draws)
    z = z.to(next(network.parameters()).device)
    given: tuple[Tensor, ...] = ()
    if classes:
        every = torch.arange(count, device=z.device) % classes
        given = (every if label is None else torch.full_like(every, label), )
    styles = network.map_noise(z, *given)
    if styles.ndim == 3:  # the same for each layer
        styles = styles[:, 0]
    mean = styles.mean(0)
    return mean, float((styles - mean).square().sum(1).mean().sqrt())


def kept_noise(network: StyleGenerator) -> list[Tensor]:
    """The noise maps ``[1, 1, H, W]`` that a network keeps; StyleGAN3 none."""
    return [getattr(network, f'injected_noise_{index}')
            for index in range(getattr(network, 'num_noise_maps', 0))]


@torch.no_grad()
def normalize_noise(noises: Sequence[Tensor]) -> None:
    """Give each map zero mean and unit variance, in place."""
    for noise in noises:
        noise -= noise.mean((1, 2, 3), keepdim=True)
        noise /= noise.square().mean((1, 2, 3), keepdim=True).sqrt()


def compared(images: Tensor) -> Tensor:
    """Images at the size at which they are compared."""
    if min(images.shape[2:]) <= COMPARED_SIDE:
        return images
    return F.interpolate(images, (COMPARED_SIDE, COMPARED_SIDE), mode='area')


def _check_targets(targets: Tensor, images: Tensor) -> None:
    """Refuse images that the network cannot make."""
    if targets.shape != images.shape:
        raise ValueError(
            f'Projection: targets have shape {list(targets.shape)}, expected '
            f'{list(images.shape)}, as the network makes them. Resize them.')


def join(parts: Sequence[Projection]) -> Projection:
    """Projections of several batches as one."""
    latents, noises, images, distances = zip(*parts)
    return Projection(
        torch.cat(latents), [torch.cat(maps) for maps in zip(*noises)],
        torch.cat(images), torch.cat(distances))


def pixels(images: Tensor) -> np.ndarray:
    """uint8 RGB ``[N, H, W, 3]`` of the images of a `Projection`."""
    # Half a level is added, so cutting the fraction off rounds.
    levels = (images + 0.5).clamp(0, 255).to(torch.uint8)
    return levels.permute(0, 2, 3, 1).cpu().numpy()


@torch.no_grad()
def output_side(network: StyleGenerator) -> int:
    """Side of the images of a StyleGAN, pixels."""
    w = torch.zeros(1, style_size(network),
                    device=next(network.parameters()).device)
    return network(w, input_is_latent=True).shape[-1]


# -------------------------------------------------------------------- files


def write_projection(path: str | Path, projection: Projection,
                     names: Sequence[str]) -> None:
    """Write latents and noise as an ``.npz``; its folder is made.

    Args:
        path: The file.
        projection: Of all images.
        names: Of the images.
    """
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    arrays = {f'noise_{index}': noise.cpu().numpy()
              for index, noise in enumerate(projection.noises)}
    with whole_file(path) as file:
        np.savez(file, latents=projection.latents.cpu().numpy(),
                 names=np.array(names), **arrays)


def read_projection(path: str | Path) -> tuple[Tensor, list[Tensor]]:
    """Latents and noise maps, see `Projection`, of such a file.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is another.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(f'There is no projection {path}.')
    try:
        with np.load(path) as file:  # never unpickles
            arrays = {name: file[name] for name in file.files}
        latents = torch.from_numpy(arrays['latents'])
    except (AttributeError, EOFError, KeyError, OSError, TypeError,
            ValueError, zipfile.BadZipFile) as error:
        raise ValueError(
            f'{path} is no projection: {error}. Give the projected.npz that '
            'apps/stylegan_projector.py wrote.') from error
    noises = [torch.from_numpy(arrays[f'noise_{index}'])
              for index in range(len(arrays) - 2)]
    return latents, noises
