"""When checkpoints are written, which is the best, which are deleted."""
import os
from collections import deque
from collections.abc import Iterable, Sequence

from mmengine.dist import is_main_process
from mmengine.fileio import get_file_backend
from mmengine.hooks import CheckpointHook as MMEngineCheckpointHook

from mmgen.engine.checkpointing import pack, unpack
from mmgen.registry import HOOKS


@HOOKS.register_module()
class CheckpointHook(MMEngineCheckpointHook):
    """MMEngine's hook with the rules of generative metrics.

    FID, KID, SWD, PPL and MS-SSIM count as better when smaller; IS,
    precision, recall, density and coverage when larger. The keys of
    ``save_best`` are checked before training. A file is deleted only after
    the one that follows it is written. Files hold plain values only.

    The arguments are those of MMEngine's ``CheckpointHook``, with
    ``by_epoch=False`` as the default; ``less_keys`` and ``greater_keys`` are
    added to the rules above.
    """

    _default_less_keys = [
        'fid', 'kid', 'swd', 'ppl', 'ms-ssim', 'ms_ssim', 'fd', 'loss'
    ]
    _default_greater_keys = [
        '/is', 'precision', 'recall', 'density', 'coverage', 'eqt', 'eqr'
    ]

    def __init__(self,
                 interval: int = -1,
                 by_epoch: bool = False,
                 less_keys: Sequence[str] = (),
                 greater_keys: Sequence[str] = (),
                 **kwargs) -> None:
        super().__init__(
            interval,
            by_epoch,
            less_keys=[*self._default_less_keys, *less_keys],
            greater_keys=[*self._default_greater_keys, *greater_keys],
            **kwargs)
        self.root = self.out_dir  # out_dir becomes the folder of the run
        self.best_ckpt_path_dict = {}

    def folder(self, runner) -> str:
        """Where the files of this run go."""
        if self.root is None:
            return runner.work_dir
        backend = get_file_backend(self.root, backend_args=self.backend_args)
        run = os.path.basename(runner.work_dir.rstrip('/'))
        return backend.join_path(self.root, run)

    def before_train(self, runner) -> None:
        """Find the output folder; refuse unknown keys of ``save_best``."""
        self.out_dir = self.folder(runner)
        self.file_backend = get_file_backend(
            self.out_dir, backend_args=self.backend_args)
        if '://' not in self.out_dir:
            os.makedirs(self.out_dir, exist_ok=True)
        runner.logger.info(f'Checkpoints go to {self.out_dir}.')
        self.keep_ckpt_ids = deque(
            runner.message_hub.get_info('keep_ckpt_ids', []))
        self._check_save_best(runner)

    def _check_save_best(self, runner) -> None:
        """Refuse keys of ``save_best`` that no metric reports."""
        reported = getattr(runner.val_loop, 'result_keys', None)
        if not self.save_best or self.save_best == ['auto'] \
                or reported is None:
            return
        unknown = sorted(set(self.save_best) - set(reported()))
        if unknown:
            raise ValueError(
                f'CheckpointHook: save_best names {", ".join(unknown)}, but '
                f'val_evaluator reports {", ".join(reported())}. Correct '
                'save_best or the prefix of the metric.')

    def save(self, runner) -> None:
        """Write a checkpoint outside of the interval."""
        self._save_checkpoint_with_step(
            runner, runner.iter, dict(epoch=runner.epoch, iter=runner.iter))

    def before_save_checkpoint(self, runner, checkpoint: dict) -> None:
        """Give the checkpoint its plain form."""
        pack(checkpoint)

    def after_load_checkpoint(self, runner, checkpoint: dict) -> None:
        """Undo the plain form."""
        unpack(checkpoint)

    def _save_checkpoint_with_step(self, runner, step: int,
                                   meta: dict) -> None:
        """Write the file of ``step``, then delete those beyond the limit."""
        keep, outdated = self.max_keep_ckpts, []
        if keep > 0:
            steps = [s for s in self.keep_ckpt_ids if s != step] + [step]
            outdated = steps[:-keep]
            self.keep_ckpt_ids.clear()
            self.keep_ckpt_ids.extend(steps[-keep:])
            runner.message_hub.update_info('keep_ckpt_ids',
                                           list(self.keep_ckpt_ids))
        self.max_keep_ckpts = -1
        try:
            super()._save_checkpoint_with_step(runner, step, meta)
        finally:
            self.max_keep_ckpts = keep
        self._remove(self.filename_tmpl.format(old) for old in outdated)

    def _save_best_checkpoint(self, runner, metrics: dict) -> None:
        """Write the files of the metrics that improved."""
        if not self.save_best:
            return
        if 'auto' in self.key_indicators:
            self._init_rule(self.rules, [next(iter(metrics))])
        improved = [
            self._save_if_best(runner, key, rule, metrics)
            for key, rule in zip(self.key_indicators, self.rules)
        ]
        # The newest file has to know the scores and the names of the best.
        if any(improved) and self.last_ckpt is not None:
            self.save(runner)

    def _save_if_best(self, runner, key: str, rule: str,
                      metrics: dict) -> bool:
        """Write the best file of ``key`` if its score is the best so far."""
        hub = runner.message_hub
        suffix = '' if len(self.key_indicators) == 1 else f'_{key}'
        best = hub.get_info(f'best_score{suffix}', self.init_value_map[rule])
        if not self.rule_map[rule](metrics[key], best):
            return False
        replaced = hub.get_info(f'best_ckpt{suffix}')
        step = self.filename_tmpl.format(runner.iter)
        name = f'best_{key}_{step}'.replace('/', '_')
        hub.update_info(f'best_score{suffix}', metrics[key])
        path = self.file_backend.join_path(self.out_dir, name)
        hub.update_info(f'best_ckpt{suffix}', path)
        runner.save_checkpoint(
            self.out_dir,
            filename=name,
            save_optimizer=False,
            save_param_scheduler=False,
            meta=dict(epoch=runner.epoch, iter=runner.iter),
            by_epoch=False,
            backend_args=self.backend_args)
        runner.logger.info(f'{key} = {metrics[key]:.4f} is the best so far: '
                           f'saved as {name}')
        self.best_ckpt_path_dict[key] = path  # MMEngine publishes these
        if replaced and os.path.basename(replaced) != name:
            self._remove([os.path.basename(replaced)])
        return True

    def _remove(self, names: Iterable[str]) -> None:
        """Delete files of the output folder, in the first process only."""
        if not is_main_process():
            return
        for name in names:
            path = self.file_backend.join_path(self.out_dir, name)
            if self.file_backend.isfile(path):
                self.file_backend.remove(path)
