"""Images and batches for networks that grow."""
import cv2
import numpy as np
import pytest

from mmgen.datasets import GrowScaleImgDataset
from mmgen.registry import DATASETS

PIPELINE = [dict(type='LoadImageFromFile', key='img'),
            dict(type='PackGenInputs')]


@pytest.fixture
def roots(tmp_path):
    """Folders of 8 and 32 pixels; 10 images less in the larger one."""
    for side, count in ((8, 12), (32, 2)):
        folder = tmp_path / str(side)
        folder.mkdir()
        for index in range(count):
            pixels = np.full((side, side, 3), index, dtype=np.uint8)
            cv2.imwrite(str(folder / f'{index:02d}.png'), pixels)
    return {'32': str(tmp_path / '32'), '8': str(tmp_path / '8')}


def build(roots, **settings):
    return DATASETS.build(dict(
        type='GrowScaleImgDataset', data_roots=roots, pipeline=PIPELINE,
        gpu_samples_base=4, gpu_samples_per_scale={'8': 16, 16: 8},
        **settings))


@pytest.mark.parametrize('scale, side, count, batch', [
    (None, 8, 12, 4), (4, 8, 12, 4), (8, 8, 12, 16), (16, 32, 2, 8),
    (32, 32, 2, 4), (64, 32, 2, 4)])
def test_folder_and_batch_follow_the_scale(roots, scale, side, count, batch):
    dataset = build(roots)
    dataset.scale = scale
    assert (len(dataset), dataset.batch_size) == (count, batch)
    image = dataset[1]['inputs']['img']
    assert image.shape == (3, side, side) and image.unique().tolist() == [1]


def test_lists_of_files(roots, tmp_path):
    names = tmp_path / 'names.txt'
    names.write_text('07.png\n03.png\n')
    dataset = build(roots, file_lists={'8': str(names)}, len_per_stage=1)
    assert len(dataset) == 2
    assert dataset[1]['inputs']['img'].unique().tolist() == [3]
    dataset.scale = 32
    assert len(dataset) == 2


def test_without_folders():
    with pytest.raises(ValueError, match='data_roots is empty. Set the folder'):
        GrowScaleImgDataset({}, PIPELINE)
