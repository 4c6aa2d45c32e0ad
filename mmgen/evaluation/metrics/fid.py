"""Frechet distance of two sets of images.

Heusel et al. 2017, arXiv:1706.08500, equation 6: features of both sets are
taken for Gaussians, whose distance is that of `frechet_distance`.
"""
import json
import logging
from dataclasses import replace
from pathlib import Path

import torch
from mmengine.logging import print_log

from mmgen.evaluation.features import (FeatureNetwork, Gaussian, ImageBatch,
                                       build_feature_network, read_statistics)
from mmgen.evaluation.features.inception import build_inception
from mmgen.evaluation.features.statistics import (GroupedStatistics,
                                                  join_statistics)
from mmgen.evaluation.frechet import gaussian_distance
from mmgen.evaluation.metrics.base import (GenMetric, prefix_with_features,
                                           whole_number)
from mmgen.evaluation.reference import LEAST_FOR_FLOOR, ReferenceRequest
from mmgen.evaluation.standard_error import JACKKNIFE_GROUPS, jackknife_error
from mmgen.registry import METRICS
from mmgen.utils.file_hash import file_hash


@METRICS.register_module(name=['FrechetInceptionDistance', 'FID', 'FID-Full'])
class FrechetInceptionDistance(GenMetric):
    """FID, or the Frechet distance in the features of another network.

    Args:
        fake_nums: Number of generated images, usually 50000.
        real_nums: Number of real images, evenly spaced over the dataset of
            the ``val_dataloader``, so that a folder sorted by class gives all
            classes; -1 for all.
        inception_style: ``'StyleGAN'``, the TorchScript file, or
            ``'PyTorch'``, the converted TensorFlow weights.
        inception_path: Local weights file; else the cache, else a download.
        inception_pkl: Statistics of the real images made beforehand: an
            ``.npz`` or what 1.x wrote. If it is not there they are computed.
        fake_key: Name of the image in the model's data samples.
        real_key: Name of the image in a batch of real images.
        sample_model: ``'ema'`` or ``'orig'``.
        collect_device: ``'cpu'`` or ``'gpu'``: where statistics are summed.
        prefix: First part of the result keys.
        feature: Another network than Inception: a name or config of the
            registry ``FEATURES``. The results are then called ``FID-``, or
            ``FD-`` as the network has it, and its name; ``prefix`` may only
            lengthen that.
        sample_kwargs: Passed to the model, e.g. truncation.
        seed: Seed of the images.
        resize: ``'legacy'``, or ``'clean'``, as clean-fid does it, or, for
            the style ``'PyTorch'``, ``'tensorflow'``; see `InceptionPyTorch`.
            Another ``feature`` has a resize of its own.
        floor: Whether to measure, beside the distance, that of two halves of
            the real images, every second one against the rest: what images
            as good as real ones get, with half of the numbers. It costs no
            reading and is kept in the cache. None: where the real images are
            at hand, not with the file ``inception_pkl``.
        standard_error: Whether to measure, beside the distance, how far it
            strays with other generated images: the delete-a-group jackknife
            over ``JACKKNIFE_GROUPS``, which takes as many distances and
            covariances. The real images stay as they are.
    """

    default_prefix = 'FID'
    result_names: tuple[str, ...] = ('fid', 'mean', 'cov')
    network: FeatureNetwork
    distance_prefix = ''  # of what a distance in other features is called

    def __init__(self,
                 fake_nums: int | float,
                 real_nums: int | float = -1,
                 inception_style: str = 'StyleGAN',
                 inception_path: str | None = None,
                 inception_pkl: str | None = None,
                 fake_key: str | None = None,
                 real_key: str = 'img',
                 sample_model: str = 'orig',
                 collect_device: str = 'cpu',
                 prefix: str | None = None,
                 feature: str | dict | FeatureNetwork | None = None,
                 sample_kwargs: dict | None = None,
                 seed: int = 0,
                 resize: str = 'legacy',
                 floor: bool | None = None,
                 standard_error: bool = False) -> None:
        if feature is not None and resize != 'legacy':
            raise ValueError(
                f'{self}: resize={resize!r} together with feature, expected '
                'one of the two. Set resize in the config of the feature.')
        network = build_inception(
            self, inception_style, inception_path, resize) \
            if feature is None else build_feature_network(feature)
        super().__init__(fake_nums, fake_key, sample_model, sample_kwargs,
                         seed, collect_device,
                         self._checked_prefix(prefix, network))
        self.network = network
        self.real_nums = -1 if real_nums == -1 else whole_number(
            self, 'real_nums', real_nums, self._least(floor))
        self.real_key = real_key
        self.inception_pkl = inception_pkl
        self.groups = JACKKNIFE_GROUPS if standard_error else 1
        if standard_error:
            whole_number(self, 'fake_nums with standard_error=True',
                         self.fake_nums, least=2 * JACKKNIFE_GROUPS)
        self.floor = floor
        if floor and inception_pkl is not None:
            raise ValueError(
                f'{self}: floor=True needs the real images, but '
                f'inception_pkl={inception_pkl!r} holds statistics of all of '
                'them. Remove one of the two.')
        self.selection = 'evenly spaced over the dataset'
        self._warned = False

    @staticmethod
    def _least(floor: bool | None) -> int:
        """How many real images there have to be."""
        return LEAST_FOR_FLOOR if floor else 2

    @property
    def images_per_distance(self) -> int:
        """How many generated images a distance is measured with."""
        return self.fake_nums

    def reference_request(self) -> ReferenceRequest | None:
        if self.reference is not None:
            return None
        return ReferenceRequest(
            str(self), self.network, self.real_nums, self.real_key, self.seed,
            self.sums_device, floor=self.floor is not False,
            least=self._least(self.floor))

    def start(self, device: torch.device) -> None:
        super().start(device)
        if self.reference is not None or self.inception_pkl is None:
            return
        if Path(self.inception_pkl).is_file():
            self.reference = self._read_reference(self.inception_pkl)
            self.selection = 'as in inception_pkl'
        else:
            print_log(
                f'{self}: there is no {self.inception_pkl}; computing the '
                'statistics of the val_dataloader instead.',
                logger='current',
                level=logging.WARNING)

    def _read_reference(self, path: str) -> Gaussian:
        statistics = read_statistics(path)
        if len(statistics.mean) != self.network.dim:
            raise ValueError(
                f'{self}: {path} holds statistics of '
                f'{len(statistics.mean)} features, but {self.network.name} '
                f'has {self.network.dim}. Make the file with this network, or '
                'remove inception_pkl.')
        ours = json.dumps(self.network.identity(), sort_keys=True)
        if statistics.network not in ('', ours):
            raise ValueError(
                f'{self}: {path} was made with another feature '
                f'network: got {statistics.network}, expected {ours}. Make '
                'the file with this network, or remove inception_pkl.')
        return replace(statistics, sha256=file_hash(path), floor=None)

    def reset(self, device: torch.device | str) -> None:
        count = self.images_per_distance
        if count < self.network.dim and not self._warned:
            self._warned = True
            print_log(
                f'{self.prefix}: {count} fake features for '
                f'statistics of size {self.network.dim}; got fake_nums='
                f'{self.fake_nums}. The number is right but far from that of '
                f'many images. Use at least {self.network.dim}, the usual '
                'count is 50000.',
                logger='current',
                level=logging.WARNING)
        self._statistics = GroupedStatistics(
            self.groups, self.network.dim, device)

    def process(self, batch: ImageBatch, take: int) -> None:
        features = batch.features(self.network)[:take]
        self._statistics.update(features, batch.start)

    def gather(self) -> None:
        self.fakes = self._statistics.gather()
        seen = sum(item.count or 0 for item in self.fakes)
        if seen != self.fake_nums:
            raise RuntimeError(
                f'{self}: saw {seen} generated images, expected '
                f'fake_nums={self.fake_nums}. Check that the model answers '
                'num_batches with as many images.')

    def compute(self) -> dict[str, float]:
        distances = gaussian_distance(join_statistics(self.fakes),
                                      self.reference)
        return dict(zip(self.result_names, distances))

    def beside(self) -> dict[str, dict[str, float]]:
        found = {}
        if self.groups > 1:
            found['standard_error'] = distance_error(
                self.fakes, self.reference)
        if self.floor is not False and self.reference.floor is not None:
            found['floor'] = self.reference.floor
        return dict(fid=found) if found else {}

    def identity(self) -> dict:
        return dict(super().identity(), reference=self.reference_identity())

    def reference_identity(self) -> dict:
        """What the real images were."""
        return dict(images=self.reference.count,
                    selection=self.selection,
                    sha256=self.reference.sha256)

    def _checked_prefix(self, prefix: str | None,
                        network: FeatureNetwork) -> str | None:
        """A distance in other features must not be taken for FID."""
        if network.is_inception:
            return prefix
        head = f'{self.distance_prefix}{network.distance}'
        return prefix_with_features(self, prefix, head, network, 'FID')


def distance_error(groups: list[Gaussian], reference: Gaussian) -> float:
    """Standard error of the distance of all groups together.

    Args:
        groups: Of generated images.
        reference: What they are compared with.
    """
    return jackknife_error([
        gaussian_distance(
            join_statistics(groups[:index] + groups[index + 1:]),
            reference)[0] for index in range(len(groups))])
