#!/usr/bin/env python
"""Where the time of a StyleGAN2 step goes.

    python tools/benchmarks/stylegan2_phases.py --resolution 64 --batch-size 4

Each phase is timed by itself, in random order within a round: an update of the
discriminator and one of the generator without penalties, each with its penalty,
the averaging of weights, and the optimisers alone. Given are medians, the share
of what a large convolution reaches in the same process, the mean over the
sixteen updates after which the penalties repeat, and the peak memory of a process
that runs this phase, beyond what it needs before the model is built.
"""
import argparse
import json
import os
import random
import statistics
from collections.abc import Callable

R1_INTERVAL, PATH_INTERVAL = 16, 4


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--resolution', type=int, default=64)
    parser.add_argument('--batch-size', type=int, default=4)
    parser.add_argument('--rounds', type=int, default=5)
    parser.add_argument('--threads', type=int, default=1,
                        help='computing threads on a CPU')
    parser.add_argument('--device', default='cpu', help='cpu or cuda')
    parser.add_argument('--amp', action='store_true')
    return parser.parse_args()


class Phases:
    """A StyleGAN2 with channel_multiplier=1, and what is to be timed."""

    def __init__(self, args: argparse.Namespace) -> None:
        import torch
        from mmgen.engine.amp import convert_to_amp
        from mmgen.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS
        torch.manual_seed(0)
        self.model = MODELS.build(
            dict(
                type='StyleGAN2',
                ema_config=dict(momentum=0.001),
                generator=dict(
                    type='StyleGANv2Generator',
                    out_size=args.resolution,
                    style_channels=512,
                    channel_multiplier=1),
                discriminator=dict(
                    type='StyleGAN2Discriminator',
                    in_size=args.resolution,
                    channel_multiplier=1))).to(args.device)
        wrappers = {
            name: dict(
                optimizer=dict(type='Adam', lr=0.002, betas=(0.0, 0.99)))
            for name in ('generator', 'discriminator')
        }
        if args.amp:
            wrappers = convert_to_amp(wrappers)
        self.optimizers = OPTIM_WRAPPER_CONSTRUCTORS.build(
            dict(
                type='GenOptimWrapperConstructor',
                optim_wrapper_cfg=wrappers))(self.model)
        shape = (args.batch_size, 3, args.resolution, args.resolution)
        images = torch.randint(0, 256, shape, dtype=torch.uint8)
        self.inputs = self.model.data_preprocessor(dict(inputs=images))[
            'inputs']

    def disc(self, r1_weight: float = 0.0) -> None:
        """An update of the discriminator, without the penalty by default."""
        self.model.loss_config.update(r1_interval=1, r1_loss_weight=r1_weight)
        self.model.disc_turn(self.inputs, None, self.optimizers)

    def gen(self, path_weight: float = 0.0) -> None:
        """The generator's update and average, without the penalty."""
        self.model.loss_config.update(
            g_reg_interval=1, g_reg_weight=path_weight)
        self.model.gen_turn(self.inputs, None, self.optimizers)

    def average(self) -> None:
        """The averaging of weights alone."""
        self.model.update_ema(self.optimizers)

    def step(self) -> None:
        """Both optimisers alone, with the gradients of zeros."""
        for name in ('generator', 'discriminator'):
            wrapper = self.optimizers[name]
            for group in wrapper.param_groups:
                for parameter in group['params']:
                    parameter.grad = parameter.new_zeros(()).expand_as(
                        parameter).contiguous()
            wrapper.optimizer.step()
            wrapper.optimizer.zero_grad()

    def named(self) -> dict[str, Callable[[], None]]:
        """Name of a phase to what runs it."""
        return {
            'D': self.disc,
            'D with R1': lambda: self.disc(1.0),
            'G': self.gen,
            'G with path length': lambda: self.gen(1.0),
            'average': self.average,
            'optimisers': self.step,
        }


def mean_step(seconds: dict[str, float]) -> float:
    """Seconds of one update of both, averaged over all intervals."""
    plain = seconds['D'] + seconds['G']
    r1 = seconds['D with R1'] - seconds['D']
    path = seconds['G with path length'] - seconds['G']
    return plain + r1 / R1_INTERVAL + path / PATH_INTERVAL


def peak_memory(name: str, args: argparse.Namespace) -> int:
    """Bytes at the peak of a phase that is run twice."""
    import torch
    from train_step import high_water

    from mmgen.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS
    torch.set_num_threads(args.threads)
    for registry in (MODELS, OPTIM_WRAPPER_CONSTRUCTORS):
        registry.import_from_location()
    before = high_water(args.device)
    run = Phases(args).named()[name]
    for _ in range(2):
        run()
    return high_water(args.device) - before


def main() -> None:
    """Time the phases; a line for each, then one line of JSON."""
    args = parse_args()
    os.environ['OMP_NUM_THREADS'] = str(args.threads)
    import torch
    from train_step import (convolution_peak, count_operations,
                            in_fresh_process, timed)
    torch.set_num_threads(args.threads)
    phases = Phases(args).named()
    work = {name: count_operations(run) for name, run in phases.items()}
    rounds = [
        {name: timed(phases[name], args.device)[0]
         for name in random.sample(list(phases), len(phases))}
        for _ in range(args.rounds)
    ]
    peak = convolution_peak(args.amp, args)
    memory = {name: in_fresh_process(peak_memory, name, args)
              for name in phases}
    seconds = {name: statistics.median(row[name] for row in rounds)
               for name in phases}
    for name, value in seconds.items():
        share = work[name] / value / peak
        print(f'{name:<20}{value * 1e3:10.1f} ms   '
              f'{work[name] / 1e9:8.1f} GFLOP   '
              f'{share:5.0%} of peak   {memory[name] / 2**20:7.0f} MiB')
    mean = mean_step(seconds)
    total = mean_step(work)
    print(f'{"mean step":<20}{mean * 1e3:10.1f} ms   {total / 1e9:8.1f} GFLOP'
          f'   {total / mean / peak:5.0%} of peak ({peak / 1e9:.0f} GFLOP/s)')
    print(json.dumps(dict(settings=vars(args), seconds=seconds, work=work,
                          memory=memory, peak=peak, mean_step=mean)))


if __name__ == '__main__':
    main()
