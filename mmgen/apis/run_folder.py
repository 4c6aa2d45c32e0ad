"""What a run left in its work directory: its config and its checkpoints."""
from pathlib import Path

from mmengine.logging import print_log

from mmgen.engine.checkpointing import is_whole, newest_checkpoint


def run_config(folder: str | Path) -> Path:
    """The config as it was run.

    Raises:
        FileNotFoundError: There is none.
        ValueError: There are several.
    """
    found = sorted(Path(folder).glob('*.py'))
    if not found:
        raise FileNotFoundError(
            f'{folder} has no config, a NAME.py as training writes it. Give '
            "the run's work directory, or the file of a config.")
    if len(found) > 1:
        raise ValueError(
            f'{folder} has {len(found)} configs: '
            f'{", ".join(path.name for path in found)}. Give the file of one '
            'and a checkpoint.')
    return found[0]


def run_checkpoint(folder: str | Path) -> Path:
    """The best checkpoint, else the newest.

    Of several best ones, each by another metric, it is the one written last.
    Damaged files are passed over.

    Raises:
        FileNotFoundError: There is none.
        RuntimeError: All are damaged.
    """
    best = sorted(Path(folder).glob('best_*.pth'),
                  key=lambda path: (path.stat().st_mtime, path.name))
    for path in reversed(best):
        if is_whole(path):
            print_log(f'Of {folder} {path.name} is taken.', logger='current')
            return path
    newest = newest_checkpoint(folder)
    if newest is None:
        raise FileNotFoundError(
            f'{folder} has no checkpoint, neither best_*.pth nor iter_N.pth. '
            'If they went to another folder, give the file of one.')
    print_log(f'Of {folder} {Path(newest).name} is taken.', logger='current')
    return Path(newest)
