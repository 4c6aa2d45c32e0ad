"""Log lines: the loop's own counts, means of losses, plain numbers."""
import json
from pathlib import Path

import numpy as np
import pytest
from mmengine.runner.base_loop import BaseLoop

from mmgen.engine.log_processor import iterations_of


class FiveIterations(BaseLoop):
    """A validation that draws its own samples; its data loader has 16."""
    total_length = 5

    def __init__(self, runner, dataloader, evaluator) -> None:
        super().__init__(runner, dataloader)

    def run(self) -> None:
        hub = self.runner.message_hub
        self.runner.call_hook('before_val')
        self.runner.call_hook('before_val_epoch')
        for index in range(5):
            hub.update_scalar('val/time', 1.0)
            hub.update_scalar('val/data_time', 0.5)
            self.runner.call_hook('after_val_iter', batch_idx=index)
        self.runner.call_hook(
            'after_val_epoch', metrics=dict(fid=np.float64(2.5)))
        self.runner.call_hook('after_val')


def runner_with_validation(make_runner, **kwargs):
    return make_runner(
        train_cfg=dict(by_epoch=False, max_iters=2, val_interval=2),
        val_cfg=dict(type=FiveIterations),
        val_dataloader=[0] * 16,
        val_evaluator=dict(type='mmengine.Evaluator', metrics=[]),
        **kwargs)


def log_text(runner) -> str:
    return next(Path(runner.log_dir).glob('*.log')).read_text()


def scalars(runner) -> list[dict]:
    path = Path(runner.log_dir, 'vis_data', 'scalars.json')
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_validation_lines_count_the_iterations_of_the_loop(make_runner):
    runner = runner_with_validation(make_runner)
    runner.train()
    text = log_text(runner)
    assert 'Iter(val) [1/5]' in text
    assert 'Iter(val) [5/5]' in text
    assert '/16]' not in text
    assert 'fid: 2.5000' in text


def test_other_loops_count_their_data_loader(make_runner):
    runner = runner_with_validation(make_runner)
    loop = runner.val_loop
    loop.total_length = None
    assert iterations_of(loop) == 16


def test_times_of_a_validation_are_means_over_its_iterations(make_runner):
    runner = runner_with_validation(make_runner)
    for _ in range(20):  # an earlier validation, much slower
        runner.message_hub.update_scalar('val/time', 100.0)
        runner.message_hub.update_scalar('val/data_time', 100.0)
    for hook in [h for h in runner.hooks if 'Timer' in type(h).__name__]:
        runner.hooks.remove(hook)
    runner.train()
    last = [line for line in scalars(runner) if 'fid' in line][-1]
    assert last['time'] == pytest.approx(1.0)
    assert last['data_time'] == pytest.approx(0.5)


def test_losses_are_means_over_the_window_and_rates_the_latest(make_runner):
    runner = make_runner(max_iters=3)
    hub = runner.message_hub
    for loss, rate in ((1.0, 0.1), (2.0, 0.2), (6.0, 0.3)):
        hub.update_scalar('train/loss_disc', loss)
        hub.update_scalar('train/r1', rate)
    runner.log_processor.window_size = 2
    tag, line = runner.log_processor.get_log_after_iter(runner, 0, 'train')
    assert tag['loss_disc'] == pytest.approx(4.0)
    assert tag['r1'] == pytest.approx(0.3)
    assert 'loss_disc: 4.0000' in line
    assert 'Iter(train) [1/3]' in line


def test_all_values_are_python_numbers(make_runner):
    runner = make_runner(max_iters=1)
    runner.train()
    tag, _ = runner.log_processor.get_log_after_iter(runner, 0, 'train')
    assert 'loss_gen' in tag
    assert {type(value) for value in tag.values()} <= {int, float}
    line = scalars(runner)[-1]
    assert line['iter'] == line['step'] == 1
    assert line['loss_gen'] == pytest.approx(2 * line['loss_disc'])
