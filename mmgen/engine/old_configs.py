"""Configs of MMGeneration 1.x that name the data types of mmcls.

Class-conditional models of 1.x read their data through mmcls, which is no
longer there. The types they use have their like here.
"""
from typing import Any

from mmengine.config import Config
from mmengine.logging import print_log

# Type of mmcls: type here, and settings that it needs beside.
REPLACED = {
    'CIFAR10': dict(type='CIFAR10'),
    'ImageNet': dict(type='ImageNet'),
    'LoadImageFromFile': dict(type='LoadImageFromFile', key='img'),
    'PackClsInputs': dict(type='PackGenInputs'),
}


def replace_mmcls(cfg: Config) -> None:
    """Put mmgen's own types in the place of those of mmcls, in ``cfg``.

    Raises:
        ValueError: A type of mmcls that has no like here.
    """
    imports = cfg.get('custom_imports')
    if imports:
        names = imports['imports']
        names = [names] if isinstance(names, str) else names
        imports['imports'] = [
            name for name in names if name.split('.')[0] != 'mmcls'
        ]
    found = {
        name
        for loader in ('train_dataloader', 'val_dataloader',
                       'test_dataloader')
        for name in _replace(cfg.get(loader))
    }
    if found:
        print_log(
            f'mmgen\'s own types stand in for {", ".join(sorted(found))}.',
            logger='current')


def _replace(value: Any) -> set[str]:
    """Replace the types in a nested config; the names of what was there."""
    if isinstance(value, (list, tuple)):
        return {name for item in value for name in _replace(item)}
    if not isinstance(value, dict):
        return set()
    found = {name for item in value.values() for name in _replace(item)}
    given = value.get('type')
    if isinstance(given, str) and given.startswith('mmcls.'):
        name = given.removeprefix('mmcls.')
        if name not in REPLACED:
            raise ValueError(
                f'The config uses {given}, which has no like in mmgen; known: '
                f'{", ".join(REPLACED)}. Use a dataset or transform of mmgen.')
        value.update({**REPLACED[name], **{
            key: item for key, item in value.items() if key != 'type'}})
        found.add(given)
    return found
