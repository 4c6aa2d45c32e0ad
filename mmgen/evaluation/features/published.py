"""Networks whose weights are a published file."""
from abc import abstractmethod
from pathlib import Path
from pickle import UnpicklingError

import torch
from torch import nn

from mmgen.evaluation.features.base import FeatureNetwork
from mmgen.evaluation.features.weights import WeightsFile

# What reading another file than the expected one may raise.
WRONG_FILE = (RuntimeError, KeyError, ValueError, TypeError, AttributeError,
              EOFError, OSError, UnpicklingError)


class PublishedNetwork(FeatureNetwork):
    """Find, hash and hold the weights; the networks say how to use them.

    Attributes:
        weights_file: The published file.
        resize: What is done to the size of the images, for identity cards.
        remedy: What to look at where the file is another, for the message.

    Args:
        path: The file; without it the cache is searched.
    """

    weights_file: WeightsFile
    resize: str
    remedy: str

    def __init__(self, path: str | None = None) -> None:
        self.path = path
        self._net: nn.Module | None = None
        self._sha256 = ''

    @property
    def net(self) -> nn.Module:
        """The network, loaded on first use."""
        if self._net is None:
            path, self._sha256 = self.weights_file.locate(self.path)
            try:
                self._net = self._load(path)
            except WRONG_FILE as error:
                raise RuntimeError(
                    f'{self.name}: {path} is not the file that '
                    f'{self.weights_file.url} gives: {error}. {self.remedy}'
                ) from error
        return self._net

    @abstractmethod
    def _load(self, path: Path) -> nn.Module:
        """The network, on the CPU, for evaluation."""

    def identity(self) -> dict:
        self.net  # the hash is known once the file is found
        return dict(
            name=self.name,
            weights_sha256=self._sha256,
            resize=self.resize,
            quantisation='uint8')

    def to(self, device: torch.device | str) -> 'PublishedNetwork':
        self._net = self.net.to(device)
        return self
