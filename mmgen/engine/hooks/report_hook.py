"""The report of a run at its end."""
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mmengine.dist import is_main_process
from mmengine.hooks import Hook

from mmgen.engine.hooks.checkpoint_hook import CheckpointHook
from mmgen.evaluation.identity import compare_results
from mmgen.registry import HOOKS
from mmgen.visualization.report import MetricRules, write_page

# Pictures of each name: enough to see how training went, in a file that a
# browser opens at once.
MAX_PICTURES = 24


def better_value(key: str) -> str | None:
    """Which values of a result are better, ``'less'`` or ``'greater'``.

    The same that decides which checkpoint is the best; None where that would
    have to be told.
    """
    try:
        return CheckpointHook(save_best=key).rules[0]
    except ValueError:
        return None


def write_report(folders: Sequence[str | Path], path: str | Path,
                 max_pictures: int = MAX_PICTURES) -> None:
    """Write the report of a run, or of two beside each other, as HTML.

    Args:
        folders: One work directory, or two.
        path: File to write.
        max_pictures: Pictures of each name and run.

    Raises:
        FileNotFoundError: A folder holds no run.
        ValueError: ``max_pictures`` is below 1.
    """
    rules = MetricRules(compare=compare_results, rule=better_value)
    write_page([Path(folder) for folder in folders], Path(path), rules,
               max_pictures)


@HOOKS.register_module()
class ReportHook(Hook):
    """Writes ``report.html`` into the work directory when training ends.

    At the last iteration as well as after a request to stop. It takes a
    second or so, and if it fails the log says why and the run is none the
    worse.
    """

    # After all that writes what it reads.
    priority = 'LOWEST'

    def after_train(self, runner: Any) -> None:
        if not is_main_process():
            return
        path = Path(runner.work_dir) / 'report.html'
        try:
            write_report([runner.work_dir], path)
        except Exception as error:  # a training must not fail for its picture
            runner.logger.warning(
                f'ReportHook: {path} was not written: '
                f'{type(error).__name__}: {error}. The run is not affected; '
                f'tools/report.py {runner.work_dir} tries again.')
        else:
            runner.logger.info(f'What this run did: {path}')
