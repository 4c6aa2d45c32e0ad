"""Settings are read from a config's text, which is never run."""
import pytest

from mmgen.visualization.report.settings import (differing_settings,
                                                 read_settings)


def test_nested_values_become_dotted_keys():
    assert read_settings(
        "a = dict(b=dict(c=-1, d='x'), e=[1, (2, 3)])\n"
        "m = [dict(type='FID'), dict(type='IS', n={'k-1': None})]\n"
        'empty = dict()\n') == {
            'a.b.c': '-1', 'a.b.d': "'x'", 'a.e': '[1, (2, 3)]',
            'm.0.type': "'FID'", 'm.1.type': "'IS'", 'm.1.n.k-1': 'None',
            'empty': 'dict()'}


def test_code_is_shown_and_not_run():
    text = "x = __import__('os').abort()\ny = dict(**z)\n"
    assert read_settings(text) == {
        'x': "__import__('os').abort()", 'y': 'dict(**z)'}


def test_no_python_is_refused():
    with pytest.raises(SyntaxError):
        read_settings('a = dict(')


def test_changed_added_and_removed_settings():
    first = dict(a='1', b='2', work_dir="'x'")
    second = dict(b='3', work_dir="'y'", c='4')
    assert differing_settings(first, second) == [
        ('a', '1', None), ('b', '2', '3'), ('c', None, '4')]
