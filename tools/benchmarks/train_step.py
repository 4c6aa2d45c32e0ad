#!/usr/bin/env python
"""How long a training step of a family takes, and how near the peak it is.

    python tools/benchmarks/train_step.py FAMILY [FAMILY ...]

Steps run in float32 and with --amp's autocast in turns, in random order within
each round, in one process. A step is a whole turn: as many batches for the
discriminator as its config asks for and one for the generator, optimisers and
average included, the data loader not. Given are the medians over the rounds,
the work (convolutions and matrix products, forward and backward) per second,
its share of what a large convolution reaches in the same process, and the peak
memory of a process that does such steps, beyond what it needs before (on a CPU
on Linux only).
"""
import argparse
import json
import multiprocessing
import os
import random
import re
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# Published settings where a CPU can run them; BigGAN-deep has none so small.
CONFIGS = {
    'dcgan': 'dcgan/dcgan_1xb128-300kiters_celeba-cropped-64.py',
    'lsgan': 'lsgan/lsgan_lsgan-archi_lr1e-4-1xb64-10Mimgs_'
             'lsun-bedroom-128x128.py',
    'ggan': 'ggan/ggan_lsgan-archi_lr1e-4-1xb128-20Mimgs_'
            'lsun-bedroom-64x64.py',
    'wgan_gp': 'wgan-gp/wgangp_GN_1xb64-160kiters_celeba-cropped-128x128.py',
    'sngan': 'sngan_proj/sngan-proj_woReLUinplace_lr2e-4-ndisc5-1xb64_'
             'cifar10-32x32.py',
    'sagan': 'sagan/sagan_woReLUinplace_lr2e-4-ndisc5-1xb64_cifar10-32x32.py',
    'biggan': 'biggan/biggan_2xb25-500kiters_cifar10-32x32.py',
    'biggan_deep': 'biggan/biggan-deep_cvt-hugging-face-rgb_imagenet1k-'
                   '128x128.py',
}
SMALLER = {
    'biggan_deep': dict(
        model=dict(
            num_classes=10,
            generator=dict(output_scale=32, num_classes=10),
            discriminator=dict(input_scale=32, num_classes=10)),
        optim_wrapper=dict(
            constructor='GenOptimWrapperConstructor',
            generator=dict(optimizer=dict(type='Adam', lr=1e-4)),
            discriminator=dict(optimizer=dict(type='Adam', lr=4e-4)))),
}
WARM_UP = 2
BUSY = 1.2  # wall time over processor time at which a row is thrown away


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('families', nargs='+', choices=list(CONFIGS),
                        metavar='FAMILY', help=', '.join(CONFIGS))
    parser.add_argument('--batch-size', type=int, default=16)
    parser.add_argument('--rounds', type=int, default=10)
    parser.add_argument('--threads', type=int, default=1,
                        help='computing threads on a CPU')
    parser.add_argument('--device', default='cpu', help='cpu or cuda')
    parser.add_argument('--channels-last', action='store_true')
    return parser.parse_args()


class Training:
    """A model with its optimisers and one batch of random images."""

    def __init__(self, family: str, amp: bool, args: argparse.Namespace):
        import torch
        from mmengine.config import Config
        from mmengine.registry import DefaultScope

        from mmgen.engine.amp import convert_to_amp
        from mmgen.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS
        if not DefaultScope.check_instance_created('mmgen'):
            DefaultScope.get_instance('mmgen', scope_name='mmgen')
        torch.manual_seed(0)
        cfg = Config.fromfile(str(ROOT / 'configs' / CONFIGS[family]))
        if family in SMALLER:
            cfg.pop('optim_wrapper')  # None, into which nothing can be merged
            cfg.merge_from_dict(SMALLER[family])
        self.model = MODELS.build(cfg.model).to(args.device)
        if args.channels_last:
            self.model = self.model.to(memory_format=torch.channels_last)
        wrappers = cfg.optim_wrapper.to_dict()
        constructor = wrappers.pop('constructor')
        if amp:
            wrappers = convert_to_amp(wrappers)
        self.optimizers = OPTIM_WRAPPER_CONSTRUCTORS.build(
            dict(type=constructor, optim_wrapper_cfg=wrappers))(self.model)
        self.batch = random_batch(self.model, args)

    def turn(self) -> None:
        """Every update of the discriminator, then the generator's."""
        for _ in range(self.model.discriminator_steps):
            self.model.train_step(self.batch, self.optimizers)


def random_batch(model, args: argparse.Namespace) -> dict:
    """A batch as the data loader gives it: uint8, with labels if needed."""
    import torch

    from mmgen.structures import GenDataSample
    with torch.no_grad():
        shape = model.generator(None, num_batches=1).shape[1:]
    images = torch.randint(
        0, 256, (args.batch_size, *shape), dtype=torch.uint8)
    if args.channels_last:
        images = images.contiguous(memory_format=torch.channels_last)
    classes = getattr(model, 'num_classes', None) or 1
    samples = [GenDataSample().set_gt_label(index % classes)
               for index in range(args.batch_size)]
    return dict(inputs=dict(img=images), data_samples=samples)


def timed(work: Callable[[], None], device: str) -> tuple[float, float]:
    """Wall and processor seconds."""
    import torch
    if device != 'cpu':
        torch.cuda.synchronize()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    if device != 'cpu':
        torch.cuda.synchronize()
    return time.perf_counter() - wall, time.process_time() - cpu


def convolution_peak(amp: bool, args: argparse.Namespace) -> float:
    """Operations per second of a large convolution, in its better layout."""
    import torch
    from torch import nn
    on_gpu = args.device != 'cpu'
    dtype = torch.float32
    if amp:
        dtype = torch.float16 if on_gpu else torch.bfloat16
    size = (256 if on_gpu else 16, 512, 16, 16)
    conv = nn.Conv2d(512, 512, 3, padding=1).to(args.device, dtype)
    conv.requires_grad_(False)
    seconds = []
    for layout in (torch.contiguous_format, torch.channels_last):
        x = torch.randn(size, device=args.device, dtype=dtype)
        x, conv = x.to(memory_format=layout), conv.to(memory_format=layout)
        seconds += [timed(partial(conv, x), args.device)[0] for _ in range(10)]
    return 2 * x.numel() * 512 * 9 / min(seconds)


def count_operations(work: Callable[[], None]) -> int:
    """What ``work`` computes in convolutions and matrix products."""
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import flop_registry

    class Counter(TorchDispatchMode):
        """torch's own counter also follows modules, which does not go with
        the gradient inside of a gradient penalty."""

        total = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            count = flop_registry.get(func._overloadpacket)
            if count is not None:
                self.total += count(*args, **(kwargs or {}), out_val=out)
            return out

    with Counter() as counter:
        work()
    return counter.total


def peak_memory(family: str, amp: bool, args: argparse.Namespace) -> int:
    """Bytes at the peak of a few turns, beyond the start."""
    import torch

    from mmgen.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS
    torch.set_num_threads(args.threads)
    for registry in (MODELS, OPTIM_WRAPPER_CONSTRUCTORS):
        registry.import_from_location()
    before = high_water(args.device)
    training = Training(family, amp, args)
    for _ in range(WARM_UP):
        training.turn()
    return high_water(args.device) - before


def high_water(device: str) -> int:
    """The most memory that this process has had, bytes."""
    import torch
    if device != 'cpu':
        return torch.cuda.max_memory_allocated()
    # Not getrusage's maximum, which a process inherits from its parent.
    status = Path('/proc/self/status').read_text()
    return int(re.search(r'VmHWM:\s+(\d+) kB', status)[1]) * 1024


def in_fresh_process(function: Callable, *arguments):
    """The result of a function in a process that ran nothing else."""
    context = multiprocessing.get_context('spawn')
    with context.Pool(1) as pool:
        return pool.apply(function, arguments)


def measure(family: str, args: argparse.Namespace) -> dict:
    """Seconds, work per second, share of the peak and memory, both ways."""
    trainings = {name: Training(family, name == 'amp', args)
                 for name in ('fp32', 'amp')}
    work = {name: count_operations(training.turn)
            for name, training in trainings.items()}
    for training in trainings.values():
        for _ in range(WARM_UP):
            training.turn()
    rounds = []
    for _ in range(args.rounds):
        names = random.sample(list(trainings), len(trainings))
        row = {name: timed(trainings[name].turn, args.device)
               for name in names}
        busy = args.device == 'cpu' and args.threads == 1 and any(
            wall > BUSY * cpu for wall, cpu in row.values())
        if not busy:
            rounds.append({name: wall for name, (wall, _) in row.items()})
    if not rounds:
        sys.exit(f'{family}: the machine was busy in all {args.rounds} rounds; '
                 'measure again when it is idle.')
    steps = trainings['fp32'].model.discriminator_steps
    result = dict(
        rounds=len(rounds), disc_steps=steps,
        speedup=statistics.median(r['fp32'] / r['amp'] for r in rounds))
    for name in trainings:
        seconds = statistics.median(row[name] for row in rounds)
        result[name] = dict(
            seconds=seconds,
            operations_per_second=work[name] / seconds,
            share_of_peak=work[name] / seconds /
            convolution_peak(name == 'amp', args),
            memory=in_fresh_process(
                peak_memory, family, name == 'amp', args))
    return result


def line(family: str, name: str, result: dict) -> str:
    """One row for a reader."""
    row = result[name]
    return (f'{family:<12} {name:<5} {row["seconds"] * 1e3:9.1f} ms   '
            f'{row["operations_per_second"] / 1e9:8.1f} GFLOP/s   '
            f'{row["share_of_peak"]:5.0%} of peak   '
            f'{row["memory"] / 2**20:7.0f} MiB')


def main() -> None:
    """Measure each family; a line for each way, then one line of JSON."""
    args = parse_args()
    os.environ['OMP_NUM_THREADS'] = str(args.threads)
    import torch
    torch.set_num_threads(args.threads)
    results = {}
    for family in args.families:
        results[family] = measure(family, args)
        for name in ('fp32', 'amp'):
            print(line(family, name, results[family]), flush=True)
        print(f'{family:<12} amp is {results[family]["speedup"]:.2f} times as '
              f'fast; {results[family]["disc_steps"]} D to 1 G, '
              f'{results[family]["rounds"]} rounds', flush=True)
    print(json.dumps(dict(settings=vars(args), results=results)))


if __name__ == '__main__':
    main()
