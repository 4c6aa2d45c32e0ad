import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from families import FAMILIES
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper
from mmengine.runner import Runner
from mmengine.visualization import Visualizer
from tiny_evaluation import TinyGAN, TinyImages, fid, loader
from tiny_latents import LinearGenerator, gan

from mmgen.engine.checkpointing import load_weights
from mmgen.engine.val_loops import (GenTestLoop, GenValLoop,
                                    require_sampled_weights)
from mmgen.evaluation import GenEvaluator, build_evaluator, compare_results
from mmgen.registry import MODELS


class Notes(Hook):
    """Writes down what it is called with."""

    def __init__(self):
        self.calls, self.batches, self.metrics = [], [], None
        self.trained = []

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        self.trained.append(runner.model.training)

    def before_val(self, runner):
        self.calls.append('before_val')

    def before_val_epoch(self, runner):
        self.calls.append('before_val_epoch')

    def before_val_iter(self, runner, batch_idx, data_batch=None):
        self.calls.append('before_val_iter')

    def after_val_iter(self, runner, batch_idx, data_batch=None,
                       outputs=None):
        self.calls.append('after_val_iter')
        self.batches.append((batch_idx, data_batch['inputs']['num_batches'],
                             len(outputs), runner.model.training))
        torch.rand(batch_idx + 1)  # hooks may draw what they like

    def after_val_epoch(self, runner, metrics=None):
        self.calls.append('after_val_epoch')
        self.metrics = metrics

    def after_val(self, runner):
        self.calls.append('after_val')

    def before_test_iter(self, runner, batch_idx, data_batch=None):
        self.calls.append('before_test_iter')

    def after_test_epoch(self, runner, metrics=None):
        self.metrics = metrics


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv('MMGEN_CACHE_DIR', str(tmp_path / 'cache'))


def runner(tmp_path, evaluator=None, **settings):
    """MMEngine's plain runner around the tiny GAN."""
    evaluator = evaluator or dict(type='GenEvaluator', metrics=[fid()])
    model = TinyGAN()
    notes = Notes()
    return notes, Runner(**{**dict(
        model=model, work_dir=str(tmp_path / 'work'),
        train_dataloader=loader(), val_dataloader=loader(),
        test_dataloader=loader(),
        optim_wrapper=OptimWrapper(torch.optim.SGD(model.parameters(), 0.1)),
        train_cfg=dict(by_epoch=False, max_iters=4, val_interval=2),
        val_cfg=dict(type='GenValLoop'), test_cfg=dict(type='GenTestLoop'),
        val_evaluator=evaluator, test_evaluator=evaluator,
        custom_hooks=[notes], default_scope='mmgen',
        default_hooks=dict(logger=dict(
            type='LoggerHook', log_metric_by_epoch=False)),
        log_processor=dict(by_epoch=False),
        visualizer=Visualizer(name=tmp_path.name),
        experiment_name=tmp_path.name), **settings})


def test_hooks_are_called_as_mmengine_does(tmp_path):
    notes, run = runner(tmp_path)
    metrics = run.val()
    iteration = ['before_val_iter', 'after_val_iter']
    assert notes.calls == ['before_val', 'before_val_epoch', *iteration * 3,
                           'after_val_epoch', 'after_val']
    assert notes.batches == [(0, 4, 4, False), (1, 4, 4, False),
                             (2, 2, 2, False)]
    assert notes.metrics == metrics
    assert list(metrics) == ['FID-Tiny/fid', 'FID-Tiny/mean', 'FID-Tiny/cov']
    assert all(type(value) is float for value in metrics.values())


def test_test_equals_validation(tmp_path):
    notes, run = runner(tmp_path)
    assert run.test() == run.val()
    assert notes.calls.count('before_test_iter') == 3


def test_training_validates_and_goes_on(tmp_path):
    notes, run = runner(tmp_path)
    run.train()
    assert notes.calls.count('before_val') == 2
    assert notes.trained == [True] * 4
    cards = Path(run.log_dir) / 'metrics_identity'
    assert sorted(path.name for path in cards.iterdir()) == [
        'iter_2.json', 'iter_4.json']
    differences = compare_results(cards / 'iter_2.json',
                                  cards / 'iter_4.json')
    assert differences['FID-Tiny/fid'] != 0
    card = json.loads((cards / 'iter_4.json').read_text())
    assert card['iteration'] == 4
    result = card['results']['FID-Tiny/fid']
    assert result['value'] == notes.metrics['FID-Tiny/fid']
    assert result['identity']['fake']['images'] == 10


def test_training_does_not_notice_validation(tmp_path):
    """Weights and random states are those of a run without validation."""
    ends = []
    for name, interval in (('with', 1), ('without', 100)):
        _, run = runner(
            tmp_path / name, randomness=dict(seed=1),
            experiment_name=f'{tmp_path.name}{name}',
            train_cfg=dict(by_epoch=False, max_iters=4,
                           val_interval=interval))
        run.train()
        ends.append((run.model.gain.detach().clone(), torch.rand(2),
                     np.random.rand(), random.random()))
    assert (ends[0][0] == ends[1][0]).all()
    assert (ends[0][1] == ends[1][1]).all()
    assert ends[0][2:] == ends[1][2:]


def test_cards_of_validation_and_test_outside_training(tmp_path):
    _, run = runner(tmp_path)
    run.val()
    run.test()
    cards = Path(run.log_dir) / 'metrics_identity'
    assert sorted(path.name for path in cards.iterdir()) == [
        'test.json', 'val.json']
    assert json.loads((cards / 'test.json').read_text())['iteration'] is None


def test_floor_and_error_stand_in_the_card_and_the_log(tmp_path, capsys):
    _, run = runner(tmp_path, fid(fake_nums=20, standard_error=True))
    results = run.val()
    assert list(results) == ['FID-Tiny/fid', 'FID-Tiny/mean', 'FID-Tiny/cov']
    card = Path(run.log_dir) / 'metrics_identity' / 'val.json'
    found = json.loads(card.read_text())['results']
    item = found['FID-Tiny/fid']
    assert item['value'] == results['FID-Tiny/fid']
    assert item['floor'] > 0 and item['standard_error'] > 0
    assert set(found['FID-Tiny/mean']) == {'value', 'identity'}
    assert (f'FID-Tiny/fid = {item["value"]:.6g}, standard error '
            f'{item["standard_error"]:.2g}, floor {item["floor"]:.6g}'
            ) in capsys.readouterr().out


@pytest.mark.parametrize('evaluator', [
    fid(), [fid()], [dict(type='GenEvaluator', metrics=[fid()])],
    dict(type='GenEvaluator', metrics=fid())])
def test_forms_of_the_evaluator(tmp_path, evaluator):
    loop = GenValLoop(None, loader(), evaluator)
    assert isinstance(loop.evaluator, GenEvaluator)
    assert loop.result_keys() == [
        'FID-Tiny/fid', 'FID-Tiny/mean', 'FID-Tiny/cov']


def test_several_evaluators_share_their_images(tmp_path):
    notes, run = runner(tmp_path, [
        dict(type='GenEvaluator', metrics=[fid(fake_nums=10)]),
        dict(type='GenEvaluator', metrics=[
            fid(fake_nums=6, prefix='FID-Tiny-6'),
            fid(fake_nums=3, sample_model='ema', prefix='FID-Tiny-ema')])])
    metrics = run.val()
    assert len(metrics) == 9
    assert [index for index, *_ in notes.batches] == [0, 1, 2, 3]
    assert run.model.images_made == 13
    assert run.val_loop.total_length == 4


def test_images_that_are_compared_below_a_level_are_made_in_float32(tmp_path):
    allowed = []
    model = gan(LinearGenerator())
    model.generator.register_forward_pre_hook(
        lambda *_: allowed.append(torch.backends.cudnn.allow_tf32))
    before = torch.backends.cudnn.allow_tf32
    metrics = [dict(type='PPL', fake_nums=5, sample_model='orig', crop=False,
                    feature='MeanSquare'),
               fid(fake_nums=6)]
    notes, run = runner(tmp_path, dict(type='GenEvaluator', metrics=metrics),
                        model=model)
    assert run.val()['PPL/ppl_score'] > 0
    assert allowed == [False] * 4 + [before] * 2
    assert torch.backends.cudnn.allow_tf32 == before
    assert run.val_loop.total_length == len(notes.batches) == 6
    card = Path(run.log_dir) / 'metrics_identity' / 'val.json'
    identity = json.loads(card.read_text())['results']['PPL/ppl_score'][
        'identity']
    assert identity['fake']['images'] == 5


def test_several_evaluators_with_one_key_are_refused():
    with pytest.raises(ValueError, match='reported twice. Set a different '
                       'prefix'):
        GenTestLoop(None, loader(TinyImages()), [fid(), fid()])


def test_log_lines_without_a_terminal(tmp_path, capfd):
    _, run = runner(tmp_path)
    run.val()
    text = ''.join(capfd.readouterr())
    assert 'Real images: 21/21 images' in text
    assert 'Generating (orig): 10/10 images' in text
    assert 'metrics_identity/val.json' in text


@pytest.mark.parametrize('sample_model, lacking, refused', [
    ('ema', 'discriminator.', False), ('ema', 'generator_ema.steps', False),
    ('orig', 'generator_ema.', False), ('ema', 'generator_ema.', True),
    ('ema', 'generator.', False), ('orig', 'generator.', True)])
def test_a_generator_that_is_measured_has_to_be_in_the_file(
        sample_model, lacking, refused):
    model = MODELS.build(FAMILIES['dcgan'])
    require_sampled_weights(
        model, build_evaluator(fid(sample_model=sample_model)))
    state = {name: value for name, value in model.state_dict().items()
             if not name.startswith(lacking)}
    assert len(state) < len(model.state_dict())
    own = 'generator_ema.module.' if sample_model == 'ema' else 'generator.'
    count = sum(name.startswith(own) and 'num_batches' not in name
                for name in model.state_dict())
    if not refused:
        load_weights(model, state, False, 'a.pth')
        return
    with pytest.raises(RuntimeError, match='a.pth does not fit .*the file '
                       f'lacks {count} of {count} weights of the generator '
                       'that is measured'):
        load_weights(model, state, False, 'a.pth')


def test_testing_without_a_generator_is_refused(tmp_path):
    _, run = runner(tmp_path, load_from=str(tmp_path / 'a.pth'))
    run.model.generator = torch.nn.Linear(2, 2)
    torch.save(dict(state_dict=dict(gain=torch.ones(3))), tmp_path / 'a.pth')
    with pytest.raises(RuntimeError, match='lacks 2 of 2 weights'):
        run.test()
