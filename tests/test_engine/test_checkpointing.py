"""Checkpoints are plain, written whole, and read without running code."""
import os
import pickle
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
                                        read_checkpoint, unpack,
                                        write_checkpoint)


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


def test_checkpoint_of_1x_is_read_without_its_classes(tmp_path):
    buffer = HistoryBuffer([1.0, 2.0], [1, 1])
    torch.save(
        dict(
            state_dict=dict(w=torch.ones(2)),
            meta=dict(iter=7, score=np.float64(1.5)),
            message_hub=dict(
                log_scalars=dict(loss=buffer),
                runtime_info=dict(iter=7),
                resumed_keys={})), tmp_path / 'old.pth')
    old = read_checkpoint(tmp_path / 'old.pth')
    assert old['meta'] == dict(iter=7, score=1.5)
    assert old['state_dict']['w'].tolist() == [1, 1]
    unpack(old)
    assert old['message_hub']['log_scalars'] == {}


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace), )


def test_code_in_a_checkpoint_does_not_run(tmp_path):
    trace = tmp_path / 'it_ran'
    torch.save(dict(state_dict={}, evil=Evil(trace)), tmp_path / 'evil.pth')
    with pytest.raises(RuntimeError, match='pass --trust-checkpoint'):
        read_checkpoint(tmp_path / 'evil.pth')
    assert not trace.exists()
    read_checkpoint(tmp_path / 'evil.pth', trust=True)
    assert trace.exists()


def test_getattr_of_a_checkpoint_reaches_nothing(tmp_path):
    trace = tmp_path / 'it_ran'

    class Sneaky:

        def __reduce__(self):
            return getattr, (HistoryBuffer, 'mean')

    torch.save(dict(state_dict={}, a=Sneaky(), b=Evil(trace)),
               tmp_path / 'evil.pth')
    with pytest.raises(RuntimeError, match='posix.mkdir|nt.mkdir'):
        read_checkpoint(tmp_path / 'evil.pth')
    assert not trace.exists()


@pytest.mark.parametrize('content', [b'', b'no checkpoint', b'PK\x03\x04'])
def test_damaged_file_is_refused(content, tmp_path):
    (tmp_path / 'iter_1.pth').write_bytes(content)
    with pytest.raises(RuntimeError, match='iter_1.pth'):
        read_checkpoint(tmp_path / 'iter_1.pth')


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='no checkpoint .*gone.pth'):
        read_checkpoint(tmp_path / 'gone.pth')


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


def test_pickled_list_is_no_checkpoint(tmp_path):
    torch.save([1, 2], tmp_path / 'list.pth')
    with pytest.raises(RuntimeError, match='holds a list, expected a dict'):
        read_checkpoint(tmp_path / 'list.pth')


def test_bare_pickle_is_refused(tmp_path):
    (tmp_path / 'p.pth').write_bytes(pickle.dumps(Evil(tmp_path / 'x')))
    with pytest.raises(RuntimeError):
        read_checkpoint(tmp_path / 'p.pth')
    assert not (tmp_path / 'x').exists()
