"""The training loop: iterations that depend on their number alone.

Before each iteration the random state is set from (seed, iteration, rank),
and the loader's position is a formula of the iteration. What happens in
between (validation, pictures, a restart) cannot change the training.
"""
import copy
import warnings
from collections.abc import Iterator

import torch
from mmengine.dist import barrier, get_rank, get_world_size
from mmengine.runner import IterBasedTrainLoop
from mmengine.runner.base_loop import BaseLoop

from mmgen.datasets.checks import check_training_data
from mmgen.datasets.loading import SeededDataset
from mmgen.engine.signals import EXIT_STOPPED, StopRequest, mark_stopped
from mmgen.engine.val_loops import GenValLoop
from mmgen.registry import DATASETS, LOOPS
from mmgen.utils.randomness import seed_everything
from mmgen.utils.unwrap import unwrap

# Samplers of 1.x configs that ask for an endless stream.
PLAIN_SAMPLERS = ('InfiniteSampler', 'DefaultSampler', 'ResumableSampler')


@LOOPS.register_module()
class GenTrainLoop(IterBasedTrainLoop):
    """Train by iterations; a resumed run equals one that never stopped.

    Args:
        runner: The runner.
        dataloader: The training data loader's config. The samplers
            ``InfiniteSampler`` and ``DefaultSampler`` are replaced by
            `ResumableSampler`, which reads nothing of what was read before.
        max_iters: Iterations in all.
        val_begin: First iteration that may be followed by a validation.
        val_interval: Iterations between validations.
        dynamic_intervals: Pairs (iteration, new ``val_interval``).
        val_at_start: Validate before the first iteration too.

    Raises:
        ValueError: The data cannot train this model (`check_training_data`).
    """

    def __init__(self,
                 runner,
                 dataloader: dict,
                 max_iters: int,
                 val_begin: int = 1,
                 val_interval: int = 1000,
                 dynamic_intervals: list[tuple[int, int]] | None = None,
                 val_at_start: bool = False) -> None:
        max_iters = _whole_number('max_iters', max_iters)
        self.val_interval = _whole_number('val_interval', val_interval)
        self._loader_cfg = _positioned(dataloader)
        BaseLoop.__init__(self, runner, self._loader_cfg)
        self._batches: Iterator | None = None
        self._max_iters = max_iters
        self._max_epochs = 1  # hooks that count epochs see one
        self.resume_at(iteration=0, epoch=0, samples=0)
        self.val_begin = val_begin
        self.val_at_start = val_at_start
        self.stop_training = False
        self.dynamic_milestones, self.dynamic_intervals = _milestones(
            self.val_interval, dynamic_intervals)
        self._check_data()

    def resume_at(self, iteration: int, epoch: int, samples: int) -> None:
        """Go on after ``iteration``, when all processes had ``samples``."""
        self._iter = iteration
        self._epoch = epoch
        self._start = (iteration, samples)

    @property
    def samples_seen(self) -> int:
        """Samples that all processes together have been trained on."""
        iteration, samples = self._start
        return samples + (self._iter - iteration) * self.samples_per_iter

    @property
    def samples_per_iter(self) -> int:
        """Samples of one iteration over all processes."""
        return self.dataloader.batch_size * get_world_size()

    def _check_data(self) -> None:
        """Refuse data that this model cannot be trained on."""
        model = unwrap(self.runner.model)
        check_training_data(
            self.dataloader.dataset,
            num_classes=getattr(model, 'num_classes', None),
            channels=_image_channels(model))

    def run(self) -> torch.nn.Module:
        """Train to ``max_iters`` or until the process is asked to stop."""
        runner = self.runner
        # True while gradients accumulate, and harmless: schedules count
        # iterations, not updates.
        warnings.filterwarnings(
            'ignore', message='Detected call of `scheduler.step')
        if isinstance(runner.val_loop, GenValLoop):
            # A missing file now, not after hours, at the first validation.
            runner.val_loop.evaluator.load_networks()
        runner.call_hook('before_train')
        runner.call_hook('before_train_epoch')
        if self.val_at_start and self._iter == 0:
            self._validate()
        if self._iter >= self._max_iters:
            runner.logger.info(
                f'Already at max_iters={self._max_iters}: nothing to train.')
        with StopRequest() as stop:
            while self._iter < self._max_iters and not self.stop_training:
                runner.model.train()
                data_batch = self._next_batch()
                seed_everything(runner.base_seed, self._iter, get_rank())
                self.run_iter(data_batch)
                due = self._validation_is_due()
                if stop.agreed(now=due):  # first: validating may take long
                    self._save_and_exit()
                if due:
                    self._validate()
        runner.call_hook('after_train_epoch')
        runner.call_hook('after_train')
        return runner.model

    def change_data(self, batch_size: int) -> None:
        """Read on from the same place in other batches.

        For a hook that has changed the dataset, before a batch is fetched.

        Args:
            batch_size: Images in a batch of this process from now on.
        """
        self.resume_at(self._iter, self._epoch, self.samples_seen)
        self._batches = None
        self.dataloader = self.runner.build_dataloader(
            dict(
                self._loader_cfg,
                dataset=self.dataloader.dataset,
                batch_size=batch_size))

    def _next_batch(self) -> dict:
        """The batch of the current iteration."""
        self.runner.call_hook('before_fetch')
        if self._batches is None:
            self._batches = self._open()
        return next(self._batches)

    def _open(self) -> Iterator:
        """Batches from the current iteration on."""
        sampler, dataset = self.dataloader.sampler, self.dataloader.dataset
        sampler.seed = dataset.seed = self.runner.base_seed
        sampler.start_at(self.samples_seen // get_world_size())
        return iter(self.dataloader)

    def _validation_is_due(self) -> bool:
        """Whether a validation follows the iteration just done."""
        self._decide_current_val_interval()
        return (self.runner.val_loop is not None
                and self._iter >= self.val_begin
                and (self._iter % self.val_interval == 0
                     or self._iter == self._max_iters))

    def _validate(self) -> None:
        """Validate with the same buffers in all processes."""
        if self.runner.val_loop is not None:
            self.runner.sync_buffers()
            self.runner.val_loop.run()

    def _save_and_exit(self) -> None:
        """Save what there is and end with the code that says so."""
        runner = self.runner
        if self._iter < self._max_iters:
            runner.logger.info(
                f'Asked to stop after iteration {self._iter}: saving. Start '
                'again with --resume.')
            runner.save_now()
        runner.call_hook('after_train')
        runner.call_hook('after_run')
        barrier()  # a launcher ends the others when the first one leaves
        mark_stopped()
        raise SystemExit(EXIT_STOPPED)


def _whole_number(name: str, value: int | float) -> int:
    """``value`` as an integer of at least 1."""
    if isinstance(value, bool) or int(value) != value or value < 1:
        raise ValueError(
            f'train_cfg: {name}={value}, expected a number of iterations of '
            'at least 1.')
    return int(value)


def _milestones(first: int, changes: list | None) -> tuple[list, list]:
    """Iterations at which the validation interval changes, and the values."""
    changes = [(0, first), *(changes or [])]
    return [at for at, _ in changes], [interval for _, interval in changes]


def _positioned(dataloader: dict) -> dict:
    """The data loader's config with samples that know their position."""
    cfg = copy.deepcopy(dataloader)
    if 'batch_size' not in cfg:
        raise ValueError(
            'train_dataloader: batch_size is missing. Set the number of '
            'images for each process, for example batch_size=32.')
    sampler = dict(cfg.get('sampler') or dict(type='InfiniteSampler'))
    if sampler.get('type') not in PLAIN_SAMPLERS or 'batch_sampler' in cfg:
        raise ValueError(
            f'train_dataloader: the sampler {sampler.get("type")} cannot be '
            f'put at a position, expected one of {", ".join(PLAIN_SAMPLERS)} '
            "and no batch_sampler. For another one set runner_type='Runner', "
            'which resumes by reading everything once more.')
    cfg['sampler'] = dict(
        type='ResumableSampler', seed=0, shuffle=sampler.get('shuffle', True))
    dataset = cfg['dataset']
    if isinstance(dataset, dict):
        dataset = DATASETS.build(dataset)
    if hasattr(dataset, 'full_init'):
        dataset.full_init()
    cfg['dataset'] = SeededDataset(dataset, seed=0)
    cfg.setdefault('collate_fn', dict(type='stack_collate'))
    # Copies from pinned memory do not hold up the GPU.
    cfg.setdefault('pin_memory', torch.cuda.is_available())
    return cfg


def _image_channels(model: torch.nn.Module) -> int | None:
    """Channels of the images that the discriminator takes, if it says so."""
    discriminator = getattr(model, 'discriminator', None)
    return getattr(unwrap(discriminator), 'in_channels', None) \
        if discriminator is not None else None
