import os
import pickle
from collections import OrderedDict

import mmengine
import numpy as np
import pytest

from mmgen.evaluation.features import Gaussian, read_statistics
from mmgen.evaluation.features.statistics import write_statistics

MEAN, COV = np.arange(3.), np.eye(3) * 2


class Evil:

    def __reduce__(self):
        return os.mkdir, ('harm_was_done', )


@pytest.mark.parametrize('protocol', [2, 4, 5])
@pytest.mark.parametrize('keys', [('real_mean', 'real_cov'), ('mean', 'cov')])
def test_pickles_of_1x_are_read(tmp_path, protocol, keys):
    path = tmp_path / 'real.pkl'
    content = OrderedDict(zip(keys, (MEAN.astype('f4'), COV)), size=7,
                          name='real.pkl')
    path.write_bytes(pickle.dumps(content, protocol))
    found = read_statistics(path)
    assert found.mean.dtype == found.cov.dtype == np.float64
    np.testing.assert_array_equal(found.mean, MEAN)
    np.testing.assert_array_equal(found.cov, COV)
    assert found.count == 7


def test_what_mmengine_dumps_is_read(tmp_path):
    path = str(tmp_path / 'real.pkl')
    mmengine.dump(dict(real_mean=MEAN, real_cov=COV), path)
    np.testing.assert_array_equal(read_statistics(path).cov, COV)


def test_npz_is_read_whatever_its_name(tmp_path):
    path = tmp_path / 'real.pkl'
    with open(path, 'wb') as file:
        np.savez(file, mu=MEAN, sigma=COV)
    found = read_statistics(path)
    np.testing.assert_array_equal(found.mean, MEAN)
    assert found.count is None


def test_written_statistics_come_back(tmp_path):
    path = tmp_path / 'deep' / 'real.npz'
    write_statistics(path, Gaussian(MEAN, COV, 5, 'ab'))
    found = read_statistics(path)
    np.testing.assert_array_equal(found.mean, MEAN)
    assert (found.count, found.sha256) == (5, 'ab')
    assert os.listdir(path.parent) == ['real.npz']  # no temporary file left


@pytest.mark.parametrize('content', [
    dict(real_mean=MEAN, real_cov=COV, more=Evil()),
    np.array([Evil()], dtype=object)])
def test_a_pickle_that_would_run_code_is_refused(tmp_path, monkeypatch,
                                                 content):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / 'evil.pkl'
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match='asks for .*mkdir'):
        read_statistics(path)
    assert not (tmp_path / 'harm_was_done').exists()


def test_object_arrays_in_npz_are_refused(tmp_path):
    np.savez(tmp_path / 'evil.npz', mean=np.array([Evil()], dtype=object))
    with pytest.raises(ValueError, match='not a readable .npz'):
        read_statistics(tmp_path / 'evil.npz')


@pytest.mark.parametrize('content, words', [
    (dict(other=MEAN), 'no mean and covariance in it, found other'),
    ([1, 2], 'no mean and covariance in it, found list'),
    (dict(mean=MEAN, cov=np.eye(2)), r'shape \[2, 2\], expected \[3, 3\]'),
    (dict(mean=MEAN * np.nan, cov=COV), 'hold NaN or infinity'),
])
def test_other_content_is_refused(tmp_path, content, words):
    path = tmp_path / 'real.pkl'
    path.write_bytes(pickle.dumps(content))
    with pytest.raises(ValueError, match=words):
        read_statistics(path)


@pytest.mark.parametrize('content', [b'', b'not a pickle', b'PK\x03\x04cut'])
def test_damaged_files_are_refused(tmp_path, content):
    path = tmp_path / 'real.pkl'
    path.write_bytes(content)
    with pytest.raises(ValueError, match='real.pkl'):
        read_statistics(path)
