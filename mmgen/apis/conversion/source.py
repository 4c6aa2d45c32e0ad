"""What the converter has to be told about the files of a project."""
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

# Patterns of whole foreign keys, and what each is called here: a template for
# `re.Match.expand`, or a function of the match; None for what is left out.
Names = tuple[tuple[str, str | Callable[[re.Match], str] | None], ...]

# What the two spectral norms add to a layer's weight and bias.
TORCH_SN = '(weight|weight_orig|weight_u|weight_v|bias)'
AJBROCK_SN = '(weight|u0|sv0|bias)'


def new_name(names: Names, key: str) -> str | None:
    """What the first pattern that fits a key makes of it.

    Raises:
        KeyError: None fits.
    """
    for pattern, name in names:
        if match := re.fullmatch(pattern, key):
            if name is None or callable(name):
                return name and name(match)
            return match.expand(name)
    raise KeyError(key)


@dataclass(frozen=True)
class Layout:
    """The entries of one network.

    Args:
        marker: Pattern with which no key of another network begins.
        names: The first pattern that fits a key counts.
        image_layers: What takes an image in, by our names. Its channels
            change places where the foreign project has RGB and ours BGR.
        image_entries: The same where there is no spectral norm, and for what
            makes an image: patterns of our entries, and the axis of the
            channels. A generator without them makes RGB for good.
    """

    marker: str
    names: Names
    image_layers: tuple[str, ...] = ()
    image_entries: tuple[tuple[str, int], ...] = ()


def as_they_are(keys: Iterable[str]) -> dict[str, str]:
    """For files whose keys can be looked up one by one."""
    return {key: key for key in keys}


def no_truncation(entries: dict[str, Tensor],
                  truncation: float | None) -> None:
    """For files that need no numbers changed, and hold one set of statistics.

    Raises:
        ValueError: A truncation is to be chosen.
    """
    if truncation is not None:
        raise ValueError(
            f'truncation={truncation}, but only the files of '
            'huggingface-biggan-deep hold statistics for several truncations. '
            'Leave it out.')


@dataclass(frozen=True)
class Source:
    """A project.

    Args:
        config: Where the file's model is, under ``configs/``, unless the user
            names another.
        layouts: Our name of a network to its entries.
        bn_eps: What the project adds to the variance in its norms; None if
            it has no norms.
        read: From a file to our names of the networks in it and their state
            dicts, for projects whose files hold several; ``generator_ema`` is
            the averaged generator. None where a file holds the state dict of
            one network, which is known by its marker.
        flat: From all foreign keys to what each is looked up as.
        change: Changes numbers, in place, under our names; it is given the
            truncation that the user wants, or None.
    """

    config: str
    layouts: dict[str, Layout]
    bn_eps: float | None = None
    read: Callable[[str | Path], dict[str, dict[str, Tensor]]] | None = None
    flat: Callable[[Iterable[str]], dict[str, str]] = as_they_are
    change: Callable[[dict[str, Tensor], float | None], None] = no_truncation
