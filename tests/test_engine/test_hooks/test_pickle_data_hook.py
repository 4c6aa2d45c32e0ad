"""Chosen values of the model in files that load safely."""
from pathlib import Path

import pytest
import torch

from mmgen.engine.hooks import PickleDataHook


def load(path: Path) -> dict:
    return torch.load(path, weights_only=True)


def test_values_come_back_and_files_are_where_they_should_be(
        make_runner, tmp_path):
    hook = PickleDataHook(
        'kept', ['noise_weights', 'fixed_noises', 'generator.0.weight'],
        interval=2, before_run=True, after_run=True)
    runner = make_runner(hook, max_iters=3)
    model = runner.model
    model.noise_weights = [1, 0.5, torch.tensor(0.25)]
    model.fixed_noises = {'a': torch.arange(6.).view(2, 3)[:, 1], 'b': None}
    start = model.generator[0].weight.detach().clone()
    runner.train()
    folder = tmp_path / 'kept'
    assert sorted(p.name for p in folder.iterdir()) == [
        'iter_0.pkl', 'iter_2.pkl', 'iter_3.pkl']
    first, last = load(folder / 'iter_0.pkl'), load(folder / 'iter_3.pkl')
    assert last['noise_weights'] == [1, 0.5, torch.tensor(0.25)]
    assert last['fixed_noises']['a'].tolist() == [1, 4]
    assert last['fixed_noises']['b'] is None
    assert torch.equal(first['generator.0.weight'], start)
    assert torch.equal(last['generator.0.weight'],
                       model.generator[0].weight.detach())
    assert not torch.equal(first['generator.0.weight'],
                           last['generator.0.weight'])


def test_one_name_and_another_file_name(make_runner, tmp_path):
    hook = PickleDataHook(
        str(tmp_path / 'elsewhere'), 'noise_size', after_run=True,
        filename_tmpl='at_{}.pt')
    make_runner(hook, max_iters=1).train()
    assert load(tmp_path / 'elsewhere' / 'at_1.pt') == dict(noise_size=3)


@pytest.mark.parametrize('value, words', [
    (object(), 'noise_weights is a object, expected'),
    ([1, {'x': {2}}], r"noise_weights\[1\]\['x'\] is a set, expected"),
    (torch.nn.Linear(1, 1), 'noise_weights is a Linear, expected'),
])
def test_what_a_safe_load_refuses_is_refused_before(make_runner, tmp_path,
                                                    value, words):
    runner = make_runner(
        PickleDataHook('kept', 'noise_weights', before_run=True))
    runner.model.noise_weights = value
    with pytest.raises(TypeError, match='PickleDataHook: ' + words):
        runner.train()
    assert not (tmp_path / 'kept').exists()


def test_a_missing_attribute_is_named(make_runner):
    hook = PickleDataHook('kept', 'generator.scales', before_run=True)
    with pytest.raises(AttributeError, match="'generator.scales', but "
                       "Sequential has no attribute 'scales'"):
        make_runner(hook).train()
