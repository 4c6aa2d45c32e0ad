"""Classes out of folders, tables and JSON."""
import json

import pytest
from PIL import Image

from mmgen.datasets.preparing.labels import read_labels
from mmgen.datasets.preparing.pictures import Pictures

NAMES = ['cat/a.png', 'cat/deep/b.png', 'dog/c.png', 'd.png']


@pytest.fixture
def pictures(tmp_path):
    for name in NAMES:
        path = tmp_path / 'in' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new('RGB', (2, 2)).save(path)
    return Pictures(tmp_path / 'in')


def test_the_first_folder_is_the_class(pictures):
    assert read_labels(pictures, 'folder') == {
        'cat/a.png': 'cat', 'cat/deep/b.png': 'cat', 'dog/c.png': 'dog'}


def test_folders_of_numbers_are_names(tmp_path):
    (tmp_path / '10').mkdir()
    Image.new('RGB', (2, 2)).save(tmp_path / '10/a.png')
    assert read_labels(Pictures(tmp_path), 'folder') == {'10/a.png': '10'}


CSV = 'cat/a.png,tabby\n.\\dog\\c.png, "big, dog"\n'.replace(', "', ',"')


@pytest.mark.parametrize('form, text, expected', [
    ('csv', CSV, {'cat/a.png': 'tabby', 'dog/c.png': 'big, dog'}),
    ('csv', '\ufeffFile,Label\r\nd.png,x\r\n', {'d.png': 'x'}),
    ('csv', 'd.png,7\ncat/a.png,0\n', {'d.png': 7, 'cat/a.png': 0}),
    ('csv', 'd.png,7\ncat/a.png,seven\n',
     {'d.png': '7', 'cat/a.png': 'seven'}),
    ('json', json.dumps(dict(labels=[['d.png', 3], ['cat/a.png', 0]])),
     {'d.png': 3, 'cat/a.png': 0}),
    ('json', json.dumps({'d.png': 'x', 'gone.png': 'y'}),
     {'d.png': 'x', 'gone.png': 'y'}),
])
def test_files_of_labels(pictures, form, text, expected, tmp_path):
    file = tmp_path / 'some'
    file.write_text(text, newline='')
    assert read_labels(pictures, form, file) == expected


@pytest.mark.parametrize('form, name, text', [
    ('csv', 'labels.csv', 'd.png,x'),
    ('json', 'dataset.json', '{"labels": [["d.png", "x"]]}')])
def test_the_file_may_lie_among_the_pictures(pictures, form, name, text):
    (pictures.root / name).write_text(text)
    assert read_labels(pictures, form) == {'d.png': 'x'}


@pytest.mark.parametrize('form, text, words', [
    ('csv', 'd.png\n', "row 1 is 'd.png', expected two columns"),
    ('csv', 'd.png,\n', 'expected two columns, file and label'),
    ('csv', 'd.png,x\n./d.png,y\n', 'd.png has two labels, x and y'),
    ('csv', 'other/d.png,x\n', "names none of the pictures .* it has "
     "'other/d.png', the pictures are called as 'cat/a.png'"),
    ('csv', '', 'it has no label'),
    ('csv', 'd.png,a/b\n', "class 'a/b' cannot be the name of a folder"),
    ('csv', 'd.png,.x\n', "class '.x' cannot be the name of a folder"),
    ('csv', 'd.png,20240131\n', 'label of d.png is 20240131, expected the '
     'index of a class, at most 100000'),
    ('json', '{"labels": null}', 'labels are null, expected'),
    ('json', '{"labels": [["d.png", [1, 0]]]}', 'is no pair of a file'),
    ('json', '{"labels": [["d.png", true]]}', 'is no pair of a file'),
    ('json', '3', 'labels are 3, expected'),
    ('json', '{', 'Expecting'),
])
def test_wrong_labels_are_refused(pictures, form, text, words, tmp_path):
    file = tmp_path / 'some'
    file.write_text(text)
    with pytest.raises(ValueError, match=words) as error:
        read_labels(pictures, form, file)
    assert str(error.value).startswith('prepare: ')


def test_a_file_that_is_not_there_is_named(pictures):
    with pytest.raises(ValueError, match='in/labels.csv cannot be read: No '
                       'such file.* Name the file with --labels-file'):
        read_labels(pictures, 'csv')


def test_pictures_without_folders_have_no_class(tmp_path):
    Image.new('RGB', (2, 2)).save(tmp_path / 'a.png')
    with pytest.raises(ValueError, match='expected one folder for each class'):
        read_labels(Pictures(tmp_path), 'folder')


def test_other_files_are_counted(tmp_path):
    Image.new('RGB', (2, 2)).save(tmp_path / 'a.PNG')
    for name in ('x.txt', 'y.txt', 'README', '.hidden.png'):
        (tmp_path / name).write_bytes(b'')
    pictures = Pictures(tmp_path)
    assert pictures.names == ['a.PNG']
    assert pictures.others == {'.txt': 2, '': 1}


def test_no_picture_is_an_error(tmp_path):
    (tmp_path / 'a.txt').write_bytes(b'')
    with pytest.raises(ValueError, match=r'no picture in .*, found \.txt; '
                       r'looked for \.jpg'):
        Pictures(tmp_path)
    with pytest.raises(FileNotFoundError, match='neither a folder nor a .zip'):
        Pictures(tmp_path / 'gone')
