"""Weights for one network out of checkpoint files."""
import pickle

import pytest
import torch
from mmengine.logging import HistoryBuffer
from torch import nn

from mmgen.models.layers import load_pretrained


@pytest.fixture
def source():
    torch.manual_seed(0)
    return nn.Linear(3, 2)


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a.parameters(),
                                                 b.parameters()))


def test_a_state_dict_and_a_whole_model(tmp_path, source):
    plain, whole = tmp_path / 'plain.pth', tmp_path / 'whole.pth'
    state = source.state_dict()
    torch.save(state, plain)
    torch.save(
        dict(
            state_dict={f'generator.{key}': value
                        for key, value in state.items()},
            meta=dict(iter=3)), whole)
    for pretrained in (str(plain), dict(ckpt_path=plain),
                       dict(ckpt_path=whole, prefix='generator')):
        network = nn.Linear(3, 2)
        load_pretrained(network, pretrained)
        assert same(network, source)
    load_pretrained(network, None)
    assert same(network, source)


def test_wrong_prefix_and_wrong_network_are_refused(tmp_path, source):
    file = tmp_path / 'weights.pth'
    torch.save(source.state_dict(), file)
    with pytest.raises(ValueError, match='only with bias, weight. Set prefix'):
        load_pretrained(source, dict(ckpt_path=file, prefix='generator'))
    with pytest.raises(RuntimeError, match='size mismatch'):
        load_pretrained(nn.Linear(4, 2), str(file))


class Surprise:
    """What a weights file should not hold."""


def test_code_in_a_file_is_not_run(tmp_path, source):
    file = tmp_path / 'code.pth'
    torch.save(dict(state_dict=source.state_dict(), extra=Surprise()), file,
               pickle_module=pickle)
    with pytest.raises(
            RuntimeError,
            match='holds more than tensors and plain values .*test_pretrained'
            '.Surprise.*save its state_dict alone'):
        load_pretrained(source, str(file))


def test_a_training_checkpoint_of_1x_is_taken(tmp_path, source):
    file = tmp_path / 'old.pth'
    torch.save(
        dict(
            state_dict={f'generator_ema.module.{key}': value
                        for key, value in source.state_dict().items()},
            message_hub=dict(
                log_scalars=dict(loss=HistoryBuffer([1.0], [1])))), file)
    network = nn.Linear(3, 2)
    load_pretrained(network, dict(
        ckpt_path=str(file), prefix='generator_ema.module',
        map_location='cpu'))
    assert same(network, source)


def test_an_address_is_fetched(tmp_path, source, monkeypatch):
    monkeypatch.setenv('MMGEN_CACHE_DIR', str(tmp_path / 'cache'))
    torch.save(source.state_dict(), tmp_path / 'weights.pth')
    network = nn.Linear(3, 2)
    load_pretrained(network, (tmp_path / 'weights.pth').as_uri())
    assert same(network, source)


def test_a_missing_file_is_named(tmp_path, source):
    with pytest.raises(FileNotFoundError, match='no checkpoint .*gone.pth'):
        load_pretrained(source, str(tmp_path / 'gone.pth'))
