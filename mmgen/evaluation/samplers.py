"""Which images are looked at, in which order, and by which process.

Batch ``k`` is made by process ``k % W`` from a seed that depends on ``k``
alone, so that any number of processes sees the same images in the same
batches, and each image once.
"""
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from mmengine.dist import get_dist_info
from torch import nn
from torch.utils.data import DataLoader

from mmgen.datasets.loading.seeded import SeededDataset
from mmgen.evaluation.fingerprint import describe
from mmgen.utils.unwrap import unwrap

# What the model is given in place of plain inputs, for the batch of an index.
Variant = Callable[[dict, int], dict]


@dataclass(frozen=True)
class FakeRequest:
    """Which generated images a metric wants; equal requests share images.

    Attributes:
        sample_model: ``ema`` or ``orig``.
        sample_kwargs: Passed to the model, e.g. truncation.
        seed: Seed of the noise, or of what is random in the data pipeline.
        sources: Number of the data loader's samples that are to be
            translated, evenly spaced over its dataset; None for images from
            noise.
        target_domain: Into which domain; None for the model's default.
        variants: Where each image is wanted in several variants: what the
            model is given for each of them. A batch of one is followed by
            those of the others, and all begin with the same random state, so
            that they differ in what they are given alone.
        labels: Classes that the images take in turn; None to leave them to
            the model.
    """

    sample_model: str
    sample_kwargs: dict = field(hash=False)
    seed: int
    sources: int | None = None
    target_domain: str | None = None
    variants: tuple[Variant, ...] = ()
    labels: tuple[int, ...] | None = None

    @property
    def key(self) -> str:
        """Text that equal requests have in common."""
        return json.dumps(
            [self.sample_model, describe(self.sample_kwargs), self.seed,
             self.sources, self.target_domain, describe(self.variants),
             self.labels],
            sort_keys=True)


@dataclass(frozen=True)
class FakeBatch:
    """One batch to be generated.

    Attributes:
        index: ``k``, counted over all processes.
        start: Place of its first image in the whole set.
        size: Number of images.
        data: What ``model.test_step`` is called with.
        variant: Which of the request's variants it is.
    """

    index: int
    start: int
    size: int
    data: dict
    variant: int = 0


def fake_batches(request: FakeRequest, total: int,
                 batch_size: int) -> list[FakeBatch]:
    """This process's batches; over all processes exactly ``total`` images,
    or as many of each variant."""
    batches = []
    for index, start, size in _own_batches(total, batch_size):
        inputs = dict(
            num_batches=size,
            sample_model=request.sample_model,
            sample_kwargs=dict(request.sample_kwargs))
        if request.labels is not None:
            inputs['labels'] = [request.labels[place % len(request.labels)]
                                for place in range(start, start + size)]
        given = [change(inputs, index) for change in request.variants] \
            or [inputs]
        batches += [FakeBatch(index, start, size, dict(inputs=item), variant)
                    for variant, item in enumerate(given)]
    return batches


def source_batches(request: FakeRequest, batches: list[FakeBatch],
                   batch_size: int,
                   dataloader: DataLoader) -> Iterator[FakeBatch]:
    """The same batches with samples of the loader, to be translated.

    Args:
        request: With ``sources``.
        batches: What `fake_batches` gives for that many images.
        batch_size: Images in a batch.
        dataloader: Loader of the source images.
    """
    samples = real_batches(
        dataloader, request.sources, batch_size, request.seed)
    for batch, (_, data) in zip(batches, samples, strict=True):
        inputs = data['inputs']
        if isinstance(inputs, dict) and request.target_domain is not None:
            inputs = dict(inputs, target_domain=request.target_domain)
        yield replace(batch, data=dict(data, inputs=inputs))


def _own_batches(total: int, batch_size: int) -> list[tuple[int, int, int]]:
    """(index, start, size) of the batches of this process."""
    rank, world_size = get_dist_info()
    starts = range(0, total, batch_size)
    return [(index, starts[index], min(batch_size, total - starts[index]))
            for index in range(rank, len(starts), world_size)]


class _OwnPlaces:
    """The samples of this process, in batches, for a `SeededDataset`."""

    def __init__(self, total: int, available: int, batch_size: int) -> None:
        self.batches = _own_batches(total, batch_size)
        self.total = total
        self.available = available

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        for _, start, size in self.batches:
            yield [(place, evenly_spaced(place, self.total, self.available))
                   for place in range(start, start + size)]


def evenly_spaced(place: int, total: int, available: int) -> int:
    """Index of the sample ``place`` out of ``total``.

    A part of a dataset is spread over all of it: many are sorted by class.
    """
    return place * available // total


def real_batches(dataloader: DataLoader, total: int, batch_size: int,
                 seed: int) -> Iterator[tuple[int, Any]]:
    """``total`` samples, evenly spaced over the loader's dataset, in order.

    The loader's own sampler is left aside: it may shuffle, and on several
    processes it repeats samples to give each the same number.

    Args:
        dataloader: Gives dataset, collation and workers.
        total: Number of samples over all processes.
        batch_size: Samples in a batch.
        seed: Seed of whatever is random in the pipeline; each sample draws
            by its place alone.

    Returns:
        Iterator over (place of the first sample, batch) of this process.
    """
    places = _OwnPlaces(total, len(dataloader.dataset), batch_size)
    loader = DataLoader(
        SeededDataset(dataloader.dataset, seed),
        batch_sampler=places,
        num_workers=dataloader.num_workers,
        collate_fn=dataloader.collate_fn,
        pin_memory=dataloader.pin_memory,
        worker_init_fn=dataloader.worker_init_fn,
        multiprocessing_context=dataloader.multiprocessing_context)
    for (_, start, _), batch in zip(places.batches, loader, strict=True):
        yield start, batch


def real_batch_of_one(dataloader: DataLoader, place: int, total: int,
                      seed: int) -> Any:
    """Sample ``place`` as `real_batches` gives it, in a batch of its own."""
    index = evenly_spaced(place, total, len(dataloader.dataset))
    sample = SeededDataset(dataloader.dataset, seed)[place, index]
    return dataloader.collate_fn([sample])


def loader_batch_size(dataloader: DataLoader) -> int:
    """Batch size of a loader, also of one with a batch sampler."""
    size = dataloader.batch_size or getattr(
        dataloader.batch_sampler, 'batch_size', None)
    if not size:
        raise ValueError(
            'GenEvaluator: the val_dataloader has no batch_size. Set '
            'batch_size in the val_evaluator or in the val_dataloader.')
    return size


def sampled_generator(model: nn.Module, sample_model: str) -> nn.Module | None:
    """The network itself that makes the images; None without a generator."""
    if sample_model == 'ema':
        return getattr(getattr(model, 'generator_ema', None), 'module', None)
    return unwrap(getattr(model, 'generator', None))
