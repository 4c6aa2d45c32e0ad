"""Configs of 1.x: what has to be written otherwise here."""
from pathlib import Path
from typing import Any

from mmengine.config import Config

from mmgen.apis.migration.old_training import with_float_betas
from mmgen.apis.migration.report import FAULTS, Report
from mmgen.engine.old_configs import replace_mmcls


def mend_config(old: dict, path: Path, report: Report) -> dict[str, Any]:
    """The settings with mmgen's own types and without 1.x's known faults.

    Args:
        old: The settings.
        path: Their file, whose name says whether a model was meant as GGAN.
        report: Gets a line for each change.

    Raises:
        ValueError: A type of mmcls that has no like here.
    """
    new = _own_types(old, report)
    model = new.get('model') or {}
    _mend_average(model, report)
    named = {path.stem.split('_')[0], path.parent.name}
    if model.get('type') == 'DCGAN' and 'ggan' in named:
        model['type'] = 'GGAN'
        report.done(FAULTS, 'the config is called GGAN but its model was a '
                    'DCGAN; it is GGAN now, whose loss is the hinge.')
    if 'disc_auxiliary_loss' in model:
        report.left(FAULTS, 'model.disc_auxiliary_loss='
                    f'{model.pop("disc_auxiliary_loss")}: no class of 1.x has '
                    'taken it. The penalties stand in loss_config.')
    for name, wrapper in (new.get('optim_wrapper') or {}).items():
        if isinstance(wrapper, dict) and 'optimizer' in wrapper:
            with_float_betas(wrapper['optimizer'], f'optim_wrapper.{name}',
                             report)
    return new


def _own_types(old: dict, report: Report) -> dict[str, Any]:
    """mmgen's own in the place of mmcls."""
    found = sorted(_foreign(old))
    cfg = Config(old)
    replace_mmcls(cfg)
    new = plain_dicts(cfg)
    for name in found:
        report.done(0, f'{name} became {name.removeprefix("mmcls.")} of '
                    'mmgen, or what does the same; mmcls is not needed.')
    imports = new.get('custom_imports')
    if imports and not imports.get('imports'):
        del new['custom_imports']
        report.done(0, 'custom_imports of mmcls is not needed.')
    return new


def plain_dicts(value: Any) -> Any:
    """A config, or a part of one, made of ordinary dicts."""
    if isinstance(value, (dict, Config)):
        return {key: plain_dicts(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(plain_dicts(item) for item in value)
    return value


def _foreign(value: Any) -> set[str]:
    """All types of mmcls in a nested config."""
    if isinstance(value, (list, tuple)):
        return {name for item in value for name in _foreign(item)}
    if not isinstance(value, dict):
        return set()
    found = {name for item in value.values() for name in _foreign(item)}
    given = value.get('type')
    if isinstance(given, str) and given.startswith('mmcls.'):
        found.add(given)
    return found


def _mend_average(model: dict, report: Report) -> None:
    """A decay that was written where the share of the new weights belongs."""
    for key in ('ema_config', 'ema_confg'):
        ema = model.get(key)
        if isinstance(ema, dict) and ema.get('momentum', 0) > 0.5:
            decay = ema['momentum']
            ema['momentum'] = round(1 - decay, 12)
            report.done(
                FAULTS, f'{key}.momentum={decay} was meant as what the '
                f'average keeps; {ema["momentum"]} is the share of the new '
                'weights, which it is. 1.x averaged next to nothing.')
