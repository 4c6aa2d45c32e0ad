import functools
import json
import logging
import os
import threading

import numpy as np
import pytest
import torch
from tiny_evaluation import image_folder

from mmgen.evaluation import fingerprint as module
from mmgen.evaluation.fingerprint import describe, fingerprint


class Thing:

    def __init__(self, **settings):
        vars(self).update(settings)


@pytest.mark.parametrize('a, b', [
    (1, 2), ('a', 'b'), ([1, 2], [2, 1]), (dict(a=1), dict(a=2)),
    (torch.zeros(2), torch.zeros(3)), (torch.zeros(2), torch.ones(2)),
    (np.zeros(2, 'f4'), np.zeros(2, 'f8')),
    (Thing(a=1), Thing(a=2)), (Thing(a=Thing(b=1)), Thing(a=Thing(b=2))),
    (np.array(['a'], object), np.array(['b'], object)),
    (functools.partial(max, 1), functools.partial(max, 2)), (max, min),
    (torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)), (b'a', b'b'), ({1}, {2}),
    (torch.zeros(1, dtype=torch.bfloat16), torch.ones(1)),
])
def test_different_things_have_different_fingerprints(a, b):
    assert fingerprint(a) == fingerprint(a)
    assert fingerprint(a) != fingerprint(b)


def test_equal_objects_have_equal_fingerprints():
    assert fingerprint(Thing(a=[1, 'x'])) == fingerprint(Thing(a=[1, 'x']))
    assert fingerprint(dict(a=1, b=2)) == fingerprint(dict(b=2, a=1))


def test_circles_and_odd_attributes_are_described():
    thing = Thing(log=logging.getLogger('x'), lock=threading.Lock(),
                  rng=np.random.default_rng())
    thing.me = thing
    text = json.dumps(describe(thing))
    assert 'seen above' in text
    thing.rng.random()
    assert json.dumps(describe(thing)) == text


def test_files_count_with_size_and_time(tmp_path):
    path = tmp_path / 'a.txt'
    path.write_text('one')
    thing = Thing(path=str(path))
    plain, first = fingerprint(thing), fingerprint(thing, files=True)
    os.utime(path, ns=(1, 1))
    second = fingerprint(thing, files=True)
    path.write_text('three')
    os.utime(path, ns=(1, 1))
    third = fingerprint(thing, files=True)
    assert len({first, second, third}) == 3
    assert fingerprint(thing) == plain


def test_lmdb_folders_count(tmp_path):
    (tmp_path / 'data.mdb').write_bytes(b'1')
    first = fingerprint(str(tmp_path), files=True)
    (tmp_path / 'data.mdb').write_bytes(b'22')
    assert fingerprint(str(tmp_path), files=True) != first


@pytest.mark.parametrize('files_per_part', [1000, 2])
def test_images_of_a_dataset_count(tmp_path, monkeypatch, files_per_part):
    monkeypatch.setattr(module, 'FILES_PER_PART', files_per_part)
    data = image_folder(tmp_path / 'images')
    first = fingerprint(data, files=True)
    assert fingerprint(data, files=True) == first
    os.utime(tmp_path / 'images' / '3.png', ns=(1, 1))
    assert fingerprint(data, files=True) != first
