"""The page as a file: one, of sensible size, and inert whatever a run says."""
import json
import re

import numpy as np
import pytest
from run_folders import CONFIG, write_picture, write_run

from mmgen.engine.hooks.report_hook import write_report
from mmgen.visualization.report import page as page_module

EVIL = "</script><script>alert(1)</script><!-- <img src=x onerror=alert(2)>"


def content_of(path) -> dict:
    """What the page's script reads."""
    found = re.search(r'<script type="application/json" id="report">(.*?)'
                      '</script>', path.read_text(), flags=re.DOTALL)
    return json.loads(found[1])


def test_the_page_holds_the_run(tmp_path):
    write_run(tmp_path / 'run')
    write_report([tmp_path / 'run'], tmp_path / 'report.html')
    run, = content_of(tmp_path / 'report.html')['runs']
    assert run['status']['word'] == 'finished'
    assert [step for step, _ in run['pictures']['fake_img']] == [10, 50, 100]
    assert run['metrics']['FID/fid']['values'] == [[50, 90.0], [100, 20.0]]
    assert run['config'] == CONFIG


def test_it_asks_for_nothing_from_outside(tmp_path):
    write_run(tmp_path / 'run')
    write_report([tmp_path / 'run'], tmp_path / 'report.html')
    text = (tmp_path / 'report.html').read_text()
    assert "default-src 'none'; img-src data:;" in text
    addresses = re.findall(r'<[^>]+(?:src|href)=("[^"]*"|[^ >]*)', text)
    assert addresses == ['"data:,"']  # the icon, which a browser asks for


def test_what_a_run_says_stays_text(tmp_path):
    config = CONFIG + f'evil = {EVIL!r}\n'
    write_run(tmp_path / 'run', config)
    (tmp_path / 'run' / 'tiny.py').rename(tmp_path / 'run' / '<b>&.py')
    write_report([tmp_path / 'run'], tmp_path / 'report.html')
    text = (tmp_path / 'report.html').read_text()
    assert text.count('<script') == text.count('</script>') == 3
    assert 'onerror=alert' in text and '<img src=x' not in text
    assert '<!--' not in text
    assert '<title>&lt;b&gt;&amp; - mmgen report</title>' in text
    content = content_of(tmp_path / 'report.html')
    assert dict(content['runs'][0]['settings'])['evil'] == repr(EVIL)
    assert content['title'] == '<b>&'


def test_pictures_are_few_and_small(tmp_path, monkeypatch):
    monkeypatch.setattr(page_module, 'PICTURES_SIZE', 60_000)
    write_run(tmp_path / 'run')
    folder = tmp_path / 'run' / '20260131_120000' / 'vis_data' / 'vis_image'
    rng = np.random.default_rng(0)
    for step in range(1, 31):
        noise = rng.integers(0, 256, (256, 256, 3), dtype=np.uint8)
        write_picture(folder / 'sub' / f'noise_{step}.png', noise)
    out = tmp_path / 'report.html'
    write_report([tmp_path / 'run'], out, max_pictures=4)
    run, = content_of(out)['runs']
    assert [s for s, _ in run['pictures']['sub/noise']] == [1, 10, 20, 30]
    assert run['pictures_in_all']['sub/noise'] == 30
    assert sum(len(uri) for all_ in run['pictures'].values()
               for _, uri in all_) < 60_000 * 1.4


def test_a_damaged_picture_is_named(tmp_path):
    write_run(tmp_path / 'run')
    path, = tmp_path.rglob('fake_img_50.png')
    path.write_bytes(path.read_bytes()[:50])
    write_report([tmp_path / 'run'], tmp_path / 'report.html')
    run, = content_of(tmp_path / 'report.html')['runs']
    assert [step for step, _ in run['pictures']['fake_img']] == [10, 100]
    assert run['missing'] == ['The picture fake_img of iteration 50 is not '
                              'readable.']


def test_two_runs_and_what_differs(tmp_path):
    write_run(tmp_path / 'a')
    write_run(tmp_path / 'b', CONFIG.replace('noise_size=8', 'noise_size=9'))
    write_report([tmp_path / 'a', tmp_path / 'b'], tmp_path / 'two.html')
    content = content_of(tmp_path / 'two.html')
    assert content['comparison']['settings'] == [
        ['model.generator.noise_size', '8', '9']]
    assert content['comparison']['environment'] == []
    # Both are called tiny, so the folder tells them apart.
    assert content['title'] == 'a and b'


def test_runs_of_one_name_are_told_apart_by_their_paths(tmp_path):
    folders = [write_run(tmp_path / name / 'run') for name in 'ab']
    write_report(folders, tmp_path / 'two.html')
    assert [run['name'] for run in content_of(tmp_path / 'two.html')['runs']
            ] == [str(folder) for folder in folders]


def test_no_pictures_at_all_is_refused(tmp_path):
    with pytest.raises(ValueError, match='max_pictures=0, expected at least'):
        write_report([tmp_path], tmp_path / 'x.html', max_pictures=0)
