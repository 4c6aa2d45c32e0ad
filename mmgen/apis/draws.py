"""Random numbers that each image of a batch draws for itself."""
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode


class PerImageDraws(TorchFunctionMode):
    """While active, a tensor of random numbers is drawn image by image.

    Row ``i`` of a tensor whose first axis is the batch comes from a generator
    of its own, on the CPU. So an image is given the same numbers whatever
    batch it is in and on whichever device: its noise, its class, the noise
    that layers add, that of each step of a diffusion. What has another first
    axis is left to the shared random state.

    Args:
        seeds: One for each image of the batch.
    """

    def __init__(self, seeds: Sequence[int]) -> None:
        super().__init__()
        self.generators = [torch.Generator().manual_seed(s) for s in seeds]

    def __torch_function__(self, func: Callable, types: Any,
                           args: tuple = (), kwargs: dict | None = None) -> Any:
        """Called by torch in the place of each of its functions."""
        kwargs = kwargs or {}
        read = DRAWS.get(func)
        if read is not None and kwargs.get('generator') is None:
            draw, shape, like = read(*args, **kwargs)
            if shape and shape[0] == len(self.generators):
                rows = [draw((1, *shape[1:]), generator=generator)
                        for generator in self.generators]
                return torch.cat(rows).to(**like)
        return func(*args, **kwargs)


# ---- How each function of torch is called: what draws a shape like it, the
# ---- shape, and the device and dtype that are wanted.


def _sizes(size: tuple) -> tuple[int, ...]:
    """``(2, 3)`` and ``((2, 3), )`` alike."""
    return tuple(size[0]) if size and not isinstance(size[0], int) else size


def _like(options: dict, x: Tensor | None = None) -> dict:
    found = {} if x is None else dict(device=x.device, dtype=x.dtype)
    for key in ('device', 'dtype'):
        if options.get(key) is not None:
            found[key] = options[key]
    return found


def _by_size(draw: Callable) -> Callable:
    return lambda *size, **options: (
        draw, _sizes(size or (options['size'], )), _like(options))


def _by_tensor(draw: Callable) -> Callable:
    return lambda x, **options: (draw, tuple(x.shape), _like(options, x))


def _integers(*bounds: Any, **options: Any) -> tuple:
    """``randint(high, size)`` or ``randint(low, high, size)``."""
    *bounds, size = [*bounds, options['size']] if 'size' in options else bounds
    named = {key: options[key] for key in ('low', 'high') if key in options}

    def draw(shape: tuple, generator: torch.Generator) -> Tensor:
        return torch.randint(
            *bounds, size=shape, generator=generator, **named)

    return draw, tuple(size), _like(options)


DRAWS = {
    torch.randn: _by_size(torch.randn),
    torch.rand: _by_size(torch.rand),
    torch.randn_like: _by_tensor(torch.randn),
    torch.rand_like: _by_tensor(torch.rand),
    torch.randint: _integers,
}
