"""Which curves go into which chart, for one run or for several."""
import math

from mmgen.visualization.report.metrics import MetricRules, best_of
from mmgen.visualization.report.run import Curve, Run

# More points than a chart has pixels make the page heavy and no clearer.
MAX_POINTS = 1500
DIGITS = 6


def charts_of(runs: list[Run], rules: MetricRules) -> list[dict]:
    """All charts, in the order in which they are shown.

    A chart is ``section``, ``title``, ``unit`` and ``series``; a series is
    ``label``, ``run`` (its index) and the points ``x`` and ``y``, where None
    is what is not finite. Charts of metrics have their key, the rule and the
    best of each run in addition.
    """
    return [*_metric_charts(runs, rules), *_loss_charts(runs),
            *_rate_charts(runs), *_speed_charts(runs), *_other_charts(runs)]


def is_loss(key: str) -> bool:
    return 'loss' in key


def is_rate(key: str) -> bool:
    return key == 'lr' or key.endswith('.lr')


def images_per_second(run: Run) -> Curve:
    """Of all processes; {} where the images of an iteration are unknown."""
    images = run.images_per_iter
    return {step: images / seconds
            for step, seconds in run.training.get('time', {}).items()
            if seconds > 0} if images else {}


def _metric_charts(runs: list[Run], rules: MetricRules) -> list[dict]:
    charts = []
    for key in _keys(runs, 'validation'):
        curves = [run.validation.get(key, {}) for run in runs]
        best = [best_of(key, curve, rules) for curve in curves]
        charts.append(dict(
            _chart('metrics', key, '', key, curves),
            key=key, rule=rules.rule(key), best=best, dots=True))
    return charts


def _loss_charts(runs: list[Run]) -> list[dict]:
    keys = [key for key in _keys(runs, 'training') if is_loss(key)]
    if len(runs) > 1:
        return [_chart('losses', key, '', key,
                       [run.training.get(key, {}) for run in runs])
                for key in keys]
    # One pass by another name of the sum would hide the parts.
    series = [_series(key, 0, runs[0].training[key]) for key in keys]
    return [dict(section='losses', title='Losses', unit='', series=series)] \
        if series else []


def _rate_charts(runs: list[Run]) -> list[dict]:
    """All in one chart; curves that are alike are one, named by the first."""
    series = []
    for index, run in enumerate(runs):
        alike: dict[tuple, list[str]] = {}
        for key in filter(is_rate, run.training):
            points = tuple(sorted(run.training[key].items()))
            alike.setdefault(points, []).append(key)
        for points, keys in alike.items():
            label = ', '.join(keys) if len(keys) < 3 else \
                f'{keys[0]} and {len(keys) - 1} alike'
            series.append(_series(label, index, dict(points)))
    return [dict(section='speed', title='Learning rate', unit='',
                 series=series)] if series else []


def _speed_charts(runs: list[Run]) -> list[dict]:
    charts = []
    speeds = [images_per_second(run) for run in runs]
    if all(speeds):
        charts.append(_chart('speed', 'Images per second', 'images/s',
                             'images/s', speeds))
    else:
        charts.append(_chart('speed', 'Time of an iteration', 's', 'time', [
            run.training.get('time', {}) for run in runs]))
    charts.append(_chart('speed', 'Waiting for data', '% of the time',
                         'waiting', [_waiting(run) for run in runs]))
    charts.append(_chart('speed', 'GPU memory', 'MB', 'memory', [
        run.training.get('memory', {}) for run in runs]))
    return [chart for chart in charts if chart['series']]


def _waiting(run: Run) -> Curve:
    """Share of an iteration that waits for its batch, percent."""
    whole = run.training.get('time', {})
    return {step: 100 * wait / whole[step]
            for step, wait in run.training.get('data_time', {}).items()
            if whole.get(step, 0) > 0}


def _other_charts(runs: list[Run]) -> list[dict]:
    shown = ('time', 'data_time', 'memory')
    return [_chart('other', key, '', key,
                   [run.training.get(key, {}) for run in runs])
            for key in _keys(runs, 'training')
            if not is_loss(key) and not is_rate(key) and key not in shown]


def _keys(runs: list[Run], kind: str) -> list[str]:
    """Of all runs, each once."""
    return list(dict.fromkeys(
        key for run in runs for key in getattr(run, kind)))


def _chart(section: str, title: str, unit: str, label: str,
           curves: list[Curve]) -> dict:
    """A chart with a curve of each run that has it."""
    return dict(
        section=section, title=title, unit=unit,
        series=[_series(label, index, curve)
                for index, curve in enumerate(curves) if curve])


def _series(label: str, run: int, curve: Curve) -> dict:
    points = _thin(sorted(curve.items()))
    return dict(
        label=label, run=run, x=[step for step, _ in points],
        y=[plain(value) for _, value in points])


def _thin(points: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Means of neighbours where there are too many points.

    One that is not finite makes its mean so too, and remains to be seen.
    """
    size = math.ceil(len(points) / MAX_POINTS)
    if size <= 1:
        return points
    groups = [points[i:i + size] for i in range(0, len(points), size)]
    return [(group[-1][0], sum(value for _, value in group) / len(group))
            for group in groups]


def plain(value: float) -> float | None:
    """A number that JSON has, with as many digits as a chart shows."""
    return float(f'{value:.{DIGITS}g}') if math.isfinite(value) else None
