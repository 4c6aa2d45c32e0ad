import pytest

from mmgen.utils.whole_file import whole_file


def test_the_file_gets_its_name_at_the_end(tmp_path):
    path = tmp_path / 'a'
    path.write_bytes(b'old')
    with whole_file(path) as file:
        file.write(b'new')
        assert path.read_bytes() == b'old'
    assert path.read_bytes() == b'new'
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_the_old_file(tmp_path):
    path = tmp_path / 'a'
    path.write_bytes(b'old')
    with pytest.raises(KeyError), whole_file(path) as file:
        file.write(b'half')
        raise KeyError
    assert path.read_bytes() == b'old'
    assert list(tmp_path.iterdir()) == [path]


def test_two_writers_do_not_meet(tmp_path):
    with whole_file(tmp_path / 'a') as one, whole_file(tmp_path / 'a') as two:
        one.write(b'one')
        two.write(b'two')
    assert (tmp_path / 'a').read_bytes() == b'one'  # ended last
