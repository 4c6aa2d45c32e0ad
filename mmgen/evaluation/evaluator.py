"""Evaluate several metrics on the same images."""
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from mmengine.dist import broadcast_object_list, is_main_process
from torch import nn
from torch.utils.data import DataLoader

from mmgen.evaluation.features import FeatureNetwork, ImageBatch
from mmgen.evaluation.fingerprint import fingerprint
from mmgen.evaluation.images import fake_images, to_float_rgb, to_uint8_rgb
from mmgen.evaluation.metrics import GenMetric
from mmgen.evaluation.reference import reference_statistics
from mmgen.evaluation.samplers import (FakeBatch, FakeRequest, fake_batches,
                                       loader_batch_size, source_batches)
from mmgen.registry import EVALUATORS, METRICS


@dataclass(frozen=True)
class SampleGroup:
    """Metrics that look at the same generated images.

    Attributes:
        request: Which images.
        metrics: Who looks at them.
        total: Images over all processes: what the metric needs that needs
            most.
        batches: What this process generates; `GenEvaluator.batches_of`
            gives them with what has to be read for them.
    """

    request: FakeRequest
    metrics: list[GenMetric]
    total: int
    batches: list[FakeBatch]


@EVALUATORS.register_module()
class GenEvaluator:
    """Prepare metrics, share images and features among them, collect numbers.

    The order of work, which a loop follows: `prepare`, for each of `groups`
    its `batches_of` through the model and `process`, `evaluate`.

    Args:
        metrics: A metric, or several, as configs or built.
        batch_size: Images generated at a time; ``None`` for the data
            loader's batch size.

    Attributes:
        beside: Of the last results, by their keys, what tells how much they
            mean: see `GenMetric.beside`.
    """

    def __init__(self,
                 metrics: dict | GenMetric | Sequence,
                 batch_size: int | None = None) -> None:
        if isinstance(metrics, (dict, GenMetric)):
            metrics = [metrics]
        self.metrics = [_build_metric(metric) for metric in metrics]
        self.beside: dict[str, dict[str, float]] = {}
        self.batch_size = batch_size
        self._batch_size_used: int | None = None
        if not self.metrics:
            raise ValueError('GenEvaluator: metrics is empty, expected at '
                             'least one. Set val_evaluator to None (with '
                             'val_cfg and val_dataloader) for no evaluation.')
        _check_unique(self.result_keys())
        _share_networks(self.metrics)

    def result_keys(self) -> list[str]:
        """The keys that `evaluate` will report."""
        return [key for metric in self.metrics for key in metric.result_keys()]

    def load_networks(self) -> None:
        """Load all networks, or say which file is missing."""
        for metric in self.metrics:
            if metric.network is not None:
                metric.network.identity()  # has the hash of the file

    def prepare(self, model: nn.Module, dataloader: DataLoader) -> None:
        """Load networks, forget earlier images, look at the real ones.

        Args:
            model: The model itself, without a distributed wrapper.
            dataloader: Loader of the real images.
        """
        self._check_ema(model)
        for metric in self.metrics:
            metric.meet(model, dataloader)
        device = next(model.parameters()).device
        self._batch_size_used = self.images_per_batch(dataloader)
        for metric in self.metrics:
            metric.start(device)
        waiting = [(metric, request) for metric in self.metrics
                   if (request := metric.reference_request()) is not None]
        parts = [metric.part_requests() for metric in self.metrics]
        statistics = iter(reference_statistics(
            [*(request for _, request in waiting), *chain(*parts)], model,
            dataloader, self._batch_size_used))
        for metric, _ in waiting:
            metric.reference = next(statistics)
        for metric, requests in zip(self.metrics, parts):
            metric.parts += islice(statistics, len(requests))

    def _check_ema(self, model: nn.Module) -> None:
        """Say before an hour of work that there is no averaged generator."""
        wanted = any(metric.fake_request.sample_model == 'ema'
                     for metric in self.metrics)
        if wanted and not getattr(model, 'with_ema_gen', True):
            raise ValueError(
                f"sample_model='ema', but this {type(model).__name__} has no "
                'averaged generator. Set ema_config in the model or '
                "sample_model='orig' in the metric.")

    def images_per_batch(self, dataloader: DataLoader) -> int:
        """Number of images generated, or read, at a time."""
        return self.batch_size or loader_batch_size(dataloader)

    def groups(self, dataloader: DataLoader) -> list[SampleGroup]:
        """What is to be generated, for this process."""
        batch_size = self.images_per_batch(dataloader)
        members: dict[str, list[GenMetric]] = {}
        for metric in self.metrics:
            members.setdefault(metric.fake_request.key, []).append(metric)
        groups = []
        for metrics in members.values():
            request = metrics[0].fake_request
            total = max(metric.fake_nums for metric in metrics)
            groups.append(SampleGroup(
                request, metrics, total,
                fake_batches(request, total, batch_size)))
        return groups

    def batches_of(self, group: SampleGroup,
                   dataloader: DataLoader) -> Iterable[FakeBatch]:
        """A group's batches, read from the loader where it translates."""
        if group.request.sources is None:
            return group.batches
        return source_batches(group.request, group.batches,
                              self.images_per_batch(dataloader), dataloader)

    def process(self, group: SampleGroup, batch: FakeBatch, samples: Sequence,
                model: nn.Module) -> None:
        """Show a generated batch to the metrics of a group.

        Args:
            group: Whose batch it is.
            batch: What was asked of the model.
            samples: The model's answer.
            model: The model, for the way from its range to uint8.
        """
        shown: dict[str | None, ImageBatch] = {}
        for metric in group.metrics:
            if metric.fake_key not in shown:
                images = fake_images(samples, group.request.sample_model,
                                     metric.fake_key)
                levels = to_float_rgb(model, images) \
                    if group.request.variants else None
                shown[metric.fake_key] = ImageBatch(
                    to_uint8_rgb(model, images), batch.start, levels,
                    batch.index, batch.variant)
            metric.add(shown[metric.fake_key])

    def evaluate(self) -> dict[str, float]:
        """The results over all processes; each has to call it."""
        results: dict[str, float] = {}
        beside: dict[str, dict[str, float]] = {}
        for metric in self.metrics:
            metric.gather()
            if is_main_process():
                keys = dict(zip(metric.result_names, metric.result_keys()))
                values = metric.compute()
                results.update({key: float(values[name])
                                for name, key in keys.items()})
                beside.update({keys[name]: found for name, found
                               in metric.beside().items()})
        shared = [(results, beside)]
        broadcast_object_list(shared)
        results, self.beside = shared[0]
        return results

    def identities(self) -> dict[str, dict[str, Any]]:
        """The identity of each result, on the main process."""
        found = {}
        for metric in self.metrics:
            identity = metric.identity()
            identity['fake']['batch_size'] = self._batch_size_used
            found.update(dict.fromkeys(metric.result_keys(), identity))
        return found


def build_evaluator(config: dict | Sequence | GenEvaluator) -> GenEvaluator:
    """One evaluator of whatever a config says.

    Args:
        config: A metric, an evaluator (with ``metrics``), or a list of
            either. Several evaluators become one with all their metrics, so
            that they share images.
    """
    if isinstance(config, GenEvaluator):
        return config
    if isinstance(config, (dict, GenMetric)):
        return _build_one(config)
    if not isinstance(config, Sequence) or isinstance(config, str):
        raise TypeError(
            f'val_evaluator: got {config!r}, expected a config of '
            'GenEvaluator, of a metric, or a list of these.')
    parts = [_build_one(item) for item in config]
    if len(parts) == 1:
        return parts[0]
    sizes = {part.batch_size for part in parts}
    if len(sizes) > 1:
        raise ValueError(
            'val_evaluator: several evaluators with different batch_size '
            f'({", ".join(map(str, sizes))}). Give all the same.')
    return GenEvaluator(
        [metric for part in parts for metric in part.metrics], sizes.pop())


def _build_one(config: dict | GenMetric | GenEvaluator) -> GenEvaluator:
    if isinstance(config, GenEvaluator):
        return config
    if isinstance(config, dict) and 'metrics' in config:
        built = EVALUATORS.build(dict(type='GenEvaluator') | dict(config))
        if not isinstance(built, GenEvaluator):
            raise TypeError(
                f'val_evaluator: {type(built).__name__} cannot evaluate '
                "generated images, expected type='GenEvaluator'.")
        return built
    return GenEvaluator(config)


def _build_metric(metric: dict | GenMetric) -> GenMetric:
    built = METRICS.build(dict(metric)) if isinstance(metric, dict) else metric
    if not isinstance(built, GenMetric):
        raise TypeError(
            f'GenEvaluator: {type(built).__name__} is not a GenMetric and '
            'cannot ask for generated images. Use a metric of '
            'mmgen.evaluation, or derive yours from GenMetric.')
    return built


def _check_unique(keys: list[str]) -> None:
    twice = [key for key, count in Counter(keys).items() if count > 1]
    if twice:
        raise ValueError(
            f'GenEvaluator: {", ".join(twice)} would be reported twice. Set a '
            "different prefix in each of the metrics, e.g. prefix='FID-5k'.")


def _share_networks(metrics: list[GenMetric]) -> None:
    """Let metrics with equal networks hold one of them."""
    networks: dict[str, FeatureNetwork] = {}
    for metric in metrics:
        if metric.network is not None:
            metric.network = networks.setdefault(
                fingerprint(metric.network), metric.network)
