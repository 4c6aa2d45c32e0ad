"""The log of one start of a training: its environment, and what happened."""
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

# As MMEngine's logger begins an entry; other lines go on with the one before.
ENTRY = re.compile(r'(\d{4}/\d\d/\d\d \d\d:\d\d:\d\d) - \S+ - ([A-Z]+) - (.*)')
TRAINING_LINE = re.compile(r'Iter\(train\)\s*\[\s*(\d+)/')
RESUMED = re.compile(r'(?:Resumed .* at iteration|resumed epoch: \d+, iter:) '
                     r'(\d+)')

# What makes an entry an event: its kind, and words with its iteration.
KINDS = (
    ('resumed', RESUMED),
    ('stop asked', re.compile(r'Asked to stop after iteration (\d+)')),
    ('best', re.compile(r' is the best so far: saved as .*iter_(\d+)')),
    ('checkpoint', re.compile(r'Saving checkpoint at (\d+) iterations')),
    ('broken image', re.compile(r'broken image, replaced')),
)

REPEATED = ('warning', 'error', 'broken image', 'not finite')


@dataclass
class Event:
    """Something that happened once, or the first of several alike.

    Attributes:
        kind: One or two words.
        text: What the log says.
        time: When, None if unknown.
        iteration: Iterations that were done then.
        count: How often; a repetition may differ in its numbers.
    """
    kind: str
    text: str
    time: datetime | None = None
    iteration: int | None = None
    count: int = 1


@dataclass
class LogFile:
    """What a log says.

    Attributes:
        began: Time of the first entry.
        ended: Time of the last one.
        trains: Whether it is a training's, as far as it says.
        resumed_at: Iterations that were done before this start, None if it
            was none that resumed.
        environment: Versions, devices and seed.
        events: In the order of the log.
    """
    began: datetime | None = None
    ended: datetime | None = None
    trains: bool = False
    resumed_at: int | None = None
    environment: dict[str, str] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)


def read_log(path: Path) -> LogFile:
    """Read a log; undecodable bytes are replaced."""
    log = LogFile()
    iteration = None
    for time, level, text in _entries(path):
        log.began = log.began or time
        log.ended = time
        log.trains = log.trains or text.startswith('Checkpoints ')
        if level == 'INFO' and (found := TRAINING_LINE.search(text)):
            iteration = int(found[1])
            continue
        if 'System environment:' in text:
            log.environment = _environment(text)
            continue
        kind, said = _kind(level, text)
        if kind is None:
            continue
        if said is not None:
            iteration = said
        if kind == 'resumed':
            log.resumed_at = iteration
        log.events.append(Event(kind, text.strip(), time, iteration))
    return log


def count_alike(events: list[Event]) -> list[Event]:
    """Warnings and errors that differ in their numbers only, each once."""
    kept: list[Event] = []
    first: dict[tuple[str, str], Event] = {}
    for event in events:
        alike = (event.kind, re.sub(r'\d+', '#', event.text))
        if event.kind not in REPEATED:
            kept.append(event)
        elif alike in first:
            first[alike].count += event.count
        else:
            first[alike] = event
            kept.append(event)
    return kept


def _entries(path: Path) -> Iterator[tuple[datetime, str, str]]:
    """Time, level and text of each entry."""
    entry = None
    with open(path, encoding='utf-8', errors='replace') as file:
        for line in file:
            found = ENTRY.match(line)
            if found is None:
                if entry is not None:
                    entry[2].append(line.rstrip('\n'))
                continue
            if entry is not None:
                yield entry[0], entry[1], '\n'.join(entry[2])
            time = datetime.strptime(found[1], '%Y/%m/%d %H:%M:%S')
            entry = time, found[2], [found[3]]
    if entry is not None:
        yield entry[0], entry[1], '\n'.join(entry[2])


def _kind(level: str, text: str) -> tuple[str | None, int | None]:
    """The kind of the event, and the iteration that its text names."""
    for kind, pattern in KINDS:
        if found := pattern.search(text):
            return kind, int(found[1]) if pattern.groups else None
    if level in ('WARNING', 'ERROR', 'CRITICAL'):
        return 'warning' if level == 'WARNING' else 'error', None
    return None, None


def _environment(text: str) -> dict[str, str]:
    """``Key: value`` of the indented lines; others go on with a value."""
    found: dict[str, str] = {}
    last = None
    for line in text.splitlines():
        if key := re.match(r' {4}(\w[^:]*): (.*)', line):
            last = key[1]
            found[last] = key[2]
        elif last is not None and line.startswith('  - '):
            found[last] += f'\n{line.strip()}'
    return found
