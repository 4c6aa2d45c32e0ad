"""Settings as the text of a config file, laid out as those of configs/."""
import textwrap
from typing import Any

WIDTH = 79
STEP = 4


class Name(str):
    """A variable of the config; written without quotes."""

    __repr__ = str.__str__


def config_text(settings: dict[str, Any], comments: dict[str, list[str]],
                head: str, mark: str = 'LOOK: ') -> str:
    """The file.

    Args:
        settings: What it sets, in this order.
        comments: Dotted path of a setting to what stands above it; where it
            is not in ``settings``, above the part of the path that is, or at
            the top.
        head: The first lines.
        mark: What each comment begins with.
    """
    end = '\n' if '\n' in head else ''
    blocks = [f'"""{head}{end}"""']
    placed: dict[str, list[str]] = {}
    for path, texts in comments.items():
        while path and not _is_there(settings, path):
            path = path.rpartition('.')[0]
        placed.setdefault(path or next(iter(settings)), []).extend(
            mark + text for text in texts)
    comments = placed
    for name, value in settings.items():
        above = _comment(comments, name, 0)
        blocks.append(above + f'{name} = ' + _text(
            value, 0, len(name) + 3, name, comments))
    return '\n\n'.join(blocks) + '\n'


def _is_there(settings: Any, path: str) -> bool:
    for key in path.split('.'):
        if isinstance(settings, (list, tuple)) and key.isdigit():
            if int(key) >= len(settings):
                return False
            settings = settings[int(key)]
        elif isinstance(settings, dict) and key in settings:
            settings = settings[key]
        else:
            return False
    return True


def _text(value: Any, indent: int, used: int, path: str,
          comments: dict[str, list[str]]) -> str:
    """``value`` on one line if it fits after ``used`` columns."""
    flat = _flat(value)
    below = any(key.startswith(f'{path}.') for key in comments)
    # One column is for the comma or bracket that follows.
    if not below and used + len(flat) < WIDTH:
        return flat
    inner = indent + STEP
    if isinstance(value, dict) and value:
        keyword = all(str(key).isidentifier() for key in value)
        items = []
        for key, item in value.items():
            label = f'{key}=' if keyword else f'{key!r}: '
            where = f'{path}.{key}'
            items.append(_comment(comments, where, inner) + ' ' * inner + label
                         + _text(item, inner, inner + len(label), where,
                                 comments))
        body = ',\n'.join(items)
        return f'dict(\n{body})' if keyword else \
            f'{{\n{body}\n{" " * indent}}}'
    if isinstance(value, (list, tuple)) and value:
        items = []
        for index, item in enumerate(value):
            where = f'{path}.{index}'
            items.append(_comment(comments, where, inner) + ' ' * inner
                         + _text(item, inner, inner, where, comments))
        start, end = '[]' if isinstance(value, list) else '()'
        body = ',\n'.join(items)
        return f'{start}\n{body}\n{" " * indent}{end}'
    return flat


def _flat(value: Any) -> str:
    """``value`` on one line."""
    if isinstance(value, dict) and value \
            and all(str(key).isidentifier() for key in value):
        items = (f'{key}={_flat(item)}' for key, item in value.items())
        return f'dict({", ".join(items)})'
    if isinstance(value, dict):
        items = (f'{key!r}: {_flat(item)}' for key, item in value.items())
        return f'{{{", ".join(items)}}}'
    if isinstance(value, list):
        return f'[{", ".join(map(_flat, value))}]'
    if isinstance(value, tuple):
        comma = ',' if len(value) == 1 else ''
        return f'({", ".join(map(_flat, value))}{comma})'
    return repr(value)


def _comment(comments: dict[str, list[str]], path: str, indent: int) -> str:
    """The lines above the setting at ``path``."""
    mark = ' ' * indent + '# '
    return ''.join(
        textwrap.fill(text, WIDTH, initial_indent=mark,
                      subsequent_indent=mark, break_long_words=False) + '\n'
        for text in comments.get(path, []))
