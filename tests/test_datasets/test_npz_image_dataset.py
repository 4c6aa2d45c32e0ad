"""Images of an array: the same whether mapped or unpacked."""
import pickle

import numpy as np
import pytest

from mmgen.datasets import NpzImageDataset

IMAGES = np.random.default_rng(0).integers(0, 256, (5, 6, 4, 3), np.uint8)


@pytest.mark.parametrize('save', [np.savez, np.savez_compressed])
@pytest.mark.parametrize('order', 'CF')
def test_gives_the_pixels(tmp_path, save, order):
    save(tmp_path / 'images.npz', np.asarray(IMAGES, order=order),
         np.arange(5))
    dataset = NpzImageDataset(tmp_path / 'images.npz')
    assert len(dataset) == 5
    for index, image in enumerate(IMAGES):
        sample = dataset[index]
        assert (sample['img'] == image).all()
        assert sample['sample_idx'] == index


def test_an_uncompressed_file_is_not_read_whole(tmp_path):
    np.savez(tmp_path / 'images.npz', IMAGES)
    dataset = NpzImageDataset(tmp_path / 'images.npz')
    assert isinstance(dataset.images, np.memmap)
    sent = pickle.dumps(dataset)
    assert IMAGES.tobytes() not in sent
    assert (pickle.loads(sent)[3]['img'] == IMAGES[3]).all()


def test_grey_is_repeated(tmp_path):
    np.savez(tmp_path / 'images.npz', IMAGES[..., 1:2])
    image = NpzImageDataset(tmp_path / 'images.npz')[2]['img']
    assert image.shape == (6, 4, 3)
    assert (image == IMAGES[2, :, :, 1:2]).all()


def test_goes_through_the_pipeline(tmp_path):
    np.savez(tmp_path / 'images.npz', IMAGES)
    dataset = NpzImageDataset(
        tmp_path / 'images.npz', [dict(type='PackGenInputs', keys=['img'])])
    packed = dataset[1]
    assert (packed['inputs']['img'].numpy().transpose(1, 2, 0)
            == IMAGES[1]).all()
    assert packed['data_samples'].sample_idx == 1


@pytest.mark.parametrize('arrays, words', [
    (dict(mu=np.zeros(3)), 'there is no arr_0 in it, found mu'),
    (dict(arr_0=IMAGES.astype(np.float32)), r'float32 \[5, 6, 4, 3\], '
     r'expected uint8 \[N, H, W, C\]'),
    (dict(arr_0=IMAGES[0]), r'uint8 \[6, 4, 3\], expected'),
    (dict(arr_0=IMAGES[:0]), r'uint8 \[0, 6, 4, 3\], .*at least one'),
    (dict(arr_0=IMAGES.transpose(0, 3, 1, 2)), 'one or three channels'),
    (dict(arr_0=np.array([dict()])), 'object'),
])
def test_other_arrays_are_refused(tmp_path, arrays, words):
    np.savez(tmp_path / 'images.npz', **arrays)
    with pytest.raises(ValueError, match=words):
        NpzImageDataset(tmp_path / 'images.npz')


def test_other_files_are_refused(tmp_path):
    (tmp_path / 'images.npz').write_bytes(b'no zip')
    with pytest.raises(ValueError, match='images.npz: no images to read: .*'
                       'not a zip file'):
        NpzImageDataset(tmp_path / 'images.npz')
