"""What lies in a folder, a zip file or an LMDB of images: read from headers."""
import io
import statistics
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from mmgen.datasets.image_heads import is_grey, open_image, upright_size
from mmgen.datasets.preparing.writing import CLASSES, IMAGES, LABELS
from mmgen.datasets.sources import IMAGE_EXTENSIONS, Source, open_source
from mmgen.utils.progress import progress

MAX_HEADERS = 20000  # of more images, these are evenly spread over them
SPLITS = {'train', 'training', 'val', 'valid', 'validation', 'test', 'testing'}
DOMAINS = {'trainA', 'trainB'}
SHARD_DIGITS = 4  # folders with such names are parts, not classes


@dataclass(frozen=True)
class Found:
    """Images, and what their headers and folders say.

    Attributes:
        root: The folder, the zip file or the LMDB that holds them.
        kind: ``'folder'``, ``'zip'`` or ``'lmdb'``.
        count: Images.
        sizes: (width, height) in pixels to how many images have it.
        channels: 1 if all are grey, else 3.
        broken: Images whose header cannot be read.
        classes: Names, sorted; empty where there are none.
        ann_file: The file that says the classes; None for the folders.
        notes: What is odd about them, a sentence each.
    """

    root: Path
    kind: str
    count: int
    sizes: dict[tuple[int, int], int]
    channels: int
    broken: int
    classes: tuple[str, ...] = ()
    ann_file: Path | None = None
    notes: tuple[str, ...] = ()

    @property
    def side(self) -> int:
        """The middle one of all images' shorter sides, pixels."""
        return int(statistics.median_low(
            [min(size) for size, count in self.sizes.items()
             for _ in range(count)]))

    @property
    def is_square(self) -> bool:
        """Whether all images have one size, with equal sides."""
        return len(self.sizes) == 1 and len(set(next(iter(self.sizes)))) == 1

    @property
    def size_text(self) -> str:
        """``64x64``, or from the smallest to the largest."""
        small, large = min(self.sizes), max(self.sizes)
        text = f'{small[0]}x{small[1]}'
        return text if small == large else f'{text} to {large[0]}x{large[1]}'

    @property
    def colour_text(self) -> str:
        return 'grey' if self.channels == 1 else 'colour'


def look_at(data: Path, labels: str = 'auto') -> Found:
    """Find out what images there are.

    Args:
        data: A folder, a ``.zip`` file or the folder of an LMDB.
        labels: ``'none'`` for no classes; ``'folder'`` for one in each folder;
            ``'auto'`` for the same where the folders look like classes; else
            a file with lines ``path label``.

    Raises:
        FileNotFoundError: There is no such place.
        ValueError: It holds no images, or no classes where they are wanted.
    """
    if not data.exists():
        raise FileNotFoundError(
            f'--data: there is no {data}. Give a folder of images, a zip file '
            'or an LMDB.')
    data = _archive_in(data)
    kind, source = _source(data)
    names = source.names()
    if not names:
        raise ValueError(
            f'--data: no image in {data}; looked for '
            f'{", ".join(IMAGE_EXTENSIONS)} at any depth.')
    if labels == 'auto':
        labels = str(_prepared_labels(data) or labels)
    root, classes, ann_file, notes = data, (), None, []
    if labels in ('auto', 'folder', 'none'):
        root, names, notes = _inner(data, kind, names)
        if labels != 'none':
            classes, more = _classes(names, labels == 'folder', root)
            notes += more
    else:
        ann_file, classes, names = _annotated(Path(labels), set(names))
    kind, source = _source(root)
    sizes, grey, broken = _headers(source, names)
    if not sizes:
        raise ValueError(
            f'--data: none of the {len(names)} images in {root} has a header '
            'that can be read. Are they whole? tools/dataset/prepare.py '
            '--check lists what is broken.')
    return Found(
        root, kind, len(names), dict(sizes), 1 if grey else 3, broken,
        classes, ann_file, tuple(notes))


def _archive_in(data: Path) -> Path:
    """The archive, of a folder in which tools/dataset/prepare.py wrote one."""
    for form in ('zip', 'lmdb'):
        archive = data / IMAGES[form]
        if data.is_dir() and archive.exists():
            return archive
    return data


def _prepared_labels(data: Path) -> Path | None:
    """The file of classes that tools/dataset/prepare.py writes."""
    folder = data.parent if data.name in IMAGES.values() else data
    is_prepared = all((folder / name).is_file() for name in (LABELS, CLASSES))
    return folder / LABELS if is_prepared else None


def _source(data: Path) -> tuple[str, Source]:
    if data.suffix == '.lmdb' or (data / 'data.mdb').is_file():
        return 'lmdb', open_source(
            str(data), dict(backend='lmdb'))
    if data.is_dir():
        return 'folder', open_source(str(data))
    if data.suffix.lower() == '.zip':
        return 'zip', open_source(str(data))
    raise ValueError(
        f'--data: {data} is a {data.suffix or "single"} file, expected a '
        'folder of images, a zip file or an LMDB.')


def _inner(root: Path, kind: str,
           names: list[str]) -> tuple[Path, list[str], list[str]]:
    """The folder that the images are in, as far as there is only one.

    Of folders for training and for testing that is the one for training.
    """
    notes: list[str] = []
    while kind == 'folder':
        tops = {name.partition('/')[0] if '/' in name else ''
                for name in names}
        if '' in tops or (len(tops) > 1 and not tops <= SPLITS):
            break
        top = 'train' if 'train' in tops else 'training' \
            if 'training' in tops else min(tops)
        if len(tops) > 1:
            notes.append(
                f'Of {", ".join(sorted(tops))} only {top} is trained on.')
        root = root / top
        names = [name.removeprefix(f'{top}/') for name in names
                 if name.startswith(f'{top}/')]
    return root, names, notes


def _classes(names: list[str], surely: bool,
             root: Path) -> tuple[tuple[str, ...], list[str]]:
    """Names of the classes, where each folder is one."""
    folders = sorted({name.partition('/')[0] for name in names
                      if '/' in name})
    loose = sum('/' not in name for name in names)
    if surely and (len(folders) < 2 or loose):
        raise ValueError(
            f'--labels folder: {root} has {len(folders)} folder(s) and {loose} '
            'image(s) beside them, expected one folder for each of at least '
            'two classes and no image beside them.')
    if len(folders) < 2:
        return (), []
    if surely:
        return tuple(folders), []
    if loose:
        return (), [
            f'{loose} images lie beside folders, so the folders are not taken '
            'for classes.']
    if set(folders) >= DOMAINS:
        return (), []
    if all(name.isdecimal() and len(name) >= SHARD_DIGITS
           for name in folders):
        return (), [
            f'Folders called {folders[0]} to {folders[-1]} are taken for '
            'parts of one whole, not for classes; --labels folder makes them '
            'classes.']
    return tuple(folders), []


def _annotated(ann_file: Path, names: set[str]
               ) -> tuple[Path, tuple[str, ...], list[str]]:
    """The classes that a file with lines ``path label`` has, and its paths."""
    if not ann_file.is_file():
        raise FileNotFoundError(
            f'--labels: there is no file {ann_file}. Give auto, folder, none '
            'or a file with lines "path label".')
    labelled = []
    for number, line in enumerate(ann_file.read_text().splitlines(), 1):
        path, _, label = line.rpartition(' ')
        if not line.strip():
            continue
        if not path or not label.isdecimal():
            raise ValueError(
                f'--labels: line {number} of {ann_file} is {line!r}, expected '
                '"path label", the label a number from 0 on.')
        labelled.append((path.strip(), int(label)))
    missing = [path for path, _ in labelled if path not in names]
    if missing or not labelled:
        raise ValueError(
            f'--labels: {ann_file} names {len(labelled)} images, of which '
            f'{len(missing)} are not there{_such_as(missing)}. Paths are '
            'relative to the folder of the images.')
    top = max(label for _, label in labelled)
    return (ann_file, tuple(map(str, range(top + 1))),
            [path for path, _ in labelled])


def _such_as(names: list[str]) -> str:
    return f', such as {names[0]}' if names else ''


def _headers(source: Source, names: list[str]
             ) -> tuple[Counter, bool, int]:
    """Sizes, whether all are grey, and how many cannot be read."""
    step = max(1, len(names) // MAX_HEADERS)
    chosen = names[::step]
    sizes: Counter = Counter()
    grey, broken = True, 0
    with progress('headers', len(chosen)) as done:
        for name in chosen:
            try:
                size, is_one_grey = _header(source.results(name))
            except Exception:  # as open_image
                broken += 1
            else:
                sizes[size] += 1
                grey = grey and is_one_grey
            done(1)
    return sizes, grey, broken


def _header(results: dict) -> tuple[tuple[int, int], bool]:
    content = results.get('img_bytes')
    with open_image(Path(results['img_path']) if content is None
                    else io.BytesIO(content)) as image:
        return upright_size(image), is_grey(image)
