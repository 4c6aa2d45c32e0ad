"""One process of a measurement of stored images, see test_standalone.py."""
import json
import sys

import tiny_evaluation  # noqa: F401, registers the tiny feature networks
import torch.distributed as dist
from mmengine.dist import get_rank

from mmgen.evaluation import evaluate_images


def main(fake, real, out):
    dist.init_process_group('gloo')
    results = evaluate_images(
        fake, real, ['FID', 'MS_SSIM', 'PRDC',
                     dict(type='KID', subset_size=8, subsets=3)],
        feature='TinyFeatures', batch_size=3)
    with open(f'{out}.{get_rank()}', 'w') as file:
        json.dump(results, file)
    dist.destroy_process_group()


if __name__ == '__main__':
    main(*sys.argv[1:])
