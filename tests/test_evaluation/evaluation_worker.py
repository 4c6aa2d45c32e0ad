"""One process of an evaluation, see test_two_processes.py."""
import json
import sys

import torch
import torch.distributed as dist
from mmengine.dist import get_rank
from tiny_evaluation import (TinyClasses, TinyGAN, TinyImages, fid, loader)

from mmgen.evaluation import GenEvaluator, InceptionScore
from mmgen.utils.randomness import seed_everything, unchanged_random_state


def evaluator():
    return GenEvaluator([
        fid(fake_nums=9, real_nums=13),
        fid(fake_nums=21, prefix='FID-Tiny-21'),
        InceptionScore(17, splits=4, resize=False, feature=TinyClasses())])


def evaluate(made, data, model):
    loading = loader(data)
    with torch.no_grad(), unchanged_random_state():
        made.prepare(model, loading)
        for group in made.groups(loading):
            for batch in group.batches:
                seed_everything(group.request.seed, batch.index)
                made.process(group, batch, model.test_step(batch.data), model)
    return made.evaluate()


def main(out):
    dist.init_process_group('gloo')
    torch.manual_seed(get_rank())
    first, model, data = evaluator(), TinyGAN(), TinyImages()
    found = dict(results=evaluate(first, data, model), made=model.images_made)
    if get_rank() == 0:
        found['identities'] = first.identities()
    found['twice'] = evaluate(first, data, model)
    data = TinyImages()
    found['again'] = evaluate(evaluator(), data, TinyGAN())
    found['read_again'] = len(data.read)
    with open(f'{out}.{get_rank()}', 'w') as file:
        json.dump(found, file)
    dist.destroy_process_group()


if __name__ == '__main__':
    main(sys.argv[1])
