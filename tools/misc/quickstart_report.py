#!/usr/bin/env python
"""Samples and the curve of the metric of a finished run, as two pictures.

Writes samples.png into the work directory (one row for each class; without
classes, rows of any; of a model that translates, images of the validation data
with what it makes of them) and, where the metric was logged, metric.png, and
prints what they show.
"""
import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmgen.datasets import stack_collate
from mmgen.engine.checkpointing import load_weights, newest_checkpoint
from mmgen.registry import DATASETS, MODELS
from mmgen.structures import GenDataSample
from mmgen.utils.checkpoint_file import read_checkpoint
from mmgen.visualization.grid import make_grid

METRIC = 'FID-EffLite0/fid'
COLUMNS = 10
TRANSLATIONS, TRANSLATION_COLUMNS = 48, 4
SCALE = 2  # the images are small: each pixel becomes SCALE x SCALE


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('work_dir', type=Path,
                        help='work directory of the run')
    parser.add_argument('--metric',
                        help='name of the metric as it is logged; without it '
                        f'{METRIC}, if the run has it')
    parser.add_argument('--seed', type=int, default=0,
                        help='seed of the samples')
    return parser.parse_args()


def newest(folder: Path, pattern: str) -> Path:
    """The youngest file that fits the pattern.

    Raises:
        SystemExit: There is none.
    """
    files = sorted(folder.glob(pattern), key=lambda file: file.stat().st_mtime)
    if not files:
        raise SystemExit(f'{folder} has no {pattern}: is it the work directory '
                         'of a run that went to its end?')
    return files[-1]


def read_curve(scalars: Path, metric: str) -> list[tuple[int, float]]:
    """Iteration and value of each validation.

    Args:
        scalars: The log of numbers, one JSON object in each line.
        metric: Its name in there.
    """
    lines = [json.loads(line) for line in scalars.read_text().splitlines()]
    return [(line['step'], line[metric]) for line in lines if metric in line]


def draw_curve(curve: list[tuple[int, float]], metric: str,
               path: Path) -> None:
    """The metric over the iterations, as a PNG."""
    import matplotlib
    matplotlib.use('Agg')
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(figsize=(6, 4), layout='constrained')
    axes.plot(*zip(*curve), marker='o')
    for iteration, value in (curve[0], curve[-1]):
        axes.annotate(f'{value:.1f}', (iteration, value), xytext=(0, 6),
                      textcoords='offset points', ha='center')
    axes.set(xlabel='iteration', ylabel=metric)
    axes.set_ylim(bottom=0, top=1.1 * max(value for _, value in curve))
    axes.grid(alpha=0.3)
    figure.savefig(path, dpi=120)
    pyplot.close(figure)


def load_model(cfg: Config, work_dir: Path) -> torch.nn.Module:
    """The model of the run with the weights of its newest checkpoint."""
    checkpoint = newest_checkpoint(work_dir)
    if checkpoint is None:
        raise SystemExit(f'{work_dir} has no checkpoint.')
    model = MODELS.build(cfg.model)
    load_weights(model, read_checkpoint(checkpoint)['state_dict'],
                 strict=True, source=checkpoint)
    return model.eval()


def generate(model: torch.nn.Module, seed: int) -> list[GenDataSample]:
    """Samples from noise, for each class a row of them."""
    classes = getattr(model, 'num_classes', None)
    rows = classes or COLUMNS
    inputs = dict(num_batches=rows * COLUMNS)
    if isinstance(getattr(model, 'noise_size', None), int):
        generator = torch.Generator().manual_seed(seed)
        inputs['noise'] = torch.randn(
            rows * COLUMNS, model.noise_size, generator=generator)
    if classes:
        inputs['labels'] = torch.arange(rows).repeat_interleave(COLUMNS)
    return model.test_step(dict(inputs=inputs))


def translate(model: torch.nn.Module, loader: dict) -> list[GenDataSample]:
    """Translations of images of the loader, evenly spaced, in its batches."""
    dataset = DATASETS.build(loader['dataset'])
    count = min(TRANSLATIONS, len(dataset))
    chosen = [index * len(dataset) // count for index in range(count)]
    size = loader['batch_size']
    return [
        sample for start in range(0, count, size)
        for sample in model.test_step(stack_collate(
            [dataset[index] for index in chosen[start:start + size]]))
    ]


def draw_samples(model: torch.nn.Module, cfg: Config,
                 seed: int) -> np.ndarray:
    """A grid of samples, uint8 RGB ``[H, W, 3]``."""
    torch.manual_seed(seed)
    keys = getattr(model, 'shown_images', None)
    if keys is None:
        keys, n_row = ['fake_img'], COLUMNS
        samples = generate(model, seed)
    else:
        n_row = TRANSLATION_COLUMNS * len(keys)
        samples = translate(model, cfg.val_dataloader)
    images = torch.stack(
        [sample.get(key).data for sample in samples for key in keys])
    images = model.data_preprocessor.to_uint8_rgb(images)
    grid = make_grid(list(images), n_row=n_row)
    return grid.repeat(SCALE, axis=0).repeat(SCALE, axis=1)


def report_curve(scalars: Path, metric: str | None, path: Path) -> None:
    """Draw the curve of a metric and say where it begins and ends.

    Raises:
        SystemExit: The metric that was asked for was never logged.
    """
    curve = read_curve(scalars, metric or METRIC)
    if not curve:
        if metric is not None:
            raise SystemExit(f'{scalars} has no value of "{metric}".')
        return
    metric = metric or METRIC
    draw_curve(curve, metric, path)
    (first_iter, first), (last_iter, last) = curve[0], curve[-1]
    print(f'{metric}: {first:.2f} at iteration {first_iter}, {last:.2f} '
          f'at iteration {last_iter} ({last / first:.2f} of it)')
    print(f'curve of the metric: {path.resolve()}')


def main() -> None:
    """Write both pictures and say what they are."""
    args = parse_args()
    report_curve(newest(args.work_dir, '*/vis_data/scalars.json'),
                 args.metric, args.work_dir / 'metric.png')
    cfg = Config.fromfile(str(newest(args.work_dir, '*.py')))
    init_default_scope('mmgen')
    samples_path = args.work_dir / 'samples.png'
    grid = draw_samples(load_model(cfg, args.work_dir), cfg, args.seed)
    cv2.imwrite(str(samples_path), grid[..., ::-1])
    print(f'samples: {samples_path.resolve()}')


if __name__ == '__main__':
    main()
