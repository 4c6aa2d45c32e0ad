"""Prepare a folder of pictures for training, or only look at it.

OUT gets what it is to hold when all pictures are done; until then the work is
in its folder `.prepare`: the settings, a journal, and the images. ``report.json``
comes last and says that the whole is there.
"""
import json
import shutil
from contextlib import closing
from dataclasses import asdict
from pathlib import Path

from mmgen.datasets.preparing.labels import read_labels
from mmgen.datasets.preparing.pictures import Pictures
from mmgen.datasets.preparing.records import Journal, Record
from mmgen.datasets.preparing.report import make_report
from mmgen.datasets.preparing.settings import Settings
from mmgen.datasets.preparing.survey import Task, staged, survey
from mmgen.datasets.preparing.writing import write_dataset
from mmgen.utils.progress import progress
from mmgen.utils.whole_file import whole_file

WORK, REPORT = '.prepare', 'report.json'
# In the work folder: the settings; the journal; that all images are done.
BEGUN, JOURNAL, DONE = 'settings.json', 'records.jsonl', 'done'


def check(root: Path, settings: Settings, workers: int,
          labels_file: Path | None = None) -> dict:
    """Look at all pictures and write nothing.

    Args:
        root: The folder or zip file of pictures.
        settings: What is asked for.
        workers: Processes.
        labels_file: See `read_labels`.

    Returns:
        The report.

    Raises:
        OSError: ``root`` is not there.
        ValueError: There is no picture, or the labels cannot be used.
        RuntimeError: A process was killed.
    """
    pictures, records = _listed(root, settings, labels_file)
    _survey(Task(root, settings, None), records, {}, workers)
    return make_report(pictures, settings, records)


def prepare(root: Path, out: Path, settings: Settings, workers: int,
            labels_file: Path | None = None) -> dict:
    """Write the pictures as images of one size, their labels and a report.

    Killed and called again it goes on where it was, and writes what it would
    have written at once.

    Args:
        root: The folder or zip file of pictures.
        out: The folder to write to.
        settings: What is asked for.
        workers: Processes.
        labels_file: See `read_labels`.

    Returns:
        The report, which is in ``out`` too.

    Raises:
        OSError: ``root`` is not there, or ``out`` cannot be written.
        ValueError: There is no picture, or none that can be used; the labels
            cannot be used; ``out`` has other files or other settings, or lies
            in ``root``.
        RuntimeError: A process was killed, or another one writes to ``out``.
        ImportError: ``lmdb`` is asked for and not installed.
    """
    _check_apart(root, out)
    if settings.format == 'lmdb':
        _check_lmdb()
    pictures, records = _listed(root, settings, labels_file)
    identity = dict(
        settings=asdict(settings),
        pictures=pictures.fingerprint({r.file: r.label for r in records}))
    finished = _open_out(out, identity)
    if finished is not None:
        return finished
    work = out / WORK
    with closing(Journal(work / JOURNAL)) as journal:
        known = journal.read()
        if not (work / DONE).exists():
            known = {index: record for index, record in known.items()
                     if _is_there(record, work)}
            _survey(Task(root, settings, work), records, known, workers,
                    journal)
            (work / DONE).touch()
        else:
            records[:] = [known[record.index] for record in records]
        report = make_report(pictures, settings, records)
        kept = [record for record in records if record.skipped is None]
        if not kept:
            shutil.rmtree(work)
            raise ValueError(
                f'prepare: none of the {len(records)} pictures in {root} can '
                f'be used: {_reasons(report)}.')
        write_dataset(kept, work, out, settings.format)
    with whole_file(out / REPORT) as file:
        file.write(json.dumps({**identity, **report}, indent=1).encode())
    shutil.rmtree(work)
    return report


def _listed(root: Path, settings: Settings,
            labels_file: Path | None) -> tuple[Pictures, list[Record]]:
    """The pictures, and a record of each with its label."""
    pictures = Pictures(root)
    labels = {}
    if settings.labels:
        labels = read_labels(pictures, settings.labels, labels_file)
    return pictures, [Record(index, name, labels.get(name))
                      for index, name in enumerate(pictures.names)]


def _survey(task: Task, records: list[Record], known: dict[int, Record],
            workers: int, journal: Journal | None = None) -> None:
    """Fill in the records in place, those that are known from there."""
    todo = [record for record in records if record.index not in known]
    for index, record in known.items():
        records[index] = record
    title = f'{len(known)} done before' if known else 'pictures'
    with progress(title, len(todo), unit='pictures') as advance:
        for done in survey(task, todo, workers):
            for record in done:
                records[record.index] = record
            if journal is not None:
                journal.add(done)
            advance(len(done))


def _is_there(record: Record, work: Path) -> bool:
    """Whether the image of a record from the journal was written as well."""
    if record.skipped is not None:
        return True
    path = staged(work, record.index)
    return path.exists() and path.stat().st_size == record.num_bytes


def _check_apart(root: Path, out: Path) -> None:
    """Pictures may not be taken for results, nor results for pictures."""
    inside, outside = root.resolve(), out.resolve()
    if inside == outside or inside in outside.parents \
            or outside in inside.parents:
        raise ValueError(
            f'prepare: IN is {inside} and OUT is {outside}, expected two '
            'folders of which none lies in the other. Choose another OUT.')
    if out.suffix.lower() in ('.zip', '.lmdb'):
        raise ValueError(
            f'prepare: OUT is {out}, expected a folder; an archive goes into '
            f'it. Say OUT={out.with_suffix("")}.')


def _check_lmdb() -> None:
    try:
        import lmdb  # noqa: F401
    except ImportError as error:
        raise ImportError('prepare: format="lmdb" needs the package "lmdb", '
                          'which is not installed: pip install lmdb'
                          ) from error


def _open_out(out: Path, identity: dict) -> dict | None:
    """Make OUT ready, or go on with one that has these settings.

    Returns:
        The report if everything is there.
    """
    work = out / WORK
    if (out / REPORT).exists():
        report = _read_own(out / REPORT, out)
        _check_same(out, report, identity)
        shutil.rmtree(work, ignore_errors=True)
        return {key: value for key, value in report.items()
                if key not in identity}
    if (work / BEGUN).exists():
        _check_same(out, _read_own(work / BEGUN, out), identity)
        return None
    others = [path.name for path in out.iterdir()
              if path.name != WORK] if out.is_dir() else []
    if others or out.is_file():
        raise ValueError(
            f'prepare: OUT is {out}, which has other files '
            f'({", ".join(sorted(others)[:3]) or "it is one"}), expected an '
            'empty folder or a name that is free. Choose another OUT.')
    work.mkdir(parents=True, exist_ok=True)
    with whole_file(work / BEGUN) as file:
        file.write(json.dumps(identity).encode())
    return None


def _read_own(path: Path, out: Path) -> dict:
    """A JSON file that an earlier run has written."""
    try:
        content = json.loads(path.read_bytes())
        return dict(content, settings=dict(content['settings']),
                    pictures=str(content['pictures']))
    except (ValueError, TypeError, KeyError) as error:
        raise ValueError(
            f'prepare: OUT is {out}, whose {path.name} is not of this tool. '
            'Choose another OUT.') from error


def _check_same(out: Path, before: dict, now: dict) -> None:
    settings = before['settings']
    other = [f'{key}={settings.get(key)!r}, now {key}={value!r}'
             for key, value in now['settings'].items()
             if settings.get(key) != value]
    if before['pictures'] != now['pictures']:
        other.append('other pictures or labels in IN than now')
    if other:
        raise ValueError(f'prepare: {out} was begun with {"; ".join(other)}. '
                         'Choose another OUT, or remove that one.')


def _reasons(report: dict) -> str:
    return ', '.join(f'{len(files)} {reason}'
                     for reason, files in report['skipped'].items())
