import pickle

import numpy as np
import pytest
import torch

from mmgen.evaluation.features import table
from mmgen.evaluation.features.table import (FeatureCollector, FeatureTable,
                                             read_features, write_features)


def rows(count, dim=3):
    return torch.arange(count * dim).view(count, dim).float()


@pytest.mark.parametrize('block', [1, 2, 5, 1024])
@pytest.mark.parametrize('sizes', [[10], [4, 4, 2], [1, 8, 1], [5, 5]])
def test_features_come_in_the_order_of_the_images(sizes, block, monkeypatch):
    monkeypatch.setattr(table, 'ROWS_PER_REDUCTION', block)
    collector = FeatureCollector(10, 3)
    starts = np.cumsum([0, *sizes[:-1]])
    for start, size in reversed(list(zip(starts.tolist(), sizes))):
        collector.update(rows(10)[start:start + size], start)
    found = collector.gather()
    assert found.count == 10
    assert (found.rows == rows(10)).all()
    assert found.rows.dtype == torch.float32


def test_what_was_not_seen_is_not_counted():
    collector = FeatureCollector(10, 3)
    collector.update(rows(4), 0)
    assert collector.gather().count == 4


@pytest.mark.parametrize('start, found, words', [
    (0, torch.zeros(2, 4), r'features have shape \[2, 4\], expected \[N, 3\]'),
    (9, torch.zeros(2, 3), 'features of the images 9 to 10, expected 10 '
     'images in all'),
])
def test_other_features_are_refused(start, found, words):
    with pytest.raises(ValueError, match=words):
        FeatureCollector(10, 3).update(found, start)


def test_written_features_are_read_again(tmp_path):
    path = tmp_path / 'folder' / 'features.npz'
    write_features(path, FeatureTable(rows(5), 5, 'abc'))
    found = read_features(path)
    assert (found.rows == rows(5)).all()
    assert (found.count, found.sha256) == (5, 'abc')
    told = found.without_rows()
    assert told.rows.shape == (0, 3)
    assert (told.count, told.sha256) == (5, 'abc')


@pytest.mark.parametrize('content', [
    rows(5).numpy(), dict(features=rows(5).double().numpy())])
def test_pickles_of_arrays_are_read(content, tmp_path):
    path = tmp_path / 'features.pkl'
    path.write_bytes(pickle.dumps(content))
    assert (read_features(path).rows == rows(5)).all()


@pytest.mark.parametrize('content, words', [
    (dict(mean=np.zeros(3)), 'no features in it, found mean; expected an '
     'array of floats'),
    (np.zeros(3), 'found ndarray'),
    (np.zeros((3, 2), int), 'found ndarray'),
    (dict(features=np.full((3, 2), np.nan)), 'hold NaN or infinity'),
    (torch.nn.Linear(1, 1), 'not read as a pickle of plain values'),
])
def test_other_files_are_refused(content, words, tmp_path):
    path = tmp_path / 'features.pkl'
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match=words):
        read_features(path)
