"""What the backends write."""
import json
import sys
import types

import cv2
import numpy as np
import pytest
import torch
from mmengine.config import Config

from mmgen.registry import VISBACKENDS
from mmgen.visualization import (GenVisBackend, TensorboardGenVisBackend,
                                 WandbGenVisBackend)
from mmgen.visualization.vis_backends import plain_scalars

RED = np.zeros((4, 6, 3), np.uint8)
RED[..., 0] = 200


def lines(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.mark.parametrize('name', [
    'GenVisBackend', 'TensorboardGenVisBackend', 'WandbGenVisBackend'])
def test_they_are_found_by_name(name, tmp_path):
    backend = VISBACKENDS.build(dict(type=name, save_dir=str(tmp_path)))
    assert type(backend).__name__ == name


def test_red_is_red_on_the_disk(tmp_path):
    GenVisBackend(str(tmp_path)).add_image('fake_img', RED, step=7)
    written = cv2.imread(str(tmp_path / 'vis_image' / 'fake_img_7.png'))
    assert written.shape == (4, 6, 3)
    assert np.array_equal(written[..., ::-1], RED)  # cv2 reads BGR


def test_a_name_may_have_folders(tmp_path):
    GenVisBackend(str(tmp_path), img_save_dir='p').add_image('a/b', RED)
    assert (tmp_path / 'p' / 'a' / 'b_0.png').is_file()


def test_scalars_are_json_lines_of_numbers(tmp_path):
    backend = GenVisBackend(str(tmp_path))
    backend.add_scalar('fid', torch.tensor(2.5), step=3)
    backend.add_scalars(
        dict(a=np.float32(0.5), b=torch.ones(1), c=4, d='text',
             e=torch.ones(2), f=None), step=5, file_path='more.json')
    assert lines(tmp_path / 'scalars.json') == [
        dict(fid=2.5, step=3), dict(a=0.5, b=1.0, c=4, d='text', step=5)]
    assert lines(tmp_path / 'more.json') == [
        dict(a=0.5, b=1.0, c=4, d='text', step=5)]


def test_the_config_can_be_read_back(tmp_path):
    backend = GenVisBackend(str(tmp_path), config_save_file='c.py')
    backend.add_config(Config(dict(a=1, b=dict(c=[2, 3]))))
    assert Config.fromfile(tmp_path / 'c.py').b.c == [2, 3]


@pytest.mark.parametrize('delete', [True, False])
def test_files_are_copied_to_the_other_place(tmp_path, delete):
    here, there = tmp_path / 'here', tmp_path / 'there'
    backend = GenVisBackend(
        str(here), ceph_path=str(there), delete_local_image=delete)
    backend.add_image('x', RED, 1)
    backend.add_scalar('fid', 1.0)
    backend.add_config(Config(dict(a=1)))
    assert (there / 'vis_image' / 'x_1.png').is_file()
    assert (here / 'vis_image' / 'x_1.png').exists() != delete
    assert (there / 'config.py').is_file()
    backend.close()
    assert lines(there / 'scalars.json') == lines(here / 'scalars.json')


def test_a_place_without_its_client_is_refused(tmp_path):
    with pytest.raises(ImportError, match="ceph_path='petrel://b/x' needs a "
                       'file backend that is not usable here .* Install its '
                       'client or set ceph_path=None'):
        GenVisBackend(str(tmp_path), ceph_path='petrel://b/x')


def test_tensorboard_events_hold_numbers_and_pictures(tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import \
        EventAccumulator
    backend = TensorboardGenVisBackend(str(tmp_path))
    backend.add_scalars(dict(loss=torch.tensor(0.5), note='text'), step=2)
    backend.add_scalar('fid', np.float64(3.0), step=4)
    backend.add_image('fake_img', RED, step=4)
    backend.close()
    events = EventAccumulator(str(tmp_path))
    events.Reload()
    assert sorted(events.Tags()['scalars']) == ['fid', 'loss']
    assert [(e.step, e.value) for e in events.Scalars('loss')] == [(2, 0.5)]
    picture, = events.Images('fake_img')
    data = np.frombuffer(picture.encoded_image_string, np.uint8)
    assert picture.step == 4
    assert np.array_equal(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1], RED)


def test_strings_do_not_make_tensorboard_warn(tmp_path, recwarn):
    backend = TensorboardGenVisBackend(str(tmp_path))
    backend.add_scalar('note', 'text')
    backend.close()
    assert not [w for w in recwarn if 'Got' in str(w.message)]


@pytest.fixture
def fake_wandb(monkeypatch):
    """A stand-in for the package, which is not there: it notes the calls."""
    module = types.ModuleType('wandb')
    module.calls = []
    module.rows = []
    module.init = lambda **kwargs: module.calls.append(('init', kwargs))
    module.log = lambda row, commit: module.rows.append((row, commit))
    module.finish = lambda: module.calls.append(('finish', {}))
    module.Image = lambda array: ('image', array)
    monkeypatch.setitem(sys.modules, 'wandb', module)
    return module


def test_wandb_rows_carry_the_iteration(tmp_path, fake_wandb):
    backend = WandbGenVisBackend(
        str(tmp_path), init_kwargs=dict(project='p'), commit=False)
    backend.add_scalar('fid', torch.tensor(2.0), step=5)
    backend.add_scalars(dict(loss=np.float32(0.5), note='x', iter=9), step=1)
    backend.add_scalars(dict(note='x'), step=2)
    backend.add_image('fake_img', RED, step=6)
    backend.close()
    assert fake_wandb.rows[:2] == [
        (dict(fid=2.0, iter=5), False), (dict(loss=0.5, iter=9), False)]
    row, _ = fake_wandb.rows[2]
    assert row['iter'] == 6
    assert np.array_equal(row['fake_img'][1], RED)
    assert [name for name, _ in fake_wandb.calls] == ['init', 'finish']
    assert fake_wandb.calls[0][1] == dict(project='p', dir=str(tmp_path))


def test_closing_an_unused_wandb_starts_no_run(tmp_path, fake_wandb):
    WandbGenVisBackend(str(tmp_path)).close()
    assert fake_wandb.calls == []


def test_plain_scalars_keeps_numbers_and_on_request_text():
    scalars = dict(a=True, b=np.int64(2), c='t', d=[1], e=np.str_('s'))
    assert plain_scalars(scalars) == dict(a=True, b=2)
    assert plain_scalars(scalars, keep_text=True) == dict(
        a=True, b=2, c='t', e='s')
