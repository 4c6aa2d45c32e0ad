"""Identity cards: what a reported number is, so that it can be compared.

A card is one JSON file for each evaluation: for each result key its value
and everything that determines it but the model's weights.
"""
import json
import math
import os
from pathlib import Path
from typing import Any

import torch

from mmgen.utils.whole_file import whole_file
from mmgen.version import __version__


def make_card(results: dict[str, float], identities: dict[str, dict],
              iteration: int | None, checkpoint: str | None,
              beside: dict[str, dict[str, float]] | None = None) -> dict:
    """The card of an evaluation.

    Args:
        results: Values by result key.
        identities: Identities by result key.
        iteration: Of the training, ``None`` if unknown.
        checkpoint: Path of the loaded weights, if any.
        beside: ``standard_error`` and ``floor`` by result key, where they
            are known.
    """
    beside = beside or {}
    return dict(
        iteration=iteration,
        checkpoint=None if checkpoint is None else str(checkpoint),
        mmgen=__version__,
        torch=torch.__version__,
        results={key: dict(value=value, **beside.get(key, {}),
                           identity=identities[key])
                 for key, value in results.items()})


def result_lines(card: dict) -> list[str]:
    """A line for each result that has something beside it."""
    lines = []
    for key, item in card['results'].items():
        error, floor = item.get('standard_error'), item.get('floor')
        if error is None and floor is None:
            continue
        line = f'{key} = {item["value"]:.6g}'
        line += '' if error is None else f', standard error {error:.2g}'
        line += '' if floor is None else (
            f', floor {floor:.6g} (two halves of the real images)')
        lines.append(line)
    return lines


def write_card(path: str | os.PathLike, card: dict) -> None:
    """Write a card as JSON, whole or not at all."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path) as file:
        file.write(json.dumps(card, indent=2).encode() + b'\n')


def compare_results(a: str | os.PathLike | dict,
                    b: str | os.PathLike | dict) -> dict[str, float]:
    """How much larger the numbers of ``b`` are than those of ``a``.

    Args:
        a: A card, or the path of one.
        b: A card, or the path of one.

    Returns:
        ``b - a`` for each result key that both hold.

    Raises:
        ValueError: They share no key, or a number was made in another way:
            the message names the field that differs and both its values.
    """
    results_a, results_b = _results(a), _results(b)
    common = [key for key in results_a if key in results_b]
    if not common:
        raise ValueError(
            f'compare_results: no result in common, got '
            f'{", ".join(results_a)} and {", ".join(results_b)}. Evaluate '
            'both with the same metrics and prefixes.')
    for key in common:
        _check_same(key, results_a[key]['identity'],
                    results_b[key]['identity'])
    return {key: results_b[key]['value'] - results_a[key]['value']
            for key in common}


def difference_errors(a: str | os.PathLike | dict,
                      b: str | os.PathLike | dict) -> dict[str, float]:
    """Standard errors of the differences that `compare_results` gives.

    Args:
        a: A card, or the path of one.
        b: A card, or the path of one.

    Returns:
        ``sqrt(e_a^2 + e_b^2)`` for each result key of which both know the
        standard error, as is right for images made independently. Two
        models of one training, which turn the same noise into like images,
        differ by less than that.
    """
    results_a, results_b = _results(a), _results(b)
    errors = {
        key: (item.get('standard_error'),
              results_b[key].get('standard_error'))
        for key, item in results_a.items() if key in results_b}
    return {key: math.hypot(*pair) for key, pair in errors.items()
            if None not in pair}


def _results(card: str | os.PathLike | dict) -> dict:
    if not isinstance(card, dict):
        card = json.loads(Path(card).read_text())
    if 'results' not in card:
        raise ValueError(
            'compare_results: this is not an identity card, it has no '
            '"results". Give a file of the folder metrics_identity.')
    return card['results']


def _check_same(key: str, a: dict, b: dict) -> None:
    a, b = _flatten(a), _flatten(b)
    for field in {**a, **b}:
        if a.get(field) != b.get(field):
            raise ValueError(
                f'compare_results: {key} was measured in two ways: {field} '
                f'is {a.get(field)!r} in the first and {b.get(field)!r} in '
                'the second. Only numbers of one identity compare.')


def _flatten(tree: dict, head: str = '') -> dict[str, Any]:
    """Nested fields under dotted names."""
    flat = {}
    for name, value in tree.items():
        if isinstance(value, dict):
            flat.update(_flatten(value, f'{head}{name}.'))
        else:
            flat[head + name] = value
    return flat
