"""The runner behind tools/train.py and tools/test.py.

MMEngine's `Runner` with what a GAN needs by default: networks wrapped one by
one, checkpoints of plain values that are written whole, resuming that is
exact and strict, and the hooks that every run wants.
"""
import time
from pathlib import Path
from typing import Any

import mmengine
import torch
from mmengine.config import Config
from mmengine.dist import (broadcast_object_list, gather_object, get_rank,
                           is_main_process)
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import BaseLoop, Runner
from torch import nn

import mmgen
from mmgen.engine.checkpointing import (load_weights, newest_checkpoint,
                                        unpack, write_checkpoint)
from mmgen.engine.compiling import compile_networks
from mmgen.engine.distributed import broadcast_buffers, init_dist
from mmgen.engine.hooks.checkpoint_hook import CheckpointHook
from mmgen.engine.schedulers import fill_schedulers
from mmgen.engine.train_loop import GenTrainLoop
from mmgen.models.base.updates import resume_update, unfinished_update
from mmgen.registry import LOOPS, RUNNERS
from mmgen.utils.checkpoint_file import local_checkpoint, read_checkpoint
from mmgen.utils.unwrap import unwrap

DEFAULT_WRAPPER = dict(
    type='MMSeparateDistributedDataParallel',
    broadcast_buffers=False,
    find_unused_parameters=False)

# In the place of MMEngine's own default hooks, and beside them; a config may
# set each to None.
DEFAULT_HOOKS = dict(
    timer=dict(type='GenIterTimerHook'),
    checkpoint=dict(type='CheckpointHook', interval=10000, by_epoch=False))
ADDED_HOOKS = dict(
    history_limit=dict(type='HistoryLimitHook'),
    live_progress=dict(type='LiveProgressHook'),
    report=dict(type='ReportHook'))


@RUNNERS.register_module()
class GenRunner(Runner):
    """Run the training, validation or test that a config describes.

    Takes the arguments of MMEngine's `Runner`. The config may further hold
    ``trust_checkpoint=True``, which lets a checkpoint construct any object,
    and ``channels_last=True``, which lays images out with the channels as the
    fastest axis: faster on some devices, the same numbers up to rounding.
    ``compile``, True or options of `torch.compile`, compiles the networks for
    training (`compile_networks`), where MMEngine compiles the whole step.
    """

    # ---------------------------------------------------------- environment

    def setup_env(self, env_cfg: dict) -> None:
        """Start the process group with mmgen's `init_dist` first."""
        if self.distributed:
            init_dist(self.launcher, **env_cfg.get('dist_cfg', {}))
        super().setup_env(env_cfg)

    def set_randomness(self,
                       seed: int | None,
                       diff_rank_seed: bool = False,
                       deterministic: bool = False) -> None:
        """Seed all generators; a negative seed is refused."""
        if seed is not None and seed < 0:
            raise ValueError(
                f'randomness: seed={seed}, expected 0 or more, or None to '
                'draw one.')
        super().set_randomness(seed, diff_rank_seed, deterministic)

    @property
    def base_seed(self) -> int:
        """The seed of the run, the same in all processes."""
        differs = self._randomness_cfg.get('diff_rank_seed', False)
        return self.seed - get_rank() if differs else self.seed

    def wrap_model(self, model_wrapper_cfg: dict | None,
                   model: nn.Module) -> nn.Module:
        """Wrap each network on its own, unless the config says otherwise."""
        if self.cfg.get('channels_last', False):
            model = model.to(memory_format=torch.channels_last)
        if self.distributed and model_wrapper_cfg is None:
            model_wrapper_cfg = dict(DEFAULT_WRAPPER)
        return super().wrap_model(model_wrapper_cfg, model)

    def _maybe_compile(self, target: str) -> None:
        """Compile the networks, and nothing in a validation or a test."""
        options = self.cfg.get('compile')
        if not options or target != 'train_step':
            return
        if not isinstance(options, (bool, dict)):
            raise TypeError(
                f'compile: got {options!r}, expected True, or a dict with '
                'options of torch.compile.')
        compile_networks(
            unwrap(self.model), **({} if options is True else options))
        self.logger.info(
            'The networks are compiled: the first iterations take minutes.')

    def register_default_hooks(self, hooks: dict | None = None) -> None:
        """MMEngine's default hooks with mmgen's beside and in place."""
        hooks = {**DEFAULT_HOOKS, **ADDED_HOOKS, **(hooks or {})}
        # MMEngine takes None for the names of its own hooks only.
        super().register_default_hooks(
            {name: hook for name, hook in hooks.items()
             if hook is not None or name not in ADDED_HOOKS})

    def build_train_loop(self, loop: BaseLoop | dict) -> BaseLoop:
        """`GenTrainLoop` where the config names no loop."""
        if isinstance(loop, dict) and 'type' not in loop:
            loop = dict(loop)
            if loop.pop('by_epoch', False):
                raise ValueError(
                    'train_cfg: by_epoch=True, but GANs are trained by '
                    'iterations. Set by_epoch=False and max_iters.')
            loop = LOOPS.build(
                dict(type='GenTrainLoop', **loop),
                default_args=dict(
                    runner=self, dataloader=self._train_dataloader))
        return super().build_train_loop(loop)

    def build_param_scheduler(self, scheduler: Any) -> Any:
        """Complete a dict that names some of the optimisers only."""
        if isinstance(self.optim_wrapper, OptimWrapperDict):
            scheduler = fill_schedulers(scheduler,
                                        list(self.optim_wrapper.keys()))
        return super().build_param_scheduler(scheduler)

    def sync_buffers(self) -> None:
        """Give all processes the buffers of the first."""
        broadcast_buffers(unwrap(self.model))

    # --------------------------------------------------------------- saving

    def save_checkpoint(self,
                        out_dir: str,
                        filename: str,
                        file_client_args: dict | None = None,
                        save_optimizer: bool = True,
                        save_param_scheduler: bool = True,
                        meta: dict | None = None,
                        by_epoch: bool = True,
                        backend_args: dict | None = None) -> None:
        """Write a checkpoint; every process has to call it.

        Args:
            out_dir: Folder, or an address of a remote store.
            filename: Name of the file.
            file_client_args: Not supported; use ``backend_args``.
            save_optimizer: Keep the optimisers, needed for resuming.
            save_param_scheduler: Keep the schedules.
            meta: Entries for ``meta``, at least ``iter`` if the current one
                is not meant.
            by_epoch: Whether the run counts epochs.
            backend_args: Settings of the remote store.
        """
        self.sync_buffers()
        updates = self._gather_updates() if save_optimizer else None
        remembered = self._gather_process_states() if save_optimizer else None
        if not is_main_process():
            return
        checkpoint = dict(
            meta=self._meta(meta or {}, by_epoch),
            state_dict=_on_cpu(unwrap(self.model).state_dict()),
            message_hub=_on_cpu(self.message_hub.state_dict()))
        if save_optimizer:
            checkpoint['optimizer'] = _on_cpu(self.optim_wrapper.state_dict())
            checkpoint['updates'] = updates
        if remembered is not None:
            checkpoint['process_states'] = remembered
        if save_param_scheduler:
            checkpoint['param_schedulers'] = _states(self.param_schedulers)
        self.call_hook('before_save_checkpoint', checkpoint=checkpoint)
        if '://' in str(out_dir) or backend_args is not None:
            mmengine.runner.save_checkpoint(
                checkpoint,
                mmengine.fileio.join_path(
                    out_dir, filename, backend_args=backend_args),
                backend_args=backend_args)
        else:
            write_checkpoint(checkpoint, Path(out_dir) / filename)

    def _meta(self, meta: dict, by_epoch: bool) -> dict:
        """What the checkpoint says about its run."""
        now = dict(epoch=self.epoch, iter=self.iter + (not by_epoch))
        about = dict(
            cfg=self.cfg.pretty_text,
            seed=self.base_seed,
            experiment_name=self.experiment_name,
            time=time.strftime('%Y%m%d_%H%M%S'),
            mmgen_version=mmgen.__version__,
            mmengine_version=mmengine.__version__,
            torch_version=str(torch.__version__),
            world_size=self.world_size)
        if isinstance(self.train_loop, GenTrainLoop):
            about['samples_per_iter'] = self.train_loop.samples_per_iter
            about['samples_seen'] = self._samples_at(
                meta.get('iter', now['iter']))
        dataset = getattr(self.train_dataloader, 'dataset', None)
        if hasattr(dataset, 'metainfo'):
            about['dataset_meta'] = dataset.metainfo
        return {**now, **meta, **about}

    def _samples_at(self, iteration: int) -> int:
        """Samples trained on when ``iteration`` iterations are done.

        A hook saves before the loop has counted the iteration.
        """
        loop = self.train_loop
        return loop.samples_seen + (
            iteration - loop.iter) * loop.samples_per_iter

    def _gather_updates(self) -> dict | None:
        """Updates under way in all processes, for the first one."""
        own = {
            name: unfinished_update(wrapper)
            for name, wrapper in _named_wrappers(self.optim_wrapper)
        }
        ranks = gather_object(own)
        if not is_main_process():
            return None
        return {
            name: dict(
                inner_count=own[name]['inner_count'],
                grads=[rank[name]['grads'] for rank in ranks])
            for name in own
        }

    def _gather_process_states(self) -> list | None:
        """What the model remembers in each process, for the first one.

        A model that has such a state, apart from its state dict, has
        ``process_state()`` and ``load_process_state(state)``.
        """
        model = unwrap(self.model)
        if not hasattr(model, 'process_state'):
            return None
        return gather_object(_on_cpu(model.process_state()))

    @property
    def checkpoint_hook(self) -> CheckpointHook:
        """The hook that knows where checkpoints go.

        Raises:
            RuntimeError: The config has none.
        """
        for hook in self.hooks:
            if isinstance(hook, CheckpointHook):
                return hook
        raise RuntimeError(
            'This run has no CheckpointHook, so it can neither save nor '
            'resume. Leave default_hooks.checkpoint in the config.')

    def save_now(self) -> None:
        """Write a checkpoint of the iteration just done."""
        self.checkpoint_hook.save(self)

    # -------------------------------------------------------------- loading

    def load_or_resume(self) -> None:
        """Load or resume what the config asks for, once."""
        if self._has_loaded:
            return
        source = self._load_from
        if self._resume and source is None:
            source = self._find_checkpoint()
            if source is None:
                self.logger.info(
                    'No checkpoint to resume: training starts from the '
                    'beginning.')
        if source is None:
            return
        if self._resume:
            self.resume(source)
        else:
            self.load_checkpoint(source)

    def _find_checkpoint(self) -> str | None:
        """The newest whole file of the run; the first process looks."""
        found = [None]
        if is_main_process():
            hook = self.checkpoint_hook
            found = [newest_checkpoint(hook.folder(self), hook.filename_tmpl)]
        broadcast_object_list(found)
        return found[0]

    def load_checkpoint(self,
                        filename: str,
                        map_location: Any = 'cpu',
                        strict: bool = False,
                        revise_keys: list | None = None) -> dict:
        """Take over the weights of a checkpoint.

        Args:
            filename: A file, or an address that `download` can fetch.
            map_location: Unused; files are read onto the CPU.
            strict: Refuse any difference of names.
            revise_keys: Unused; the names of other writers are understood.

        Returns:
            The checkpoint.
        """
        filename = local_checkpoint(filename)
        checkpoint = read_checkpoint(
            filename, trust=self.cfg.get('trust_checkpoint', False))
        unpack(checkpoint)
        self.call_hook('after_load_checkpoint', checkpoint=checkpoint)
        load_weights(
            unwrap(self.model), checkpoint['state_dict'], strict, filename)
        self._has_loaded = True
        self.logger.info(f'Loaded the weights of {filename}')
        return checkpoint

    def resume(self,
               filename: str,
               resume_optimizer: bool = True,
               resume_param_scheduler: bool = True,
               map_location: Any = 'cpu') -> None:
        """Go on where the run that wrote ``filename`` was.

        Raises:
            RuntimeError: The file has other entries than the model, or lacks
                the optimisers.
        """
        checkpoint = self.load_checkpoint(filename, strict=True)
        if 'optimizer' not in checkpoint or 'iter' not in checkpoint['meta']:
            raise RuntimeError(
                f'{filename} holds weights only and cannot be resumed. Give '
                'an iter_N.pth of the run, or load_from to start anew from '
                'these weights.')
        meta = checkpoint['meta']
        self._resume_position(meta)
        self._resume_seed(meta.get('seed'))
        self.message_hub.load_state_dict(checkpoint['message_hub'])
        self._resume_process_state(checkpoint.get('process_states'))
        if resume_optimizer:
            self._resume_optimizer(checkpoint)
        if resume_param_scheduler and self.param_schedulers is not None:
            self._resume_schedules(checkpoint.get('param_schedulers'))
        self.logger.info(f'Resumed {filename} at iteration {self.iter}')

    def _resume_position(self, meta: dict) -> None:
        """The iteration, and the place in the data."""
        loop = self.train_loop
        if not isinstance(loop, GenTrainLoop):
            loop._iter, loop._epoch = meta['iter'], meta['epoch']
            return
        self.call_hook('before_fetch')  # the batch may depend on the weights
        before = meta.get('samples_per_iter', loop.samples_per_iter)
        if before != loop.samples_per_iter:
            self.logger.warning(
                f'The checkpoint was trained on {before} images in an '
                f'iteration, this run takes {loop.samples_per_iter} '
                '(batch_size times processes). It goes on at the same place '
                'in the data, but will not be what it would have been.')
        samples = meta.get('samples_seen', meta['iter'] * before)
        loop.resume_at(meta['iter'], meta['epoch'], samples)

    def _resume_seed(self, seed: int | None) -> None:
        """Take over the seed of the run."""
        if seed is None or seed == self.base_seed:
            return
        configured = self._randomness_cfg.get('seed')
        if configured is not None:
            self.logger.warning(
                f'The seed of the checkpoint, {seed}, replaces seed='
                f'{configured} of the config.')
        self._randomness_cfg.update(seed=seed)
        self.set_randomness(**self._randomness_cfg)

    def _resume_optimizer(self, checkpoint: dict) -> None:
        """Optimiser states, then the updates that were under way."""
        self.optim_wrapper = self.build_optim_wrapper(self.optim_wrapper)
        states = checkpoint['optimizer']
        for name, wrapper in _named_wrappers(self.optim_wrapper):
            _keep_implementation(wrapper, states[name] if name else states)
        self.optim_wrapper.load_state_dict(states)
        updates = checkpoint.get('updates', {})
        for name, wrapper in _named_wrappers(self.optim_wrapper):
            if name in updates:
                resume_update(
                    wrapper,
                    **updates[name],
                    rank=self.rank,
                    world_size=self.world_size)

    def _resume_process_state(self, states: list | None) -> None:
        """What the model remembered in this process, or in another one where
        there were fewer."""
        model = unwrap(self.model)
        if states and hasattr(model, 'load_process_state'):
            model.load_process_state(states[self.rank % len(states)])

    def _resume_schedules(self, states: Any) -> None:
        """States of the schedules."""
        self.param_schedulers = self.build_param_scheduler(
            self.param_schedulers)
        if isinstance(self.param_schedulers, dict):
            pairs = [(scheduler, state)
                     for name, group in self.param_schedulers.items()
                     for scheduler, state in zip(group, states[name])]
        else:
            pairs = zip(self.param_schedulers, states)
        for scheduler, state in pairs:
            scheduler.load_state_dict(state)


def _on_cpu(value: Any) -> Any:
    """Copies of all tensors in ``value``, on the CPU."""
    if isinstance(value, torch.Tensor):
        return value.detach().cpu()
    if isinstance(value, dict):
        return {key: _on_cpu(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(_on_cpu(item) for item in value)
    return value


def _states(schedulers: Any) -> Any:
    """States of schedules in the form they are kept in."""
    if isinstance(schedulers, dict):
        return {name: _states(group) for name, group in schedulers.items()}
    return [scheduler.state_dict() for scheduler in schedulers or []]


def _named_wrappers(optim_wrapper: OptimWrapper | OptimWrapperDict):
    """Names and optimiser wrappers; a single one has the name ''."""
    if isinstance(optim_wrapper, OptimWrapperDict):
        return list(optim_wrapper.items())
    return [('', optim_wrapper)]


def _keep_implementation(wrapper: OptimWrapper, state: dict) -> None:
    """Let ``state`` say ``fused`` and ``foreach`` as this run does.

    They are how an optimiser computes, not what; a file of 1.x would switch
    off what the wrapper counts on.
    """
    for ours, theirs in zip(wrapper.param_groups, state['param_groups']):
        for key in ('fused', 'foreach'):
            if key in ours:
                theirs[key] = ours[key]


def build_runner(cfg: Config) -> Runner:
    """The runner of ``cfg``: `GenRunner` unless it names another."""
    if 'runner_type' in cfg:
        return RUNNERS.build(cfg)
    return GenRunner.from_cfg(cfg)
