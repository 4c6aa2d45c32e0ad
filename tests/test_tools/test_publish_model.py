import hashlib
import runpy
import sys
from collections import OrderedDict
from fractions import Fraction
from pathlib import Path

import pytest
import torch
from mmengine.logging import HistoryBuffer

TOOL = Path(__file__).resolve().parents[2] / 'tools/publish_model.py'


@pytest.fixture
def publish(monkeypatch, capsys):
    """Runs the tool as a command; returns the file that it says it wrote."""

    def run(source, target, *options):
        monkeypatch.setattr(sys, 'argv', [
            'publish_model.py', str(source), str(target), *options])
        runpy.run_path(str(TOOL), run_name='__main__')
        return Path(capsys.readouterr().out.split(' (')[0])

    return run


@pytest.fixture
def checkpoint():
    weight = torch.arange(6.).view(2, 3)
    return dict(
        meta=dict(cfg='model = dict()', iter=5, seed=1, time='20260101',
                  experiment_name='on my machine', mmgen_version='2.0.0',
                  dataset_meta=dict(classes=('a', 'b'))),
        state_dict=OrderedDict({
            'generator.weight': weight,
            'generator_ema.module.weight': weight + 1,
            'generator_ema.steps': torch.tensor(3),
        }),
        optimizer=dict(generator=dict(state={}, param_groups=[])),
        updates=dict(),
        param_schedulers=[],
        message_hub=dict(log_scalars={}, runtime_info={}))


def test_keeps_weights_config_and_versions_only(publish, checkpoint, tmp_path):
    torch.save(checkpoint, tmp_path / 'iter_5.pth')
    final = publish(tmp_path / 'iter_5.pth', tmp_path / 'out' / 'gan.pth')
    published = torch.load(final, weights_only=True)
    assert set(published) == {'meta', 'state_dict'}
    assert published['meta'] == dict(
        cfg='model = dict()', iter=5, seed=1, mmgen_version='2.0.0',
        dataset_meta=dict(classes=('a', 'b')))
    for key, value in checkpoint['state_dict'].items():
        assert torch.equal(published['state_dict'][key], value)
    assert list(published['state_dict']) == list(checkpoint['state_dict'])


def test_name_ends_with_the_hash_of_the_file(publish, checkpoint, tmp_path):
    torch.save(checkpoint, tmp_path / 'iter_5.pth')
    final = publish(tmp_path / 'iter_5.pth', tmp_path / 'gan.pth')
    digest = hashlib.sha256(final.read_bytes()).hexdigest()
    assert final.name == f'gan-{digest[:8]}.pth'
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        final.name, 'iter_5.pth']


def test_takes_a_checkpoint_with_the_history_of_another_framework(
        publish, checkpoint, tmp_path):
    """Stock MMEngine files hold objects beside the weights."""
    checkpoint['message_hub']['log_scalars'] = dict(
        loss=HistoryBuffer([1.0], [1]))
    torch.save(checkpoint, tmp_path / 'stock.pth')
    final = publish(tmp_path / 'stock.pth', tmp_path / 'gan.pth')
    assert set(torch.load(final, weights_only=True)) == {'meta', 'state_dict'}


def test_takes_other_objects_only_if_it_is_told_to(
        publish, checkpoint, tmp_path):
    checkpoint['meta']['history'] = Fraction(1, 2)
    torch.save(checkpoint, tmp_path / 'a.pth')
    with pytest.raises(RuntimeError, match='pass --trust-checkpoint'):
        publish(tmp_path / 'a.pth', tmp_path / 'gan.pth')
    final = publish(tmp_path / 'a.pth', tmp_path / 'gan.pth',
                    '--trust-checkpoint')
    assert 'history' not in torch.load(final, weights_only=True)['meta']


def test_refuses_what_is_no_checkpoint(publish, tmp_path):
    with pytest.raises(FileNotFoundError, match='no.pth'):
        publish(tmp_path / 'no.pth', tmp_path / 'gan.pth')
    (tmp_path / 'text.pth').write_text('hello')
    with pytest.raises(RuntimeError, match='text.pth'):
        publish(tmp_path / 'text.pth', tmp_path / 'gan.pth')
    assert [p.name for p in tmp_path.iterdir()] == ['text.pth']
