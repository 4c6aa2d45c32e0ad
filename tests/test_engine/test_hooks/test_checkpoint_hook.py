"""Which checkpoints are written, kept and called the best."""
import pytest
import torch
from mmengine.config import Config
from mmengine.hooks import Hook
from tiny_runs import in_children, tiny_config, write_images

from mmgen.engine.hooks import CheckpointHook
from mmgen.engine.runner import build_runner
from mmgen.utils.checkpoint_file import read_checkpoint


@pytest.fixture(scope='module')
def data_root(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp('images'))


@pytest.mark.parametrize('key, rule', [
    ('FID-Full-50k/fid', 'less'),
    ('KID-5k/kid', 'less'),
    ('swd/avg', 'less'),
    ('PPL/ppl_score', 'less'),
    ('IS-50k/is', 'greater'),
    ('PR-50K/precision', 'greater'),
    ('PR-50K/recall', 'greater'),
])
@pytest.mark.parametrize('more', [{}, dict(less_keys=['FID-Full-50k/fid'])])
def test_rules_of_generative_metrics(key, rule, more):
    assert CheckpointHook(save_best=key, **more).rules == [rule]


class Scores(Hook):
    """Put chosen numbers in the place of a metric's."""

    priority = 'VERY_HIGH'

    def __init__(self, values):
        self.values = dict(values)

    def after_val_epoch(self, runner, metrics):
        metrics['FID-Tiny/fid'] = self.values[runner.iter]


def run(data_root, work_dir, hook, scores=None, resume=False, max_iters=8):
    cfg = tiny_config(data_root, work_dir, max_iters=max_iters)
    cfg['train_cfg']['val_interval'] = 2
    cfg['default_hooks']['checkpoint'].update(interval=2, **hook)

    def train():
        runner = build_runner(Config(dict(cfg, resume=resume)))
        if scores:
            runner.register_hook(Scores(scores))
        runner.train()

    assert in_children(train) == [0]
    return sorted(path.name for path in work_dir.glob('**/*.pth'))


def test_only_the_newest_are_kept(data_root, tmp_path):
    assert run(data_root, tmp_path, dict(max_keep_ckpts=2)) == [
        'iter_6.pth', 'iter_8.pth'
    ]
    assert run(
        data_root, tmp_path, dict(max_keep_ckpts=2), resume=True,
        max_iters=10) == ['iter_10.pth', 'iter_8.pth']


def test_best_is_kept_over_a_resume(data_root, tmp_path):
    hook = dict(max_keep_ckpts=1, save_best='FID-Tiny/fid')
    assert run(data_root, tmp_path, hook, {2: 5.0, 4: 3.0, 6: 4.0, 8: 9.0}) \
        == ['best_FID-Tiny_fid_iter_4.pth', 'iter_8.pth']
    hub = read_checkpoint(tmp_path / 'iter_8.pth')['message_hub']
    assert hub['runtime_info']['best_score'] == 3.0
    assert run(data_root, tmp_path, hook, {10: 2.0}, resume=True,
               max_iters=10) == [
                   'best_FID-Tiny_fid_iter_10.pth', 'iter_10.pth'
               ]


def test_best_file_holds_the_weights_it_was_chosen_for(data_root, tmp_path):
    run(data_root, tmp_path, dict(save_best='FID-Tiny/fid'),
        {2: 5.0, 4: 3.0, 6: 4.0, 8: 9.0})
    best = read_checkpoint(tmp_path / 'best_FID-Tiny_fid_iter_4.pth')
    same = read_checkpoint(tmp_path / 'iter_4.pth')
    assert 'optimizer' not in best
    for key, value in same['state_dict'].items():
        assert torch.equal(best['state_dict'][key], value)


def test_folder_of_its_own_is_made_and_resumed_from(data_root, tmp_path):
    work_dir, out_dir = tmp_path / 'run', tmp_path / 'elsewhere'
    hook = dict(out_dir=str(out_dir), filename_tmpl='state_{}.pth')
    run(data_root, work_dir, hook, max_iters=4)
    assert (out_dir / 'run' / 'state_4.pth').is_file()
    run(data_root, work_dir, hook, resume=True, max_iters=6)
    saved = read_checkpoint(out_dir / 'run' / 'state_6.pth')
    history = saved['message_hub']['log_scalars']['train/loss']
    assert len(history['values']) == 6  # it went on, not anew


def test_lost_checkpoints_are_said(data_root, tmp_path):
    run(data_root, tmp_path, {}, max_iters=2)
    (tmp_path / 'iter_2.pth').write_bytes(b'')
    cfg = Config(dict(tiny_config(data_root, tmp_path), resume=True))
    with pytest.raises(RuntimeError, match='no whole checkpoint is left'):
        build_runner(cfg).train()
