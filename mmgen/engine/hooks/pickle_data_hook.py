"""Saves chosen values of the model as a file."""
import os
import os.path as osp
from collections.abc import Sequence
from typing import Any

from mmengine.dist import master_only
from mmengine.hooks import Hook
from torch import Tensor, nn

from mmgen.engine.checkpointing import write_checkpoint
from mmgen.registry import HOOKS
from mmgen.utils.unwrap import unwrap


@HOOKS.register_module()
class PickleDataHook(Hook):
    """Saves attributes of the model that its state dict does not hold.

    The file is a dict from the attributes' names to their values on the CPU
    and loads with ``torch.load(path, weights_only=True)``.

    Args:
        output_dir: Folder of the files; a relative one lies in the work
            directory.
        data_name_list: Attributes of the model, dots reach into its parts.
        interval: Iterations between two files; below 1 for none.
        before_run: Whether to save before the first iteration.
        after_run: Whether to save after the last iteration.
        filename_tmpl: Name of a file, ``{}`` stands for the iteration.

    Raises:
        AttributeError: The model has no such attribute.
        TypeError: A value is, or holds, something else than tensors, numbers,
            strings, None, lists, tuples and dicts.
    """

    def __init__(self,
                 output_dir: str,
                 data_name_list: str | Sequence[str],
                 interval: int = -1,
                 before_run: bool = False,
                 after_run: bool = False,
                 filename_tmpl: str = 'iter_{}.pkl') -> None:
        self.output_dir = output_dir
        self.data_name_list = [data_name_list] if isinstance(
            data_name_list, str) else list(data_name_list)
        self.interval = interval
        self.save_before = before_run
        self.save_after = after_run
        self.filename_tmpl = filename_tmpl

    def before_train(self, runner: Any) -> None:
        if self.save_before:
            self._save(runner, runner.iter)

    def after_train_iter(self, runner: Any, batch_idx: int,
                         data_batch: Any = None, outputs: Any = None) -> None:
        if self.every_n_train_iters(runner, self.interval):
            self._save(runner, runner.iter + 1)

    def after_train(self, runner: Any) -> None:
        if self.save_after:
            self._save(runner, runner.iter)

    @master_only
    def _save(self, runner: Any, iteration: int) -> None:
        """Write the file of an iteration."""
        model = unwrap(runner.model)
        data = {
            name: _plain(_attribute(model, name), name)
            for name in self.data_name_list
        }
        folder = osp.join(runner.work_dir, self.output_dir)
        os.makedirs(folder, exist_ok=True)
        path = osp.join(folder, self.filename_tmpl.format(iteration))
        write_checkpoint(data, path)
        runner.logger.info(f'Saved {", ".join(data)} to {path}.')


def _attribute(model: nn.Module, path: str) -> Any:
    """The attribute at a dotted path."""
    value = model
    for part in path.split('.'):
        if not hasattr(value, part):
            raise AttributeError(
                f'PickleDataHook: data_name_list has {path!r}, but '
                f'{type(value).__name__} has no attribute {part!r}.')
        value = getattr(value, part)
        if isinstance(value, nn.Module):
            value = unwrap(value)
    return value


def _plain(value: Any, name: str) -> Any:
    """The value on the CPU, free of anything that a safe load refuses."""
    if isinstance(value, Tensor):
        # A clone: else all of the memory that a view is of would be written.
        return value.detach().cpu().clone()
    # Exactly these types: a subclass would have to be imported to be loaded.
    if value is None or type(value) in (bool, int, float, str):
        return value
    if type(value) in (list, tuple):
        return type(value)(
            _plain(item, f'{name}[{i}]') for i, item in enumerate(value))
    if type(value) is dict:
        return {
            _plain(key, f'a key of {name}'): _plain(item, f'{name}[{key!r}]')
            for key, item in value.items()
        }
    raise TypeError(
        f'PickleDataHook: {name} is a {type(value).__name__}, expected '
        'tensors, numbers, strings, None, or lists, tuples and dicts of them, '
        'because the file has to load without running code. Turn it into one '
        'of these in the model.')
