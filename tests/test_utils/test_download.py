import hashlib
import threading
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from mmgen.utils.download import download

CONTENT = bytes(range(256)) * 3000
SHA256 = hashlib.sha256(CONTENT).hexdigest()
MD5 = hashlib.md5(CONTENT).hexdigest()


class Handler(BaseHTTPRequestHandler):

    def __init__(self, requests, *args):
        self.requests = requests
        super().__init__(*args)

    def do_GET(self):
        self.requests.append(self.path)
        if self.path == '/missing':
            self.send_error(404)
            return
        content = b'' if self.path == '/empty' else CONTENT
        self.send_response(200)
        if self.path != '/endless':
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


def test_fetches_once(server, tmp_path):
    address, requests = server
    target = tmp_path / 'folder' / 'net.pt'
    for checksum in (f'sha256:{SHA256[:8]}', f'md5:{MD5}'):
        assert download(f'{address}/net.pt', target, checksum) == target
    assert target.read_bytes() == CONTENT
    assert requests == ['/net.pt']
    assert not list(target.parent.glob('.*.tmp'))


def test_processes_that_start_together_fetch_once(server, tmp_path):
    address, requests = server
    threads = [
        threading.Thread(
            target=download, args=(f'{address}/net.pt', tmp_path / 'net.pt'))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert requests == ['/net.pt']
    assert (tmp_path / 'net.pt').read_bytes() == CONTENT


def test_a_size_that_the_server_does_not_say_is_no_fault(server, tmp_path):
    address, _ = server
    target = download(f'{address}/endless', tmp_path / 'net.pt')
    assert target.read_bytes() == CONTENT


@pytest.mark.parametrize('place, checksum, reason', [
    ('missing', '', '404|Not Found'),
    ('cut', '', f'got 1000 bytes, expected {len(CONTENT)}'),
    ('empty', '', 'got an empty file'),
    ('net.pt', 'sha256:ffff', f'its sha256 is {SHA256}, expected ffff'),
    ('net.pt', 'md5:ffff', f'its md5 is {MD5}, expected ffff'),
])
def test_a_failed_download_says_what_to_do(server, tmp_path, place, checksum,
                                           reason):
    address, _ = server
    target = tmp_path / 'net.pt'
    with pytest.raises(RuntimeError, match=reason) as error:
        download(f'{address}/{place}', target, checksum)
    assert f'{address}/{place}' in str(error.value)
    assert f'yourself and put it at {target}.' in str(error.value)
    assert not list(tmp_path.glob('net.pt'))
    assert not list(tmp_path.glob('.*.tmp'))


@pytest.mark.parametrize('url, reason', [
    ('http://127.0.0.1:1/x', 'refused'), ('s3://bucket/x', 'unknown url type'),
    ('file:///no/such/file', 'No such file')])
def test_what_cannot_be_reached_says_what_to_do(tmp_path, url, reason):
    with pytest.raises(RuntimeError, match=f'Download of {url} failed: .*'
                       f'{reason}.*yourself and read the manual'):
        download(url, tmp_path / 'x', remedy='read the manual')
