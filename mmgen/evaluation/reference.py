"""Statistics of the real images, computed once and kept in the cache."""
import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from mmengine.dist import (all_gather_object, broadcast_object_list,
                           is_main_process)
from mmengine.logging import print_log
from torch import Tensor, nn
from torch.utils.data import DataLoader

from mmgen.evaluation.features import (FeatureNetwork, FeatureStatistics,
                                       Gaussian, ImageBatch, read_statistics)
from mmgen.evaluation.features.statistics import write_statistics
from mmgen.evaluation.fingerprint import describe, fingerprint
from mmgen.evaluation.images import real_images
from mmgen.evaluation.samplers import real_batch_of_one, real_batches
from mmgen.utils.cache_dir import cache_dir
from mmgen.utils.progress import progress


@dataclass(frozen=True)
class ReferenceRequest:
    """Which statistics a metric wants of the real images.

    Attributes:
        asker: The metric's name, for error messages.
        network: Feature network.
        real_nums: Number of images, evenly spaced over the dataset; -1 for
            all.
        real_key: Name of the image in a batch.
        seed: Seed of whatever is random in the data pipeline.
        device: Where the sums are kept.
    """

    asker: str
    network: FeatureNetwork
    real_nums: int
    real_key: str
    seed: int
    device: torch.device | str


def reference_statistics(requests: list[ReferenceRequest], module: nn.Module,
                         dataloader: DataLoader,
                         batch_size: int) -> list[Gaussian]:
    """Statistics for each request, from the cache or in one pass.

    Args:
        requests: What is wanted; every process gives the same.
        module: The model, whose data preprocessor reads the batches.
        dataloader: Loader of the real images.
        batch_size: Images in a batch.

    Returns:
        The statistics in the order of ``requests``, on every process.
    """
    if not requests:
        return []
    counts = [image_count(request, dataloader) for request in requests]
    known = [[]]
    if is_main_process():
        # Before any image is read: datasets may note what they read.
        dataset = fingerprint(dataloader.dataset, files=True)
        paths = [cache_dir() / 'statistics' / cache_name(
            request, count, dataset, module, dataloader)
            for request, count in zip(requests, counts)]
        known = [[(path, _read_cached(path)) for path in paths]]
    broadcast_object_list(known)

    passes: dict[Path, _Pass] = {}
    for request, count, (path, cached) in zip(
            requests, counts, known[0], strict=True):
        if cached is None and path not in passes:
            passes[path] = _Pass(request, count)
    for passes_of_one_kind in _by_images(passes.values()):
        _look_at_images(passes_of_one_kind, module, dataloader, batch_size)
    computed = {path: item.result() for path, item in passes.items()}
    if is_main_process():
        for path, statistics in computed.items():
            write_statistics(path, statistics)
    return [computed.get(path, cached) for path, cached in known[0]]


def image_count(request: ReferenceRequest, dataloader: DataLoader) -> int:
    """Number of images that the request comes to.

    Raises:
        TypeError: The dataset has no length.
        ValueError: The dataset has fewer images.
    """
    dataset = dataloader.dataset
    if not hasattr(dataset, '__len__'):
        raise TypeError(
            f'{request.asker}: the dataset {type(dataset).__name__} of the '
            'val_dataloader has no length, so its images cannot be counted. '
            'Use a dataset with __len__ and __getitem__.')
    available = len(dataset)
    count = available if request.real_nums == -1 else request.real_nums
    if count > available:
        raise ValueError(
            f'{request.asker}: real_nums={count}, but the dataset of the '
            f'val_dataloader has {available} images. Use real_nums=-1 for '
            'all of them, each is used once.')
    if count < 2:
        raise ValueError(
            f'{request.asker}: the dataset of the val_dataloader has '
            f'{available} images, expected at least 2. Check its data_root.')
    return count


def cache_name(request: ReferenceRequest, count: int, dataset: str,
               module: nn.Module, dataloader: DataLoader) -> str:
    """File name made of everything that determines the statistics.

    Feature network, dataset with its pipeline and files (sizes and times of
    change), data preprocessor, three images as the network will see them,
    count and seed.

    Args:
        request: What is wanted.
        count: Number of images.
        dataset: Fingerprint of the dataset and its files.
        module: The model, whose data preprocessor reads the batches.
        dataloader: Loader of the images.
    """
    everything = dict(
        network=request.network.identity(),
        dataset=dataset,
        length=len(dataloader.dataset),
        collate=describe(dataloader.collate_fn),
        preprocessor=describe(module.data_preprocessor),
        samples=[_image_at(place, count, request, module, dataloader)
                 for place in (0, count // 2, count - 1)],
        count=count,
        real_key=request.real_key,
        seed=request.seed)
    kind = type(dataloader.dataset).__name__
    return (f'{request.network.name}-{kind}-{count}-'
            f'{fingerprint(everything)[:16]}.npz')


def _image_at(place: int, count: int, request: ReferenceRequest,
              module: nn.Module, dataloader: DataLoader) -> Tensor:
    """Image ``place`` of ``count`` as the feature network will see it."""
    batch = real_batch_of_one(dataloader, place, count, request.seed)
    return real_images(module, batch, request.real_key)


def _read_cached(path: Path) -> Gaussian | None:
    if not path.is_file():
        return None
    try:
        return read_statistics(path)
    except ValueError as error:
        print_log(
            f'{error} Computing the statistics anew.',
            logger='current',
            level=logging.WARNING)
        return None


def _by_images(passes: Iterable['_Pass']) -> list[list['_Pass']]:
    """Passes that look at the same images, together."""
    groups: dict[tuple, list[_Pass]] = {}
    for item in passes:
        groups.setdefault((item.request.seed, item.count), []).append(item)
    return list(groups.values())


def _look_at_images(passes: list['_Pass'], module: nn.Module,
                    dataloader: DataLoader, batch_size: int) -> None:
    """Read the images that all ``passes`` want, in order, each once."""
    seed, total = passes[0].request.seed, passes[0].count
    keys = sorted({item.request.real_key for item in passes})
    with progress('Real images', total) as advance:
        for start, data in real_batches(dataloader, total, batch_size, seed):
            batches = {key: ImageBatch(real_images(module, data, key), start)
                       for key in keys}
            for item in passes:
                item.process(batches[item.request.real_key])
            advance(len(batches[keys[0]]))


class _Pass:
    """Statistics and content hash of ``count`` images."""

    def __init__(self, request: ReferenceRequest, count: int) -> None:
        self.request = request
        self.count = count
        self.statistics = FeatureStatistics(request.network.dim,
                                            request.device)
        self.hash_sum = 0

    def process(self, batch: ImageBatch) -> None:
        """Take a batch of the images."""
        self.statistics.update(batch.features(self.request.network))
        self.hash_sum += sum(map(_image_hash, batch.images.cpu()))

    def result(self) -> Gaussian:
        """Over all processes; each has to call it."""
        statistics = self.statistics.gather()
        # A sum does not depend on the order in which processes look.
        total = sum(all_gather_object(self.hash_sum)) % 2**256
        assert statistics.count == self.count
        return replace(statistics, sha256=f'{total:064x}')


def _image_hash(image: Tensor) -> int:
    """SHA-256 of a uint8 image ``[3, H, W]`` and its shape."""
    head = str(list(image.shape)).encode()
    data = head + image.contiguous().numpy().tobytes()
    return int.from_bytes(hashlib.sha256(data).digest(), 'big')
