"""A work directory is read as it is: resumed, torn, with gaps or NaN."""
import json
import math
from datetime import timedelta

import pytest
from run_folders import (CONFIG, training_row, validation_row, write_run,
                         write_start)

from mmgen.visualization.report import read_run


def kinds(run):
    return [event.kind for event in run.events]


def test_a_finished_run(tmp_path):
    run = read_run(write_run(tmp_path))
    assert run.name == 'tiny'
    assert run.training['loss_gen'] == {s: s / 10 for s in range(10, 101, 10)}
    assert run.validation == {'FID/fid': {50: 90.0, 100: 20.0}}
    assert (run.iteration, run.max_iters) == (100, 100)
    assert run.images_per_iter == 8  # a batch of 4 in each of 2 processes
    assert run.time == timedelta(seconds=3)  # entries, one each second
    assert list(run.pictures['fake_img']) == [10, 100, 50]
    assert run.cards[50]['FID/fid']['value'] == 90
    assert run.environment['PyTorch'] == '2.13.0'
    assert run.environment['PyTorch compiling details'] == \
        'built with:\n- GCC 13.3'
    assert run.settings['train_dataloader.batch_size'] == '4'
    assert sorted(run.checkpoints) == ['best_FID_fid_iter_100.pth',
                                       'iter_100.pth']
    assert kinds(run) == ['started', 'checkpoint', 'best']
    assert run.missing == []


def test_what_a_resumed_start_did_again_replaces_the_earlier(tmp_path):
    write_start(
        tmp_path, '20260131_120000',
        [training_row(10), training_row(20, loss_gen=7.0),
         training_row(30, loss_gen=8.0), validation_row(30, 70.0)],
        log=['INFO - Asked to stop after iteration 30: saving.'],
        pictures=dict(fake_img_10=1, fake_img_30=2))
    write_start(
        tmp_path, '20260131_130000', [training_row(20), training_row(40)],
        log=['INFO - Resumed iter_10.pth at iteration 10'],
        config=CONFIG.replace('max_iters=100', 'max_iters=40'),
        pictures=dict(fake_img_40=3))
    run = read_run(tmp_path)
    assert run.training['loss_gen'] == {10: 1.0, 20: 2.0, 40: 4.0}
    assert run.validation == {}
    assert sorted(run.pictures['fake_img']) == [10, 40]
    assert run.resumed_at == [10] and run.iteration == 40
    assert kinds(run) == ['started', 'stop asked', 'setting', 'replaced',
                          'resumed']
    assert run.events[2].text == \
        'train_cfg.max_iters was 100, is 40 from here on.'
    assert run.events[3].text.startswith(
        'Iterations from 11 to at least 30 were done again')


def test_a_second_beginning_replaces_everything(tmp_path):
    write_start(tmp_path, '20260131_120000',
                [validation_row(0, 99.0), training_row(10), training_row(20)])
    write_start(tmp_path, '20260131_130000', [training_row(10, loss_gen=5.0)])
    run = read_run(tmp_path)
    assert run.training['loss_gen'] == {10: 5.0}
    assert run.validation == {} and run.resumed_at == []
    assert run.iteration == 10


def test_a_start_that_did_nothing_replaces_nothing(tmp_path):
    write_run(tmp_path)
    write_start(tmp_path, '20260131_130000', [],
                log=['ERROR - out of memory'])
    run = read_run(tmp_path)
    assert run.iteration == 100 and len(run.training['loss_gen']) == 10
    assert kinds(run)[-2:] == ['started', 'error']


def test_without_a_log_the_numbers_say_where_it_was_resumed(tmp_path):
    write_start(tmp_path, '20260131_120000',
                [training_row(10), training_row(20)])
    start = write_start(tmp_path, '20260131_130000', [training_row(20)])
    next(start.glob('*.log')).unlink()
    run = read_run(tmp_path)
    assert list(run.training['loss_gen']) == [10, 20]
    assert run.missing[0] == (
        '20260131_130000 has no log: no events, environment or time of this '
        'start are known.')


def test_torn_files_are_passed_over_and_named(tmp_path):
    write_run(tmp_path)
    start = tmp_path / '20260131_120000'
    with open(start / 'vis_data' / 'scalars.json', 'a') as file:
        file.write('[1]\n{"loss_gen": 3.0, "it')
    (start / 'metrics_identity' / 'iter_50.json').write_text('{"results": {"')
    (start / 'vis_data' / 'config.py').write_text('model = dict(')
    run = read_run(tmp_path)
    assert len(run.training['loss_gen']) == 10
    assert list(run.cards) == [100]
    assert run.missing == [
        '20260131_120000/metrics_identity/iter_50.json is no readable '
        'identity card.',
        '20260131_120000/vis_data/scalars.json: 2 of 14 lines are not '
        'readable.',
        '20260131_120000/vis_data/config.py is no readable config.']


def test_what_is_not_finite_is_an_event(tmp_path):
    write_start(tmp_path, '20260131_120000', [
        training_row(10), training_row(20, loss_gen=math.nan),
        training_row(30, loss_gen=math.nan),
        training_row(40, loss_disc=-math.inf)])
    run = read_run(tmp_path)
    assert math.isnan(run.training['loss_gen'][20])
    found = [event for event in run.events if event.kind == 'not finite']
    assert [(e.text, e.count) for e in found] == [
        ('loss_gen is nan at iteration 20.', 2),
        ('loss_disc is -inf at iteration 40.', 1)]


def test_repeated_warnings_are_counted(tmp_path):
    write_start(tmp_path, '20260131_120000', [training_row(10)], log=[
        'INFO - Iter(train) [  10/100]  loss: 1', 'WARNING - slow: 3 s',
        'WARNING - slow: 4 s', 'ERROR - X: broken image, replaced by the '
        'next one that loads: a.png', '  more of it', 'WARNING - other'])
    events = read_run(tmp_path).events[1:]
    assert [(e.kind, e.iteration, e.count) for e in events] == [
        ('warning', 10, 2), ('broken image', 10, 1), ('warning', 10, 1)]
    assert events[1].text.endswith('a.png\n  more of it')


def test_a_test_of_the_run_is_no_start(tmp_path):
    write_run(tmp_path)
    card = tmp_path / '20260131_150000' / 'metrics_identity' / 'test.json'
    card.parent.mkdir(parents=True)
    card.write_text(json.dumps(
        dict(results={'FID/fid': dict(value=19.0, identity={})})))
    (card.parents[1] / 'x.log').write_text('')
    run = read_run(tmp_path)
    assert run.tests['20260131_150000/metrics_identity/test.json'][
        'FID/fid']['value'] == 19
    assert kinds(run).count('started') == 1 and run.missing == []


def test_an_almost_empty_run_says_what_it_lacks(tmp_path):
    (tmp_path / '20260131_120000').mkdir()
    missing = ' '.join(read_run(tmp_path).missing)
    for words in ('has no log', 'No line of training', 'No validation',
                  'No pictures', 'no config', 'No checkpoint'):
        assert words in missing


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match='no run is in it, expected '
                       'folders named by a time, such as 20260131_120000'):
        read_run(tmp_path)


def test_a_batch_that_grows_has_no_images_per_iteration(tmp_path):
    write_run(tmp_path, CONFIG.replace('Images', 'GrowScaleImgDataset'))
    assert read_run(tmp_path).images_per_iter is None
