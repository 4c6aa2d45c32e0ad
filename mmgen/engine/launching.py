"""From a command line to the config of a run."""
import difflib
import inspect
from pathlib import Path

from mmengine.config import Config
from mmengine.runner import Runner
from mmengine.utils import import_modules_from_strings

from mmgen.engine.old_configs import replace_mmcls

# Settings of a run that are no arguments of the runner.
OTHER_SETTINGS = ('channels_last', 'custom_imports',
                  'model_wrapper_cfg', 'runner_type', 'sync_bn',
                  'trust_checkpoint')


def load_config(path: str | Path, options: dict | None = None) -> Config:
    """Read a config and change settings of it.

    Data types of mmcls, which 1.x configs name, become mmgen's own.

    Args:
        path: File of the config.
        options: Settings to change, by their path (``a.b.c``).

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: An option names a setting that no run has.
    """
    if not Path(path).is_file():
        raise FileNotFoundError(
            f'There is no config {path}. Configs are under configs/.')
    cfg = Config.fromfile(str(path), import_custom_modules=False)
    replace_mmcls(cfg)
    if cfg.get('custom_imports'):
        import_modules_from_strings(**cfg.custom_imports)
    if options:
        _refuse_unknown(options, cfg)
        cfg.merge_from_dict(options)
    return cfg


def _refuse_unknown(options: dict, cfg: Config) -> None:
    """Catch a misspelt setting, which would change nothing in silence."""
    known = {*cfg, *inspect.signature(Runner).parameters, *OTHER_SETTINGS}
    for option in options:
        name = option.split('.')[0]
        if name not in known:
            similar = difflib.get_close_matches(name, known, n=1)
            hint = f' Did you mean "{similar[0]}"?' if similar else ''
            raise ValueError(
                f'--cfg-options: no setting is called "{name}" '
                f'(in {option}).{hint}')


def launch_config(path: str | Path,
                  work_dir: str | None = None,
                  launcher: str = 'none',
                  options: dict | None = None,
                  trust_checkpoint: bool = False) -> Config:
    """The config of a run, completed by what the command line says.

    Args:
        path: File of the config.
        work_dir: Where the run writes; None for the config's own, else
            ``work_dirs/<name of the config>``.
        launcher: What started the processes.
        options: Settings to change, by their path (``a.b.c``).
        trust_checkpoint: Let checkpoints construct any object.
    """
    cfg = load_config(path, options)
    cfg.launcher = launcher
    cfg.setdefault('default_scope', 'mmgen')
    if work_dir is not None:
        cfg.work_dir = work_dir
    elif cfg.get('work_dir') is None:
        cfg.work_dir = str(Path('work_dirs') / Path(path).stem)
    if trust_checkpoint:
        cfg.trust_checkpoint = True
    return cfg
