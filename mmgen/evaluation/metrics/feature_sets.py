"""What metrics share that need all features, not only their statistics."""
import torch

from mmgen.evaluation.features import FeatureNetwork, ImageBatch
from mmgen.evaluation.features.table import FeatureCollector
from mmgen.evaluation.metrics.base import (GenMetric, prefix_with_features,
                                           whole_number)
from mmgen.evaluation.reference import ReferenceRequest


class FeatureSetMetric(GenMetric):
    """A number of two sets of feature vectors.

    Both are kept whole, in the order of the images, on the main process,
    which computes where ``collect_device`` says: 50000 images with 4096
    features are 0.8 GB.

    Args:
        fake_nums: Number of generated images.
        real_nums: Number of real images, evenly spaced over the dataset; -1
            for all.
        network: Feature network.
        usual: Whether plain ``default_prefix`` means features of this
            network. The results of others are called by their name.
        least: Number of images of either set below which the metric does not
            work.
        fake_key: Name of the image in the model's data samples.
        real_key: Name of the image in a batch of real images.
        sample_model: ``'ema'`` or ``'orig'``.
        sample_kwargs: Passed to the model, e.g. truncation.
        seed: Seed of the images.
        collect_device: ``'cpu'`` or ``'gpu'``.
        prefix: First part of the result keys.
        auto_save: Keep the features of the real images in the cache.
    """

    network: FeatureNetwork

    def __init__(self, fake_nums: int | float, real_nums: int | float,
                 network: FeatureNetwork, usual: bool, least: int,
                 fake_key: str | None, real_key: str, sample_model: str,
                 sample_kwargs: dict | None, seed: int, collect_device: str,
                 prefix: str | None, auto_save: bool) -> None:
        if not usual:
            prefix = prefix_with_features(
                self, prefix, self.default_prefix, network,
                self.default_prefix)
        super().__init__(fake_nums, fake_key, sample_model, sample_kwargs,
                         seed, collect_device, prefix)
        self.network = network
        self.least = least
        whole_number(self, 'fake_nums', fake_nums, least)
        self.real_nums = -1 if real_nums == -1 else whole_number(
            self, 'real_nums', real_nums, least)
        self.real_key = real_key
        self.auto_save = auto_save
        self._selection = 'evenly spaced over the dataset'

    def reference_request(self) -> ReferenceRequest | None:
        if self.reference is not None:
            return None
        return ReferenceRequest(
            str(self), self.network, self.real_nums, self.real_key, self.seed,
            self.sums_device, all_features=True, least=self.least,
            save=self.auto_save)

    def reset(self, device: torch.device | str) -> None:
        self._collector = FeatureCollector(self.fake_nums, self.network.dim,
                                           device)

    def process(self, batch: ImageBatch, take: int) -> None:
        features = batch.features(self.network)[:take]
        self._collector.update(features, batch.start)

    def gather(self) -> None:
        self._fake = self._collector.gather()
        if self._fake.count != self.fake_nums:
            raise RuntimeError(
                f'{self}: saw {self._fake.count} generated images, expected '
                f'fake_nums={self.fake_nums}. Check that the model answers '
                'num_batches with as many images.')

    def identity(self) -> dict:
        return dict(
            super().identity(),
            reference=dict(images=self.reference.count,
                           selection=self._selection,
                           sha256=self.reference.sha256))
