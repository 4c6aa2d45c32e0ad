"""The whole way: pictures in, a dataset out, whatever happens between."""
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmgen.datasets import ImageNet, UnconditionalImageDataset
from mmgen.datasets.preparing import Settings, check, prepare
from mmgen.datasets.preparing.records import Journal
from mmgen.datasets.preparing.survey import CHUNK, survey

TOOL = Path(__file__).resolve().parents[3] / 'tools/dataset/prepare.py'
LOAD = [dict(type='LoadImageFromFile', key='img', channel_order='rgb')]


def noise(seed, size=(12, 9)):
    draw = np.random.default_rng(seed).integers
    return Image.fromarray(draw(0, 256, (*size[::-1], 3), np.uint8))


@pytest.fixture
def folder(tmp_path):
    """Two classes, a class of which nothing is left, and odd files."""
    root = tmp_path / 'in'
    for name, count in (('cat', 5), ('dog', 3)):
        (root / name).mkdir(parents=True)
        for i in range(count):
            noise(hash_of(name, i)).save(root / name / f'{i}.png')
    (root / 'ant').mkdir()
    (root / 'ant/broken.jpg').write_bytes(b'no image')
    shutil.copy(root / 'cat/0.png', root / 'cat/copy.png')
    noise(0, (4, 4)).save(root / 'dog/small.png')
    (root / 'notes.txt').write_text('read me')
    return root


def hash_of(name, number):
    return len(name) * 1000 + ord(name[0]) * 10 + number


def tree(folder):
    """Names and contents of all files."""
    return {str(p.relative_to(folder)): p.read_bytes()
            for p in sorted(Path(folder).rglob('*')) if p.is_file()}


SETTINGS = Settings(8, labels='folder')


def expected_image(path):
    """The plain definition: the square in the middle, Lanczos' filter."""
    image = Image.open(path)
    side = min(image.size)
    left = (image.width - side) // 2
    square = image.crop((left, 0, left + side, side))
    return np.asarray(square.resize((8, 8), Image.Resampling.LANCZOS))


def test_what_is_written_and_reported(folder, tmp_path):
    report = prepare(folder, tmp_path / 'out', SETTINGS, workers=1)
    files = tree(tmp_path / 'out')
    assert sorted(files) == [
        *(f'cat/{i:08d}.png' for i in range(1, 7)), 'classes.txt',
        *(f'dog/{i:08d}.png' for i in range(7, 10)), 'images.csv',
        'labels.txt', 'report.json']
    assert files['classes.txt'] == b'cat\ndog\n'
    assert files['labels.txt'].startswith(b'cat/00000001.png 0\n')
    assert b'dog/00000008.png,dog/1.png,dog\n' in files['images.csv']
    assert json.loads(files['report.json'])['warnings'] == report['warnings']
    assert report['num_pictures'] == 11 and report['num_kept'] == 9
    assert report['skipped'] == {
        'no image': {'ant/broken.jpg': 'not a known image format, or damaged '
                     'from the start'},
        'too small': {'dog/small.png': '4x4, expected at least 8'}}
    assert report['classes'] == dict(ant=0, cat=6, dog=3)
    assert report['duplicates'] == [['cat/0.png', 'cat/copy.png']]
    assert report['other_files'] == {'.txt': 1}
    assert report['sizes'] == dict(
        widths=[4, 12, 12], heights=[4, 9, 9], different=2,
        aspect_ratios={'square': 1, 'wide': 9})
    text = '\n'.join(report['warnings'])
    assert 'Only 9 images' in text and 'No image in ant: add some' in text
    assert 'Fewer than 20 images in cat, dog' in text
    assert 'Copies of another picture, byte by byte: 1.' in text


@pytest.mark.parametrize('form', ['folder', 'zip', 'lmdb'])
def test_the_datasets_read_it_as_it_is(form, folder, tmp_path):
    out = tmp_path / 'out'
    prepare(folder, out, Settings(8, labels='folder', format=form), workers=1)
    images = dict(folder='', zip='images.zip', lmdb='images.lmdb')[form]
    backend = dict(backend='lmdb') if form == 'lmdb' else None
    pictures = [folder / 'cat' / f'{i}.png' for i in range(5)]
    pictures += [folder / 'cat/copy.png']
    pictures += [folder / 'dog' / f'{i}.png' for i in range(3)]
    plain = UnconditionalImageDataset(
        str(out / images), LOAD, backend_args=backend)
    labelled = ImageNet(
        str(out), images, 'labels.txt', LOAD, backend_args=backend,
        classes=str(out / 'classes.txt'))
    assert labelled.metainfo['classes'] == ('cat', 'dog')
    assert labelled.labels.tolist() == [0] * 6 + [1] * 3
    assert len(plain) == len(labelled) == 9
    for i, picture in enumerate(pictures):
        for dataset in (plain, labelled):
            assert np.array_equal(dataset[i]['img'], expected_image(picture))
    if form != 'lmdb':  # folders sort as their classes do
        by_folder = ImageNet(str(out), images, pipeline=LOAD)
        assert by_folder.labels.tolist() == labelled.labels.tolist()
    assert {p.name for p in out.iterdir()} == {
        'classes.txt', 'images.csv', 'labels.txt', 'report.json',
        *([images] if images else ['cat', 'dog'])}


def test_a_zip_file_of_pictures_gives_the_same(folder, tmp_path):
    archive = shutil.make_archive(tmp_path / 'in', 'zip', folder)
    prepare(folder, tmp_path / 'a', SETTINGS, workers=1)
    prepare(Path(archive), tmp_path / 'b', SETTINGS, workers=1)
    a, b = tree(tmp_path / 'a'), tree(tmp_path / 'b')
    assert a.pop('report.json') != b.pop('report.json')  # another input
    assert a == b


def test_labels_that_are_numbers_stay_those_numbers(tmp_path):
    root, out = tmp_path / 'in', tmp_path / 'out'
    root.mkdir()
    labels = {'a.png': 2, 'b.png': 10, 'c.png': 2}
    for i, name in enumerate([*labels, 'unlabelled.png']):
        noise(i).save(root / name)
    (root / 'dataset.json').write_text(
        json.dumps(dict(labels=list(labels.items()))))
    report = prepare(root, out, Settings(8, labels='json'), workers=1)
    assert report['skipped'] == {'no label': {'unlabelled.png': ''}}
    assert (out / 'labels.txt').read_text() == (
        '02/00000000.png 2\n02/00000002.png 2\n10/00000001.png 10\n')
    dataset = ImageNet(str(out), '', 'labels.txt', LOAD,
                       classes=str(out / 'classes.txt'))
    assert dataset.labels.tolist() == [2, 2, 10]
    assert len(dataset.metainfo['classes']) == 11


def test_without_labels_no_list_of_them(folder, tmp_path):
    report = prepare(folder, tmp_path / 'out', Settings(8), workers=1)
    files = tree(tmp_path / 'out')
    assert report['classes'] is None
    assert '00000/00000009.png' in files and 'labels.txt' not in files
    assert len(UnconditionalImageDataset(str(tmp_path / 'out'), LOAD)) == 9


@pytest.mark.parametrize('form', ['folder', 'zip', 'lmdb'])
def test_workers_change_no_byte(form, folder, tmp_path):
    settings = Settings(8, labels='folder', format=form)
    for out, workers in (('one', 1), ('two', 2)):
        prepare(folder, tmp_path / out, settings, workers)
    assert tree(tmp_path / 'one') == tree(tmp_path / 'two')


@pytest.mark.parametrize('which, dropped', [
    ('exact', {'copy.png'}), ('near', {'copy.png', 'less.png'})])
def test_duplicates_are_left_out_on_demand(which, dropped, tmp_path):
    root = tmp_path / 'in'
    root.mkdir()
    large = noise(1, (6, 6)).resize((64, 64), Image.Resampling.BICUBIC)
    large.save(root / 'more.png')
    large.resize((32, 32), Image.Resampling.LANCZOS).save(root / 'less.png')
    noise(2).save(root / 'a.png')
    shutil.copy(root / 'a.png', root / 'copy.png')
    assert check(root, Settings(8), 1)['near_duplicates'] == [
        ['less.png', 'more.png']]
    report = prepare(root, tmp_path / 'out',
                     Settings(8, drop_duplicates=which), workers=1)
    skipped = {name: detail for files in report['skipped'].values()
               for name, detail in files.items()}
    assert skipped.keys() == dropped
    assert skipped['copy.png'] == 'as a.png'
    assert skipped.get('less.png', 'as more.png') == 'as more.png'
    assert len(list((tmp_path / 'out').rglob('*.png'))) == 4 - len(dropped)


def test_the_same_picture_in_two_classes_is_said(folder, tmp_path):
    shutil.copy(folder / 'cat/1.png', folder / 'dog/cat.png')
    text = '\n'.join(check(folder, SETTINGS, 1)['warnings'])
    assert ('Pictures in more than one class: 1, such as cat/1.png and '
            'dog/cat.png') in text


def test_checking_writes_nothing(folder, tmp_path):
    before = tree(tmp_path)
    report = check(folder, Settings(None, labels='folder'), workers=1)
    assert report['num_kept'] == 10  # without a size none is too small
    assert tree(tmp_path) == before


def test_odd_names_are_kept(tmp_path):
    """Spaces, brackets and bytes that are no text."""
    root = tmp_path / 'in'
    names = [os.fsdecode(b'\xff.png'), '[red] a, b.png']
    (root / 'my class').mkdir(parents=True)
    for i, name in enumerate(names):
        noise(i).save(root / 'my class' / name)
    out = tmp_path / 'out'
    prepare(root, out, SETTINGS, workers=1)
    assert b'my class/\xff.png' in (out / 'images.csv').read_bytes()
    assert len(ImageNet(str(out), '', 'labels.txt', LOAD)) == 2


def test_what_cannot_be_read_is_skipped(folder, tmp_path):
    (folder / 'cat/gone.png').symlink_to(tmp_path / 'nowhere')
    report = check(folder, SETTINGS, workers=1)
    assert report['skipped']['unreadable'] == {
        'cat/gone.png': 'No such file or directory'}


# ----------------------------------------------------------------- restarts


class Killed(BaseException):
    """What no part of the program catches."""


@pytest.mark.parametrize('form', ['folder', 'zip', 'lmdb'])
@pytest.mark.parametrize('kth', [0, 3, 9, 10, 11, 12, 13])
def test_a_run_that_ended_anywhere_goes_on(form, kth, folder, tmp_path,
                                           monkeypatch):
    """Ended at the k-th file that gets its name."""
    settings = Settings(8, labels='folder', format=form)
    prepare(folder, tmp_path / 'whole', settings, workers=1)
    real, names = os.replace, []

    def replace(source, target):
        if len(names) == kth:
            raise Killed
        names.append(Path(target).name)
        real(source, target)

    with monkeypatch.context() as patch:
        patch.setattr(os, 'replace', replace)
        with pytest.raises(Killed):
            prepare(folder, tmp_path / 'out', settings, workers=1)
    done = set(names)
    monkeypatch.setattr(
        os, 'replace', lambda source, target:
        (names.append(Path(target).name), real(source, target)))
    del names[:]
    prepare(folder, tmp_path / 'out', settings, workers=1)
    # The images of a chunk whose record was not written are done again.
    again = {name for name in done & set(names) if name.isdecimal()}
    assert len(again) <= CHUNK
    assert tree(tmp_path / 'out') == tree(tmp_path / 'whole')


def test_what_is_done_is_not_done_again(folder, tmp_path, monkeypatch):
    """Neither the pictures of an earlier start, nor a whole run."""
    looked_at = []
    real = survey.__globals__['_examine_one']

    def examine(task, record):
        looked_at.append(record.file)
        if len(looked_at) == 10:
            raise Killed
        real(task, record)

    monkeypatch.setitem(survey.__globals__, '_examine_one', examine)
    with pytest.raises(Killed):
        prepare(folder, tmp_path / 'out', SETTINGS, workers=1)
    prepare(folder, tmp_path / 'out', SETTINGS, workers=1)
    assert looked_at[10:] == looked_at[8:10] + ['dog/small.png']
    before = tree(tmp_path / 'out')
    report = prepare(folder, tmp_path / 'out', SETTINGS, workers=1)
    assert len(looked_at) == 13 and tree(tmp_path / 'out') == before
    assert report == check(folder, SETTINGS, 1)


def test_a_torn_journal_and_lost_images_are_mended(folder, tmp_path,
                                                   monkeypatch):
    prepare(folder, tmp_path / 'whole', SETTINGS, workers=1)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, 'rmtree', None)  # ends after the last step
        with pytest.raises(TypeError):
            prepare(folder, tmp_path / 'out', SETTINGS, workers=1)
    work = tmp_path / 'out/.prepare'
    for name in ('cat', 'dog', 'report.json'):
        path = tmp_path / 'out' / name
        path.unlink() if path.is_file() else shutil.rmtree(path)
    (work / 'done').unlink()
    with open(work / 'records.jsonl', 'ab') as file:
        file.write(b'{"index": 3, "fi')
    prepare(folder, tmp_path / 'out', SETTINGS, workers=1)
    assert tree(tmp_path / 'out') == tree(tmp_path / 'whole')


@pytest.mark.slow
def test_a_killed_run_goes_on_and_leaves_no_process(tmp_path):
    """SIGKILL of the first process, with its workers at work."""
    root = tmp_path / 'in'
    root.mkdir()
    for i in range(60):
        noise(i, (300, 300)).save(root / f'{i}.bmp')
    settings = Settings(256)
    prepare(root, tmp_path / 'whole', settings, workers=1)
    out = tmp_path / 'out'
    command = [sys.executable, str(TOOL), str(root), str(out), '--resolution',
               '256', '--workers', '2']
    process = subprocess.Popen(command, start_new_session=True,
                               stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)
    journal = out / '.prepare/records.jsonl'
    wait_until(lambda: journal.exists() and journal.stat().st_size > 0)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (out / 'report.json').exists()
    wait_until(lambda: not group_lives(process.pid))
    prepare(root, out, settings, workers=1)
    assert tree(out) == tree(tmp_path / 'whole')


def wait_until(condition):
    for _ in range(6000):
        if condition():
            return
        time.sleep(0.005)
    raise AssertionError('not within half a minute')


def group_lives(group):
    """Whether a process of the group is there, zombies aside."""
    for stat in Path('/proc').glob('[0-9]*/stat'):
        try:
            state, _, its_group = stat.read_text().rpartition(
                ')')[2].split()[:3]
        except OSError:
            continue
        if int(its_group) == group and state != 'Z':
            return True
    return False


def test_a_worker_that_is_killed_is_an_error(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(survey.__globals__, '_examine', die)
    with pytest.raises(RuntimeError, match='a worker process was killed.*'
                       'Start again to go on, with fewer --workers'):
        prepare(folder, tmp_path / 'out', SETTINGS, workers=2)


def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)


# ------------------------------------------------------------------ refused


@pytest.mark.parametrize('change, words', [
    (dict(resolution=9), 'was begun with resolution=8, now resolution=9'),
    (dict(alpha='black', format='zip'), "alpha='white', now alpha='black'; "
     "format='folder', now format='zip'. Choose another OUT"),
])
@pytest.mark.parametrize('finished', [True, False])
def test_other_settings_are_refused(change, words, finished, folder, tmp_path,
                                    monkeypatch):
    out = tmp_path / 'out'
    if finished:
        prepare(folder, out, Settings(8), workers=1)
    else:
        with monkeypatch.context() as patch:
            patch.setitem(survey.__globals__, '_examine_one', None)
            with pytest.raises(TypeError):
                prepare(folder, out, Settings(8), workers=1)
    with pytest.raises(ValueError, match=words):
        prepare(folder, out, Settings(**{'resolution': 8, **change}), 1)


def test_other_pictures_are_refused(folder, tmp_path):
    prepare(folder, tmp_path / 'out', Settings(8), workers=1)
    noise(9).save(folder / 'new.png')
    with pytest.raises(ValueError, match='other pictures or labels in IN'):
        prepare(folder, tmp_path / 'out', Settings(8), workers=1)


def test_a_folder_of_others_is_left_alone(folder, tmp_path):
    out = tmp_path / 'out'
    out.mkdir()
    (out / 'thesis.doc').write_bytes(b'')
    with pytest.raises(ValueError, match='has other files .thesis.doc., '
                       'expected an empty folder'):
        prepare(folder, out, Settings(8), workers=1)
    (out / 'report.json').write_text('{"loss": 3}')
    with pytest.raises(ValueError, match='report.json is not of this tool'):
        prepare(folder, out, Settings(8), workers=1)
    assert sorted(tree(out)) == ['report.json', 'thesis.doc']


@pytest.mark.parametrize('out', ['in', 'in/out', '.', 'in/../in/cat'])
def test_results_among_the_pictures_are_refused(out, folder, tmp_path):
    with pytest.raises(ValueError, match='two folders of which none lies in'):
        prepare(folder, tmp_path / out, Settings(8), workers=1)


def test_an_archive_as_out_is_refused(folder, tmp_path):
    with pytest.raises(ValueError, match='an archive goes into it. Say OUT='):
        prepare(folder, tmp_path / 'x.zip', Settings(8, format='zip'), 1)


def test_lmdb_is_asked_for_before_the_work(folder, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'lmdb', None)
    with pytest.raises(ImportError, match='not installed: pip install lmdb'):
        prepare(folder, tmp_path / 'out', Settings(8, format='lmdb'), 1)
    assert not (tmp_path / 'out').exists()


def test_nothing_kept_is_an_error(tmp_path):
    root = tmp_path / 'in'
    root.mkdir()
    noise(0, (4, 4)).save(root / 'a.png')
    (root / 'b.png').write_bytes(b'')
    with pytest.raises(ValueError, match='none of the 2 pictures in .* can be '
                       'used: 1 too small, 1 no image'):
        prepare(root, tmp_path / 'out', Settings(8), workers=1)
    # Other settings may be tried at once.
    prepare(root, tmp_path / 'out', Settings(4), workers=1)


def test_two_at_a_time_are_refused(folder, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setitem(survey.__globals__, '_examine_one', None)
        with pytest.raises(TypeError):
            prepare(folder, tmp_path / 'out', SETTINGS, workers=1)
    other = Journal(tmp_path / 'out/.prepare/records.jsonl')
    with pytest.raises(RuntimeError, match='another process is writing to '
                       '.*/out. Wait until it has ended'):
        prepare(folder, tmp_path / 'out', SETTINGS, workers=1)
    other.close()
    prepare(folder, tmp_path / 'out', SETTINGS, workers=1)


def test_a_damaged_zip_is_named(tmp_path):
    path = tmp_path / 'in.zip'
    path.write_bytes(b'PK no more')
    with pytest.raises(ValueError, match='damaged or no zip file'):
        check(path, Settings(8), workers=1)
    content = io.BytesIO()
    with zipfile.ZipFile(content, 'w'):
        pass
    path.write_bytes(content.getvalue())
    with pytest.raises(ValueError, match='no picture in .*, found nothing'):
        check(path, Settings(8), workers=1)
