"""What all metrics share: which images, how many, under which name."""
from abc import ABC, abstractmethod
from typing import Any

import torch
from mmengine.model import BaseModel
from torch.utils.data import DataLoader

from mmgen.evaluation.features import FeatureNetwork, Gaussian, ImageBatch
from mmgen.evaluation.features.lpips import PerceptualDistance
from mmgen.evaluation.fingerprint import describe
from mmgen.evaluation.reference import ReferenceRequest
from mmgen.evaluation.samplers import FakeRequest


class GenMetric(ABC):
    """A number about generated images.

    A metric says which images it needs (`fake_request`) and which statistics
    of real ones (`reference_request`), takes its own share of the images
    (`add`) and makes its numbers of them (`gather`, `compute`), and what
    belongs beside them (`beside`). It draws no images itself, so metrics
    share them.

    Args:
        fake_nums: Number of generated images.
        fake_key: Name of the image in the model's data samples; ``None``
            for ``fake_img``.
        sample_model: ``'ema'`` or ``'orig'``.
        sample_kwargs: Passed to the model, e.g. truncation.
        seed: Seed of the images.
        collect_device: ``'cpu'`` or ``'gpu'``: where sums over images are
            kept.
        prefix: First part of the result keys, before the slash.
    """

    default_prefix: str
    result_names: tuple[str, ...]
    # What the metric does that images alone do not allow, as the end of a
    # sentence; None where they do.
    needs_model: str | None = None

    def __init__(self,
                 fake_nums: int | float,
                 fake_key: str | None = None,
                 sample_model: str = 'orig',
                 sample_kwargs: dict | None = None,
                 seed: int = 0,
                 collect_device: str = 'cpu',
                 prefix: str | None = None) -> None:
        self.fake_nums = whole_number(self, 'fake_nums', fake_nums, least=2)
        if sample_model not in ('ema', 'orig'):
            raise ValueError(
                f'{self}: sample_model={sample_model!r}, expected '
                "'ema' or 'orig'. To measure both, write two metrics with "
                'different prefixes.')
        if collect_device not in ('cpu', 'gpu'):
            raise ValueError(f'{self}: collect_device={collect_device!r}, '
                             "expected 'cpu' or 'gpu'.")
        seed = whole_number(self, 'seed', seed, least=0)
        self.fake_key = fake_key
        self.fake_request = FakeRequest(sample_model,
                                        dict(sample_kwargs or {}), seed)
        self.seed = seed
        self.collect_device = collect_device
        self.sums_device: torch.device | str = 'cpu'
        self.prefix = prefix or self.default_prefix
        self.network: FeatureNetwork | PerceptualDistance | None = None
        # A Gaussian or a FeatureTable, as the metric asks; None until it is there.
        self.reference: Any = None
        self.parts: list[Gaussian] = []

    def __str__(self) -> str:
        return type(self).__name__

    def result_keys(self) -> list[str]:
        """Keys of the results, ``prefix/name``."""
        return [f'{self.prefix}/{name}' for name in self.result_names]

    def reference_request(self) -> ReferenceRequest | None:
        """Statistics of real images that are missing, after `start`."""
        return None

    def part_requests(self) -> list[ReferenceRequest]:
        """Statistics of parts of the real images, wanted besides."""
        return []

    def meet(self, model: BaseModel, dataloader: DataLoader) -> None:  # noqa: B027
        """Look at the model and the data before anything is made.

        For metrics whose images depend on them; raise what cannot work.
        """

    def start(self, device: torch.device) -> None:
        """Load what is needed and forget the images seen so far."""
        if self.network is not None:
            self.network.to(device)
        self.sums_device = device if self.collect_device == 'gpu' else 'cpu'
        self.reset(self.sums_device)

    def add(self, batch: ImageBatch) -> None:
        """Look at those images of a batch that are among ``fake_nums``."""
        take = min(len(batch), self.fake_nums - batch.start)
        if take > 0:
            self.process(batch, take)

    @abstractmethod
    def reset(self, device: torch.device | str) -> None:
        """Begin anew with sums on ``device``."""

    @abstractmethod
    def process(self, batch: ImageBatch, take: int) -> None:
        """Look at the first ``take`` images of a batch."""

    @abstractmethod
    def gather(self) -> None:
        """Join what the processes saw; each has to call it."""

    @abstractmethod
    def compute(self) -> dict[str, float]:
        """The numbers by name, on the main process, after `gather`."""

    def beside(self) -> dict[str, dict[str, float]]:
        """What tells how much the numbers mean, after `compute`.

        Returns:
            For names of results a ``standard_error``, a ``floor`` or both.
        """
        return {}

    def identity(self) -> dict[str, Any]:
        """What a reader has to know to compare the numbers, as plain data."""
        network = {} if self.network is None else self.network.identity()
        return dict(
            metric=type(self).__name__,
            features=network,
            fake=dict(
                images=self.fake_nums,
                sample_model=self.fake_request.sample_model,
                sample_kwargs=describe(self.fake_request.sample_kwargs),
                seed=self.seed,
                fake_key=self.fake_key or 'fake_img'))


def prefix_with_features(asker: object, prefix: str | None, head: str,
                         network: FeatureNetwork, usual: str) -> str:
    """First part of the keys of a number made with unusual features.

    It must not be taken for the usual number, so it begins with ``head`` and
    the network's name.

    Args:
        asker: Who asks, for the error message.
        prefix: What the user wants, which may only lengthen that.
        head: E.g. ``FID``.
        network: Feature network.
        usual: The number that this one does not compare with.
    """
    required = f'{head}-{network.name}'
    if prefix is not None and not prefix.startswith(required):
        raise ValueError(
            f'{asker}: prefix={prefix!r} with features of {network.name}, '
            f'expected one that starts with {required!r}: such a number does '
            f'not compare with {usual}.')
    return prefix or required


def whole_number(asker: object, name: str, value: Any, least: int) -> int:
    """``value`` as an integer; configs of 1.x write ``5e4``, too."""
    integral = isinstance(value, (int, float)) \
        and not isinstance(value, bool) and float(value).is_integer()
    if not integral or value < least:
        raise ValueError(f'{asker}: {name}={value!r}, expected a whole number '
                         f'of at least {least}.')
    return int(value)
