"""Curves, their numbers, and what is said of a run first."""
import math
from datetime import datetime, timedelta

import pytest
from run_folders import CONFIG, training_row, write_run, write_start

from mmgen.engine.hooks.report_hook import better_value
from mmgen.evaluation import compare_results
from mmgen.visualization.report import MetricRules, read_run
from mmgen.visualization.report.charts import charts_of
from mmgen.visualization.report.metrics import (best_of, changes_of_identity,
                                                compare_metrics)
from mmgen.visualization.report.summary import (best_values, checkpoint_of,
                                                facts_of, sampling_command,
                                                status_of)

RULES = MetricRules(compare=compare_results, rule=better_value)
NOW = datetime(2026, 1, 31, 18)


def chart(charts, title):
    found, = (c for c in charts if c['title'] == title)
    return found


def test_speed_is_images_of_all_processes_by_time(tmp_path):
    charts = charts_of([read_run(write_run(tmp_path))], RULES)
    speed, = chart(charts, 'Images per second')['series']
    assert speed['x'][:2] == [10, 20] and speed['y'][0] == 8 / 0.5
    waiting, = chart(charts, 'Waiting for data')['series']
    assert waiting['y'][0] == 10  # 0.05 s of 0.5 s
    rate, = chart(charts, 'Learning rate')['series']
    assert (rate['label'], rate['y'][0]) == ('generator.lr', 0.5)
    assert 'GPU memory' not in [c['title'] for c in charts]


def test_alike_learning_rates_are_one_line(tmp_path):
    rates = {f'g{i}.lr': 0.5 for i in range(3)}
    write_start(tmp_path, '20260131_120000',
                [training_row(10, **rates, **{'d.lr': 0.1})])
    series = chart(charts_of([read_run(tmp_path)], RULES),
                   'Learning rate')['series']
    assert [line['label'] for line in series] == [
        'generator.lr and 3 alike', 'd.lr']


def test_not_finite_is_a_gap_and_long_curves_are_means(tmp_path):
    write_start(tmp_path, '20260131_120000', [
        training_row(step, loss_gen=math.nan if step == 2999 else step)
        for step in range(1, 3001)])
    curve, = chart(charts_of([read_run(tmp_path)], RULES), 'Losses')['series']
    assert len(curve['x']) == 1500
    assert curve['x'][:2] == [2, 4] and curve['y'][:2] == [1.5, 3.5]
    assert curve['y'][-1] is None and None not in curve['y'][:-1]


def test_two_runs_share_a_chart_for_each_loss(tmp_path):
    runs = [read_run(write_run(tmp_path / name)) for name in 'ab']
    losses = chart(charts_of(runs, RULES), 'loss_gen')
    assert [line['run'] for line in losses['series']] == [0, 1]


# ------------------------------------------------------------------ metrics


def test_the_best_follows_the_rule_of_the_checkpoints():
    curve = {0: math.nan, 10: 5.0, 20: 3.0, 30: 4.0}
    assert best_of('FID/fid', curve, RULES) == (20, 3.0)
    assert best_of('PR/precision', curve, RULES) == (10, 5.0)
    assert best_of('IS/is', {1: math.inf}, RULES) is None
    assert best_of('mystery', curve, RULES) is None


def test_a_metric_that_changed_under_way_is_named(tmp_path):
    run = read_run(write_run(tmp_path))
    assert changes_of_identity('FID/fid', run, RULES) == {}
    run.cards[100]['FID/fid']['identity']['fake']['images'] = 60
    assert changes_of_identity('FID/fid', run, RULES) == {
        100: 'FID/fid was measured in two ways: fake.images is 50 in the '
             'first and 60 in the second. Only numbers of one identity '
             'compare.'}


def test_alike_metrics_are_compared(tmp_path):
    runs = [read_run(write_run(tmp_path / name, fid=fid))
            for name, fid in (('a', 20.0), ('b', 25.5))]
    row, = compare_metrics(*runs, RULES)
    assert row == dict(key='FID/fid', best=[(100, 20.0), (100, 25.5)],
                       difference=5.5)


def test_unlike_metrics_are_refused_by_the_field(tmp_path):
    runs = [read_run(write_run(tmp_path / name, seed=seed))
            for name, seed in (('a', 1), ('b', 2))]
    row, = compare_metrics(*runs, RULES)
    assert 'difference' not in row
    assert 'seed is 1 in the first and 2 in the second' in row['reason']
    runs[0].cards.clear()
    row, = compare_metrics(*runs, RULES)
    assert row['reason'] == 'A run has no identity card of its best value.'


# ------------------------------------------------------------------ summary


def test_facts(tmp_path):
    run = read_run(write_run(tmp_path))
    assert dict(facts_of(run)) == {
        'Iterations': '100 of 100', 'Images seen': '800, 8 in an iteration',
        'Time': '3 s', 'Speed': '16 images/s (median)', 'Device': 'CPU'}
    best, = best_values(run, RULES)
    assert best == dict(key='FID/fid', iteration=100, value=20.0,
                        first=(50, 90.0))
    assert checkpoint_of(run) == 'best_FID_fid_iter_100.pth'


@pytest.mark.parametrize('log, age, word, words', [
    (['INFO - Asked to stop after iteration 10: saving.'], 1, 'stopped',
     '--resume'),
    ([], 1, 'running', '60 s old'),
    ([], 30, 'ended early', 'without a request to stop'),
])
def test_status_before_the_end(log, age, word, words, tmp_path):
    write_start(tmp_path, '20260131_120000', [training_row(10)], log)
    run = read_run(tmp_path)
    status, sentence = status_of(run, run.last_sign + timedelta(minutes=age))
    assert status == word and words in sentence


def test_status_at_the_end(tmp_path):
    assert status_of(read_run(write_run(tmp_path)), NOW)[0] == 'finished'


@pytest.mark.parametrize('model, script', [
    ("dict(type='X', generator=dict(num_classes=None))", 'unconditional'),
    ("dict(type='X', num_classes=10)", 'conditional'),
    ("dict(type='X', denoising=dict(num_classes=10))", 'ddpm'),
    ("dict(type='X', default_domain='photo')", 'translation'),
])
def test_the_command_fits_the_model(model, script, tmp_path):
    lines = CONFIG.splitlines()
    lines[1] = f'model = {model}'
    run = read_run(write_run(tmp_path / 'my run', '\n'.join(lines)))
    command = sampling_command(run)
    assert command.startswith(f'python demo/{script}_demo.py ')
    assert f"'{tmp_path}/my run'" in command
