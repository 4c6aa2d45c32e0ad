"""A config's settings as a flat table, without running its file.

A config that a run wrote is assignments of plain values and ``dict(...)``,
so its syntax tree says it all, and a work directory of unknown origin may be
looked at.
"""
import ast
from typing import Any

# Differ between any two runs and say nothing about them.
OF_NO_INTEREST = ('work_dir', 'resume')


def read_settings(text: str) -> dict[str, str]:
    """Dotted keys to values, both as they are written in a config.

    Lists of dicts are numbered: ``val_evaluator.metrics.0.type``.

    Raises:
        SyntaxError: The text is no Python.
    """
    flat: dict[str, str] = {}
    for node in ast.parse(text).body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            _flatten(_value(node.value), ast.unparse(node.targets[0]), flat)
    return flat


def differing_settings(
        first: dict[str, str],
        second: dict[str, str]) -> list[tuple[str, str | None, str | None]]:
    """Key, first and second value; None where a side does not have it."""
    keys = [*first, *(key for key in second if key not in first)]
    return [(key, first.get(key), second.get(key)) for key in keys
            if first.get(key) != second.get(key)
            and key not in OF_NO_INTEREST]


def _value(node: ast.expr) -> Any:
    """Dicts and lists as such, all else as it is written."""
    if isinstance(node, ast.Dict) and None not in node.keys:
        return {_name(key): _value(value)
                for key, value in zip(node.keys, node.values)}
    if isinstance(node, ast.Call) and ast.unparse(node.func) == 'dict' \
            and not node.args and all(word.arg for word in node.keywords):
        return {word.arg: _value(word.value) for word in node.keywords}
    if isinstance(node, (ast.List, ast.Tuple)):
        items = [_value(item) for item in node.elts]
        if any(isinstance(item, dict) for item in items):
            return dict(zip(map(str, range(len(items))), items))
    return ast.unparse(node)


def _name(key: ast.expr) -> str:
    return str(key.value) if isinstance(key, ast.Constant) \
        else ast.unparse(key)


def _flatten(value: Any, key: str, flat: dict[str, str]) -> None:
    if isinstance(value, dict) and value:
        for name, item in value.items():
            _flatten(item, f'{key}.{name}', flat)
    else:
        flat[key] = 'dict()' if value == {} else value
