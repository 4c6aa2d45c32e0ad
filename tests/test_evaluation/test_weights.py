import hashlib

import pytest

from mmgen.evaluation.features.weights import WeightsFile


@pytest.fixture
def published(tmp_path):
    """A file behind an address."""
    path = tmp_path / 'published'
    path.write_bytes(b'weights')
    return path.as_uri()


DIGEST = hashlib.sha256(b'weights').hexdigest()


def weights(url, checksum=f'sha256:{DIGEST}'):
    return WeightsFile(url, 'net.pt', 'inception_path', checksum)


def test_downloads_into_the_cache(published, cache):
    path, sha256 = weights(published).locate(None)
    assert sha256 == DIGEST
    assert path == cache / 'net.pt'
    assert path.read_bytes() == b'weights'


def test_a_given_file_comes_first(published, cache, tmp_path):
    own = tmp_path / 'own.pt'
    own.write_bytes(b'mine')
    assert weights(published).locate(str(own)) == (
        own, hashlib.sha256(b'mine').hexdigest())
    assert not cache.exists()


def test_a_missing_given_file_is_looked_for_in_the_cache(published, cache):
    cache.mkdir()
    (cache / 'net.pt').write_bytes(b'weights')
    found, _ = weights('file:///nowhere').locate('work_dirs/nowhere.pt')
    assert found == cache / 'net.pt'


def test_another_file_in_the_cache_is_refused(published, cache):
    cache.mkdir()
    (cache / 'net.pt').write_bytes(b'changed')
    with pytest.raises(RuntimeError, match='net.pt is not the file that '
                       'file:.* Delete it') as error:
        weights(published).locate(None)
    assert DIGEST in str(error.value)


def test_a_failed_download_says_what_to_do(published, cache):
    with pytest.raises(RuntimeError, match='its sha256 is') as error:
        weights(published, 'sha256:ffff').locate(None)
    assert str(cache / 'net.pt') in str(error.value)
    assert 'give its path with inception_path=' in str(error.value)


def test_a_file_without_known_checksum_is_not_downloaded(published, cache):
    unchecked = weights(published, checksum=None)
    with pytest.raises(FileNotFoundError, match="inception_path='nowhere.pt': "
                       'there is no such file, .* No checksum of it is known') \
            as error:
        unchecked.locate('nowhere.pt')
    assert str(cache / 'net.pt') in str(error.value)
    assert published in str(error.value)
    cache.mkdir()
    (cache / 'net.pt').write_bytes(b'any')
    assert unchecked.locate(None) == (cache / 'net.pt',
                                      hashlib.sha256(b'any').hexdigest())
