"""From samples to a picture on the disk."""
import json
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.visualization.vis_backend import BaseVisBackend

from mmgen.registry import VISUALIZERS
from mmgen.structures import GenDataSample, PixelData
from mmgen.visualization import GenVisBackend, GenVisualizer


def sample(value: float, channels: int = 3, size: int = 2) -> GenDataSample:
    """An image whose first channel alone is not -1."""
    image = torch.full((channels, size, size), -1.0)
    image[0] = value
    return GenDataSample(fake_img=PixelData(data=image))


def both(ema: float, orig: float) -> GenDataSample:
    made = GenDataSample()
    made.set_field(sample(ema), 'ema')
    made.set_field(sample(orig), 'orig')
    return made


@pytest.fixture
def visualizer(tmp_path: Path) -> GenVisualizer:
    return GenVisualizer(
        vis_backends=dict(type='GenVisBackend'), save_dir=str(tmp_path))


def picture(visualizer: GenVisualizer, name: str) -> np.ndarray:
    """The written picture, RGB."""
    backend = visualizer.get_backend('GenVisBackend')
    path = Path(backend._save_dir, 'vis_image', f'{name}.png')
    return cv2.imread(str(path))[..., ::-1]


def test_it_is_built_by_name_and_without_a_scope(tmp_path):
    built = VISUALIZERS.build(
        dict(type='GenVisualizer', name='built',
             vis_backends=[dict(type='GenVisBackend', name='mine')],
             save_dir=str(tmp_path)))
    assert isinstance(built.get_backend('mine'), GenVisBackend)


def test_samples_stand_in_rows_and_blue_is_blue(visualizer):
    samples = [sample(v) for v in (-0.5, 0.0, 0.5)]
    visualizer.add_datasample('fake', samples, n_row=2, step=3)
    shown = picture(visualizer, 'fake_3')
    assert shown.shape == (10, 10, 3)
    assert shown[2, 2].tolist() == [0, 0, 64]
    assert shown[2, 6].tolist() == [0, 0, 128]
    assert shown[6, 2].tolist() == [0, 0, 191]
    assert shown[6, 6].tolist() == [0, 0, 0]


def test_rgb_samples_and_other_ranges(visualizer):
    image = torch.tensor([1.0, 0.5, 0.0]).view(3, 1, 1)
    made = GenDataSample(fake_img=PixelData(data=image))
    visualizer.add_datasample(
        'x', [made], color_order='rgb', target_mean=0, target_std=200)
    assert picture(visualizer, 'x_0')[2, 2].tolist() == [200, 100, 0]


@pytest.mark.parametrize('keys', [
    None, ['ema', 'orig'], ['ema.fake_img', 'orig.fake_img']])
def test_several_images_of_a_sample_stand_side_by_side(visualizer, keys):
    samples = [both(-0.5, 0.0), both(0.5, 1.0)]
    visualizer.add_datasample('pair', samples, target_keys=keys, n_row=1)
    blue = picture(visualizer, 'pair_0')[..., 2]
    assert blue.shape == (10, 10)
    assert [blue[2, 2], blue[2, 6], blue[6, 2], blue[6, 6]] == [
        64, 128, 191, 255]


@pytest.mark.parametrize('key', ['orig', 'orig.fake_img'])
def test_one_key_shows_that_image_alone(visualizer, key):
    visualizer.add_datasample('one', [both(0.5, 0.0)], target_keys=key)
    assert picture(visualizer, 'one_0').shape == (6, 6, 3)
    assert picture(visualizer, 'one_0')[2, 2, 2] == 128


def test_grey_and_coloured_images_of_any_size_share_a_picture(visualizer):
    samples = [sample(0.0, channels=1, size=3), sample(0.5, size=1)]
    visualizer.add_datasample('mixed', samples, n_row=2)
    shown = picture(visualizer, 'mixed_0')
    assert shown.shape == (7, 12, 3)
    assert shown[4, 4].tolist() == [128] * 3
    assert shown[2, 7].tolist() == [0, 0, 191]
    assert shown[3, 7].tolist() == [0, 0, 0]


def test_a_models_own_way_to_rgb_is_used_for_its_floats(visualizer):
    calls = []

    def to_rgb(images):
        calls.append(images.shape)
        return torch.full_like(images, 9, dtype=torch.uint8)

    made = sample(0.0)
    made.gt_img = PixelData(data=torch.full((3, 2, 2), 7, dtype=torch.uint8))
    visualizer.add_datasample('a', [made, made], to_rgb=to_rgb)
    visualizer.add_datasample('b', [made], 'gt_img', to_rgb=to_rgb)
    assert calls == [(2, 3, 2, 2)]
    assert picture(visualizer, 'a_0')[2, 2].tolist() == [9, 9, 9]
    assert picture(visualizer, 'b_0')[2, 2].tolist() == [7, 7, 7]


def test_what_cannot_be_drawn_is_refused(visualizer):
    with pytest.raises(ValueError, match="no samples for the picture 'x'"):
        visualizer.add_datasample('x', [])
    with pytest.raises(KeyError, match="target_keys has 'ema', but a sample "
                       'has only fake_img'):
        visualizer.add_datasample('x', [sample(0)], target_keys='ema')
    noise = GenDataSample(noise=torch.zeros(3))
    with pytest.raises(KeyError, match='a sample has no fake_img; it has '
                       'noise. Name its image with target_keys'):
        visualizer.add_datasample('x', [noise])
    with pytest.raises(ValueError, match=r"'noise' of a sample is of shape "
                       r'\[3\], expected an image \[C, H, W\]'):
        visualizer.add_datasample('x', [noise], target_keys='noise')
    with pytest.raises(KeyError, match="vis_backends has the type 'Nowhere', "
                       'which no registry knows. mmgen has GenVisBackend'):
        GenVisualizer(vis_backends=[dict(type='Nowhere')], save_dir='x')


class Strict(BaseVisBackend):
    """A backend that takes numbers alone, as some services do."""

    def __init__(self) -> None:
        super().__init__(save_dir='')
        self.rows = []

    experiment = None

    def _init_env(self) -> None:
        """Nothing to set up."""

    def add_scalar(self, name, value, step=0, **kwargs) -> None:
        self.add_scalars({name: value}, step)

    def add_scalars(self, scalar_dict, step=0, file_path=None,
                    **kwargs) -> None:
        assert {type(v) for v in scalar_dict.values()} <= {int, float}
        self.rows.append((scalar_dict, step))


def test_other_backends_get_numbers_and_files_text_as_well(tmp_path):
    strict = Strict()
    files = GenVisBackend(str(tmp_path))
    visualizer = GenVisualizer(vis_backends=[strict, files])
    visualizer.add_scalars(dict(a=torch.tensor(1.5), b='text'), step=2)
    visualizer.add_scalar('c', np.float64(3), step=4)
    visualizer.add_scalar('d', 'text', step=5)
    assert strict.rows == [(dict(a=1.5), 2), (dict(c=3.0), 4)]
    written = (tmp_path / 'scalars.json').read_text().splitlines()
    assert [json.loads(line) for line in written] == [
        dict(a=1.5, b='text', step=2), dict(c=3.0, step=4),
        dict(d='text', step=5)]


def test_importing_is_free_of_the_drawing_and_tracking_packages():
    code = ('import sys, mmgen.visualization; print([m for m in '
            '("matplotlib", "wandb", "tensorboard") if m in sys.modules])')
    done = subprocess.run([sys.executable, '-c', code], capture_output=True,
                          text=True, check=True)
    assert done.stdout.strip() == '[]'
