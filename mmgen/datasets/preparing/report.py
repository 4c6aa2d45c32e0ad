"""What was found among the pictures: as a file, and for the eye."""
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

from mmgen.datasets.file_check import FEW_IMAGES, UNEVEN
from mmgen.datasets.preparing.pictures import Pictures
from mmgen.datasets.preparing.records import Record
from mmgen.datasets.preparing.settings import Settings
from mmgen.datasets.preparing.similar import same_files, similar_pictures
from mmgen.datasets.preparing.writing import (CLASSES, IMAGES, LABELS,
                                              class_names)

FEW_IN_CLASS = 20
MAX_LISTED = 5  # names that are printed; the file has all


def make_report(pictures: Pictures, settings: Settings,
                records: Sequence[Record]) -> dict:
    """Count what was found, and leave out duplicates if asked to.

    Args:
        pictures: Where they lie.
        settings: What was asked for.
        records: Of all pictures; duplicates are marked as skipped.

    Returns:
        What JSON can hold.
    """
    same = same_files([r for r in records if r.skipped is None])
    repeated = {id(record) for group in same for record in group[1:]}
    similar = similar_pictures([r for r in records if r.skipped is None
                                and id(r) not in repeated])
    _leave_out_duplicates(settings.drop_duplicates, same, similar)
    kept = [record for record in records if record.skipped is None]
    report = dict(
        input=pictures.root.resolve().name,
        num_pictures=len(records),
        num_kept=len(kept),
        skipped=_skipped(records),
        other_files=_counted(pictures.others.elements()),
        classes=_classes(records, kept),
        duplicates=[_files(group) for group in same],
        near_duplicates=[_files(group) for group in similar],
        sizes=_sizes([r.size for r in records if r.size]),
        formats=_counted(r.format for r in records if r.format),
        modes=_counted(r.mode for r in records if r.mode),
        alpha=_counted(r.alpha for r in records if r.alpha != 'none'),
        colour_profiles=_counted(r.profile for r in records if r.profile),
        rotated=_files(r for r in records if r.rotated),
        animated=_files(r for r in records if r.animated))
    report['warnings'] = list(_warnings(report, settings, kept, same))
    return report


def _leave_out_duplicates(which: str | None, same: list[list[Record]],
                          similar: list[list[Record]]) -> None:
    """Keep one picture of each group: of files the first, of pictures that
    look the same the largest."""
    if which is None:
        return
    for first, *others in same:
        for record in others:
            record.skipped, record.detail = 'duplicate', f'as {first.file}'
    if which != 'near':
        return
    for group in similar:
        best = max(group, key=lambda r: (r.size[0] * r.size[1], -r.index))
        for record in group:
            if record is not best:
                record.skipped = 'near-duplicate'
                record.detail = f'as {best.file}'


def _files(records: Iterable[Record]) -> list[str]:
    return [record.file for record in records]


def _counted(values: Iterable[str]) -> dict[str, int]:
    """How often each occurs, the most frequent first."""
    counts = Counter(values)
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _skipped(records: Sequence[Record]) -> dict[str, dict[str, str]]:
    """For each reason the files and what is known besides."""
    reasons: dict[str, dict[str, str]] = {}
    for record in records:
        if record.skipped is not None:
            reasons.setdefault(record.skipped, {})[record.file] = record.detail
    return dict(sorted(reasons.items(), key=lambda item: -len(item[1])))


def _classes(records: Sequence[Record],
             kept: Sequence[Record]) -> dict[str, int] | None:
    """The images of each class; 0 where all its pictures are left out."""
    labelled = [record for record in records if record.label is not None]
    if not labelled:
        return None
    counts = Counter(str(record.label) for record in kept)
    return {name: counts[name] for name in class_names(labelled)}


def _sizes(sizes: Sequence[tuple[int, int]]) -> dict:
    if not sizes:
        return {}
    shapes = Counter(_shape(width / height) for width, height in sizes)
    return dict(
        widths=_range([width for width, _ in sizes]),
        heights=_range([height for _, height in sizes]),
        different=len(set(sizes)),
        aspect_ratios={name: shapes[name] for name in (
            'tall (below 1:2)', 'upright', 'square', 'wide',
            'very wide (above 2:1)') if shapes[name]})


def _range(lengths: list[int]) -> list[int]:
    """Smallest, median and largest."""
    return [min(lengths), round(median(lengths)), max(lengths)]


def _shape(ratio: float) -> str:
    """A word for width by height; 1% beside a square is a square."""
    if ratio < 0.5:
        return 'tall (below 1:2)'
    if ratio > 2:
        return 'very wide (above 2:1)'
    if abs(ratio - 1) <= 0.01:
        return 'square'
    return 'upright' if ratio < 1 else 'wide'


def _warnings(report: dict, settings: Settings, kept: Sequence[Record],
              same: list[list[Record]]) -> Iterable[str]:
    """What its owner should know before training, and what to do."""
    if len(kept) < FEW_IMAGES:
        yield (f'Only {len(kept)} images: a GAN learns them by heart. Some '
               'hundreds are the least, with augmentation; thousands are '
               'usual.')
    yield from _about_classes(report['classes'] or {}, same)
    if settings.drop_duplicates is None and report['duplicates']:
        extra = sum(len(group) - 1 for group in report['duplicates'])
        yield (f'Copies of another picture, byte by byte: {extra}. They count '
               'double; --drop-duplicates leaves them out.')
    if settings.drop_duplicates != 'near' and report['near_duplicates']:
        extra = sum(len(group) - 1 for group in report['near_duplicates'])
        yield (f'Pictures that look the same as another: {extra}. Look at '
               'some groups of near_duplicates in the report; '
               '--drop-duplicates near leaves them out.')
    oblong = sum(abs(r.size[0] / r.size[1] - 1) > 0.01 for r in kept)
    if settings.crop == 'none' and oblong:
        yield (f'Pictures that are not square: {oblong}. --crop none '
               'distorts them to squares; --crop centre cuts instead.')
    grey = sum(r.mode in ('1', 'L', 'LA', 'I;16') for r in kept)
    if settings.channels == 'rgb' and 0 < grey < len(kept):
        yield (f'Grey pictures: {grey} of {len(kept)}. A model of colours '
               'will make grey ones too. Take them out, or use --channels '
               'grey.')


def _about_classes(classes: dict[str, int],
                   same: list[list[Record]]) -> Iterable[str]:
    sizes = {name: count for name, count in classes.items() if count}
    empty = [name for name, count in classes.items() if not count]
    tiny = [name for name, count in sizes.items() if count < FEW_IN_CLASS]
    if empty:
        yield (f'No image in {_some(empty)}: add some, or train without '
               f'{"it" if len(empty) == 1 else "them"}.')
    if tiny:
        yield (f'Fewer than {FEW_IN_CLASS} images in {_some(tiny)}: what is '
               'made of them will look like copies. Add some, or join '
               'classes.')
    if sizes and max(sizes.values()) > UNEVEN * min(sizes.values()):
        large, small = max(sizes, key=sizes.get), min(sizes, key=sizes.get)
        yield (f'Classes are uneven: {sizes[large]} images in {large}, '
               f'{sizes[small]} in {small}. The small ones are learned '
               'worse.')
    torn = [group for group in same if len({r.label for r in group}) > 1]
    if torn:
        first, *_, last = sorted(torn[0], key=lambda r: str(r.label))
        yield (f'Pictures in more than one class: {len(torn)}, such as '
               f'{first.file} and {last.file}. Decide on one.')


def _some(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    listed = ', '.join(names[:MAX_LISTED])
    more = len(names) - MAX_LISTED
    return f'{listed} and {more} more' if more > 0 else listed


# ------------------------------------------------------------- for the eye


def print_report(report: dict, settings: Settings, out: Path | None) -> None:
    """Print the report in a dozen lines.

    Args:
        report: As `make_report` made it.
        settings: What was asked for.
        out: Where the images are; None where none was written.
    """
    console = Console(markup=False, highlight=False, soft_wrap=True,
                      emoji=False)
    table = Table.grid(padding=(0, 2))
    for title, text in _lines(report):
        table.add_row(title, _printable(text))
    console.print(table)
    for warning in report['warnings']:
        console.print(f'! {_printable(warning)}', style='yellow')
    if out is not None:
        console.print(_how_to_read(report, settings, out))


def _printable(text: str) -> str:
    """Names of files may hold bytes that no terminal takes."""
    return text.encode(errors='backslashreplace').decode()


def _lines(report: dict) -> Iterable[tuple[str, str]]:
    """Title and text of each line; what there is none of has no line."""
    total, kept = report['num_pictures'], report['num_kept']
    yield 'pictures', f'{total}, of which {kept} kept'
    for reason, files in report['skipped'].items():
        yield 'skipped', f'{len(files)} {reason}: {_some(list(files))}'
    if report['other_files']:
        yield 'no pictures', _counts(report['other_files'])
    if report['classes']:
        yield 'classes', (f'{len(report["classes"])}: '
                          f'{_counts(report["classes"])}')
    if report['sizes']:
        sizes = report['sizes']
        yield 'sizes', ' x '.join(
            f'{small} to {large} (median {middle})' if small < large
            else str(small) for small, middle, large in
            (sizes['widths'], sizes['heights']))
        yield 'shapes', _counts(sizes['aspect_ratios'])
    for key, title in (('formats', 'formats'), ('modes', 'pixels'),
                       ('alpha', 'alpha'),
                       ('colour_profiles', 'profiles')):
        if report[key]:
            yield title, _counts(report[key])
    for key, title in (('rotated', 'EXIF rotation'),
                       ('animated', 'first frame')):
        if report[key]:
            yield title, f'{len(report[key])}: {_some(report[key])}'
    for key, title in (('duplicates', 'same files'),
                       ('near_duplicates', 'look the same')):
        groups = report[key]
        if groups:
            yield title, (f'groups: {len(groups)}, such as '
                          f'{_some(groups[0])}')


def _counts(counts: dict[str, int]) -> str:
    return _some([f'{name or "no ending"} {count}'
                  for name, count in counts.items()])


def _how_to_read(report: dict, settings: Settings, out: Path) -> str:
    """The dataset's entry in a config."""
    images, labelled = IMAGES[settings.format], report['classes'] is not None
    backend = ", backend_args=dict(backend='lmdb')" \
        if settings.format == 'lmdb' else ''
    if labelled:
        entry = (f"dict(type='ImageNet', data_root='{out}', "
                 f"data_prefix='{images}', ann_file='{LABELS}', "
                 f"classes='{out / CLASSES}'{backend}, pipeline=...)")
    else:
        entry = ("dict(type='UnconditionalImageDataset', "
                 f"data_root='{out / images}'{backend}, pipeline=...)")
    return f'{report["num_kept"]} images are in {out}:\ndataset={entry}'
