"""What a generator may be given for noise and labels, turned into tensors.

The one place that knows the call forms ``generator(tensor)``,
``generator(function, num_batches=4)``, ``generator(None, num_batches=4)`` and
``return_noise=True``. Behind it a generator's ``forward`` takes tensors only.
"""
from collections.abc import Callable, Sequence
from numbers import Integral
from typing import Any

import torch
from torch import Tensor, nn

NoiseLike = Tensor | Callable[[tuple[int, ...]], Tensor] | None
LabelLike = Tensor | int | Sequence[int] | Callable[[int], Tensor] | None


def resolve_noise(noise: NoiseLike, num_batches: int,
                  noise_size: int | tuple[int, ...] | None,
                  device: torch.device | str, *, owner: str) -> Tensor:
    """Noise as a tensor ``[N, Z]``, or ``[N, C, H, W]``, on ``device``.

    Args:
        noise: A tensor ``[N, Z]`` or ``[N, Z, 1, 1]``; a function from the
            shape ``(N, Z)`` to a tensor; or None, to draw from N(0, 1).
        num_batches: ``N``; 0 where the tensor says it.
        noise_size: ``Z``, or ``(C, H, W)`` for noise in the form of images;
            None to take any ``Z``.
        device: Where the noise is wanted.
        owner: Who asks, for the messages.

    Raises:
        ValueError: A wrong shape, or no way to know ``N`` or ``Z``.
        TypeError: ``noise`` is none of the above.
    """
    if not isinstance(noise, Tensor):
        if noise is not None and not callable(noise):
            raise TypeError(
                f'{owner}: noise is a {type(noise).__name__}, expected a '
                'tensor, a function that makes one, or None.')
        _require_count(num_batches, 'noise', owner)
        if noise_size is None:
            raise ValueError(
                f'{owner}: noise cannot be drawn without its size; set '
                'noise_size or pass a noise tensor.')
        make = noise or _standard_normal(device)
        noise = make((num_batches, *_sizes(noise_size)))
    if not isinstance(noise_size, tuple) and noise.ndim == 4 \
            and noise.shape[2:] == (1, 1):
        noise = noise.flatten(1)
    fits = noise.shape[1:] == _sizes(noise_size) if noise_size \
        else noise.ndim == 2
    if not fits:
        expected = ', '.join(map(str, _sizes(noise_size or 'Z')))
        raise ValueError(
            f'{owner}: noise has shape {list(noise.shape)}, expected '
            f'[N, {expected}] (noise_size={noise_size} from the config).')
    if num_batches and num_batches != len(noise):
        raise ValueError(
            f'{owner}: noise has {len(noise)} rows, but '
            f'num_batches={num_batches}. Leave num_batches out.')
    return noise.to(device)


def _sizes(noise_size: Any) -> tuple:
    """The axes after the first."""
    return noise_size if isinstance(noise_size, tuple) else (noise_size, )


def resolve_labels(label: LabelLike, num_batches: int, num_classes: int,
                   device: torch.device | str, *, owner: str) -> Tensor:
    """Labels as a tensor ``[N]``, int64, on ``device``.

    Args:
        label: A class for all; a list or tensor ``[N]`` of classes; a
            function from ``N`` to such a tensor; or None, to draw all classes
            evenly. A tensor of floats ``[N, D]`` is an embedding and goes
            through as it is.
        num_batches: ``N``; 0 where the label says it.
        num_classes: ``K``.
        device: Where the labels are wanted.
        owner: Who asks, for the messages.

    Raises:
        ValueError: A wrong shape or count, or a class outside
            ``[0, num_classes)``; the last is not checked for tensors on an
            accelerator.
        TypeError: ``label`` is none of the above.
    """
    if label is None or callable(label) or isinstance(label, Integral):
        _require_count(num_batches, 'label', owner)
        if label is None:
            return torch.randint(num_classes, (num_batches, ), device=device)
        label = label(num_batches) if callable(label) \
            else torch.full((num_batches, ), int(label))
    elif isinstance(label, Sequence) and not isinstance(label, str):
        label = torch.tensor(label)
    elif not isinstance(label, Tensor):
        raise TypeError(
            f'{owner}: label is a {type(label).__name__}, expected a tensor, '
            'an integer, a list of integers, a function, or None.')
    if label.ndim == 0 and num_batches:
        label = label.expand(num_batches)
    is_embedding = label.is_floating_point() and label.ndim == 2
    wrong_count = num_batches and num_batches != len(label)
    if label.ndim != 1 + is_embedding or wrong_count:
        count = num_batches or 'N'
        raise ValueError(
            f'{owner}: label has shape {list(label.shape)}, expected '
            f'[{count}], one class for each noise (or an embedding '
            f'[{count}, D] of floats).')
    if is_embedding:
        return label.to(device)
    if label.is_floating_point():
        raise ValueError(
            f'{owner}: label holds {label.dtype}, expected integers.')
    # Reading values would stall an accelerator, and break a compiled graph.
    if label.device.type == 'cpu' and not torch.compiler.is_compiling():
        _check_range(label, num_classes, owner)
    return label.to(device, torch.int64)


class NoiseGenerator(nn.Module):
    """Base of networks that turn noise, and perhaps labels, into images.

    A subclass sets ``noise_size`` and, if conditional, ``num_classes``, and
    implements ``forward(z, ...)`` for tensors: ``z`` is ``[N, Z]``, followed
    by ``label`` ``[N]`` if there are classes. `forward` is what a distributed
    wrapper or a compiler sees.
    """

    noise_size: int
    num_classes: int = 0

    def __call__(self, noise: NoiseLike = None, label: LabelLike = None, *,
                 num_batches: int = 0, return_noise: bool = False,
                 **kwargs: Any) -> Tensor | dict[str, Any]:
        """Make images.

        Args:
            noise: See `resolve_noise`.
            label: See `resolve_labels`; only for conditional generators.
            num_batches: ``N``, needed where no tensor says it.
            return_noise: Whether to return what went in as well.
            **kwargs: Further arguments of the network's ``forward``.

        Returns:
            What ``forward`` returns; with ``return_noise`` a dict with it as
            ``fake_img``, ``noise_batch`` and, if conditional, ``label``.
        """
        inputs = self.resolve_inputs(noise, label, num_batches)
        images = super().__call__(*inputs.values(), **kwargs)
        if return_noise:
            return dict(fake_img=images, **inputs)
        return images

    def resolve_inputs(self, noise: NoiseLike, label: LabelLike,
                       num_batches: int) -> dict[str, Tensor]:
        """The tensors for ``forward``, in its order."""
        owner = type(self).__name__
        device = next(self.parameters()).device
        z = resolve_noise(
            noise, num_batches, self.noise_size, device, owner=owner)
        if self.num_classes:
            y = resolve_labels(
                label, len(z), self.num_classes, device, owner=owner)
            return dict(noise_batch=z, label=y)
        if label is not None:
            raise ValueError(
                f'{owner}: a label was given, but this generator has no '
                'classes. Leave it out or set num_classes.')
        return dict(noise_batch=z)


def _standard_normal(device: torch.device | str) -> Callable:
    """The function that draws a shape from N(0, 1) on ``device``."""
    return lambda shape: torch.randn(shape, device=device)


def _require_count(num_batches: int, what: str, owner: str) -> None:
    """Refuse to make noise or labels without being told how many."""
    if num_batches < 1:
        raise ValueError(
            f'{owner}: num_batches={num_batches}, but {what} is no tensor, so '
            'num_batches has to say how many images to make.')


def _check_range(label: Tensor, num_classes: int, owner: str) -> None:
    """Refuse classes that do not exist."""
    if not len(label):
        return
    low, high = int(label.min()), int(label.max())
    if low < 0 or high >= num_classes:
        raise ValueError(
            f'{owner}: label {low if low < 0 else high} is out of range, '
            f'expected 0 to {num_classes - 1} (num_classes={num_classes}).')
