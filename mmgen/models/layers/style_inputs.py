"""From what a style-based generator is given to one style for each layer.

Karras et al. 2018, arXiv:1812.04948: noise ``z`` is mapped to a style ``w``
(section 2), two of them may share an image, the one up to some layer and the
other behind it (section 3.1), and a style may be drawn towards the mean one
(appendix B). StyleGAN 1 and 2 have this in common; what they do with the
styles, their ``forward``, is their own.
"""
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from mmgen.models.layers.linear_act import EqualizedLRLinearAct
from mmgen.models.layers.noise_generator import (LabelLike, NoiseGenerator,
                                                 NoiseLike, resolve_noise)
from mmgen.models.layers.pixel_norm import PixelNorm

STYLE_MODES = ('single', 'mix')


def mix_styles(styles: Sequence[Tensor], num_latents: int,
               inject_index: int | None = None) -> Tensor:
    """One style for each layer.

    Args:
        styles: One or two styles ``[N, D]``, or ``[N, L, D]`` where each
            layer has its own.
        num_latents: ``L``.
        inject_index: Of two styles the second is taken from this layer on;
            between 0 and ``L``.

    Returns:
        ``[N, L, D]``.

    Raises:
        ValueError: Another number or shape of styles, or an index outside.
    """
    for w in styles:
        if w.ndim not in (2, 3) or (w.ndim == 3 and w.shape[1] != num_latents):
            raise ValueError(
                f'mix_styles: a style has shape {list(w.shape)}, expected '
                f'[N, D] or [N, {num_latents}, D].')
    per_layer = [
        w if w.ndim == 3 else w[:, None].expand(-1, num_latents, -1)
        for w in styles
    ]
    if len(per_layer) == 1:
        return per_layer[0]
    if len(per_layer) != 2:
        raise ValueError(f'mix_styles: {len(per_layer)} styles, expected one, '
                         'or two that are mixed.')
    if inject_index is None or not 0 <= inject_index <= num_latents:
        raise ValueError(
            f'mix_styles: inject_index={inject_index}, expected the layer '
            f'from which on the second style is taken, 0 to {num_latents}.')
    first, second = per_layer
    return torch.cat([first[:, :inject_index], second[:, inject_index:]], 1)


def truncate(ws: Tensor, truncation: float, truncation_latent: Tensor,
             layers: int | None = None) -> Tensor:
    """``mean + truncation * (w - mean)``.

    Args:
        ws: Styles ``[N, L, D]``.
        truncation: The factor psi; 1 changes nothing, 0 gives the mean.
        truncation_latent: The mean style, ``[D]``, ``[N, D]`` or ``[1, D]``.
        layers: How many of the first layers are truncated; None for all.

    Returns:
        ``[N, L, D]``.

    Source: Karras et al. 2018, arXiv:1812.04948, appendix B.
    """
    mean = truncation_latent.to(ws).expand(len(ws), -1)[:, None]
    cut = mean.lerp(ws, truncation)
    if layers is None:
        return cut
    return torch.cat([cut[:, :layers], ws[:, layers:]], 1)


class StyleGenerator(NoiseGenerator):
    """Base of generators that give each layer a style.

    A subclass sets ``style_mapping``, a network from ``z [N, Z]`` to
    ``w [N, D]``, and implements ``forward(ws, ...)``, the synthesis, for
    ``ws [N, L, D]``. With classes it overrides `map_noise` as well.

    Args:
        noise_size: ``Z``.
        num_latents: ``L``.
        default_style_mode: ``'mix'`` or ``'single'``: how many styles an
            image has in training where the generator draws the noise itself.
        eval_style_mode: The same in eval mode.
        mix_prob: With ``'mix'``, the probability of two styles.

    Raises:
        ValueError: An unknown mode.
    """

    style_mapping: nn.Module

    def __init__(self, noise_size: int, num_latents: int,
                 default_style_mode: str, eval_style_mode: str,
                 mix_prob: float) -> None:
        super().__init__()
        for name, mode in (('default_style_mode', default_style_mode),
                           ('eval_style_mode', eval_style_mode)):
            if mode not in STYLE_MODES:
                raise ValueError(
                    f'{type(self).__name__}: {name}={mode!r}, expected one '
                    f'of {", ".join(map(repr, STYLE_MODES))}.')
        self.noise_size = noise_size
        self.num_latents = num_latents
        self.default_style_mode = default_style_mode
        self.eval_style_mode = eval_style_mode
        self.mix_prob = mix_prob

    def __call__(self, noise: NoiseLike | Sequence[Tensor] = None,
                 label: LabelLike = None, *,
                 num_batches: int = 0,
                 return_noise: bool = False,
                 return_latents: bool = False,
                 inject_index: int | None = None,
                 truncation: float = 1.0,
                 truncation_latent: Tensor | None = None,
                 truncation_layers: int | None = None,
                 input_is_latent: bool = False,
                 **kwargs: Any) -> Tensor | dict[str, Any]:
        """Make images.

        Args:
            noise: See `resolve_noise`; or a list of one or two tensors, whose
                styles are mixed. Where it is drawn, or made by a function,
                there are two with probability ``mix_prob`` in mode ``'mix'``.
            label: See `resolve_labels`; only for conditional generators.
            num_batches: ``N``, needed where no tensor says it.
            return_noise: Whether to return what went in as well.
            return_latents: Whether to return the styles as well; the same
                dict.
            inject_index: See `mix_styles`; None to draw it.
            truncation: See `truncate`.
            truncation_latent: The mean style ``[1, D]``; None to estimate it
                (`get_mean_latent`).
            truncation_layers: See `truncate`.
            input_is_latent: Whether ``noise`` holds styles ``[N, D]`` or
                ``[N, L, D]``, which are not mapped.
            **kwargs: Further arguments of the network's ``forward``.

        Returns:
            What ``forward`` returns; with ``return_noise`` or
            ``return_latents`` a dict with it as ``fake_img``, ``latent``
            ``[N, L, D]``, ``inject_index``, ``noise_batch`` (a list, None for
            styles) and, if conditional, ``label``.
        """
        if input_is_latent:
            inputs = dict(noise_batch=None)
            styles = as_list(noise)
        else:
            inputs = self.resolve_inputs(noise, label, num_batches)
            styles = [
                self.map_noise(z, inputs.get('label'))
                for z in inputs['noise_batch']
            ]
        if inject_index is None and len(styles) == 2:
            inject_index = self.draw_inject_index(**kwargs)
        ws = mix_styles(styles, self.num_latents, inject_index)
        if truncation != 1:
            if truncation_latent is None:
                truncation_latent = self.get_mean_latent()
            ws = truncate(ws, truncation, truncation_latent,
                          truncation_layers)
        images = nn.Module.__call__(self, ws, **kwargs)
        if return_noise or return_latents:
            return dict(
                fake_img=images, latent=ws, inject_index=inject_index,
                **inputs)
        return images

    def map_noise(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """Noise ``[N, Z]`` to styles ``[N, D]``."""
        return self.style_mapping(z)

    def resolve_inputs(self, noise: NoiseLike | Sequence[Tensor],
                       label: LabelLike, num_batches: int) -> dict[str, Any]:
        """``noise_batch``, a list of tensors, and ``label`` if conditional."""
        noises = as_list(noise)
        if (noise is None or callable(noise)) and self._mixes():
            noises = [noise, noise]
        inputs = super().resolve_inputs(noises[0], label, num_batches)
        first = inputs['noise_batch']
        others = [
            resolve_noise(z, len(first), self.noise_size, first.device,
                          owner=type(self).__name__) for z in noises[1:]
        ]
        return {**inputs, 'noise_batch': [first, *others]}

    def _mixes(self) -> bool:
        """Draw whether an image gets two styles."""
        mode = self.default_style_mode if self.training \
            else self.eval_style_mode
        return mode == 'mix' and bool(torch.rand(()) < self.mix_prob)

    def draw_inject_index(self, **kwargs: Any) -> int:
        """Draw where the second style begins: 1 to ``L - 1``.

        Args:
            **kwargs: Those of ``forward``, for a network that does not always
                use all styles.
        """
        return int(torch.randint(1, self.num_latents, ()))

    @torch.no_grad()
    def get_mean_latent(self, num_samples: int = 4096) -> Tensor:
        """The mean style ``[1, D]`` over noise that is the same each time."""
        draws = torch.Generator().manual_seed(0)
        z = torch.randn(num_samples, self.noise_size, generator=draws)
        device = next(self.parameters()).device
        return self.map_noise(z.to(device)).mean(0, keepdim=True)

    # ----------------------------------------------------------- noise maps

    def register_noise_maps(self, resolutions: Sequence[int]) -> None:
        """Keep a noise map for each place where noise is added.

        Args:
            resolutions: Sides of the maps in their order, pixels.
        """
        self.num_noise_maps = len(resolutions)
        for index, side in enumerate(resolutions):
            self.register_buffer(f'injected_noise_{index}',
                                 torch.randn(1, 1, side, side))

    def noise_maps(self, injected_noise: Sequence[Tensor | None] | None,
                   randomize_noise: bool) -> list[Tensor | None]:
        """The noise of each place; None where it is to be drawn.

        Args:
            injected_noise: Maps ``[N, 1, H, W]`` or ``[1, 1, H, W]``, all of
                them; None for no wish.
            randomize_noise: Whether the others are drawn anew, or are those
                that the network keeps.

        Raises:
            ValueError: Another number of maps.
        """
        if injected_noise is None:
            return [
                None if randomize_noise else getattr(
                    self, f'injected_noise_{index}')
                for index in range(self.num_noise_maps)
            ]
        if len(injected_noise) != self.num_noise_maps:
            raise ValueError(
                f'{type(self).__name__}: injected_noise has '
                f'{len(injected_noise)} maps, expected {self.num_noise_maps}. '
                'Put None where one is to be drawn.')
        return list(injected_noise)


def mapping_network(style_channels: int, num_mlps: int, lr_mlp: float,
                    act_gain: float, label_channels: int = 0) -> nn.Sequential:
    """From noise ``[N, D]`` to styles ``[N, D]``.

    Args:
        style_channels: ``D``, and the size of the noise.
        num_mlps: Linear layers.
        lr_mlp: Their rate of learning as a share of the optimiser's.
        act_gain: Factor of the activations: 1 in published weights of
            StyleGAN1, sqrt(2) in those of StyleGAN2.
        label_channels: Size of what is put behind the normalised noise.

    Source: Karras et al. 2018, arXiv:1812.04948, figure 1 (b) and appendix C.
    """
    return nn.Sequential(PixelNorm(), *[
        EqualizedLRLinearAct(
            style_channels + (0 if layer else label_channels), style_channels,
            act='lrelu', act_gain=act_gain, lr_mul=lr_mlp)
        for layer in range(num_mlps)
    ])


def as_list(noise: NoiseLike | Sequence[Tensor]) -> list[Tensor | Callable]:
    """What was given, as a list."""
    return list(noise) if isinstance(noise, (list, tuple)) else [noise]


class NoiseInjection(nn.Module):
    """Adds one noise map to all channels, with a strength that is learnt.

    Source: Karras et al. 2018, arXiv:1812.04948, figure 1 (B); one strength
    for all channels, as in StyleGAN2 and the published checkpoints.
    """

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor, noise: Tensor | None = None) -> Tensor:
        """Add noise.

        Args:
            x: ``[N, C, H, W]``.
            noise: ``[N, 1, H, W]`` or ``[1, 1, H, W]``; None to draw it from
                N(0, 1).
        """
        if noise is None:
            noise = torch.randn(
                len(x), 1, *x.shape[2:], device=x.device, dtype=x.dtype)
        return x + self.weight.to(x.dtype) * noise.to(x.dtype)
