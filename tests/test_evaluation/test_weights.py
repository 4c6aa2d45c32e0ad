import hashlib
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mmgen.evaluation.features.weights import WeightsFile, cache_dir

CONTENT = bytes(range(256)) * 3000
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):

    def __init__(self, requests, *args):
        self.requests = requests
        super().__init__(*args)

    def do_GET(self):
        self.requests.append(self.path)
        if self.path == '/missing':
            return self.send_error(404)
        content = CONTENT
        self.send_response(200)
        self.send_header('Content-Length', str(len(content)))
        self.end_headers()
        self.wfile.write(content[:1000] if self.path == '/cut' else content)

    def log_message(self, *args):
        """Keep the test's output clean."""


@pytest.fixture
def server():
    requests = []
    server = HTTPServer(('127.0.0.1', 0), partial(Handler, requests))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f'http://127.0.0.1:{server.server_port}', requests
    server.shutdown()
    thread.join()
    server.server_close()


def weights(url, sha256_prefix=SHA256[:8]):
    return WeightsFile(url, 'net.pt', 'inception_path', sha256_prefix)


def test_downloads_once_into_the_cache(server, cache):
    address, requests = server
    for _ in range(2):
        path = weights(f'{address}/net.pt').locate(None)
    assert path == cache / 'net.pt'
    assert path.read_bytes() == CONTENT
    assert requests == ['/net.pt']
    assert not list(cache.glob('*.part'))


def test_a_given_file_comes_first(server, tmp_path):
    own = tmp_path / 'own.pt'
    own.write_bytes(b'mine')
    address, requests = server
    assert weights(f'{address}/net.pt').locate(str(own)) == own
    assert not requests


def test_a_missing_given_file_is_looked_for_in_the_cache(server, cache):
    cache.mkdir()
    (cache / 'net.pt').write_bytes(b'cached')
    address, requests = server
    found = weights(f'{address}/net.pt').locate('work_dirs/nowhere.pt')
    assert found.read_bytes() == b'cached'
    assert not requests


@pytest.mark.parametrize('place, prefix, reason', [
    ('missing', SHA256[:8], '404|Not Found'),
    ('cut', SHA256[:8], f'got 1000 bytes, expected {len(CONTENT)}'),
    ('net.pt', 'ffff', f'its sha256 is {SHA256}, expected ffff'),
])
def test_a_failed_download_says_what_to_do(server, cache, place, prefix,
                                           reason):
    address, _ = server
    with pytest.raises(RuntimeError, match=reason) as error:
        weights(f'{address}/{place}', prefix).locate(None)
    for part in (f'{address}/{place}', str(cache / 'net.pt'),
                 'inception_path='):
        assert part in str(error.value)
    assert not list(cache.glob('net.pt')) and not list(cache.glob('*.part'))


def test_a_refused_connection_says_what_to_do(cache):
    with pytest.raises(RuntimeError, match='Download of http://127.0.0.1:1/x '
                       'failed: .*refused'):
        weights('http://127.0.0.1:1/x').locate(None)


def test_cache_dir_has_a_default(monkeypatch):
    monkeypatch.delenv('MMGEN_CACHE_DIR')
    assert cache_dir().parts[-2:] == ('.cache', 'mmgen')
