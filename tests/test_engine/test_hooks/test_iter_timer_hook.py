"""The timer: training's time alone, and a sober estimate of the rest."""
import time

import pytest
from mmengine.hooks import Hook
from mmengine.runner.base_loop import BaseLoop


class SlowValidation(BaseLoop):
    """Three iterations of 0.2 s, whatever the data loader's length."""
    total_length = 3

    def __init__(self, runner, dataloader, evaluator) -> None:
        super().__init__(runner, dataloader)
        self.etas = []

    def run(self) -> None:
        self.runner.call_hook('before_val')
        self.runner.call_hook('before_val_epoch')
        for index in range(self.total_length):
            self.runner.call_hook('before_val_iter', batch_idx=index)
            time.sleep(0.2)
            self.runner.call_hook('after_val_iter', batch_idx=index)
            self.etas.append(self.runner.message_hub.get_info('eta'))
        self.runner.call_hook('after_val_epoch', metrics=dict(fid=1.0))
        self.runner.call_hook('after_val')


class SlowSaving(Hook):
    """Stands for a checkpoint of 0.5 s."""
    priority = 'VERY_LOW'

    def after_train_iter(self, runner, batch_idx, data_batch=None,
                         outputs=None) -> None:
        if runner.iter == 1:
            time.sleep(0.5)


class Notes(Hook):
    """Keeps the remaining time after each iteration."""
    priority = 'LOWEST'

    def __init__(self) -> None:
        self.etas = []

    def after_train_iter(self, runner, batch_idx, data_batch=None,
                         outputs=None) -> None:
        self.etas.append(runner.message_hub.get_info('eta'))


def with_validation(make_runner, *hooks, **kwargs):
    return make_runner(
        *hooks,
        train_cfg=dict(by_epoch=False, max_iters=4, val_interval=2),
        val_cfg=dict(type=SlowValidation),
        val_dataloader=[0] * 7,
        val_evaluator=dict(type='mmengine.Evaluator', metrics=[]),
        **kwargs)


def times(runner, name: str) -> list[float]:
    return list(runner.message_hub.get_scalar(name).data[0])


def test_validation_and_saving_are_no_part_of_an_iteration(make_runner):
    runner = with_validation(make_runner, SlowSaving())
    runner.train()
    assert len(times(runner, 'train/time')) == 4
    assert max(times(runner, 'train/data_time')) < 0.1
    assert max(times(runner, 'train/time')) < 0.15


def test_a_slow_step_is_part_of_time_and_a_slow_loader_of_both(make_runner):
    runner = make_runner(max_iters=2)
    step, load = runner.model.train_step, runner.train_dataloader

    def slow_step(*args, **kwargs):
        time.sleep(0.3)
        return step(*args, **kwargs)

    runner.model.train_step = slow_step
    collate = load.collate_fn
    load.collate_fn = lambda items: time.sleep(0.2) or collate(items)
    runner.train_loop.dataloader_iterator = iter(load)
    runner.train()
    assert 0.2 <= times(runner, 'train/data_time')[1] < 0.3
    assert 0.5 <= times(runner, 'train/time')[1] < 0.7


def test_eta_after_a_validation_is_that_of_training(make_runner):
    notes = Notes()
    runner = with_validation(make_runner, notes)
    runner.train()
    assert max(notes.etas) < 0.5
    assert notes.etas[-1] == 0
    assert runner.message_hub.get_info('eta') == 0


def test_eta_of_a_validation_counts_the_iterations_of_its_loop(make_runner):
    runner = with_validation(make_runner)
    runner.train()
    first, second, last = runner.val_loop.etas[:3]
    assert first == pytest.approx(0.4, abs=0.1)
    assert second == pytest.approx(0.2, abs=0.1)
    assert last == 0


def test_eta_after_a_resume_is_that_of_the_new_run(make_runner):
    notes = Notes()
    runner = make_runner(notes, max_iters=5)
    for _ in range(2):  # the history of a slow machine
        runner.message_hub.update_scalar('train/time', 100.0)
    runner.train_loop._iter = 2
    runner.train()
    assert len(notes.etas) == 3
    assert max(notes.etas) < 1


def test_the_first_iteration_is_forgotten_for_the_eta(make_runner):
    notes = Notes()
    runner = make_runner(notes, max_iters=4)
    step = runner.model.train_step

    def slow_at_first(*args, **kwargs):
        time.sleep(0.5 if runner.iter == 0 else 0)
        return step(*args, **kwargs)

    runner.model.train_step = slow_at_first
    runner.train()
    assert notes.etas[0] > 1.4
    assert notes.etas[1] < 0.4
