"""The report at the end of a training, and that it never does harm."""
import os
import signal

import pytest
from mmengine.config import Config
from mmengine.hooks import Hook
from tiny_runs import in_children, tiny_config, write_images

from mmgen.engine.hooks import ReportHook, report_hook
from mmgen.engine.hooks.report_hook import better_value
from mmgen.engine.runner import build_runner
from mmgen.engine.signals import EXIT_STOPPED


class StopAt(Hook):
    """Ask the process to stop in the middle of an iteration."""

    def before_train_iter(self, runner, batch_idx, data_batch=None):
        if runner.iter == 2:
            os.kill(os.getpid(), signal.SIGTERM)


@pytest.fixture(scope='module')
def config(tmp_path_factory):
    """The config of a complete run, written anew for each test."""
    images = write_images(tmp_path_factory.mktemp('images'))

    def make(work_dir, **hooks):
        cfg = tiny_config(images, work_dir, max_iters=4)
        cfg['default_hooks'].update(hooks)
        return Config(cfg)

    return make


def test_a_finished_run_has_its_report(config, tmp_path):
    assert in_children(
        lambda: build_runner(config(tmp_path)).train()) == [0]
    text = (tmp_path / 'report.html').read_text()
    assert '"word":"finished"' in text and '"4 of 4"' in text
    log, = tmp_path.glob('*/*.log')
    assert f'What this run did: {tmp_path}/report.html' in log.read_text()


def test_a_run_asked_to_stop_has_one_too(config, tmp_path):
    def run():
        runner = build_runner(config(tmp_path))
        runner.register_hook(StopAt())
        runner.train()

    assert in_children(run) == [EXIT_STOPPED]
    assert '"word":"stopped"' in (tmp_path / 'report.html').read_text()


@pytest.mark.slow
def test_one_process_of_two_writes_it(config, tmp_path):
    cfg = config(tmp_path)
    cfg.launcher = 'pytorch'
    assert in_children(lambda: build_runner(cfg).train(), 2) == [0, 0]
    log, = tmp_path.glob('*/*.log')
    assert log.read_text().count('What this run did') == 1


@pytest.mark.parametrize('name', [
    'history_limit', 'live_progress', 'report', 'timer'])
def test_none_switches_a_default_hook_off(name, config, tmp_path):
    kinds = [type(hook).__name__ for hook in build_runner(
        config(tmp_path, **{name: None})).hooks]
    off = dict(history_limit='HistoryLimitHook', timer='GenIterTimerHook',
               live_progress='LiveProgressHook', report='ReportHook')
    assert {off[key]: off[key] in kinds for key in off} == {
        off[key]: key != name for key in off}


def test_a_failure_is_a_warning(make_runner, monkeypatch, caplog):
    def fail(*_):
        raise OSError('no space left')

    monkeypatch.setattr(report_hook, 'write_report', fail)
    runner = make_runner(ReportHook())
    runner.logger.addHandler(caplog.handler)
    runner.train()
    assert runner.iter == 4
    assert 'report.html was not written: OSError: no space left. The run is ' \
        f'not affected; tools/report.py {runner.work_dir} tries again.' \
        in caplog.text


def test_which_values_are_better():
    assert better_value('FID-Full-50k/fid') == 'less'
    assert better_value('PR/recall') == 'greater'
    assert better_value('mystery') is None
