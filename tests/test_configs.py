"""Every config under configs/ parses, says what it is, and its model builds."""
import ast
import json
from pathlib import Path

import pytest
import torch
import yaml
from mmengine.config import Config
from mmengine.registry import DefaultScope

from mmgen import registry
from mmgen.registry import MODELS

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = sorted(
    str(path.relative_to(ROOT)) for path in (ROOT / 'configs').rglob('*.py')
    if '_base_' not in path.parts)
METAFILES = sorted(ROOT.glob('configs/*/metafile.yml'))
HEAD = ('Paper:', 'Data:', 'Result:', 'Cost:', 'Command:')


@pytest.fixture(params=CONFIGS)
def config(request):
    return request.param


@pytest.fixture
def cfg(config, monkeypatch):
    monkeypatch.setattr(DefaultScope, '_instance_dict', {})
    DefaultScope.get_instance('mmgen', scope_name='mmgen')
    return Config.fromfile(str(ROOT / config))


def typed(node, table='NOWHERE'):
    """(registry, name) of each dict with a ``type``, by where it stands.

    The registry is None where a type is no class: an activation, a
    normalisation, a way to initialise, a kind of input of a picture, a noise
    schedule or a kind of log.
    """
    tables = dict(
        dataset='DATASETS', pipeline='TRANSFORMS', metrics='METRICS',
        custom_hooks='HOOKS', default_hooks='HOOKS', model='MODELS',
        val_evaluator='EVALUATORS', test_evaluator='EVALUATORS',
        visualizer='VISUALIZERS', vis_backends='VISBACKENDS',
        optim_wrapper='OPTIM_WRAPPERS', val_cfg='LOOPS', test_cfg='LOOPS',
        log_processor='LOG_PROCESSORS',
        model_wrapper_cfg='MODEL_WRAPPERS', param_scheduler='PARAM_SCHEDULERS',
        optimizer='OPTIMIZERS', sampler='DATA_SAMPLERS', feature='FEATURES',
        vis_kwargs_list=None, act_cfg=None, default_act_cfg=None, init_cfg=None,
        norm_cfg=None, betas_cfg=None, log_cfgs=None)
    if isinstance(node, dict):
        if 'type' in node:
            yield table, node['type']
        for key, value in node.items():
            yield from typed(value, tables.get(key, table))
    elif isinstance(node, (list, tuple)):
        for value in node:
            yield from typed(value, table)


def test_head_says_what_it_is_and_how_to_run_it(config):
    head = ast.get_docstring(ast.parse((ROOT / config).read_text()))
    assert head, f'{config} has no head'
    assert all(part in head for part in HEAD), head
    assert config in head, 'the command names another file'


def test_every_name_is_registered(cfg):
    for table, name in typed(cfg.to_dict()):
        if table is not None:
            assert getattr(registry, table).get(name) is not None, (table, name)


def test_model_builds_without_memory(cfg):
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    parameters = list(model.parameters())
    assert sum(p.numel() for p in parameters) > 0
    assert {p.device.type for p in parameters} == {'meta'}


def test_evaluators_build_and_report_the_keys_that_are_saved(cfg):
    saved = cfg.default_hooks.checkpoint.get('save_best', [])
    saved = [saved] if isinstance(saved, str) else saved
    keys = []
    if cfg.val_cfg is not None:
        keys = registry.EVALUATORS.build(cfg.val_evaluator).result_keys()
    assert set(saved) <= set(keys)


def test_hooks_build(cfg):
    for hook in [*cfg.get('custom_hooks', []), *cfg.default_hooks.values()]:
        registry.HOOKS.build(hook)


def test_generator_and_images_have_the_same_channels(cfg):
    """The pipeline reads as many channels as the networks have."""
    loader = cfg.get('val_dataloader') or cfg.train_dataloader
    flags = [step.get('flag', 'color')
             for step in loader.dataset.get('pipeline', [])
             if step['type'] == 'LoadImageFromFile']
    channels = 1 if flags == ['grayscale'] else 3
    if 'denoising' in cfg.model:  # one network takes and makes images
        assert cfg.model.denoising.in_channels == channels
        return
    assert cfg.model.generator.get('out_channels', 3) == channels
    takes = [cfg.model.discriminator[key]
             for key in ('in_channels', 'in_channel', 'input_channels')
             if key in cfg.model.discriminator]
    at_once = 2 if cfg.model.type == 'Pix2Pix' else 1  # it judges pairs
    assert (takes or [3]) == [at_once * channels]


def test_average_is_written_as_the_share_of_the_new_weights(cfg):
    ema = cfg.model.get('ema_config')
    if ema is not None:
        assert ema.get('momentum', 0.0) < 0.5


def test_dump_and_reload_changes_nothing(cfg, tmp_path):
    cfg.dump(tmp_path / 'dumped.py')
    again = Config.fromfile(str(tmp_path / 'dumped.py'))
    assert json.dumps(again.to_dict(), sort_keys=True) == json.dumps(
        cfg.to_dict(), sort_keys=True)


@pytest.mark.parametrize('path', METAFILES, ids=lambda path: path.parent.name)
def test_metafile_and_readme_know_each_config_of_the_folder(path):
    models = yaml.safe_load(path.read_text())['Models']
    named = {ROOT / model['Config'] for model in models}
    assert named == set(path.parent.glob('*.py'))
    assert len({model['Name'] for model in models}) == len(models)
    if any('Results' in model for model in models):
        assert 'published by MMGeneration 1.x, not re-run' in (
            path.with_name('README.md').read_text())
