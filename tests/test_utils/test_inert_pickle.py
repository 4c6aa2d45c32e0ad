"""Pickles of objects that are not built."""
import argparse
import os
import pickle
import sys
from collections import OrderedDict

import pytest
import torch

from mmgen.utils.inert_pickle import (Record, load_inert_checkpoint,
                                      load_inert_pickle)


class Thing:
    """Has attributes."""


class ThingWithArgs:
    """Is made by a call with arguments, which it must not get."""

    def __reduce__(self):
        return os.mkdir, ('made', )


class Words(list):
    """Has content."""


class Table(dict):
    """Has content."""


def test_tensors_and_containers_come_back(tmp_path):
    value = dict(
        a=torch.arange(6.).view(2, 3), b=[torch.nn.Parameter(torch.ones(2)), 1],
        c=OrderedDict(d=(None, 'x', True)), e=torch.arange(6)[1::2],
        f=torch.ones(2).half())
    for name, write, load in (
            ('a', lambda path: path.write_bytes(pickle.dumps(value)),
             load_inert_pickle),
            ('b', lambda path: torch.save(value, path),
             load_inert_checkpoint),
            ('c', lambda path: torch.save(
                value, path, _use_new_zipfile_serialization=False),
             load_inert_checkpoint)):
        write(tmp_path / name)
        found = load(tmp_path / name)
        for key in 'aef':
            assert torch.equal(found[key], value[key])
            assert found[key].dtype == value[key].dtype
        assert torch.equal(found['b'][0], torch.ones(2)) and found['b'][1] == 1
        assert found['c'] == {'d': (None, 'x', True)}


@pytest.mark.parametrize('protocol', range(6))
def test_objects_become_records_of_what_they_had(tmp_path, protocol):
    thing, words, table = Thing(), Words(['x']), Table(y=1)
    thing.inner, words.inner = Thing(), 2
    thing.inner.number = 3
    (tmp_path / 'a').write_bytes(pickle.dumps(
        [thing, words, table, ThingWithArgs(), Thing], protocol))
    found, words, table, made, kind = load_inert_pickle(tmp_path / 'a')
    assert all(isinstance(x, Record) for x in (found, words, table, made))
    assert found.state['inner'].state == {'number': 3}
    assert words.state == {'inner': 2}
    assert made.args == ('made', ) and made.origin.endswith('.mkdir')
    assert kind.origin == f'{__name__}.Thing'
    assert not os.path.exists('made')


def test_nothing_is_imported(tmp_path):
    (tmp_path / 'a').write_bytes(b'cxmlrpc.server\nSimpleXMLRPCServer\n.')
    before = set(sys.modules)
    assert load_inert_pickle(tmp_path / 'a').origin == \
        'xmlrpc.server.SimpleXMLRPCServer'
    assert not {name for name in set(sys.modules) - before
                if name.startswith('xmlrpc')}


def test_settings_in_a_checkpoint_become_a_record(tmp_path):
    torch.save(dict(args=argparse.Namespace(size=4), x=torch.ones(3)),
               tmp_path / 'a')
    found = load_inert_checkpoint(tmp_path / 'a')
    assert found['args'].origin == 'argparse.Namespace'
    assert torch.equal(found['x'], torch.ones(3))


@pytest.mark.parametrize('content', [
    b'', b'\x80\x04', b'no pickle',
    # What a call gave is called: a record cannot be.
    b'cbuiltins\ngetattr\n(S"a"\ntR(tR.',
    # The numbers of a tensor are not what torch writes.
    b'ctorch.storage\n_load_from_bytes\n(S"junk"\ntR.',
    b'ctorch._utils\n_rebuild_tensor_v2\n(I1\nI0\n(t(ttR.',
    b"P1\n.",
])
def test_what_cannot_be_read_is_refused(tmp_path, content):
    (tmp_path / 'a').write_bytes(content)
    for load in (load_inert_pickle, load_inert_checkpoint):
        with pytest.raises(RuntimeError, match='a is damaged or no check'):
            load(tmp_path / 'a')


class Scripted(torch.nn.Module):
    """As TorchScript it could have code for the time of reading."""

    def __init__(self):
        super().__init__()
        self.x = torch.ones(1)

    def forward(self):
        return self.x


def test_torchscript_is_refused(tmp_path):
    torch.jit.script(Scripted()).save(tmp_path / 'a')
    with pytest.raises(RuntimeError, match='a is damaged.*TorchScript'):
        load_inert_checkpoint(tmp_path / 'a')


def test_a_missing_file_is_named(tmp_path):
    for load in (load_inert_pickle, load_inert_checkpoint):
        with pytest.raises(FileNotFoundError, match='no checkpoint .*gone'):
            load(tmp_path / 'gone')
