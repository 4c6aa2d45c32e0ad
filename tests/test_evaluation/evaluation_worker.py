"""One process of an evaluation, see test_two_processes.py."""
import json
import sys

import torch
import torch.distributed as dist
from mmengine.dist import get_rank
from tiny_evaluation import (BrightImages, TinyClasses, TinyClassImages,
                             TinyConditionalGAN, TinyGAN, TinyImages, fid,
                             loader, run)
from tiny_latents import LinearGenerator, WaveGenerator, gan

from mmgen.evaluation import GenEvaluator, InceptionScore


def evaluator():
    return GenEvaluator([
        fid(fake_nums=9, real_nums=13),
        fid(fake_nums=21, prefix='FID-Tiny-21'),
        InceptionScore(17, splits=4, resize=False, feature=TinyClasses())])


def classes_and_pairs():
    """Metrics that sort the images: by class, in groups, in pairs."""
    return GenEvaluator([
        fid(fake_nums=22, standard_error=True),
        dict(type='IntraFID', fake_nums=42, feature='TinyFeatures',
             standard_error=True),
        dict(type='SWD', fake_nums=6, image_shape=(3, 16, 16)),
        dict(type='MS_SSIM', fake_nums=14)], batch_size=3)


def all_features():
    """Metrics that need the features in the order of the images."""
    return GenEvaluator([
        dict(type='KID', fake_nums=11, subsets=3, subset_size=6,
             feature='TinyFeatures'),
        dict(type='PRDC', fake_nums=17, real_nums=13, k=2,
             feature='TinyFeatures')])


def steered():
    """Metrics that tell the model what to make."""
    return [(GenEvaluator(dict(type='PPL', fake_nums=11, crop=False,
                               epsilon=1e-2, sampling='full',
                               feature='MeanSquare')),
             gan(LinearGenerator(injected=0.5))),
            (GenEvaluator(dict(type='EQ', fake_nums=11)),
             gan(WaveGenerator(faithful=0.9)))]


def evaluate(made, data, model):
    """The results, and what is beside them."""
    results = run(made, model, loader(data))
    return dict(results, **{f'{key} {name}': value
                            for key, found in made.beside.items()
                            for name, value in found.items()})


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
    found['sorted'] = evaluate(classes_and_pairs(), TinyClassImages(side=16),
                               TinyConditionalGAN(side=16))
    found['kept'] = evaluate(all_features(), BrightImages(), TinyGAN())
    found['kept_again'] = evaluate(all_features(), BrightImages(), TinyGAN())
    found['steered'] = [evaluate(made, TinyImages(), model)
                        for made, model in steered()]
    with open(f'{out}.{get_rank()}', 'w') as file:
        json.dump(found, file)
    dist.destroy_process_group()


if __name__ == '__main__':
    main(sys.argv[1])
