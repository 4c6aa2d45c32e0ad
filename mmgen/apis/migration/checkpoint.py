"""From a checkpoint of 0.x, 1.x or MMagic to one of mmgen.

The networks have kept the names of their entries. What differs is around
them: how an average is stored, wrappers that were saved along, and what the
losses of 0.x kept for themselves.
"""
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mmgen.apis.conversion import (SOURCES, convert_weights,
                                   official_source)
from mmgen.apis.migration.report import MODELS as MODEL_LINES
from mmgen.apis.migration.report import Report
from mmgen.engine.checkpointing import plain, write_checkpoint
from mmgen.engine.launching import load_config
from mmgen.registry import MODELS
from mmgen.utils.inert_pickle import load_inert_checkpoint
from mmgen.version import __version__

NETWORKS = ('generator', 'discriminator', 'generators', 'discriminators',
            'denoising')
AVERAGES = ('generator_ema', 'denoising_ema')
# Numbers beside the networks that a model takes up again.
STATE = ('mean_path_length', 'shown_nkimg', '_curr_transition_weight',
         '_next_scale_int', '_curr_scale_int', 'shown_imgs', 'pyramid',
         'disc_augment')
# 0.x kept the mean path length in the loss, 1.x has it in the model.
PATH_LENGTH = re.compile(r'gen_auxiliary_losses\.\d+\.mean_path_lengths?')
KEPT_META = ('iter', 'epoch', 'seed')
# Parts of a checkpoint that only resuming needs.
OF_RESUMING = ('optimizer', 'param_schedulers', 'message_hub', 'loss_scaler',
               'lr_config')
OFFICIAL = ('G_ema', 'G', 'D')
ELSEWHERE = (
    'Files of other projects are for tools/convert_weights.py; see '
    'docs/converting_weights.md.')


def migrate_checkpoint(path: str | Path,
                       out: str | Path,
                       config: str | Path | None = None) -> Report:
    """Write the checkpoint ``out`` with the weights of ``path``.

    No code of the file is run: what is no tensor and no plain value in it is
    left unread.

    Args:
        path: The old checkpoint, of 0.x, 1.x or MMagic; or a pickle of the
            StyleGAN authors' networks, of PyTorch or TensorFlow.
        out: The new one.
        config: A config of mmgen, whose model the weights are held against;
            None to take them as they are, which such a pickle does not allow.

    Raises:
        FileNotFoundError: There is no such file or config.
        ValueError: It is no checkpoint of these projects, or the weights
            are not those of the model of ``config``.
    """
    source = official_source(path)
    if source is not None:
        return _convert_official(source, path, out, config)
    checkpoint = _read(path)
    report = Report()
    meta = checkpoint.get('meta')
    meta = meta if isinstance(meta, Mapping) else {}
    state = migrate_state_dict(_tensors(checkpoint, path), report)
    if not any(key.split('.')[0] in (*NETWORKS, *AVERAGES) for key in state):
        raise ValueError(
            f'{path} has none of {", ".join(NETWORKS)}; its entries are e.g. '
            f'{", ".join(sorted(state)[:2]) or "(none)"}. {ELSEWHERE}')
    if config is not None:
        _hold_against(state, config, path, report)
    _name_the_rest(checkpoint, meta, report)
    new_meta = dict(mmgen_version=__version__, migrated_from=_writer(meta))
    for key in KEPT_META:
        if isinstance(meta.get(key), int):
            new_meta[key] = meta[key]
    Path(out).parent.mkdir(parents=True, exist_ok=True)
    write_checkpoint(
        dict(meta=new_meta, state_dict={
            # Copies: a view would be written with all that it is a view of.
            key: plain(value).clone() for key, value in state.items()
        }), out)
    return report


def _convert_official(source: str, path: str | Path, out: str | Path,
                      config: str | Path | None) -> Report:
    """A pickle of networks, by the converter of its project."""
    if config is None:
        raise ValueError(
            f'{path} is a pickle of {source}, which does not say what model '
            'of mmgen it is. Give its config with --config, such as configs/'
            f'{SOURCES[source].config}.')
    networks = convert_weights(source, path, out, config)
    report = Report()
    report.done(MODEL_LINES, f'the {networks} of {source}: every entry has '
                f'its place in the model of {config}.')
    return report


def is_of_0x(state: dict[str, Tensor]) -> bool:
    """Whether an average is stored as 0.x did, as a network of its own."""
    return any(
        key.startswith(f'{average}.') and key != f'{average}.steps'
        and not key.startswith(f'{average}.module.')
        for average in AVERAGES for key in state)


def migrate_state_dict(state: dict[str, Tensor],
                       report: Report) -> dict[str, Tensor]:
    """The entries under mmgen's names."""
    new: dict[str, Tensor] = {}
    for key, value in _without_wrappers(state, report).items():
        top = key.split('.')[0]
        if PATH_LENGTH.fullmatch(key):
            new['mean_path_length'] = value.reshape(())
            report.done(MODEL_LINES, f'{key} became mean_path_length, which '
                        'the model has, not the loss.')
        elif top in AVERAGES:
            new[_averaged_name(key, top)] = value
        elif top in (*NETWORKS, *STATE):
            new[key] = value
        else:
            report.left(MODEL_LINES, f'{top}: entries of a loss or the '
                        'preprocessor, which the config says anew.')
    for average in AVERAGES:
        own = [key for key in new if key.startswith(f'{average}.module.')]
        if own and f'{average}.steps' not in new:
            # The average has begun: training on moves it, and does not
            # replace it.
            new[f'{average}.steps'] = torch.tensor(1)
            report.done(9, f'{average} was stored as a network; it is '
                        f'{average}.module with a count of steps now.')
    for name, average in (('generator', 'generator_ema'),
                          ('denoising', 'denoising_ema')):
        trained, averaged = (any(key.startswith(f'{part}.') for key in new)
                             for part in (name, average))
        if averaged and not trained:
            new.update({
                key.replace(f'{average}.module', name, 1): value
                for key, value in new.items()
                if key.startswith(f'{average}.module.')
            })
            report.done(9, f'there was no {name}: it is a copy of {average}.')
    return new


def _without_wrappers(state: dict[str, Tensor],
                      report: Report) -> dict[str, Tensor]:
    """Take out the names of distributed wrappers."""
    if state and all(key.startswith('module.') for key in state):
        state = {key.removeprefix('module.'): value
                 for key, value in state.items()}
        report.done(3, 'module. of the wrapper around the model is gone.')
    wrapped = re.compile(
        r'((?:generator|discriminator|denoising)|'
        r'(?:generators|discriminators)(?:\.[^.]+)?)\.module\.(.*)')
    new = {}
    for key, value in state.items():
        match = wrapped.fullmatch(key)
        if match:
            report.done(3, f'{match[1]}.module became {match[1]}.')
            key = f'{match[1]}.{match[2]}'
        new[key] = value
    return new


def _averaged_name(key: str, average: str) -> str:
    """``generator_ema.module.NAME``, also where ``module`` is missing or is
    that of a wrapper besides."""
    name = key.removeprefix(f'{average}.')
    if name == 'steps':
        return key
    while name.startswith('module.'):
        name = name.removeprefix('module.')
    return f'{average}.module.{name}'


# ------------------------------------------------------------ file and model


def _read(path: str | Path) -> dict[str, Any]:
    """The checkpoint; what is neither tensor nor plain stays unread.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: It is none.
    """
    try:
        checkpoint = load_inert_checkpoint(path)
    except RuntimeError as error:
        raise ValueError(f'{error}. {ELSEWHERE}') from error
    if not isinstance(checkpoint, dict) \
            or any(name in checkpoint for name in OFFICIAL):
        raise ValueError(f'{path} is no checkpoint of MMGeneration or '
                         f'MMagic. {ELSEWHERE}')
    return checkpoint


def _tensors(checkpoint: dict, path: str | Path) -> dict[str, Tensor]:
    """The weights, of a whole checkpoint or of a file with nothing else."""
    state = checkpoint.get('state_dict', checkpoint)
    if not isinstance(state, dict):
        raise ValueError(f'{path}: state_dict is a {type(state).__name__}, '
                         f'expected a dict of tensors. {ELSEWHERE}')
    for key, value in state.items():
        if not isinstance(value, Tensor):
            raise ValueError(
                f'{path}: the entry {key!r} is a {type(value).__name__}, '
                f'expected a tensor. {ELSEWHERE}')
    return {key: value.detach() for key, value in state.items()}


def _hold_against(state: dict[str, Tensor], config: str | Path,
                  path: str | Path, report: Report) -> None:
    """Compare with the model of a config."""
    with torch.device('meta'):
        model = MODELS.build(load_config(config).model)
    try:
        # Names and shapes are all that a model on this device has.
        different = model.load_state_dict(
            {key: value.to('meta') for key, value in state.items()},
            strict=False)
    except RuntimeError as error:
        raise ValueError(
            f'{path} does not fit the model of {config}. Give the config that '
            f'it was trained with. {error}') from error
    for what, keys in (
            ('the model has, the file lacks', different.missing_keys),
            ('the file has, the model lacks', different.unexpected_keys)):
        if keys:
            more = ' ...' if len(keys) > 4 else ''
            report.look(MODEL_LINES, f'{what} {len(keys)}: '
                        f'{", ".join(keys[:4])}{more}.', 'state_dict')
    if not (different.missing_keys or different.unexpected_keys):
        report.done(MODEL_LINES, f'all {len(state)} entries fit the model of '
                    f'{config}.')


def _name_the_rest(checkpoint: dict, meta: Mapping, report: Report) -> None:
    """Sentences about what is not taken over."""
    found = [name for name in OF_RESUMING if name in checkpoint]
    if found:
        report.left(9, f'{", ".join(found)}: the state of another trainer '
                    'cannot be resumed. Set load_from to the new file and '
                    'resume=False: training begins with these weights.')
    if 'cfg' in meta or 'config' in meta:
        report.left(9, 'the config in meta: bring the file of the config over '
                    'with tools/migrate/config.py.')
    known = {'state_dict', 'meta', *OF_RESUMING}
    others = sorted(str(name) for name in checkpoint if name not in known) \
        if 'state_dict' in checkpoint else []
    if others:
        report.look(9, f'the file also has {", ".join(others)}, which is not '
                    'known here.', 'state_dict')


def _writer(meta: Mapping) -> str:
    """What wrote the file, as far as it says so."""
    for key, name in (('mmengine_version', 'MMGeneration 1.x or MMagic'),
                      ('mmcv_version', 'MMGeneration 0.x'),
                      ('mmgen_version', 'MMGeneration 0.x')):
        if key in meta:
            return name
    return 'unknown'
