"""From a config of 0.x or 1.x to one of mmgen."""
from pathlib import Path
from typing import Any

import torch
from mmengine.config import Config

from mmgen.apis.migration.mended import mend_config, plain_dicts
from mmgen.apis.migration.old_data import translate_data
from mmgen.apis.migration.old_models import TRANSLATORS, translate_model
from mmgen.apis.migration.old_runtime import (translate_evaluation,
                                              translate_hooks,
                                              translate_runtime)
from mmgen.apis.migration.old_training import (translate_optimizers,
                                               translate_runner,
                                               translate_schedule)
from mmgen.apis.migration.report import MODELS as MODEL_LINES
from mmgen.apis.migration.report import Report
from mmgen.apis.migration.writing import Name, config_text
from mmgen.registry import MODELS

# What a run may be told, in the order of the new file.
SETTINGS = (
    'default_scope', 'custom_imports', 'model', 'data_preprocessor',
    'train_cfg', 'val_cfg', 'test_cfg', 'train_pipeline', 'val_pipeline',
    'test_pipeline', 'train_dataloader', 'val_dataloader', 'test_dataloader',
    'optim_wrapper', 'param_scheduler', 'auto_scale_lr', 'val_evaluator',
    'test_evaluator', 'custom_hooks', 'default_hooks', 'log_processor',
    'log_level', 'vis_backends', 'visualizer', 'randomness', 'env_cfg',
    'model_wrapper_cfg', 'sync_bn', 'channels_last', 'runner_type',
    'experiment_name', 'launcher', 'work_dir', 'trust_checkpoint',
    'load_from', 'resume')

# What only one of the two versions has.
OF_0X = ('total_iters', 'optimizer', 'data', 'lr_config', 'evaluation',
         'checkpoint_config', 'log_config', 'runner', 'resume_from')
OF_1X = ('optim_wrapper', 'train_dataloader', 'val_dataloader',
         'test_dataloader', 'default_hooks', 'val_evaluator', 'default_scope')


def migrate_config(path: str | Path) -> tuple[str, Report]:
    """The text of the new config, and what became of the old one.

    Args:
        path: The config, with its ``_base_`` where that says; it is run, as
            any config is.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is no config of 0.x or 1.x, or one that cannot be
            turned.
    """
    old = read_config(path)
    version = which_version(old, path)
    report = Report()
    if version == '0.x':
        new = from_0x(old, report)
    else:
        new = mend_config(old, Path(path), report)
        name_pipelines(new)
        old = {name: value for name, value in new.items()
               if name not in SETTINGS}
    if old:
        report.left(9, f'{", ".join(old)}: variables of the config itself, '
                    'which no run asks for.')
    share_pipelines(new)
    new = {name: new[name] for name in SETTINGS if name in new}
    problem = build_problem(new.get('model'))
    if problem:
        report.look(MODEL_LINES, f'the model cannot be built: {problem}',
                    'model')
    head = f'Migrated from {Path(path).name} of MMGeneration {version}.'
    if report.comments:
        head += '\n\nA person has to look where it says LOOK.'
    return config_text(new, report.comments, head), report


def read_config(path: str | Path) -> dict[str, Any]:
    """The settings as plain dicts, ``_base_`` resolved."""
    if not Path(path).is_file():
        raise FileNotFoundError(f'There is no config {path}.')
    try:
        cfg = Config.fromfile(str(path), import_custom_modules=False)
    except Exception as error:  # a config is a program, which may do anything
        raise ValueError(
            f'{path} cannot be read as a config: {error!r}') from error
    return plain_dicts(cfg)


def which_version(config: dict, path: str | Path) -> str:
    """``'0.x'`` or ``'1.x'``.

    Raises:
        ValueError: It is neither.
    """
    scope = config.get('default_scope', 'mmgen')
    if scope != 'mmgen':
        raise ValueError(
            f'{path} has default_scope={scope!r}, expected a config of '
            'MMGeneration. Only checkpoints of other projects are taken over.')
    if any(name in config for name in OF_1X):
        return '1.x'
    model = config.get('model')
    model = model if isinstance(model, dict) else {}
    if any(name in config for name in OF_0X) or 'gan_loss' in model \
            or model.get('type') in TRANSLATORS:
        return '0.x'
    raise ValueError(
        f'{path} has {", ".join(config) or "no settings"}, which no config of '
        f'0.x ({", ".join(OF_0X[:3])}, ...) or 1.x ({", ".join(OF_1X[:2])}, '
        '...) would be without. Give the config that a training starts from.')


def from_0x(old: dict, report: Report) -> dict[str, Any]:
    """The settings of 1.x; ``old`` keeps what nobody has asked for."""
    new: dict[str, Any] = dict(default_scope='mmgen')
    report.done(9, "default_scope='mmgen' is set.")
    imports = old.pop('custom_imports', None)
    if imports:
        new['custom_imports'] = imports
        report.look(0, 'the modules of custom_imports have to be written for '
                    '1.x as well.', 'custom_imports')
    model = translate_model(old, report)
    new['model'] = model.config
    half = translate_runner(old, new, model, report)
    translate_optimizers(old, new, model, half, report)
    translate_schedule(old, new, report)
    translate_data(old, new, model, report)
    translate_hooks(old, new, model, report)
    best = translate_evaluation(old, new, model, report)
    translate_runtime(old, new, model, best, report)
    complete_loops(new, report)
    return new


def complete_loops(new: dict, report: Report) -> None:
    """A loader, an evaluator and a loop each for validation and test."""
    for part in ('val', 'test'):
        loader, evaluator = f'{part}_dataloader', f'{part}_evaluator'
        if evaluator not in new:
            unread = new.pop(loader, None)
            new[f'{part}_cfg'] = None
            if unread is not None:
                report.left(8, f'data.{part}: nothing is evaluated on it. '
                            f'It was {_short(unread)}.')
                new.pop(f'{part}_pipeline', None)
                if new.get('test_dataloader') == Name(loader):
                    del new['test_dataloader']
            continue
        if loader not in new:
            _give_loader(part, new, report)
        new[f'{part}_cfg'] = dict(
            type='GenValLoop' if part == 'val' else 'GenTestLoop')
        report.done(1, f'{part}_cfg has the loop that {evaluator} needs.')
    if new.get('train_dataloader') is not None and 'train_cfg' not in new:
        new['train_cfg'] = dict(by_epoch=False, max_iters=None)
        report.look(1, 'the old config does not say how long to train.',
                    'train_cfg')


def _give_loader(part: str, new: dict, report: Report) -> None:
    """The real images for an evaluator whose part had no data."""
    loader = f'{part}_dataloader'
    if part == 'test' and 'val_dataloader' in new:
        new[loader] = Name('val_dataloader')
    elif isinstance(new.get('train_dataloader'), dict):
        new[loader] = dict(
            new['train_dataloader'],
            sampler=dict(type='DefaultSampler', shuffle=False))
        report.done(8, f'{loader} has the training images: the old config had '
                    'no others for its metrics.')
    else:
        new[loader] = None
        report.look(8, f'the metrics need {loader}, the real images.', loader)


def name_pipelines(new: dict) -> None:
    """Let the pipelines of the loaders be variables, and equals be named."""
    for part in ('train', 'val', 'test'):
        loader = new.get(f'{part}_dataloader')
        if part == 'test' and loader \
                and loader == new.get('whole_val_dataloader'):
            new['test_dataloader'] = Name('val_dataloader')
            break
        if part == 'val':
            new['whole_val_dataloader'] = loader
        dataset = loader.get('dataset') if isinstance(loader, dict) else None
        if isinstance(dataset, dict) and dataset.get('pipeline'):
            new[f'{part}_pipeline'] = dataset['pipeline']
            new[f'{part}_dataloader'] = dict(loader, dataset=dict(
                dataset, pipeline=Name(f'{part}_pipeline')))
        else:
            new.pop(f'{part}_pipeline', None)
    new.pop('whole_val_dataloader', None)
    if new.get('val_evaluator') \
            and new['val_evaluator'] == new.get('test_evaluator'):
        new['test_evaluator'] = Name('val_evaluator')


def share_pipelines(new: dict) -> None:
    """Write a pipeline once where two parts have the same."""
    first: dict[str, Any] = {}
    for name in ('train_pipeline', 'val_pipeline', 'test_pipeline'):
        if name in new:
            same = [other for other in first if first[other] == new[name]]
            first[name] = new[name]
            if same:
                new[name] = Name(same[0])


def build_problem(model: dict | None) -> str | None:
    """Why a model cannot be built; None if it can."""
    if model is None:
        return None
    try:
        with torch.device('meta'):
            MODELS.build(_without_files(model))
    except Exception as error:  # whatever the classes have to say
        return str(error).splitlines()[0]
    return None


def _without_files(value: Any) -> Any:
    """A model's config that reads no weights from files."""
    if isinstance(value, dict):
        return {key: _without_files(item) for key, item in value.items()
                if key not in ('pretrained', 'test_pkl_data')}
    if isinstance(value, (list, tuple)):
        return type(value)(_without_files(item) for item in value)
    return value


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:197] + '...'
