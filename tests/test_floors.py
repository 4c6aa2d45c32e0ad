"""Imports point down: the floors and rooms of the package, held by a test.

Reads the source, imports nothing: an import hidden in a function counts as
one at the top.
"""
import ast
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / 'mmgen'

# Room to floor. A room is a folder or a module of the top; `models` alone is
# the __init__ that re-exports the rooms below it.
FLOORS = {
    'registry': 0, 'utils': 0, 'version': 0,
    'structures': 1, 'ops': 1,
    'models.layers': 2, 'models.losses': 2, 'datasets': 2,
    'models.base': 3, 'evaluation': 3, 'visualization': 3,
    'engine': 4,  # and every family
    'models': 5,
    'apis': 6,
}
FAMILY_FLOOR = 4
# Rooms may import from a room of the same floor only as declared here.
NEIGHBOURS = {
    # Filling all registries is walking over them.
    ('utils', 'registry'),
}
# A family stands on another only where its paper extends the whole model.
FAMILIES_EXTEND = {
    ('models.stylegan1', 'models.pggan'),
    ('models.stylegan3', 'models.stylegan2'),
    ('models.mspie', 'models.stylegan2'),
    ('models.mspie', 'models.singan'),
    ('models.sagan', 'models.sngan'),
}
# Names that say nothing about what is inside.
DRAWERS = {'common', 'misc', 'helper', 'helpers', 'util', 'utils'}
# The package itself: its version may be read from anywhere.
TOP = ''


def modules(package: Path = PACKAGE) -> dict[str, Path]:
    """Dotted name without ``mmgen.`` to file; '' is the package itself."""
    found = {}
    for path in sorted(package.rglob('*.py')):
        parts = path.relative_to(package).with_suffix('').parts
        if parts[0].startswith('.'):
            continue
        if parts[-1] == '__init__':
            parts = parts[:-1]
        found['.'.join(parts)] = path
    return found


def room(module: str) -> str:
    """The room that a module is in."""
    parts = module.split('.')
    if parts[0] == 'models' and len(parts) > 1:
        return '.'.join(parts[:2])
    return parts[0]


def floor(name: str) -> int:
    """The floor of a room; a folder of ``models`` not listed is a family."""
    if name not in FLOORS and name.startswith('models.'):
        return FAMILY_FLOOR
    return FLOORS[name]


def base_of(module: str, node: ast.ImportFrom, is_package: bool) -> str | None:
    """What ``from ... import`` names before ``import``, None if outside."""
    if node.level == 0:
        head, _, rest = (node.module or '').partition('.')
        return rest if head == 'mmgen' else None
    parts = module.split('.') if module else []
    parts = parts[:len(parts) - node.level + is_package]
    return '.'.join([*parts, *(node.module or '').split('.')]).strip('.')


def imported(source: str, module: str, is_package: bool,
             known: set[str]) -> Iterator[str]:
    """Modules of mmgen that the source imports, wherever the import stands.

    ``import_module`` and ``__import__`` with a literal name count as well.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                head, _, rest = alias.name.partition('.')
                if head == 'mmgen':
                    yield rest
        elif isinstance(node, ast.ImportFrom):
            base = base_of(module, node, is_package)
            if base is None:
                continue
            for alias in node.names:
                inner = f'{base}.{alias.name}'.strip('.')
                yield inner if inner in known else base
        elif isinstance(node, ast.Call) and node.args:
            called = getattr(node.func, 'attr', getattr(node.func, 'id', ''))
            name = getattr(node.args[0], 'value', None)
            if called in ('import_module', '__import__') \
                    and isinstance(name, str) and name.startswith('mmgen.'):
                yield name.removeprefix('mmgen.')


def edges(package: Path = PACKAGE) -> list[tuple[str, str]]:
    """(module, module that it imports), inside the package."""
    files = modules(package)
    return [(module, target) for module, path in files.items()
            for target in imported(path.read_text(encoding='utf-8'), module,
                                   path.name == '__init__.py', set(files))
            if target != module]


def complaint(module: str, target: str) -> str | None:
    """What is wrong with an import, None if nothing."""
    if TOP in (module, target) and target in (TOP, 'version'):
        return None
    ours, theirs = room(module), room(target)
    if ours == theirs or (ours, theirs) in NEIGHBOURS | FAMILIES_EXTEND:
        return None
    if floor(theirs) < floor(ours):
        return None
    if floor(theirs) == floor(ours):
        return (f'{module} imports {target}: both are on floor '
                f'{floor(ours)}, and rooms of one floor do not import each '
                'other. Move what both need down, or declare it here.')
    return (f'{module} (floor {floor(ours)}) imports {target} (floor '
            f'{floor(theirs)}): imports point down.')


def test_imports_point_down():
    wrong = [text for module, target in edges()
             if (text := complaint(module, target))]
    assert not wrong, '\n'.join(wrong)


def test_every_room_has_a_floor():
    rooms = {room(module) for module in modules() if module != TOP}
    unknown = [name for name in rooms
               if name not in FLOORS and not name.startswith('models.')]
    assert not unknown, f'no floor for {unknown}: add them to FLOORS'


def test_no_cycles():
    graph: dict[str, set[str]] = {}
    for module, target in edges():
        graph.setdefault(module, set()).add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(' -> '.join(error.args[1]))


def test_modules_of_a_room_do_not_import_their_own_re_exports():
    """``from mmgen.datasets import X`` inside datasets works by luck only."""
    packages = {m for m, path in modules().items()
                if path.name == '__init__.py'}
    wrong = [f'{module} imports {target}' for module, target in edges()
             if target in packages and module.startswith(f'{target}.')]
    assert not wrong, '\n'.join(wrong)


def test_no_module_is_a_drawer():
    wrong = [module for module in modules()
             if module.split('.')[-1] in DRAWERS and module != 'utils']
    assert not wrong, f'say what is in them: {", ".join(wrong)}'


def test_inits_only_re_export():
    allowed = (ast.Import, ast.ImportFrom, ast.Expr, ast.Assign)
    for module, path in modules().items():
        if path.name != '__init__.py' or module == TOP:
            continue  # the package itself says which packages are missing
        for node in ast.parse(path.read_text(encoding='utf-8')).body:
            assert isinstance(node, allowed), f'{path}: line {node.lineno}'
            if isinstance(node, ast.Assign):
                assert [t.id for t in node.targets] == ['__all__'], path


# ------------------------------------------- would the test see it? It would.


@pytest.mark.parametrize('module, source, wrong', [
    ('ops.fir', 'from mmgen.models.layers import x', 'imports point down'),
    ('ops.fir', 'def f():\n    import mmgen.engine.runner',
     'imports point down'),
    ('ops.fir', 'import importlib\n'
     'importlib.import_module("mmgen.engine")', 'imports point down'),
    ('evaluation.fid', 'from mmgen.visualization import grid', 'one floor'),
    ('models.biggan.networks', 'from mmgen.models.dcgan import networks',
     'one floor'),
    ('models.biggan.networks', 'from ..dcgan.networks import X', 'one floor'),
    ('models.biggan.networks', 'from mmgen.models import DCGAN',
     'imports point down'),
    ('structures.pixel_data', 'from mmgen import ops', 'one floor'),
    ('engine.runner', 'from mmgen.models.base import BaseGAN', None),
    ('models.biggan', 'from .networks import X', None),
    ('models.sagan.sagan', 'from mmgen.models.sngan import SNGAN', None),
    ('models.sngan.sngan', 'from mmgen.models.sagan import SAGAN',
     'one floor'),
    ('apis.inference', 'from mmgen.models import BigGAN', None),
    ('models', 'from .base import BaseGAN', None),
    ('registry', 'from mmgen import __version__', None),
    ('datasets.zip', 'import numpy, torch\nfrom mmcv import imread', None),
])
def test_sees_imports_that_climb(module, source, wrong):
    known = {*modules(), 'ops', 'apis', 'engine', 'visualization.grid'}
    is_package = module in ('models', 'models.biggan')
    texts = [complaint(module, target)
             for target in imported(source, module, is_package, known)]
    if wrong is None:
        assert not any(texts), texts
    else:
        assert any(text and wrong in text for text in texts), texts
