"""Checkpoints of 0.x, 1.x and MMagic, and what the migration makes of them."""
import pickle
import runpy
import sys
from pathlib import Path

import pytest
import torch
from official_pickle_files import write_pickle

from mmgen.apis.conversion import convert_weights, official_source
from mmgen.apis.migration import MUST_LOOK, REFUSED, migrate_checkpoint
from mmgen.engine.checkpointing import load_weights
from mmgen.engine.launching import load_config
from mmgen.registry import MODELS

TOOL = Path(__file__).resolve().parents[2] / 'tools/migrate/checkpoint.py'
CONFIG = """
model = dict(
    type='StyleGAN2',
    generator=dict(type='StyleGANv2Generator', out_size=8,
                   style_channels=16),
    discriminator=dict(type='StyleGAN2Discriminator', in_size=8),
    ema_config=dict(type='ExponentialMovingAverage', momentum=0.001))
"""


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp('config') / 'stylegan2.py'
    path.write_text(CONFIG)
    return path


@pytest.fixture(scope='module')
def weights(config):
    """A trained model's entries: the average differs from the generator."""
    torch.manual_seed(0)
    model = MODELS.build(load_config(config).model)
    model.mean_path_length.fill_(1.5)
    for entry in model.generator_ema.module.parameters():
        entry.data.add_(1)
    return {key: value.clone() for key, value in model.state_dict().items()}


def as_0x(weights):
    """The names that 0.x has: no ``module``, the path length in its loss."""
    old = {key.replace('generator_ema.module.', 'generator_ema.'): value
           for key, value in weights.items()
           if key not in ('mean_path_length', 'generator_ema.steps')}
    old['gen_auxiliary_losses.0.mean_path_lengths'] = \
        weights['mean_path_length'][None]
    old['disc_auxiliary_losses.0.any'] = torch.zeros(1)
    return old


def wrapped(weights):
    """The names that a distributed wrapper around each network gives."""
    return {key.replace('generator.', 'generator.module.', 1)
            if key.startswith('generator.') else
            key.replace('generator_ema.', 'generator_ema.module.', 1)
            if key.startswith('generator_ema.module.') else key: value
            for key, value in weights.items()}


def whole(weights):
    """The names that a wrapper around the model gives."""
    return {f'module.{key}': value for key, value in weights.items()}


class Foreign:
    """A class that a file may name, and that must not be made."""

    def __reduce__(self):
        return (print, ('the code of the file was run', ))


@pytest.mark.parametrize('form', [dict, as_0x, wrapped, whole,
                                  lambda w: as_0x(wrapped(w)),
                                  lambda w: whole(as_0x(w))])
def test_all_entries_arrive(form, weights, config, tmp_path):
    old, new = tmp_path / 'old.pth', tmp_path / 'new/new.pth'
    torch.save(dict(state_dict=form(weights), meta=dict(iter=7)), old)
    report = migrate_checkpoint(old, new, config)
    assert report.status == 0, str(report)
    checkpoint = torch.load(new, weights_only=True)
    assert checkpoint['meta']['iter'] == 7
    model = MODELS.build(load_config(config).model)
    load_weights(model, checkpoint['state_dict'], True, new)
    for key, value in model.state_dict().items():
        if key != 'generator_ema.steps':
            assert torch.equal(value, weights[key]), key


def test_an_average_of_0x_is_moved_by_training_on(weights, config, tmp_path):
    old, new = tmp_path / 'old.pth', tmp_path / 'new.pth'
    torch.save(dict(state_dict=as_0x(weights), meta={}), old)
    migrate_checkpoint(old, new, config)
    model = MODELS.build(load_config(config).model)
    load_weights(model, torch.load(new)['state_dict'], True, new)
    model.generator_ema.update_parameters(model.generator)
    key = 'generator_ema.module.style_mapping.1.bias'
    assert torch.allclose(model.state_dict()[key], weights[key], atol=0.01)
    assert not torch.equal(model.state_dict()[key], weights[key])


def test_an_average_alone_is_the_generator_too(weights, config, tmp_path):
    old, new = tmp_path / 'old.pth', tmp_path / 'new.pth'
    alone = {key: value for key, value in as_0x(weights).items()
             if key.startswith('generator_ema')}
    torch.save(alone, old)
    report = migrate_checkpoint(old, new, config)
    assert report.status == MUST_LOOK  # there is no discriminator
    assert 'the model has, the file lacks' in str(report)
    state = torch.load(new)['state_dict']
    key = 'style_mapping.1.bias'
    assert torch.equal(state[f'generator.{key}'],
                       weights[f'generator_ema.module.{key}'])


def test_what_is_left_out_is_said_and_no_code_is_run(
        weights, tmp_path, capsys):
    old, new = tmp_path / 'old.pth', tmp_path / 'new.pth'
    torch.save(dict(
        state_dict=as_0x(weights), optimizer=dict(state=Foreign()),
        message_hub=dict(log_scalars=Foreign()), odd=1,
        meta=dict(config='a = 1', mmcv_version='1.7.0')), old)
    report = migrate_checkpoint(old, new)
    assert 'code of the file' not in capsys.readouterr().out
    told = str(report)
    assert 'optimizer, message_hub: the state of another trainer' in told
    assert 'the config in meta' in told
    assert 'disc_auxiliary_losses: entries of a loss' in told
    assert 'mean_path_lengths became mean_path_length' in told
    assert 'the file also has odd' in told and report.status == MUST_LOOK
    checkpoint = torch.load(new, weights_only=True)
    assert set(checkpoint) == {'meta', 'state_dict'}
    assert checkpoint['meta']['migrated_from'] == 'MMGeneration 0.x'


def run_tool(monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', ['checkpoint.py', *map(str, args)])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(TOOL), run_name='__main__')
    return stop.value.code


def test_the_tool_writes_and_reports(
        weights, config, monkeypatch, tmp_path, capsys):
    old, new = tmp_path / 'old.pth', tmp_path / 'new.pth'
    torch.save(dict(state_dict=weights, meta={}), old)
    assert run_tool(monkeypatch, old, new, '--config', config) == 0
    assert 'entries fit the model' in capsys.readouterr().out
    assert new.is_file()
    assert run_tool(monkeypatch, old, old) == REFUSED
    assert 'is the old checkpoint' in capsys.readouterr().err
    assert run_tool(monkeypatch, tmp_path / 'no.pth', new) == REFUSED
    assert 'There is no checkpoint' in capsys.readouterr().err


@pytest.mark.parametrize('content, told', [
    (dict(state_dict={'synthesis.b4.const': torch.zeros(1)}),
     'has none of generator'),
    (dict(state_dict={'generator.a': 3}), "'generator.a' is a int"),
    (dict(G_ema=torch.zeros(1)), 'is no checkpoint of MMGeneration'),
    (torch.zeros(1), 'is no checkpoint of MMGeneration'),
])
def test_files_of_others_are_sent_to_the_converter(
        content, told, monkeypatch, tmp_path, capsys):
    old, new = tmp_path / 'old.pth', tmp_path / 'new.pth'
    torch.save(content, old)
    assert run_tool(monkeypatch, old, new) == REFUSED
    printed = capsys.readouterr().err
    assert told in printed and 'tools/convert_weights.py' in printed
    assert not new.exists()


def official(weights, part):
    """Entries of a network under the names of stylegan2-ada-pytorch."""
    names = {
        'style_mapping.1.linear.weight_orig': 'mapping.fc0.weight',
        'style_mapping.1.bias': 'mapping.fc0.bias',
        'constant_input.input': 'synthesis.b4.const',
    }
    for side, levels in ((4, ('conv1', )), (8, ('convs.0', 'convs.1'))):
        layers = {4: ('conv1', ), 8: ('conv0', 'conv1')}[side]
        for ours, theirs in zip(levels, layers):
            names |= {
                f'{ours}.{mine}': f'synthesis.b{side}.{theirs}.{other}'
                for mine, other in (
                    ('conv.weight_orig', 'weight'), ('activate.bias', 'bias'),
                    ('conv.style_modulation.linear.weight_orig',
                     'affine.weight'),
                    ('conv.style_modulation.bias', 'affine.bias'),
                    ('noise_injector.weight', 'noise_strength'))}
        rgb = 'to_rgb1' if side == 4 else 'to_rgbs.0'
        names |= {
            f'{rgb}.{mine}': f'synthesis.b{side}.torgb.{other}'
            for mine, other in (
                ('conv.weight_orig', 'weight'), ('bias', 'bias'),
                ('conv.style_modulation.linear.weight_orig',
                 'affine.weight'),
                ('conv.style_modulation.bias', 'affine.bias'))}
    names |= {
        'convs.0.conv.blur.kernel': 'synthesis.b8.conv0.resample_filter',
        'to_rgbs.0.upsample.kernel': 'synthesis.b8.resample_filter',
        'injected_noise_0': 'synthesis.b4.conv1.noise_const',
        'injected_noise_1': 'synthesis.b8.conv0.noise_const',
        'injected_noise_2': 'synthesis.b8.conv1.noise_const'}
    return {theirs: weights[f'{part}.{ours}'].clone()
            for ours, theirs in names.items()}


def test_an_official_pickle_becomes_what_the_converter_makes(
        weights, monkeypatch, tmp_path, capsys):
    old, new, other = (tmp_path / name for name in ('a.pkl', 'b.pth', 'c.pth'))
    config = tmp_path / 'small.py'
    config.write_text(CONFIG.replace(
        'style_channels=16', 'style_channels=16, num_mlps=1'))
    write_pickle(old, dict(G_ema=official(weights, 'generator_ema.module')))
    assert run_tool(monkeypatch, old, new) == REFUSED
    assert ('is a pickle of stylegan2-ada-pytorch, which does not say'
            in capsys.readouterr().err) and not new.exists()
    assert run_tool(monkeypatch, old, new, '--config', config) == 0
    assert 'every entry has its place' in capsys.readouterr().out
    convert_weights('stylegan2-ada-pytorch', old, other, config)
    found, expected = (torch.load(path, weights_only=True)['state_dict']
                       for path in (new, other))
    assert set(found) == set(expected)
    assert all(torch.equal(found[key], expected[key]) for key in found)
    key = 'style_mapping.1.bias'
    assert torch.equal(found[f'generator_ema.module.{key}'],
                       weights[f'generator_ema.module.{key}'])
    # A model of another size is refused, as by the converter.
    config.write_text(CONFIG.replace(
        'style_channels=16', 'style_channels=8, num_mlps=1'))
    assert run_tool(monkeypatch, old, tmp_path / 'd.pth', '--config',
                    config) == REFUSED
    assert 'expected [8' in capsys.readouterr().err


@pytest.mark.parametrize('networks, source', [
    (dict(G_ema={'synthesis.b4.const': 0, 'synthesis.b8.const': 0}),
     'stylegan2-ada-pytorch'),
    (dict(G_ema={'synthesis.input.weight': 0}, D={'b4.out.bias': 0}),
     'stylegan3'),
    (dict(G_ema={'Model.AggregationLayer.Layer.weight': 0}), 'r3gan'),
    (dict(G_ema={'other.weight': 0}), None)])
def test_the_project_of_a_pickle_is_known_by_its_entries(
        networks, source, tmp_path):
    write_pickle(tmp_path / 'a.pkl', {
        name: {key: torch.zeros(1) for key in keys}
        for name, keys in networks.items()})
    assert official_source(tmp_path / 'a.pkl') == source


def test_a_tuple_of_something_else_is_refused(
        monkeypatch, tmp_path, capsys):
    old = tmp_path / 'tuple.pkl'
    old.write_bytes(pickle.dumps((Foreign(), 1, 2)))
    assert run_tool(monkeypatch, old, tmp_path / 'new.pth') == REFUSED
    printed = capsys.readouterr()
    assert 'are for tools/convert_weights.py' in printed.err
    assert 'code of the file' not in printed.out


def test_weights_of_another_size_are_refused(
        weights, monkeypatch, tmp_path, capsys):
    config, old = tmp_path / 'larger.py', tmp_path / 'old.pth'
    config.write_text(CONFIG.replace('style_channels=16', 'style_channels=8'))
    torch.save(dict(state_dict=weights, meta={}), old)
    new = tmp_path / 'new.pth'
    assert run_tool(monkeypatch, old, new, '--config', config) == REFUSED
    assert 'does not fit the model' in capsys.readouterr().err
    assert not new.exists()
