import os
import signal
import threading

from mmgen.engine.signals import EXIT_STOPPED, StopRequest


def test_exit_code_is_not_that_of_success_error_or_kill():
    assert EXIT_STOPPED == 85


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


def test_other_threads_run_without_handlers():
    answers = []

    def run():
        with StopRequest() as stop:
            answers.append(stop.agreed())

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert answers == [False]
