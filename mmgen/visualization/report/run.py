"""The files of a run, as plain data.

A work directory holds a folder of each start of the training, named by its
time. What a later start did again takes the place of what an earlier one had
done. Nothing is imported or run, and a missing or torn file is no error:
`Run.missing` says what is not there.
"""
import json
import math
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mmgen.visualization.report.log_file import (Event, LogFile, count_alike,
                                                 read_log)
from mmgen.visualization.report.settings import (differing_settings,
                                                 read_settings)

START_FOLDER = re.compile(r'\d{8}_\d{6}')
PICTURE = re.compile(r'(.+)_(\d+)\.png')
CARD = re.compile(r'iter_(\d+)\.json')

# Iteration to value; NaN and infinity are values.
Curve = dict[int, float]


@dataclass
class Run:
    """A training, over all of its starts.

    Attributes:
        folder: The work directory.
        name: Of the experiment.
        training: Curves of what is logged in training, by key.
        validation: Curves of the metrics, by key.
        cards: Identity cards by iteration.
        tests: Identity cards of tests of this run, by their path.
        pictures: Files by name and iteration.
        config: The config's text, as the latest start ran it.
        settings: The same, flat.
        environment: Of the latest start.
        events: Over all starts.
        resumed_at: Iterations at which training went on.
        iteration: Iterations that are done.
        time: Time spent in all starts.
        last_sign: Time of the last entry of any log.
        checkpoints: Names of the files, oldest first.
        missing: What is not there or not readable, a sentence each.
    """
    folder: Path
    name: str
    training: dict[str, Curve] = field(default_factory=dict)
    validation: dict[str, Curve] = field(default_factory=dict)
    cards: dict[int, dict] = field(default_factory=dict)
    tests: dict[str, dict] = field(default_factory=dict)
    pictures: dict[str, dict[int, Path]] = field(default_factory=dict)
    config: str = ''
    settings: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    resumed_at: list[int] = field(default_factory=list)
    iteration: int = 0
    time: timedelta = timedelta()
    last_sign: datetime | None = None
    checkpoints: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def max_iters(self) -> int | None:
        """Iterations that the config asks for."""
        return self.whole_number('train_cfg.max_iters')

    @property
    def images_per_iter(self) -> int | None:
        """Images of one iteration over all processes.

        None where the config does not say, or where the batch grows during
        the training.
        """
        growing = self.settings.get('train_dataloader.dataset.type')
        batch = self.whole_number('train_dataloader.batch_size')
        if batch is None or growing == "'GrowScaleImgDataset'":
            return None
        processes = self.environment.get('GPU number', '1')
        return batch * (int(processes) if processes.isdecimal() else 1)

    def whole_number(self, key: str) -> int | None:
        """A setting, None where it is no whole number."""
        value = self.settings.get(key, '')
        return int(value) if value.isdecimal() else None


def read_run(folder: str | Path) -> Run:
    """Read a work directory.

    Raises:
        FileNotFoundError: There is no training in it.
    """
    folder = Path(folder)
    configs = sorted(folder.glob('*.py'), key=lambda path: path.stat().st_mtime)
    run = Run(folder, configs[-1].stem if configs else folder.resolve().name)
    starts = [_read_start(path, run) for path in sorted(folder.glob('*'))
              if path.is_dir() and START_FOLDER.fullmatch(path.name)]
    if not starts:
        raise FileNotFoundError(
            f'{folder}: no run is in it, expected folders named by a time, '
            'such as 20260131_120000, as training makes them. Give the work '
            'directory of a run.')
    trained = [start for start in starts if start.is_training]
    for start in trained:
        _add(run, start)
    run.events = count_alike(run.events)
    # The work directory's own is the latest start's too, be it a test's.
    _read_config(run, [*(start.folder / 'vis_data' / 'config.py'
                         for start in trained[-1:]), *configs[::-1]])
    files = sorted(folder.glob('*.pth'), key=lambda path: path.stat().st_mtime)
    run.checkpoints = [path.name for path in files]
    _say_what_is_missing(run)
    return run


@dataclass
class _Start:
    """What one start left."""
    folder: Path
    log: LogFile
    rows: list[dict]
    cards: dict[int, dict]
    pictures: dict[str, dict[int, Path]]
    settings: dict[str, str]

    @property
    def is_training(self) -> bool:
        """Whether it was no test."""
        return bool(self.log.trains or self.rows or self.pictures)

    @property
    def begin(self) -> int:
        """Iterations that were done before; -1 where it began anew."""
        if self.log.resumed_at is not None:
            return self.log.resumed_at
        steps = [row['step'] for row in self.rows if 'iter' in row]
        # Without a log the first line of numbers has to say.
        return steps[0] - 1 if self.log.began is None and steps else -1

    @property
    def end(self) -> int:
        """Iterations that were done afterwards."""
        said = [event.iteration for event in self.log.events
                if event.iteration is not None]
        return max([0, self.begin, *said, *(row['step'] for row in self.rows)])


def _read_start(folder: Path, run: Run) -> _Start:
    """Read the folder of one start; a test's results go to the run."""
    logs = sorted(folder.glob('*.log'))
    log = read_log(logs[0]) if logs else LogFile()
    if not logs:
        run.missing.append(f'{folder.name} has no log: no events, environment '
                           'or time of this start are known.')
    cards = {}
    for path in sorted(folder.glob('metrics_identity/*.json')):
        card = _read_card(path, run)
        if card is None:
            continue
        if found := CARD.fullmatch(path.name):
            cards[int(found[1])] = card
        else:
            run.tests[str(path.relative_to(run.folder))] = card
    pictures: dict[str, dict[int, Path]] = {}
    root = folder / 'vis_data' / 'vis_image'
    for path in sorted(root.rglob('*.png')):
        if found := PICTURE.fullmatch(path.relative_to(root).as_posix()):
            pictures.setdefault(found[1], {})[int(found[2])] = path
    rows = _read_rows(folder / 'vis_data' / 'scalars.json', run)
    config = folder / 'vis_data' / 'config.py'
    settings = _settings(_text(config), config, run) if config.is_file() else {}
    return _Start(folder, log, rows, cards, pictures, settings)


def _read_rows(path: Path, run: Run) -> list[dict]:
    """The lines of a log of numbers; torn ones are passed over."""
    rows, torn = [], 0
    for line in _text(path).splitlines():
        try:
            row = json.loads(line)
            row['step'] = int(row['step'])
        except (ValueError, TypeError, KeyError):
            torn += bool(line.strip())
            continue
        rows.append(row)
    if torn:
        run.missing.append(f'{path.relative_to(run.folder)}: {torn} of '
                           f'{torn + len(rows)} lines are not readable.')
    return rows


def _read_card(path: Path, run: Run) -> dict | None:
    """An identity card's results by key, None if it is not readable."""
    try:
        results = json.loads(_text(path))['results']
        if all({'value', 'identity'} <= set(results[key]) for key in results):
            return results
    except (ValueError, TypeError, KeyError):
        pass
    run.missing.append(f'{path.relative_to(run.folder)} is no readable '
                       'identity card.')
    return None


def _text(path: Path) -> str:
    """The content, '' where there is no file."""
    if not path.is_file():
        return ''
    return path.read_text(encoding='utf-8', errors='replace')


def _settings(text: str, path: Path, run: Run) -> dict[str, str]:
    try:
        return read_settings(text)
    except (SyntaxError, ValueError):
        run.missing.append(
            f'{path.relative_to(run.folder)} is no readable config.')
        return {}


def _read_config(run: Run, paths: list[Path]) -> None:
    """Take the first file that is there."""
    for path in paths:
        if path.is_file():
            run.config = _text(path)
            run.settings = _settings(run.config, path, run)
            return


# ------------------------------------------------ one start after the others


def _add(run: Run, start: _Start) -> None:
    """Let a start take the place of what it did again."""
    _tell_of_the_start(run, start)
    if start.rows:
        _drop_what_is_done_again(run, start)
    for row in start.rows:
        _add_row(run, row)
    run.cards.update(start.cards)
    for name, files in start.pictures.items():
        run.pictures.setdefault(name, {}).update(files)
    run.events += _in_order(_not_finite(start) + start.log.events)
    run.resumed_at = [at for at in run.resumed_at if at < start.begin]
    if start.begin > 0:
        run.resumed_at.append(start.begin)
    # One that logged nothing, as it failed at once, undid nothing.
    run.iteration = start.end if start.rows else max(run.iteration, start.end)
    if start.log.began is not None:
        run.time += start.log.ended - start.log.began
        run.last_sign = start.log.ended
    run.environment = start.log.environment or run.environment
    run.settings = start.settings or run.settings


def _drop_what_is_done_again(run: Run, start: _Start) -> None:
    """Forget what is later than the iteration at which a start began."""
    dropped = [step for curve in run.training.values() for step in curve
               if step > start.begin]
    if dropped:
        run.events.append(Event(
            'replaced', 'Iterations from '
            f'{max(start.begin + 1, 1)} to at least {max(dropped)} were done '
            'again: the curves and pictures show the later ones.',
            start.log.began, max(start.begin, 0)))
    for curves in (run.training, run.validation, run.pictures):
        for name in list(curves):
            _cut(curves[name], start.begin)
            if not curves[name]:
                del curves[name]
    _cut(run.cards, start.begin)


def _cut(curve: dict[int, Any], begin: int) -> None:
    """Forget what is later than ``begin``."""
    for step in [step for step in curve if step > begin]:
        del curve[step]


def _add_row(run: Run, row: dict) -> None:
    """A line of training has ``iter``, one of a validation has not."""
    training = 'iter' in row
    for key, value in row.items():
        if isinstance(value, (int, float)) and key not in ('step', 'iter') \
                and (training or key not in ('time', 'data_time')):
            curves = run.training if training else run.validation
            curves.setdefault(key, {})[row['step']] = float(value)


def _tell_of_the_start(run: Run, start: _Start) -> None:
    """Events: that it began, and what had changed since the one before."""
    time, at = start.log.began, max(start.begin, 0)
    if start.log.resumed_at is None:
        run.events.append(Event('started', 'The training began.', time, at))
    if run.settings and start.settings:
        for key, old, new in differing_settings(run.settings, start.settings):
            run.events.append(Event(
                'setting', f'{key} was {old or "not set"}, is '
                f'{new or "not set"} from here on.', time, at))
    for key, new in start.log.environment.items():
        old = run.environment.get(key, new)
        if old != new:
            run.events.append(Event(
                'environment', f'{key} was {old}, is {new} from here on.',
                time, at))


def _not_finite(start: _Start) -> list[Event]:
    """An event for each value that was NaN or infinite."""
    return [Event('not finite', f'{key} is {value} at iteration '
                  f'{row["step"]}.', None, row['step'])
            for row in start.rows for key, value in row.items()
            if isinstance(value, float) and not math.isfinite(value)]


def _in_order(events: list[Event]) -> list[Event]:
    """By iteration; what came before the first one stays first."""
    return sorted(events, key=lambda event: event.iteration or 0)


def _say_what_is_missing(run: Run) -> None:
    for found, sentence in (
        (run.training, 'No line of training was logged: no losses, learning '
         'rates or speed.'),
        (run.validation, 'No validation was logged: no metrics.'),
        (run.pictures, 'No pictures were written.'),
        (run.config, 'There is no config: no settings.'),
        (run.checkpoints, 'No checkpoint is in the work directory.'),
    ):
        if not found:
            run.missing.append(sentence)
    run.missing = list(dict.fromkeys(run.missing))
