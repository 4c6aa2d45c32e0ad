"""Checkpoints are read without running code of the file."""
import os
import pickle

import numpy as np
import pytest
import torch
from mmengine.logging import HistoryBuffer

from mmgen.utils.checkpoint_file import local_checkpoint, read_checkpoint


class Evil:
    """Runs a command when it is unpickled."""

    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace), )


class Asks:
    """Asks for an attribute when it is unpickled."""

    def __init__(self, owner, name):
        self.asked = owner, name

    def __reduce__(self):
        return getattr, self.asked


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
    assert not isinstance(old['message_hub']['log_scalars']['loss'],
                          HistoryBuffer)


def test_weights_alone_become_the_state_dict(tmp_path):
    torch.save(dict(w=torch.ones(2)), tmp_path / 'w.pth')
    read = read_checkpoint(tmp_path / 'w.pth')
    assert list(read) == ['state_dict', 'meta']
    assert read['state_dict']['w'].tolist() == [1, 1]


def test_code_in_a_checkpoint_does_not_run(tmp_path):
    trace = tmp_path / 'it_ran'
    torch.save(dict(state_dict={}, evil=Evil(trace)), tmp_path / 'evil.pth')
    with pytest.raises(RuntimeError, match='from, pass --trust-checkpoint.'):
        read_checkpoint(tmp_path / 'evil.pth')
    with pytest.raises(RuntimeError, match='from, go home.'):
        read_checkpoint(tmp_path / 'evil.pth', remedy='go home')
    assert not trace.exists()
    read_checkpoint(tmp_path / 'evil.pth', trust=True)
    assert trace.exists()


def test_getattr_of_a_history_reaches_nothing(tmp_path):
    torch.save(
        dict(state_dict={}, a=Asks(HistoryBuffer, 'mean'),
             b=Asks(HistoryBuffer([1.0], [1]), '__class__')),
        tmp_path / 'old.pth')
    old = read_checkpoint(tmp_path / 'old.pth')
    assert old['a'] is not HistoryBuffer.mean
    assert old['b'] is not HistoryBuffer


@pytest.mark.parametrize('owner, said', [
    (torch.Size, "it asks for index of 'Size'"),
    ('text', "it asks for index of 'text'"),
])
def test_getattr_of_anything_else_is_refused(owner, said, tmp_path):
    torch.save(dict(state_dict={}, a=Asks(owner, 'index')),
               tmp_path / 'evil.pth')
    with pytest.raises(RuntimeError, match=said):
        read_checkpoint(tmp_path / 'evil.pth')


@pytest.mark.parametrize('content', [b'', b'no checkpoint', b'PK\x03\x04'])
def test_damaged_file_is_refused(content, tmp_path):
    (tmp_path / 'iter_1.pth').write_bytes(content)
    with pytest.raises(RuntimeError, match='iter_1.pth'):
        read_checkpoint(tmp_path / 'iter_1.pth')


def test_missing_file_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='no checkpoint .*gone.pth'):
        read_checkpoint(tmp_path / 'gone.pth')


def test_pickled_list_is_no_checkpoint(tmp_path):
    torch.save([1, 2], tmp_path / 'list.pth')
    with pytest.raises(RuntimeError, match='holds a list, expected a dict'):
        read_checkpoint(tmp_path / 'list.pth')


def test_bare_pickle_is_refused(tmp_path):
    (tmp_path / 'p.pth').write_bytes(pickle.dumps(Evil(tmp_path / 'x')))
    with pytest.raises(RuntimeError):
        read_checkpoint(tmp_path / 'p.pth')
    assert not (tmp_path / 'x').exists()


def test_an_address_is_fetched_and_a_path_is_not(tmp_path, monkeypatch):
    monkeypatch.setenv('MMGEN_CACHE_DIR', str(tmp_path / 'cache'))
    torch.save(dict(w=torch.ones(2)), tmp_path / 'w.pth')
    assert local_checkpoint(tmp_path / 'w.pth') == tmp_path / 'w.pth'
    fetched = local_checkpoint((tmp_path / 'w.pth').as_uri())
    assert fetched == tmp_path / 'cache' / 'checkpoints' / 'w.pth'
    assert read_checkpoint(fetched)['state_dict']['w'].tolist() == [1, 1]
