"""Numbers about images that any other program made, and their statistics."""
import inspect
import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from mmengine.dist import is_main_process
from mmengine.model import BaseDataPreprocessor
from torch.utils.data import DataLoader, Subset

from mmgen.evaluation.evaluator import GenEvaluator
from mmgen.evaluation.features import (FeatureNetwork, Gaussian, ImageBatch,
                                       build_feature_network)
from mmgen.evaluation.features.inception import build_inception
from mmgen.evaluation.features.statistics import write_statistics
from mmgen.evaluation.identity import make_card, write_card
from mmgen.evaluation.images import real_images
from mmgen.evaluation.metrics import GenMetric
from mmgen.evaluation.metrics.base import whole_number
from mmgen.evaluation.reference import (ReferenceRequest,
                                        reference_statistics)
from mmgen.evaluation.samplers import real_batches
from mmgen.evaluation.stored_images import (StoredImages, StoredPixels,
                                            holds_statistics, image_loader,
                                            open_images)
from mmgen.registry import METRICS
from mmgen.utils.progress import progress
from mmgen.utils.randomness import unchanged_random_state

# Files are often sorted by class, and some metrics take images in parts.
SHUFFLE_SEED = 0


def evaluate_images(fake: str | os.PathLike,
                    real: str | os.PathLike | None,
                    metrics: Sequence[str | dict | GenMetric],
                    out: str | os.PathLike | None = None,
                    feature: str | dict | None = None,
                    inception_style: str | None = None,
                    inception_path: str | None = None,
                    resize: int | None = None,
                    batch_size: int = 32,
                    num_workers: int = 0,
                    device: str = 'cpu') -> dict[str, float]:
    """The results of `measure_images` by key.

    Args:
        fake: See `measure_images`.
        real: Likewise.
        metrics: Likewise.
        out: Where the identity card goes, a JSON file.
        feature: See `measure_images`.
        inception_style: Likewise.
        inception_path: Likewise.
        resize: Likewise.
        batch_size: Likewise.
        num_workers: Likewise.
        device: Likewise.
    """
    card = measure_images(
        fake, real, metrics, feature, inception_style, inception_path, resize,
        batch_size, num_workers, device)
    if out is not None and is_main_process():
        write_card(out, card)
    return {key: item['value'] for key, item in card['results'].items()}


def measure_images(fake: str | os.PathLike,
                   real: str | os.PathLike | None,
                   metrics: Sequence[str | dict | GenMetric],
                   feature: str | dict | None = None,
                   inception_style: str | None = None,
                   inception_path: str | None = None,
                   resize: int | None = None,
                   batch_size: int = 32,
                   num_workers: int = 0,
                   device: str = 'cpu') -> dict:
    """Measure images on a disk with the metrics that measure models.

    All images of ``fake`` are looked at unless a metric says ``fake_nums``;
    by SWD, which takes as many of both kinds, at most as many as are real.

    Args:
        fake: A folder of images, a ``.zip`` of images, or an ``.npz`` with
            uint8 ``arr_0`` ``[N, H, W, C]``.
        real: The same, or statistics (``.npz``, or ``.pkl`` of 1.x), which do
            for FID; None where no metric needs real images.
        metrics: Registered names, configs, or built ones.
        feature: Feature network of those metrics that can take another.
        inception_style: ``'StyleGAN'`` or ``'PyTorch'``.
        inception_path: Local weights file of Inception.
        resize: Side in pixels to which all images are brought first.
        batch_size: Images at a time.
        num_workers: Processes that read images.
        device: Where features are computed.

    Returns:
        The identity card: under ``results`` for each key its ``value``, its
        ``standard_error`` and ``floor`` where they are known, and its
        ``identity``.

    Raises:
        ValueError: A metric is unknown or needs a model, the sizes of images
            differ, or there are too few of them.
    """
    whole_number('measure_images', 'batch_size', batch_size, least=1)
    fakes = open_images(fake, resize)
    size = tuple(fakes[0]['inputs']['img'].shape[1:])
    from_file = real is not None and holds_statistics(real)
    reals = None if real is None or from_file else open_images(real, resize)
    built = _build_metrics(
        metrics,
        real=real,
        from_file=from_file,
        offered=dict(
            fake_nums=len(fakes),
            as_many=min(len(fakes), len(fakes if reals is None else reals)),
            sample_model='orig',
            image_shape=[3, *size],
            inception_pkl=os.fspath(real) if from_file else None),
        chosen=dict(
            feature=feature,
            inception_style=inception_style,
            inception_path=inception_path))
    for metric in built:
        if metric.fake_nums > len(fakes):
            raise ValueError(
                f'{metric}: fake_nums={metric.fake_nums}, but {fake} has '
                f'{len(fakes)} images. Use fake_nums={len(fakes)} or leave '
                'it out.')
    evaluator = GenEvaluator(built, batch_size)
    model = StoredImages(
        StoredPixels(size, 'as the first generated image'), device)
    real_loader = None if reals is None else image_loader(
        reals, batch_size, num_workers)
    order = torch.randperm(
        len(fakes), generator=torch.Generator().manual_seed(SHUFFLE_SEED))
    fake_loader = image_loader(
        Subset(fakes, order.tolist()), batch_size, num_workers)
    with torch.no_grad(), unchanged_random_state():
        evaluator.prepare(model, real_loader)
        _look_at(evaluator, model, fake_loader, batch_size)
    results = evaluator.evaluate()
    card = make_card(results, _identities(evaluator, resize), None, None,
                     evaluator.beside)
    return dict(card, fake=os.fspath(fake),
                real=None if real is None else os.fspath(real))


def make_statistics(dataloader: DataLoader,
                    data_preprocessor: BaseDataPreprocessor,
                    network: FeatureNetwork,
                    out: str | os.PathLike,
                    num_images: int = -1,
                    batch_size: int = 32,
                    device: str = 'cpu') -> Gaussian:
    """Write the statistics that FID's ``inception_pkl`` reads.

    Args:
        dataloader: Gives the images, whatever its sampler.
        data_preprocessor: Turns its batches into images, as a model's does.
        network: Feature network.
        out: Name of the ``.npz``.
        num_images: How many, evenly spaced over the dataset; -1 for all.
        batch_size: Images at a time.
        device: Where features are computed.

    Returns:
        What was written.
    """
    if num_images != -1:
        whole_number('make_statistics', 'num_images', num_images, least=2)
    request = ReferenceRequest('make_statistics', network.to(device),
                               num_images, 'img', 0, 'cpu')
    module = StoredImages(data_preprocessor, device)
    with torch.no_grad(), unchanged_random_state():
        statistics, = reference_statistics([request], module, dataloader,
                                           batch_size)
    statistics = replace(statistics, network=json.dumps(
        network.identity(), sort_keys=True))
    if is_main_process():
        write_statistics(Path(out), statistics)
    return statistics


def feature_network(feature: str | dict | None,
                    inception_style: str | None = None,
                    inception_path: str | None = None,
                    resize: str = 'legacy') -> FeatureNetwork:
    """The named network; without a name Inception, as FID builds it."""
    if feature is not None:
        return build_feature_network(feature)
    return build_inception('make_statistics', inception_style or 'StyleGAN',
                           inception_path, resize)


def _look_at(evaluator: GenEvaluator, model: StoredImages,
             fake_loader: DataLoader, batch_size: int) -> None:
    """Show the images to all metrics, each image once."""
    total = max(metric.fake_nums for metric in evaluator.metrics)
    with progress('Generated images', total) as advance:
        for start, data in real_batches(fake_loader, total, batch_size,
                                        SHUFFLE_SEED):
            batch = ImageBatch(real_images(model, data, 'img'), start)
            for metric in evaluator.metrics:
                metric.add(batch)
            advance(len(batch))


def _build_metrics(metrics: Sequence[str | dict | GenMetric], real: object,
                   from_file: bool, offered: dict,
                   chosen: dict) -> list[GenMetric]:
    """Metrics with the settings that they take and do not have.

    Args:
        metrics: Names, configs, or built ones.
        real: Path of the real images, for messages.
        from_file: Whether that is a file of statistics.
        offered: What each metric gets if it has such a keyword; ``as_many``
            is the ``fake_nums`` of one that looks at as many real images.
        chosen: Likewise; None for what the user did not ask for. One metric
            at least has to have the keyword.
    """
    chosen = {key: value for key, value in chosen.items() if value is not None}
    taken, built = set(), []
    for metric in metrics:
        if isinstance(metric, GenMetric):
            config, kind = metric, type(metric)
        else:
            config = dict(type=metric) if isinstance(metric, str) \
                else dict(metric)
            kind = _metric_class(config['type'])
        keywords = set(inspect.signature(kind).parameters)
        _check_possible(kind, keywords, real, from_file)
        if isinstance(config, GenMetric) and from_file \
                and getattr(config, 'inception_pkl', real) is None:
            raise ValueError(
                f'{config}: was built without inception_pkl, but {real} holds '
                'statistics. Give its config instead, or set inception_pkl.')
        if isinstance(config, dict):
            _check_known(kind, keywords, config)
            taken |= keywords & set(chosen)
            settings = {**offered, **chosen}
            if 'real_key' in keywords and 'real_nums' not in keywords:
                settings['fake_nums'] = settings['as_many']
            defaults = {key: value for key, value in settings.items()
                        if key in keywords and value is not None}
            config = METRICS.build({**defaults, **config})
        built.append(config)
    unused = sorted(set(chosen) - taken)
    if unused:
        raise ValueError(
            f'measure_images: none of the metrics takes {unused[0]}. Leave '
            'it out, or add a metric that does.')
    return built


def _metric_class(name: str) -> type[GenMetric]:
    """The metric of a registered name."""
    METRICS.import_from_location()
    kind = METRICS.module_dict.get(name)
    if not (inspect.isclass(kind) and issubclass(kind, GenMetric)):
        known = sorted(
            key for key, item in METRICS.module_dict.items()
            if issubclass(item, GenMetric) and item.needs_model is None)
        raise ValueError(
            f'measure_images: no metric is called {name!r}; known: '
            f'{", ".join(known)}.')
    return kind


def _check_known(kind: type[GenMetric], keywords: set[str],
                 config: dict) -> None:
    """Refuse settings that the metric does not have."""
    unknown = sorted(set(config) - keywords - {'type'})
    if unknown:
        raise ValueError(
            f'{kind.__name__}: has no setting {unknown[0]!r}; known: '
            f'{", ".join(sorted(keywords))}.')


def _check_possible(kind: type[GenMetric], keywords: set[str], real: object,
                    from_file: bool) -> None:
    """Refuse what cannot be measured with what is there."""
    name = kind.__name__
    if kind.needs_model is not None:
        raise ValueError(
            f'{name}: needs the model itself, images do not do: '
            f'{kind.needs_model}. Measure it with tools/test.py.')
    if not keywords & {'real_nums', 'real_key'}:
        return
    if real is None:
        raise ValueError(f'{name}: compares with real images, but there are '
                         'none. Give them as real.')
    if from_file and 'inception_pkl' not in keywords:
        raise ValueError(
            f'{name}: needs the real images themselves, but {real} holds '
            'their statistics, which do for FID alone. Give the images.')


def _identities(evaluator: GenEvaluator, resize: int | None) -> dict:
    """Identities that say that the images were read, not generated."""
    found = {}
    for key, identity in evaluator.identities().items():
        source = dict(
            images=identity['fake']['images'],
            seed=identity['fake']['seed'],
            source='stored images, shuffled',
            resize=None if resize is None else
            f"Pillow's bicubic to {resize}x{resize}")
        found[key] = dict(identity, fake=source)
    return found
