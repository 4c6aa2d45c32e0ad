"""Checkpoints are plain and written whole; the newest is found."""
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub
from torch import nn

from mmgen.engine.checkpointing import (is_whole, load_weights,
                                        newest_checkpoint, pack, plain,
                                        unpack, write_checkpoint)
from mmgen.utils.checkpoint_file import read_checkpoint


@pytest.fixture
def checkpoint():
    """A checkpoint as MMEngine assembles it."""
    hub = MessageHub('test_checkpointing')
    for value in (3.0, 2.0, 1.0):
        hub.update_scalar('train/loss', value)
    hub.update_info('best_score', np.float64(4.5))
    hub.update_info('not_plain', object())
    return dict(
        state_dict=dict(w=torch.arange(3.0)),
        optimizer=dict(step=np.int64(3), lr=[np.float32(0.5)]),
        meta=dict(iter=3, classes=('a', 'b')),
        message_hub=dict(
            log_scalars=dict(hub.log_scalars),
            runtime_info=dict(hub.runtime_info),
            resumed_keys={}))


def test_packed_checkpoint_loads_with_weights_only(checkpoint, tmp_path):
    pack(checkpoint)
    write_checkpoint(checkpoint, tmp_path / 'iter_3.pth')
    loaded = torch.load(tmp_path / 'iter_3.pth', weights_only=True)
    assert loaded['optimizer'] == dict(step=3, lr=[0.5])
    assert loaded['meta']['classes'] == ('a', 'b')
    assert loaded['message_hub']['runtime_info'] == dict(best_score=4.5)


def test_unpack_gives_back_the_history(checkpoint):
    pack(checkpoint)
    unpack(checkpoint)
    buffer = checkpoint['message_hub']['log_scalars']['train/loss']
    assert isinstance(buffer, HistoryBuffer)
    assert buffer.data[0].tolist() == [3.0, 2.0, 1.0]
    assert buffer.mean(2) == 1.5


def test_packing_twice_changes_nothing(checkpoint):
    pack(checkpoint)
    unpack(checkpoint)
    pack(checkpoint)
    scalars = checkpoint['message_hub']['log_scalars']['train/loss']
    assert scalars['values'].tolist() == [3.0, 2.0, 1.0]


def test_plain_refuses_an_object():
    with pytest.raises(TypeError, match='object is not a plain value'):
        plain(dict(a=[object()]))








def test_newest_whole_checkpoint_is_found(tmp_path):
    for step in (9, 10, 100):
        write_checkpoint(dict(state_dict={}), tmp_path / f'iter_{step}.pth')
    write_checkpoint(dict(state_dict={}), tmp_path / 'best_fid_iter_999.pth')
    assert newest_checkpoint(tmp_path) == str(tmp_path / 'iter_100.pth')
    whole = (tmp_path / 'iter_100.pth').read_bytes()
    (tmp_path / 'iter_100.pth').write_bytes(whole[:len(whole) // 2])
    assert not is_whole(tmp_path / 'iter_100.pth')
    assert newest_checkpoint(tmp_path) == str(tmp_path / 'iter_10.pth')


def test_flipped_bit_is_noticed(tmp_path):
    path = tmp_path / 'iter_1.pth'
    write_checkpoint(dict(state_dict=dict(w=torch.zeros(4096))), path)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert not is_whole(path)


def test_no_checkpoint_at_all(tmp_path):
    assert newest_checkpoint(tmp_path) is None


def test_kill_while_writing_leaves_the_old_file(tmp_path):
    """The writer is killed when half of the new file is on the disk."""
    script = textwrap.dedent(f'''
        import os, signal, sys
        import torch
        from mmgen.engine import checkpointing
        path = {str(tmp_path / "iter_1.pth")!r}
        checkpointing.write_checkpoint(dict(state_dict=1), path)
        save = torch.save
        def half(checkpoint, file):
            save(checkpoint, file)
            file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        torch.save = half
        checkpointing.write_checkpoint(dict(state_dict=2), path)
    ''')
    done = subprocess.run([sys.executable, '-c', script])
    assert done.returncode == -signal.SIGKILL
    assert read_checkpoint(tmp_path / 'iter_1.pth')['state_dict'] == 1
    assert newest_checkpoint(tmp_path) == str(tmp_path / 'iter_1.pth')


def _net():
    net = nn.Module()
    net.generator = nn.Linear(2, 2)
    net.generator_ema = nn.Module()
    net.generator_ema.module = nn.Linear(2, 2)
    return net


def test_wrapper_names_are_understood():
    source, target = _net(), _net()
    state = {
        key.replace('generator.', 'generator.module.'): value
        for key, value in source.state_dict().items()
    }
    assert 'generator.module.weight' in state
    load_weights(target, state, strict=True, source='f')
    for key, value in source.state_dict().items():
        assert torch.equal(target.state_dict()[key], value)


def test_strict_names_every_difference():
    state = _net().state_dict()
    state['extra'] = state.pop('generator.bias')
    with pytest.raises(
            RuntimeError,
            match=r'cannot be resumed: the model has, the file lacks 1: '
            r'generator.bias; the file has, the model lacks 1: extra'):
        load_weights(_net(), state, strict=True, source='f')


def test_weights_of_another_model_are_refused():
    with pytest.raises(RuntimeError, match='none of its 1 entries'):
        load_weights(_net(), dict(a=torch.ones(1)), strict=False, source='f')


def test_shapes_that_differ_are_refused():
    state = _net().state_dict()
    state['generator.bias'] = torch.ones(3)
    with pytest.raises(RuntimeError, match='does not fit this Module'):
        load_weights(_net(), state, strict=False, source='f')

