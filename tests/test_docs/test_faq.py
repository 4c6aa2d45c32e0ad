"""Every message that docs/faq.md quotes is one that the source can print."""
import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / 'docs' / 'faq.md').read_text()
MESSAGES = re.findall(r'^```text\n(.*?)\n```$', PAGE, re.MULTILINE | re.DOTALL)
LEAST = 20  # letters of a message that are the source's own, not a field's
FIELD = r'(?:(?!\. [A-Z]).)*'  # anything up to the end of a sentence


def parts(node: ast.AST) -> list[str | None] | None:
    """The text of a string, None where a field stands; None for no string."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.FormattedValue):
        return [None]
    if isinstance(node, ast.JoinedStr):
        return [part for value in node.values for part in parts(value)]
    return None


def said(tree: ast.AST) -> list[list[str | None]]:
    """The strings of a file, f-strings as a whole."""
    inside = {
        id(value) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)
        for value in ast.walk(node) if value is not node
    }
    return [found for node in ast.walk(tree)
            if id(node) not in inside and (found := parts(node))]


@cache
def patterns() -> list[re.Pattern]:
    """What the strings of the package can become."""
    found = []
    for path in (ROOT / 'mmgen').rglob('*.py'):
        for string in said(ast.parse(path.read_text())):
            own = ''.join(part for part in string if part)
            if sum(map(str.isalpha, own)) >= LEAST:
                found.append(re.compile(''.join(
                    FIELD if part is None else re.escape(part)
                    for part in string), re.DOTALL))
    return found


def is_printed(message: str) -> bool:
    """Whether the package has a string that can become ``message``."""
    return any(pattern.fullmatch(message) for pattern in patterns())


@pytest.mark.parametrize('message', MESSAGES, ids=lambda text: text[:40])
def test_message_is_in_the_source(message):
    assert is_printed(message), message


def test_a_message_that_nobody_prints_is_found():
    assert not is_printed('There is no configuration configs/a.py.')
    assert not is_printed('There is no config configs/a.py. Look elsewhere.')
