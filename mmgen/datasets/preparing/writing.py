"""From single images that are done to what a dataset reads."""
import csv
import io
import os
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from mmgen.datasets.preparing.records import Record
from mmgen.datasets.preparing.survey import staged
from mmgen.utils.whole_file import whole_file

IMAGES_PER_FOLDER = 1000  # without labels
LMDB_BATCH = 1000  # images in a transaction, which are in memory
# What is in OUT besides the images.
LABELS, CLASSES, SOURCES = 'labels.txt', 'classes.txt', 'images.csv'
IMAGES = {'folder': '', 'zip': 'images.zip', 'lmdb': 'images.lmdb'}


def write_dataset(records: Sequence[Record], staging: Path, out: Path,
                  form: str) -> None:
    """Give all images their place, and write their lists beside them.

    May be killed and called again: what has its place stays.

    Args:
        records: The pictures that are kept.
        staging: The folder of their images.
        out: The folder to write to.
        form: ``'folder'``, ``'zip'`` or ``'lmdb'``.
    """
    names = image_names(records)
    _write_lists(records, names, out)
    by_name = sorted((names[r.index], staged(staging, r.index))
                     for r in records)
    if form == 'folder':
        _write_folder(by_name, out)
    elif form == 'zip':
        _write_zip(by_name, out / IMAGES['zip'])
    else:
        num_bytes = sum(record.num_bytes for record in records)
        draft = staging / IMAGES['lmdb']
        _write_lmdb(by_name, draft, num_bytes)
        os.replace(draft, out / IMAGES['lmdb'])


def class_names(records: Sequence[Record]) -> list[str]:
    """The classes of labelled pictures in the order of their indices.

    Named classes are those that have a picture, sorted; numbers are indices
    already.
    """
    labels = {record.label for record in records}
    if any(isinstance(label, int) for label in labels):
        return [str(number) for number in range(max(labels) + 1)]
    return sorted(labels)


def image_names(records: Sequence[Record]) -> dict[int, str]:
    """The names of the images, by their indices.

    The folders of classes sort as their classes do.
    """
    if not records or records[0].label is None:
        return {r.index: f'{r.index // IMAGES_PER_FOLDER:05d}/'
                         f'{r.index:08d}.png' for r in records}
    digits = len(str(len(class_names(records)) - 1))
    return {r.index: f'{str(r.label).zfill(digits)}/{r.index:08d}.png'
            if isinstance(r.label, int) else f'{r.label}/{r.index:08d}.png'
            for r in records}


def _write_lists(records: Sequence[Record], names: Mapping[int, str],
                 out: Path) -> None:
    table = io.StringIO()
    writer = csv.writer(table, lineterminator='\n')
    writer.writerow(['image', 'picture', 'class'])
    writer.writerows([names[r.index], r.file, r.label] for r in records)
    # File names may hold bytes that are no text.
    _write(out / SOURCES, table.getvalue().encode(errors='surrogateescape'))
    if records[0].label is None:
        return
    classes = class_names(records)
    index = {name: label for label, name in enumerate(classes)}
    lines = sorted(f'{names[r.index]} {index[str(r.label)]}\n'
                   for r in records)
    _write(out / LABELS, ''.join(lines).encode())
    _write(out / CLASSES, ''.join(f'{c}\n' for c in classes).encode())


def _write(path: Path, content: bytes) -> None:
    with whole_file(path) as file:
        file.write(content)


def _write_folder(by_name: Sequence[tuple[str, Path]], out: Path) -> None:
    for name, path in by_name:
        target = out / name
        if path.exists():
            target.parent.mkdir(exist_ok=True)
            os.replace(path, target)


def _write_zip(by_name: Sequence[tuple[str, Path]], target: Path) -> None:
    with whole_file(target) as file, zipfile.ZipFile(file, 'w') as archive:
        for name, path in by_name:
            # The first date that zip knows; PNGs do not get smaller.
            member = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            member.external_attr = 0o644 << 16
            archive.writestr(member, path.read_bytes())


def _write_lmdb(by_name: Sequence[tuple[str, Path]], draft: Path,
                num_bytes: int) -> None:
    import lmdb
    draft.unlink(missing_ok=True)
    # Pages of 4 KiB, of which each image leaves one half empty, and the tree
    # above them; the file is only as large as what is in it.
    room = 2 * num_bytes + 16384 * len(by_name) + 2**20
    with lmdb.open(str(draft), map_size=room, subdir=False,
                   lock=False) as environment:
        for start in range(0, len(by_name), LMDB_BATCH):
            with environment.begin(write=True) as transaction:
                for name, path in by_name[start:start + LMDB_BATCH]:
                    transaction.put(name.encode(), path.read_bytes(),
                                    append=True)
