import os
import signal
import socket
import threading

import pytest
import torch
from mmgen.engine.distributed import destroy_dist, init_dist
from mmgen.engine.signals import EXIT_STOPPED, StopRequest, mark_stopped


def test_exit_code_is_not_that_of_success_error_or_kill():
    assert EXIT_STOPPED == 85


def test_note_for_the_launcher_holds_the_code(tmp_path, monkeypatch):
    monkeypatch.delenv('MMGEN_STOPPED_FILE', raising=False)
    mark_stopped()  # nobody asked
    monkeypatch.setenv('MMGEN_STOPPED_FILE', str(tmp_path / 'stopped'))
    mark_stopped()
    mark_stopped()  # another process of this machine
    assert [path.name for path in tmp_path.iterdir()] == ['stopped']
    assert (tmp_path / 'stopped').read_text() == '85'


def test_signal_is_noted_and_training_goes_on():
    with StopRequest() as stop:
        assert not stop.agreed()
        os.kill(os.getpid(), signal.SIGUSR1)
        assert stop.received is signal.SIGUSR1
        assert stop.agreed()
    with StopRequest() as stop:
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.agreed() and stop.received is signal.SIGTERM


def test_former_handlers_come_back_even_after_an_error():
    before = [signal.getsignal(signal.SIGTERM), signal.getsignal(
        signal.SIGUSR1)]
    try:
        with StopRequest():
            assert signal.getsignal(signal.SIGTERM) != before[0]
            raise KeyError
    except KeyError:
        pass
    assert before == [
        signal.getsignal(signal.SIGTERM),
        signal.getsignal(signal.SIGUSR1)
    ]


def _free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


@pytest.fixture
def group_of_one(monkeypatch):
    """A process group with this process alone, nccl where there is a GPU."""
    values = dict(
        RANK=0,
        WORLD_SIZE=1,
        LOCAL_RANK=0,
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=_free_port(),
        OMP_NUM_THREADS=1,
        MKL_NUM_THREADS=1)
    for name, value in values.items():
        monkeypatch.setenv(name, str(value))
    init_dist('pytorch', timeout=60)
    yield
    destroy_dist()


@pytest.mark.parametrize('device', [
    'cpu',
    pytest.param('cuda', marks=pytest.mark.gpu),
])
def test_answer_in_a_group_is_one_late_or_at_once(group_of_one, device):
    if device == 'cpu' and torch.cuda.is_available():
        pytest.skip('the group talks through nccl')
    with StopRequest() as stop:
        assert not stop.agreed() and not stop.agreed(now=True)
        os.kill(os.getpid(), signal.SIGUSR1)
        assert not stop.agreed()
        assert stop.agreed()
    with StopRequest() as stop:
        assert not stop.agreed()
        os.kill(os.getpid(), signal.SIGUSR1)
        assert stop.agreed(now=True)


def test_other_threads_run_without_handlers():
    answers = []

    def run():
        with StopRequest() as stop:
            answers.append(stop.agreed())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert answers == [False]
