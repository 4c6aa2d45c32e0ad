#!/usr/bin/env python
"""How long the parts of an evaluation take, and how much memory FID needs.

    python tools/benchmarks/evaluation.py

- The distance of two Gaussians, the number of FID, against the same by
  scipy's sqrtm, in turns; the numbers have to agree.
- Features per second of Inception (random weights, which take as long) and of
  EfficientNet-Lite0.
- KID (100 subsets of 1000) and precision, recall, density and coverage of two
  sets of random features.
- Peak memory of a process that computes a whole FID, beyond the start, at
  growing numbers of images, with a network that costs nothing: it must not
  grow.

Times are medians over the rounds. --parts and the sizes make it smaller.
"""
import argparse
import json
import multiprocessing
import os
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

PARTS = ('fid', 'features', 'kid', 'prdc', 'memory')


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--parts', nargs='+', choices=PARTS, default=PARTS)
    parser.add_argument('--dim', type=int, default=2048,
                        help='features of an image (default: %(default)s)')
    parser.add_argument('--samples', type=int, default=10000,
                        help='feature vectors of each set for KID and PRDC '
                        '(default: %(default)s)')
    parser.add_argument('--images', type=int, default=32,
                        help='images for features per second, a batch '
                        '(default: %(default)s)')
    parser.add_argument('--resolution', type=int, default=64,
                        help='of these images (default: %(default)s)')
    parser.add_argument('--memory-images', nargs='+', type=int,
                        default=[5000, 15000, 50000], metavar='N',
                        help='numbers of images of the FIDs whose memory is '
                        'measured (default: %(default)s)')
    parser.add_argument('--rounds', type=int, default=3)
    parser.add_argument('--threads', type=int, default=1,
                        help='computing threads on a CPU')
    parser.add_argument('--device', default='cpu',
                        help='of features, KID and PRDC: cpu or cuda')
    return parser.parse_args()


def timed(work: Callable[[], object], device: str = 'cpu') -> float:
    """Wall seconds."""
    import torch
    if device != 'cpu':
        torch.cuda.synchronize()
    start = time.perf_counter()
    work()
    if device != 'cpu':
        torch.cuda.synchronize()
    return time.perf_counter() - start


def measure_fid(args: argparse.Namespace) -> dict:
    """Seconds of both ways, and how far the numbers are apart."""
    import numpy as np
    from scipy.linalg import sqrtm

    from mmgen.evaluation import frechet_distance
    mean_a, cov_a, mean_b, cov_b = (
        item for seed in (0, 1) for item in gaussian(args.dim, seed))
    found = {}

    def ours() -> None:
        found['ours'] = frechet_distance(mean_a, cov_a, mean_b, cov_b)[0]

    def by_sqrtm() -> None:
        root = sqrtm(cov_a @ cov_b)
        found['sqrtm'] = np.square(mean_a - mean_b).sum() + np.trace(
            cov_a + cov_b - 2 * root.real)

    rounds = [(timed(ours), timed(by_sqrtm)) for _ in range(args.rounds)]
    off = abs(found['ours'] / found['sqrtm'] - 1)
    if off > 1e-6:
        sys.exit(f'fid: the two ways differ by {off:.1e} of the number: '
                 f'{found}. A time says nothing before they agree.')
    return dict(
        seconds=statistics.median(row[0] for row in rounds),
        sqrtm_seconds=statistics.median(row[1] for row in rounds),
        speedup=statistics.median(row[1] / row[0] for row in rounds),
        relative_difference=off)


def gaussian(dim: int, seed: int) -> tuple:
    """Mean and covariance with a spectrum that falls, as features have."""
    import numpy as np
    rng = np.random.default_rng(seed)
    rows = rng.standard_normal((2 * dim, dim)) / np.arange(1, dim + 1)**0.5
    mixed = rows @ np.linalg.qr(rng.standard_normal((dim, dim)))[0]
    return mixed.mean(axis=0), np.cov(mixed, rowvar=False)


def measure_features(args: argparse.Namespace) -> dict:
    """Images per second of each network, batch after batch."""
    import torch

    from mmgen.evaluation.features import ImageBatch
    shape = (args.images, 3, args.resolution, args.resolution)
    images = torch.randint(0, 256, shape, dtype=torch.uint8).to(args.device)
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, build in dict(Inception=lambda: random_inception(folder),
                                EffLite0=efficientnet).items():
            try:
                network = build().to(args.device)
            except ImportError as error:
                print(f'{name} is skipped: {error}')
                continue
            seconds = [
                timed(lambda network=network:
                      ImageBatch(images).features(network),
                      args.device) for _ in range(args.rounds + 1)]
            # The first one chooses kernels.
            result[name] = args.images / statistics.median(seconds[1:])
    return result


def random_inception(folder: str):
    """FID's Inception with weights that mean nothing."""
    import torch

    from mmgen.evaluation.features.inception import (InceptionPyTorch,
                                                     InceptionV3)
    torch.manual_seed(0)
    path = Path(folder) / 'random.pth'
    torch.save(InceptionV3().state_dict(), path)
    return InceptionPyTorch(str(path))


def efficientnet():
    """EfficientNet-Lite0 of the packages."""
    from mmgen.evaluation import EfficientNetLite0
    return EfficientNetLite0()


def random_features(args: argparse.Namespace) -> tuple:
    """Two sets ``[N, P]`` that overlap."""
    import torch
    torch.manual_seed(0)
    real, fake = (torch.randn(args.samples, args.dim) for _ in range(2))
    return real.to(args.device), (fake + 0.1).to(args.device)


def measure_kid(args: argparse.Namespace) -> dict:
    """Seconds of the usual 100 subsets of 1000."""
    from mmgen.evaluation.metrics.kid import kernel_distances
    real, fake = random_features(args)
    size = min(1000, args.samples)
    seconds = [timed(lambda: kernel_distances(fake, real, 100, size, 0),
                     args.device) for _ in range(args.rounds)]
    return dict(seconds=statistics.median(seconds), subset_size=size)


def measure_prdc(args: argparse.Namespace) -> dict:
    """Seconds of all four numbers, radii included."""
    from mmgen.evaluation.metrics.precision_recall import (neighbour_radii,
                                                           precision_recall)
    real, fake = random_features(args)

    def work() -> None:
        radii = [neighbour_radii(points, 5) for points in (real, fake)]
        precision_recall(real, fake, *radii, 5)

    seconds = [timed(work, args.device) for _ in range(args.rounds)]
    return dict(seconds=statistics.median(seconds))


def measure_memory(args: argparse.Namespace) -> dict:
    """Bytes at the peak for each number of images."""
    return {str(count): in_fresh_process(peak_of_fid, count, args.dim,
                                         args.threads)
            for count in args.memory_images}


def peak_of_fid(images: int, dim: int, threads: int) -> int:
    """Bytes at the peak of a FID of ``images`` against as many, on the CPU."""
    import torch

    from mmgen.evaluation import FrechetInceptionDistance, GenEvaluator
    from mmgen.evaluation.features import ImageBatch
    from mmgen.evaluation.stored_images import (StoredImages, StoredPixels,
                                                image_loader)
    torch.set_num_threads(threads)
    model = StoredImages(StoredPixels((8, 8), 'as made'), 'cpu')
    loader = image_loader(Noise(images), batch_size=50, num_workers=0)
    before = high_water()
    with tempfile.TemporaryDirectory() as cache, torch.no_grad():
        os.environ['MMGEN_CACHE_DIR'] = cache
        evaluator = GenEvaluator(
            FrechetInceptionDistance(images, feature=cosines(dim)), 50)
        evaluator.prepare(model, loader)
        for start in range(0, images, 50):
            size = min(50, images - start)
            batch = torch.randint(0, 256, (size, 3, 8, 8), dtype=torch.uint8)
            evaluator.metrics[0].add(ImageBatch(batch, start))
        evaluator.evaluate()
    return high_water() - before


class Noise:
    """A dataset of images that are made when they are asked for."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: int) -> dict:
        import torch

        from mmgen.structures import GenDataSample
        image = torch.randint(0, 256, (3, 8, 8), dtype=torch.uint8)
        return dict(inputs=dict(img=image), data_samples=GenDataSample())


def cosines(dim: int):
    """A network of ``dim`` features that cost next to nothing."""
    import torch

    from mmgen.evaluation import FeatureNetwork

    class Cosines(FeatureNetwork):
        """Cosines of random projections."""

        name = 'Cosines'

        def __init__(self) -> None:
            self.dim = dim
            self.weight = torch.randn(
                192, dim, generator=torch.Generator().manual_seed(0))

        def __call__(self, images: torch.Tensor) -> torch.Tensor:
            return torch.cos(images.float().flatten(1) / 255 @ self.weight)

        def identity(self) -> dict:
            return dict(name=self.name)

    return Cosines()


def high_water() -> int:
    """The most memory that this process has had, bytes."""
    # Not getrusage's maximum, which a process inherits from its parent.
    status = Path('/proc/self/status').read_text()
    return int(re.search(r'VmHWM:\s+(\d+) kB', status)[1]) * 1024


def in_fresh_process(function: Callable, *arguments):
    """The result of a function in a process that ran nothing else."""
    context = multiprocessing.get_context('spawn')
    with context.Pool(1) as pool:
        return pool.apply(function, arguments)


def lines(part: str, result: dict, args: argparse.Namespace) -> list[str]:
    """Rows for a reader."""
    if part == 'fid':
        return [f'FID number at {args.dim}: {result["seconds"]:.2f} s, by '
                f"scipy's sqrtm {result['sqrtm_seconds']:.2f} s: "
                f'{result["speedup"]:.1f} times as fast; the numbers differ '
                f'by {result["relative_difference"]:.0e}']
    if part == 'features':
        return [f'{name}: {rate:.1f} images/s (batch {args.images}, '
                f'{args.resolution}x{args.resolution})'
                for name, rate in result.items()]
    if part == 'kid':
        return [f'KID of {args.samples} x {args.dim}, 100 subsets of '
                f'{result["subset_size"]}: {result["seconds"]:.2f} s']
    if part == 'prdc':
        return [f'PRDC of {args.samples} x {args.dim}: '
                f'{result["seconds"]:.2f} s']
    return [f'FID of {count} images: {peak / 2**20:.0f} MiB at the peak'
            for count, peak in result.items()]


def main() -> None:
    """Measure each part; lines for a reader, then one line of JSON."""
    args = parse_args()
    os.environ['OMP_NUM_THREADS'] = str(args.threads)
    import torch
    torch.set_num_threads(args.threads)
    measures = dict(fid=measure_fid, features=measure_features,
                    kid=measure_kid, prdc=measure_prdc, memory=measure_memory)
    results = {}
    for part in args.parts:
        results[part] = measures[part](args)
        print('\n'.join(lines(part, results[part], args)), flush=True)
    print(json.dumps(dict(settings=vars(args), results=results)))


if __name__ == '__main__':
    main()
