"""Which class each picture belongs to."""
import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path

from mmgen.datasets.preparing.pictures import Pictures, read_bytes

Label = str | int
MAX_CLASS = 100000  # a greater number is no index of a class
LABEL_FILES = {'csv': 'labels.csv', 'json': 'dataset.json'}


def read_labels(pictures: Pictures, form: str,
                file: Path | None = None) -> dict[str, Label]:
    """The class of each picture that has one, by the picture's name.

    Args:
        pictures: Where they lie.
        form: ``'folder'``: the first folder's name is the class; ``'csv'``:
            lines ``file,label``, a heading allowed; ``'json'``:
            ``{"labels": [[file, label], ...]}`` or ``{file: label}``.
        file: The file of the last two; None for ``labels.csv`` or
            ``dataset.json`` among the pictures.

    Returns:
        Names of classes; or, where all labels of a file are numbers from 0
        on, numbers.

    Raises:
        ValueError: There are no labels, or some that cannot be used.
    """
    if form == 'folder':
        labels = {name: name.partition('/')[0] for name in pictures.names
                  if '/' in name}
        if not labels:
            raise ValueError(
                f'prepare: labels="folder", but all pictures lie in '
                f'{pictures.root} itself, expected one folder for each class.')
    else:
        labels, where = _from_file(pictures, form, file)
        _check_some_fit(labels, pictures, where)
    if all(str(label).isdecimal() for label in labels.values()) \
            and form != 'folder':
        return _class_numbers(labels)
    labels = {name: str(label) for name, label in labels.items()}
    for label in sorted(set(labels.values())):
        _check_folder_name(label)
    return labels


def _class_numbers(labels: Mapping[str, Label]) -> dict[str, int]:
    numbers = {name: int(label) for name, label in labels.items()}
    name = max(numbers, key=numbers.get)
    if numbers[name] > MAX_CLASS:
        raise ValueError(
            f'prepare: the label of {name} is {numbers[name]}, expected the '
            f'index of a class, at most {MAX_CLASS}. Number the classes from '
            '0 on, or give them names.')
    return numbers


def _from_file(pictures: Pictures, form: str,
               file: Path | None) -> tuple[dict[str, Label], str]:
    """The labels in a file, and what the file is called."""
    where = str(file or f'{pictures.root}/{LABEL_FILES[form]}')
    try:
        content = file.read_bytes() if file else read_bytes(
            pictures.source, LABEL_FILES[form])
    except OSError as error:
        raise ValueError(
            f'prepare: labels="{form}", but {where} cannot be read: '
            f'{error.strerror or error}. Name the file with --labels-file.'
        ) from error
    try:
        text = content.decode('utf-8-sig')
        read = _read_csv if form == 'csv' else _read_json
        pairs = read(text)
    except ValueError as error:  # of decoding, of JSON, of what was read
        raise ValueError(f'prepare: {where}: {error}') from error
    labels: dict[str, Label] = {}
    for name, label in pairs:
        name = name.replace('\\', '/').removeprefix('./')
        if labels.setdefault(name, label) != label:
            raise ValueError(
                f'prepare: {where}: {name} has two labels, {labels[name]} and '
                f'{label}, expected one.')
    return labels, where


def _read_csv(text: str) -> list[tuple[str, Label]]:
    """Pairs of file and label; a heading is left out by what it is called."""
    rows = [[cell.strip() for cell in row]
            for row in csv.reader(io.StringIO(text)) if row]
    for number, row in enumerate(rows, start=1):
        if len(row) != 2 or not all(row):
            raise ValueError(f'row {number} is {",".join(row)!r}, expected '
                             'two columns, file and label')
    headings = ('file', 'filename', 'path', 'image', 'name')
    if rows and rows[0][0].lower() in headings:
        rows = rows[1:]
    return [(name, label) for name, label in rows]


def _read_json(text: str) -> list[tuple[str, Label]]:
    content = json.loads(text)
    pairs = content
    if isinstance(content, Mapping):
        pairs = content['labels'] if set(content) == {'labels'} else list(
            content.items())
    if not isinstance(pairs, list):
        raise ValueError(
            f'labels are {json.dumps(pairs)[:40]}, expected '
            '{"labels": [["FILE", 3], ...]} or {"FILE": "CLASS"}')
    for pair in pairs:
        if not (isinstance(pair, (list, tuple)) and len(pair) == 2
                and isinstance(pair[0], str) and type(pair[1]) in (str, int)):
            raise ValueError(
                f'{json.dumps(pair)[:60]} is no pair of a file and a label, '
                'expected ["FILE", 3] or "FILE": "CLASS"')
    return [(name, label) for name, label in pairs]


def _check_some_fit(labels: Mapping[str, Label], pictures: Pictures,
                    where: str) -> None:
    if labels.keys() & set(pictures.names):
        return
    example = next(iter(labels), None)
    raise ValueError(
        f'prepare: {where} names none of the pictures in {pictures.root}: it '
        f'has {f"{example!r}" if example else "no label"}, the pictures are '
        f'called as {pictures.names[0]!r}. Name them relative to '
        f'{pictures.root}.')


def _check_folder_name(label: str) -> None:
    """A class is written as a folder and as a line in two text files."""
    try:
        label.encode()
        wrong = not label or label != label.strip() or label[0] in '.-' \
            or any(c in '/\\' or not c.isprintable() for c in label)
    except UnicodeEncodeError:
        wrong = True
    if wrong:
        raise ValueError(
            f'prepare: the class {label!r} cannot be the name of a folder. '
            'Rename it: no slash, no dot or hyphen in front, no spaces at its '
            'ends, all of it printable.')
