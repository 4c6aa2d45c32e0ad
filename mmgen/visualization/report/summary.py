"""What one wants to know of a run first."""
import shlex
from datetime import datetime, timedelta
from statistics import median

from mmgen.visualization.report.charts import images_per_second
from mmgen.visualization.report.metrics import MetricRules, best_of
from mmgen.visualization.report.run import Run

# A run whose log is younger than this may still be going on.
LIVELY = timedelta(minutes=10)


def status_of(run: Run, now: datetime) -> tuple[str, str]:
    """One word for how the run stands, and a sentence."""
    if run.max_iters is not None and run.iteration >= run.max_iters:
        return 'finished', 'All iterations are done.'
    last = next((event for event in reversed(run.events)
                 if event.kind in ('started', 'resumed', 'stop asked')), None)
    if last is not None and last.kind == 'stop asked':
        return 'stopped', ('It was asked to stop, saved, and goes on with '
                           '--resume.')
    if run.last_sign is not None and now - run.last_sign < LIVELY:
        return 'running', (
            f'The log was {_seconds(now - run.last_sign)} old when this page '
            'was made.')
    return 'ended early', ('The log ends before the last iteration, without '
                           'a request to stop.')


def facts_of(run: Run) -> list[tuple[str, str]]:
    """Label and value, the most wanted first."""
    done = f'{run.iteration:,}'
    if run.max_iters is not None:
        done += f' of {run.max_iters:,}'
    facts = [('Iterations', done)]
    if run.images_per_iter:
        images = run.iteration * run.images_per_iter
        facts.append(('Images seen', f'{images:,}, {run.images_per_iter} in '
                      'an iteration'))
    starts = sum(event.kind in ('started', 'resumed') for event in run.events)
    if run.time:
        facts.append(('Time', _duration(run.time) + (
            f' in {starts} starts' if starts > 1 else '')))
    if speeds := images_per_second(run):
        facts.append(('Speed', f'{median(speeds.values()):.3g} images/s '
                      '(median)'))
    if memory := run.training.get('memory'):
        facts.append(('GPU memory', f'{max(memory.values()):,.0f} MB at most'))
    facts.append(('Device', _device(run)))
    return [fact for fact in facts if fact[1]]


def best_values(run: Run, rules: MetricRules) -> list[dict]:
    """The best of the metrics that the run is judged by.

    Those of ``save_best``, else the first of each prefix: the others are its
    parts.
    """
    judged = run.settings.get('default_hooks.checkpoint.save_best', '')
    keys = [key for key in run.validation if repr(key) in judged]
    if not keys:
        first = {key.split('/')[0]: key for key in reversed(run.validation)}
        keys = [key for key in run.validation if key in first.values()]
    best = {key: best_of(key, run.validation[key], rules) for key in keys}
    return [dict(key=key, iteration=found[0], value=found[1],
                 first=next(iter(run.validation[key].items())))
            for key, found in best.items() if found]


def checkpoint_of(run: Run) -> str | None:
    """The best one, else the newest, as the scripts choose."""
    best = [name for name in run.checkpoints if name.startswith('best_')]
    return next(reversed(best or run.checkpoints), None)


def sampling_command(run: Run) -> str:
    """What makes pictures with the run's best checkpoint."""
    keys = [key for key in run.settings if key.startswith('model.')]
    folder = shlex.quote(str(run.folder))
    if 'model.default_domain' in keys:
        return f'python demo/translation_demo.py {folder} IMAGE'
    if any(key.startswith('model.denoising') for key in keys):
        return f'python demo/ddpm_demo.py {folder}'
    if any(key.endswith('.num_classes') and run.settings[key] != 'None'
           for key in keys):
        return f'python demo/conditional_demo.py {folder}'
    return f'python demo/unconditional_demo.py {folder}'


def _device(run: Run) -> str:
    """The GPUs, or that there is none."""
    names = [value for key, value in run.environment.items()
             if key.startswith('GPU ') and key != 'GPU number']
    if names:
        return ', '.join(names)
    return 'CPU' if run.environment.get('CUDA available') == 'False' else ''


def _duration(time: timedelta) -> str:
    minutes = round(time.total_seconds() / 60)
    if minutes < 2:
        return _seconds(time)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [(days, 'd'), (hours, 'h'), (minutes, 'min')]
    return ' '.join(f'{count} {unit}' for count, unit in parts if count)


def _seconds(time: timedelta) -> str:
    return f'{round(time.total_seconds())} s'
