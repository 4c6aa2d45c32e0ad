import io

import pytest
from rich.console import Console
from rich.errors import LiveError
from rich.progress import Progress

from mmgen.utils import progress as module
from mmgen.utils.progress import progress


@pytest.fixture
def lines(monkeypatch):
    found = []
    monkeypatch.setattr(module, 'print_log',
                        lambda text, logger, level: found.append(text))
    return found


def terminal(monkeypatch):
    output = io.StringIO()
    console = Console(file=output, force_terminal=True, width=80)
    monkeypatch.setattr(module, 'get_console', lambda: console)
    return output


def test_lines_in_the_log_come_now_and_then(lines, monkeypatch):
    now = iter([0, 1, 40, 41, 50])
    monkeypatch.setattr(module.time, 'monotonic', lambda: next(now))
    with progress('Looking', 100) as advance:
        for amount in (10, 30, 10, 50):
            advance(amount)
    assert lines == ['Looking: 40/100 images, 1/s, 60 s to go',
                     'Looking: 100/100 images, 2/s, in 50.0 s']


def test_an_unknown_total_has_no_end(lines, monkeypatch):
    now = iter([0, 1, 40, 41])
    monkeypatch.setattr(module.time, 'monotonic', lambda: next(now))
    with progress('Looking', None) as advance:
        for amount in (10, 30, 10):
            advance(amount)
    assert lines == ['Looking: 40 images, 1/s, in 40.0 s']


def test_a_terminal_gets_a_bar(lines, monkeypatch):
    output = terminal(monkeypatch)
    with progress('Looking', 4, 'bytes') as advance:
        advance(4)
    assert not lines
    assert 'Looking' in output.getvalue() and 'bytes' in output.getvalue()


def test_another_live_display_leaves_the_log(lines, monkeypatch):
    def refuse(self):
        raise LiveError

    terminal(monkeypatch)
    monkeypatch.setattr(Progress, 'start', refuse)
    with progress('Looking', 4) as advance:
        advance(4)
    assert len(lines) == 1


def test_other_processes_are_silent(lines, monkeypatch):
    monkeypatch.setattr(module, 'is_main_process', lambda: False)
    with progress('Looking', 4) as advance:
        advance(4)
    assert not lines
