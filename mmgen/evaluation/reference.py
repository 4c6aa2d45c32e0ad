"""What is known of the real images, computed once and kept in the cache:
statistics of their features, or all of these."""
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

from mmgen.evaluation.features import (FeatureNetwork, Gaussian, ImageBatch,
                                       read_statistics)
from mmgen.evaluation.features.statistics import (GroupedStatistics,
                                                  join_statistics,
                                                  write_statistics)
from mmgen.evaluation.features.table import (FeatureCollector, FeatureTable,
                                             read_features, write_features)
from mmgen.evaluation.fingerprint import describe, fingerprint
from mmgen.evaluation.frechet import gaussian_distance
from mmgen.evaluation.images import real_images, real_labels
from mmgen.evaluation.samplers import real_batch_of_one, real_batches
from mmgen.utils.cache_dir import cache_dir
from mmgen.utils.progress import progress

# Images whose halves have a covariance each.
LEAST_FOR_FLOOR = 4


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
        label: Only images of this class; None for all.
        floor: Whether the distance of every second image to the rest is
            wanted, too, if there are ``LEAST_FOR_FLOOR`` images; not with
            ``label``.
        all_features: Whether all features are wanted instead of their
            statistics; not with ``label`` or ``floor``.
        least: Number of images below which the metric does not work.
        save: Whether to keep in the cache what is computed.
    """

    asker: str
    network: FeatureNetwork
    real_nums: int
    real_key: str
    seed: int
    device: torch.device | str
    label: int | None = None
    floor: bool = False
    all_features: bool = False
    least: int = 2
    save: bool = True

    def chosen(self, count: int, labels: Tensor | None) -> Tensor:
        """Which of the images of a batch are meant.

        Args:
            count: Their number ``N``.
            labels: Their classes, ``[N]``; needed with ``label`` only.

        Returns:
            bool ``[N]``.
        """
        return torch.ones(count, dtype=torch.bool) if self.label is None \
            else labels == self.label

    @property
    def title(self) -> str:
        """Which images, for error messages."""
        label = '' if self.label is None else f', class {self.label}'
        return f'images of the val_dataloader{label}'

    def has_floor(self, count: int) -> bool:
        """Whether a floor is to be measured with ``count`` images."""
        return self.floor and count >= LEAST_FOR_FLOOR


def reference_statistics(requests: list[ReferenceRequest], module: nn.Module,
                         dataloader: DataLoader,
                         batch_size: int) -> list[Gaussian | FeatureTable]:
    """Statistics, or all features, for each request.

    From the cache, and the others in one pass.

    Args:
        requests: What is wanted; every process gives the same.
        module: The model, whose data preprocessor reads the batches.
        dataloader: Loader of the real images.
        batch_size: Images in a batch.

    Returns:
        What was wanted, in the order of ``requests``, on every process; the
        rows of a table on the main one.
    """
    if not requests:
        return []
    counts = [image_count(request, dataloader) for request in requests]
    paths, cached = _look_up(requests, counts, module, dataloader)
    passes = {path: _Pass(_joined(requests, paths, path), count)
              for path, count in zip(paths, counts, strict=True)
              if path not in cached}
    for passes_of_one_kind in _by_images(passes.values()):
        _look_at_images(passes_of_one_kind, module, dataloader, batch_size)
    computed = {path: item.result() for path, item in passes.items()}
    if is_main_process():
        for path, item in passes.items():
            if item.request.save:
                _write(path, computed[path])
    return [cached[path] if path in cached else computed[path]
            for path in paths]


def _joined(requests: list[ReferenceRequest], paths: list[Path],
            path: Path) -> ReferenceRequest:
    """What all requests want that share a path."""
    sharing = [request for request, own in zip(requests, paths, strict=True)
               if own == path]
    return replace(sharing[0],
                   floor=any(request.floor for request in sharing),
                   save=any(request.save for request in sharing))


def _look_up(
    requests: list[ReferenceRequest], counts: list[int], module: nn.Module,
    dataloader: DataLoader
) -> tuple[list[Path], dict[Path, Gaussian | FeatureTable]]:
    """The cache's path for each request, and what is there already.

    Tables come without rows to all but the main process.
    """
    found = {}
    known = [([], {})]
    if is_main_process():
        # Before any image is read: datasets may note what they read.
        dataset = fingerprint(dataloader.dataset, files=True)
        paths = [
            cache_dir() / ('features' if request.all_features else
                           'statistics')
            / cache_name(request, count, dataset, module, dataloader)
            for request, count in zip(requests, counts)]
        for path in dict.fromkeys(paths):
            item = _read_cached(path, _joined(requests, paths, path))
            found.update({} if item is None else {path: item})
        known = [(paths, {path: _shared(item)
                          for path, item in found.items()})]
    broadcast_object_list(known)
    paths, shared = known[0]
    return paths, found if is_main_process() else shared


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
    if count < request.least:
        raise ValueError(
            f'{request.asker}: the dataset of the val_dataloader has '
            f'{available} images, expected at least {request.least}. Check '
            'its data_root.')
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
        seed=request.seed,
        part=(0, 1),  # kept for the files of earlier versions
        label=request.label)
    kind = type(dataloader.dataset).__name__
    return (f'{request.network.name}-{kind}-{count}-'
            f'{fingerprint(everything)[:16]}.npz')


def _image_at(place: int, count: int, request: ReferenceRequest,
              module: nn.Module, dataloader: DataLoader) -> Tensor:
    """Image ``place`` of ``count`` as the feature network will see it."""
    batch = real_batch_of_one(dataloader, place, count, request.seed)
    return real_images(module, batch, request.real_key)


def _read_cached(
        path: Path,
        request: ReferenceRequest) -> Gaussian | FeatureTable | None:
    if not path.is_file():
        return None
    try:
        if request.all_features:
            return read_features(path).to(request.device)
        found = read_statistics(path)
        # Files of earlier versions know no floor: they are made anew.
        complete = found.floor is not None \
            or not request.has_floor(found.count)
        return found if complete else None
    except ValueError as error:
        print_log(
            f'{error} Computing the statistics anew.',
            logger='current',
            level=logging.WARNING)
        return None


def _shared(item: Gaussian | FeatureTable) -> Gaussian | FeatureTable:
    """What processes beside the main one have to know."""
    return item.without_rows() if isinstance(item, FeatureTable) else item


def _write(path: Path, item: Gaussian | FeatureTable) -> None:
    if isinstance(item, FeatureTable):
        write_features(path, item)
    else:
        write_statistics(path, item)


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
    by_class = [item.request.asker for item in passes
                if item.request.label is not None]
    with progress('Real images', total) as advance:
        for start, data in real_batches(dataloader, total, batch_size, seed):
            batches = {key: ImageBatch(real_images(module, data, key), start)
                       for key in keys}
            labels = real_labels(data, by_class[0]) if by_class else None
            for item in passes:
                item.process(batches[item.request.real_key], labels)
            advance(len(batches[keys[0]]))


class _Pass:
    """What a request wants of the images that it chooses, and their hash.

    Args:
        request: Which of them.
        count: Number of images that are looked at.
    """

    def __init__(self, request: ReferenceRequest, count: int) -> None:
        self.request = request
        self.count = count
        dim, device = request.network.dim, request.device
        halves = 2 if request.has_floor(count) else 1
        self.features = FeatureCollector(count, dim, device) \
            if request.all_features else GroupedStatistics(halves, dim, device)
        self.hash_sum = 0

    def process(self, batch: ImageBatch, labels: Tensor | None) -> None:
        """Take a batch of the images."""
        chosen = self.request.chosen(len(batch), labels)
        if not chosen.any():
            return
        features = batch.features(self.request.network)
        self.features.update(features[chosen.to(features.device)],
                             batch.start)
        self.hash_sum += sum(map(_image_hash, batch.images.cpu()[chosen]))

    def result(self) -> Gaussian | FeatureTable:
        """Over all processes; each has to call it."""
        found = self._whole(self.features.gather())
        # A sum does not depend on the order in which processes look.
        total = sum(all_gather_object(self.hash_sum)) % 2**256
        if found.count < 2:
            raise ValueError(
                f'{self.request.asker}: {found.count} of {self.count} '
                f'{self.request.title}, expected at least 2. Use a larger '
                'real_nums, a larger dataset or fewer classes.')
        return replace(found, sha256=f'{total:064x}')

    @staticmethod
    def _whole(found: FeatureTable | list[Gaussian]) -> FeatureTable | Gaussian:
        """Join halves; their distance is measured by the main process."""
        if isinstance(found, FeatureTable):
            return found
        if len(found) == 1:
            return found[0]
        floor = gaussian_distance(*found)[0] if is_main_process() else None
        return replace(join_statistics(found), floor=floor)


def _image_hash(image: Tensor) -> int:
    """SHA-256 of a uint8 image ``[3, H, W]`` and its shape."""
    head = str(list(image.shape)).encode()
    data = head + image.contiguous().numpy().tobytes()
    return int.from_bytes(hashlib.sha256(data).digest(), 'big')
