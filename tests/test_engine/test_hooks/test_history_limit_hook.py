"""The log history stays short, in memory and in the checkpoint."""
import copy

import pytest
from mmengine.logging import HistoryBuffer

from mmgen.engine.hooks import HistoryLimitHook


def test_histories_keep_their_latest_values(make_runner):
    runner = make_runner(
        HistoryLimitHook(max_length=3, interval=2), max_iters=9)
    runner.message_hub.update_scalar('train/note', 0.0)
    for value in range(1, 8):
        runner.message_hub.update_scalar('train/note', float(value))
    runner.train()
    scalars = runner.message_hub.log_scalars
    assert list(scalars['train/note'].data[0]) == [5.0, 6.0, 7.0]
    assert len(scalars['train/loss_disc'].data[0]) <= 4
    runner.message_hub.update_scalar('train/loss_disc', 1.0)
    assert len(scalars['train/loss_disc'].data[0]) == 3


def test_the_checkpoint_has_the_latest_values_only():
    class Runner:  # the two attributes that the hook asks for
        class message_hub:
            log_scalars = {'train/a': HistoryBuffer(range(10), [1] * 10)}

    checkpoint = dict(
        message_hub=dict(
            log_scalars=copy.deepcopy(Runner.message_hub.log_scalars)))
    HistoryLimitHook(max_length=4).before_save_checkpoint(Runner, checkpoint)
    saved = checkpoint['message_hub']['log_scalars']['train/a']
    assert list(saved.data[0]) == [6, 7, 8, 9]
    assert list(saved.data[1]) == [1, 1, 1, 1]


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match='max_length=0, interval=100, '
                       'expected both to be at least 1'):
        HistoryLimitHook(max_length=0)
