"""Pickles that hold numbers, and pickles that want more."""
import os
import pickle
from collections import OrderedDict

import numpy as np
import pytest

from mmgen.utils.plain_pickle import load_plain_pickle


@pytest.mark.parametrize('protocol', range(6))
def test_arrays_and_containers_come_back(tmp_path, protocol):
    value = dict(a=np.arange(6.).reshape(2, 3), b=[1, 'x', (None, 2.5)],
                 c=b'\xff\x00', d=np.float64(3), e=OrderedDict(f=1))
    (tmp_path / 'a').write_bytes(pickle.dumps(value, protocol))
    found = load_plain_pickle(str(tmp_path / 'a'))
    assert np.array_equal(found.pop('a'), value.pop('a'))
    assert found == value


def test_an_evil_pickle_does_nothing(tmp_path):

    class Evil:

        def __reduce__(self):
            return os.mkdir, (str(tmp_path / 'made'), )

    for content in (Evil(), [np.zeros(1), {b'data': Evil()}]):
        (tmp_path / 'a').write_bytes(pickle.dumps(content))
        with pytest.raises(ValueError, match='it asks for posix.mkdir'):
            load_plain_pickle(str(tmp_path / 'a'))
    assert not (tmp_path / 'made').exists()


@pytest.mark.parametrize('content', [
    b'', b'\x80\x04', b'no pickle', b'cbuiltins\neval\n(S"1"\ntR.',
    b'cos\nsystem\n.', b'cnumpy\nload\n.', b'c_codecs\nencode\n(I1\ntR.'
])
def test_what_is_no_plain_pickle_is_refused(tmp_path, content):
    (tmp_path / 'a').write_bytes(content)
    with pytest.raises(ValueError, match='not read as a pickle of plain'):
        load_plain_pickle(str(tmp_path / 'a'))
