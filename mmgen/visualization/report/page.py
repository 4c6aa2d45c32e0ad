"""The page: data, style and scripts in one HTML file that loads nothing.

What comes from the run is in the page as JSON, in which no ``<`` is left, and
the script puts it into text nodes and attributes only. The page's own policy
lets two scripts run, known by their hashes, and forbids every request.
"""
import base64
import hashlib
import json
import math
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from mmgen.utils.whole_file import whole_file
from mmgen.version import __version__
from mmgen.visualization.report.charts import charts_of
from mmgen.visualization.report.metrics import (MetricRules,
                                                changes_of_identity,
                                                compare_metrics)
from mmgen.visualization.report.pictures import data_uri, evenly
from mmgen.visualization.report.run import Run, read_run
from mmgen.visualization.report.settings import differing_settings
from mmgen.visualization.report.summary import (best_values, checkpoint_of,
                                                facts_of, sampling_command,
                                                status_of)

# Bytes of all pictures together. In base64 they take a third more.
PICTURES_SIZE = 12_000_000
ASSETS = files('mmgen.visualization.report') / 'assets'


def write_page(folders: list[Path], path: Path, rules: MetricRules,
               max_pictures: int) -> None:
    """Write the report of a run, or of two beside each other.

    Args:
        folders: One work directory, or two.
        path: File to write.
        rules: Of metrics.
        max_pictures: Pictures of each name and run; more are thinned out
            evenly.

    Raises:
        FileNotFoundError: A folder holds no run.
        ValueError: ``max_pictures`` is below 1.
    """
    if max_pictures < 1:
        raise ValueError(f'report: max_pictures={max_pictures}, expected at '
                         'least 1.')
    runs = [read_run(folder) for folder in folders]
    page = _page(_content(runs, rules, max_pictures, datetime.now()))
    with whole_file(path) as file:
        file.write(page.encode())


def _page(content: dict) -> str:
    """The HTML around the content."""
    scripts = [_asset('uPlot.iife.min.js'), _asset('report.js')]
    return Template(_asset('report.html')).substitute(
        title=_escaped(content['title']),
        hashes=' '.join(f"'sha256-{_hash(script)}'" for script in scripts),
        style=_asset('uPlot.min.css') + _asset('report.css'),
        data=_json(content),
        charts_script=scripts[0],
        page_script=scripts[1])


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding='utf-8')


def _hash(script: str) -> str:
    digest = hashlib.sha256(script.encode()).digest()
    return base64.b64encode(digest).decode()


def _escaped(text: str) -> str:
    for character, name in (('&', 'amp'), ('<', 'lt'), ('>', 'gt')):
        text = text.replace(character, f'&{name};')
    return text


def _json(content: dict) -> str:
    """JSON that ends no script and begins no comment in HTML."""
    text = json.dumps(_finite(content), separators=(',', ':'),
                      allow_nan=False)
    for character in '<>&':
        text = text.replace(character, f'\\u{ord(character):04x}')
    return text


def _finite(value: Any) -> Any:
    """NaN and infinity, which JSON lacks, as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    return value


# -------------------------------------------------------------- what it says


def _content(runs: list[Run], rules: MetricRules, max_pictures: int,
             now: datetime) -> dict:
    """Everything that the script shows."""
    names = _distinct_names(runs)
    steps = [{name: evenly(sorted(files), max_pictures)
              for name, files in run.pictures.items()} for run in runs]
    count = sum(len(some) for each in steps for some in each.values())
    limit = PICTURES_SIZE // max(count, 1)
    return dict(
        title=' and '.join(names),
        made=f'{now:%Y-%m-%d %H:%M}',
        version=__version__,
        runs=[_run(run, name, rules, now, some, limit)
              for run, name, some in zip(runs, names, steps)],
        charts=charts_of(runs, rules),
        comparison=_comparison(*runs, rules) if len(runs) == 2 else None)


def _distinct_names(runs: list[Run]) -> list[str]:
    """The runs' own names, else those of their folders, else the paths."""
    names: list[str] = []
    for names in ([run.name for run in runs],
                  [run.folder.resolve().name for run in runs],
                  [str(run.folder) for run in runs]):
        if len(set(names)) == len(names):
            break
    return names


def _run(run: Run, name: str, rules: MetricRules, now: datetime,
         steps: dict[str, list[int]], limit: int) -> dict:
    """What is said of one run."""
    word, sentence = status_of(run, now)
    pictures = _pictures(run, steps, limit)
    return dict(
        name=name,
        folder=str(run.folder),
        status=dict(word=word, text=sentence),
        not_finite=[event.text for event in run.events
                    if event.kind == 'not finite'],
        facts=facts_of(run),
        best=best_values(run, rules),
        checkpoint=checkpoint_of(run),
        command=sampling_command(run),
        resumed_at=run.resumed_at,
        metrics={key: _metric(key, run, rules) for key in run.validation},
        tests=[dict(path=path, key=key, value=result['value'],
                    identity=result['identity'])
               for path, card in run.tests.items()
               for key, result in card.items()],
        pictures=pictures,
        pictures_in_all={key: len(found)
                         for key, found in run.pictures.items()},
        events=[dict(kind=event.kind, text=event.text, count=event.count,
                     iteration=event.iteration,
                     time=event.time and f'{event.time:%Y-%m-%d %H:%M:%S}')
                for event in run.events],
        environment=list(run.environment.items()),
        settings=list(run.settings.items()),
        config=run.config,
        missing=run.missing)


def _pictures(run: Run, steps: dict[str, list[int]],
              limit: int) -> dict[str, list]:
    """Pairs of iteration and address by name; notes those not readable."""
    chosen = [(name, step) for name, some in steps.items() for step in some]
    with ThreadPoolExecutor() as pool:  # Pillow works beside other threads
        addresses = list(pool.map(
            lambda one: _address(run.pictures[one[0]][one[1]], limit), chosen))
    shown: dict[str, list] = {}
    for (name, step), address in zip(chosen, addresses):
        if address is None:
            run.missing.append(f'The picture {name} of iteration {step} is '
                               'not readable.')
        else:
            shown.setdefault(name, []).append((step, address))
    return shown


def _address(path: Path, limit: int) -> str | None:
    """The picture inside an address, None if it is not readable."""
    try:
        return data_uri(path, limit)
    except (OSError, SyntaxError):  # Pillow's for a damaged PNG
        return None


def _metric(key: str, run: Run, rules: MetricRules) -> dict:
    """Values, what the latest card says, and where the metric changed."""
    cards = [card[key] for _, card in sorted(run.cards.items()) if key in card]
    latest = cards[-1] if cards else {}
    return dict(
        values=sorted(run.validation[key].items()),
        identity=latest.get('identity'),
        beside={name: latest[name] for name in ('standard_error', 'floor')
                if name in latest},
        changes=[dict(iteration=step, reason=reason) for step, reason
                 in changes_of_identity(key, run, rules).items()])


def _comparison(first: Run, second: Run, rules: MetricRules) -> dict:
    """What differs between two runs."""
    keys = dict.fromkeys([*first.environment, *second.environment])
    environments = [(key, first.environment.get(key),
                     second.environment.get(key)) for key in keys]
    return dict(
        settings=differing_settings(first.settings, second.settings),
        metrics=compare_metrics(first, second, rules),
        environment=[row for row in environments if row[1] != row[2]])
