#!/usr/bin/env python
"""Samples and the curve of the metric of a finished run, as two pictures.

Writes samples.png (one row for each class; without classes, rows of any) and
metric.png into the work directory, and prints what they show.
"""
import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope

from mmgen.engine.checkpointing import load_weights, newest_checkpoint
from mmgen.registry import MODELS
from mmgen.utils.checkpoint_file import read_checkpoint
from mmgen.visualization.grid import make_grid

COLUMNS = 10
SCALE = 2  # the images are small: each pixel becomes SCALE x SCALE


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('work_dir', type=Path,
                        help='work directory of the run')
    parser.add_argument('--metric', default='FID-EffLite0/fid',
                        help='name of the metric as it is logged')
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

    Raises:
        SystemExit: The metric was never logged.
    """
    lines = [json.loads(line) for line in scalars.read_text().splitlines()]
    curve = [(line['step'], line[metric]) for line in lines if metric in line]
    if not curve:
        raise SystemExit(f'{scalars} has no value of "{metric}".')
    return curve


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


def load_model(work_dir: Path) -> torch.nn.Module:
    """The model of the run with the weights of its newest checkpoint."""
    cfg = Config.fromfile(str(newest(work_dir, '*.py')))
    init_default_scope('mmgen')
    checkpoint = newest_checkpoint(work_dir)
    if checkpoint is None:
        raise SystemExit(f'{work_dir} has no checkpoint.')
    model = MODELS.build(cfg.model)
    load_weights(model, read_checkpoint(checkpoint)['state_dict'],
                 strict=True, source=checkpoint)
    return model.eval()


def draw_samples(model: torch.nn.Module, seed: int) -> np.ndarray:
    """A grid of samples, uint8 RGB ``[H, W, 3]``."""
    classes = getattr(model, 'num_classes', None)
    rows = classes or COLUMNS
    generator = torch.Generator().manual_seed(seed)
    inputs = dict(noise=torch.randn(
        rows * COLUMNS, model.noise_size, generator=generator))
    if classes:
        inputs['labels'] = torch.arange(rows).repeat_interleave(COLUMNS)
    samples = model.test_step(dict(inputs=inputs))
    images = torch.stack([sample.fake_img.data for sample in samples])
    images = model.data_preprocessor.to_uint8_rgb(images)
    grid = make_grid(list(images), n_row=COLUMNS)
    return grid.repeat(SCALE, axis=0).repeat(SCALE, axis=1)


def main() -> None:
    """Write both pictures and say what they are."""
    args = parse_args()
    curve = read_curve(newest(args.work_dir, '*/vis_data/scalars.json'),
                       args.metric)
    curve_path = args.work_dir / 'metric.png'
    draw_curve(curve, args.metric, curve_path)
    samples_path = args.work_dir / 'samples.png'
    grid = draw_samples(load_model(args.work_dir), args.seed)
    cv2.imwrite(str(samples_path), grid[..., ::-1])
    (first_iter, first), (last_iter, last) = curve[0], curve[-1]
    print(f'{args.metric}: {first:.2f} at iteration {first_iter}, {last:.2f} '
          f'at iteration {last_iter} ({last / first:.2f} of it)')
    print(f'samples, one row for each class: {samples_path.resolve()}')
    print(f'curve of the metric:             {curve_path.resolve()}')


if __name__ == '__main__':
    main()
