"""0.x evaluation, hooks, pictures, logs and the rest of the run time."""
from typing import Any

from mmgen.apis.migration.losses import as_list
from mmgen.apis.migration.old_models import NewModel
from mmgen.apis.migration.report import Report
from mmgen.apis.migration.writing import Name

# 0.x metric: name here, first part of its prefix, its results and their rules.
METRICS = {
    'FID': ('FID', 'FID-Full', {'fid': 'less'}),
    'IS': ('IS', 'IS', {'is': 'greater'}),
    'PR': ('PR', 'PR', {'precision': 'greater', 'recall': 'greater'}),
    'PPL': ('PPL', 'PPL', {}),
    'SWD': ('SWD', 'SWD', {}),
    'MS_SSIM': ('MS_SSIM', 'MS-SSIM', {}),
    'EQ': ('EQ', 'EQ', {}),
}
TRANSLATION = {'FID': 'TransFID', 'IS': 'TransIS'}
PICTURES = dict(gan='GAN', singan='SinGAN', diffusion='DDPMDenoising',
                translation='Translation')
# The decay that 0.x used where a config gave none.
EMA_DECAY = 0.999
# Settings that are the same in both versions.
SAME = ('work_dir', 'log_level')


def translate_evaluation(old: dict, new: dict, model: NewModel,
                         report: Report) -> tuple[list, list]:
    """Section 2; the keys of the best checkpoints and their rules."""
    evaluation = dict(old.pop('evaluation', None) or {})
    separate = old.pop('metrics', None)
    save, rules = [], []
    if evaluation:
        hook = evaluation.pop('type', 'GenerativeEvalHook')
        _interval(evaluation, new, model, report)
        sampling = dict(evaluation.pop('sample_kwargs', None) or {})
        target = evaluation.pop('target_domain', None)
        found = [_metric(metric, sampling, model, report, 'val_evaluator')
                 for metric in as_list(evaluation.pop('metrics', None))]
        metrics = [metric for metric, _ in found if metric]
        if target and target != model.config.get('default_domain'):
            for metric in metrics:
                metric['fake_key'] = f'fake_{target}'
        new['val_evaluator'] = dict(type='GenEvaluator', metrics=metrics)
        report.done(2, f'{hook} became val_evaluator.')
        if evaluation.pop('save_best_ckpt', True):
            usual = ['fid'] if any('/fid' in str(results)
                                   for _, results in found) else []
            for key in as_list(evaluation.pop('best_metric', usual)):
                _best(key, found, save, rules, report)
        evaluation.pop('best_metric', None)
        report.rest(2, 'evaluation', evaluation, 'val_evaluator')
        new['test_evaluator'] = Name('val_evaluator')
    if separate:
        metrics = separate.values() if 'type' not in separate else [separate]
        found = [_metric(metric, {}, model, report, 'test_evaluator')
                 for metric in metrics]
        new['test_evaluator'] = dict(
            type='GenEvaluator', metrics=[one for one, _ in found if one])
        report.done(2, 'metrics became test_evaluator.')
    return save, rules


def _interval(evaluation: dict, new: dict, model: NewModel,
              report: Report) -> None:
    interval = evaluation.pop('interval', None)
    if interval is None:
        return
    if 'train_cfg' not in new:
        report.look(2, f'evaluation.interval={interval} belongs into '
                    'train_cfg as val_interval, but the length of the '
                    'training is not known.', 'val_evaluator')
        return
    train = new['train_cfg']
    train['val_begin'] = evaluation.pop('start', None) or 1
    if isinstance(interval, dict):
        milestones = [m * model.stretch for m in interval['milestones']]
        steps = [step * model.stretch for step in interval['interval']]
        train['val_interval'] = steps[0]
        train['dynamic_intervals'] = list(zip(milestones, steps[1:]))
    else:
        train['val_interval'] = interval * model.stretch
    report.done(2, f'evaluation.interval={interval} became '
                'train_cfg.val_interval.')


def _metric(old: dict, sampling: dict, model: NewModel,
            report: Report, at: str) -> tuple[dict | None, dict]:
    """A metric under its new names, and its results by their rules."""
    old, sampling = dict(old), dict(sampling)
    kind = old.pop('type')
    if kind not in METRICS:
        report.look(2, f'the metric {kind} has no like: {old}.',
                    at)
        return None, {}
    name, prefix, results = METRICS[kind]
    if model.kind == 'translation':
        name = TRANSLATION.get(kind, name)
    number = old.pop('num_images', None) or 50000
    thousands = f'{number // 1000}k' if number >= 1000 else str(number)
    new: dict[str, Any] = dict(
        type=name, prefix=f'{prefix}-{thousands}', fake_nums=number)
    inception = dict(old.pop('inception_args', None) or {})
    if kind in ('FID', 'IS'):
        style = str(inception.pop('type', 'pytorch'))
        new['inception_style'] = 'StyleGAN' if style.lower() == 'stylegan' \
            else 'PyTorch'
        if inception.get('inception_path'):
            new['inception_path'] = inception.pop('inception_path')
        inception.pop('normalize_input', None)
    statistics = old.pop('inception_pkl', None)
    if statistics:
        report.look(2, f'{kind}: inception_pkl={statistics} was written by '
                    '0.x. The statistics of the real images are made anew, or '
                    'beforehand by tools/utils/inception_stat.py.',
                    at)
    for key in ('bgr2rgb', 'num_real_need', 'use_pillow_resize'):
        if key in old:
            report.left(2, f'{kind}.{key}={old.pop(key)}: the metric knows '
                        'the colours and sizes that it needs.')
    shape = old.pop('image_shape', None)
    if kind == 'SWD' and shape:
        new['image_shape'] = tuple(shape)
    elif shape:
        report.left(2, f'{kind}.image_shape={shape}: the metric sees it.')
    for key in ('space', 'sampling', 'epsilon', 'latent_dim', 'crop', 'k',
                'splits', 'eq_cfg'):
        if key in old:
            new[key] = old.pop(key)
    new['sample_model' if kind != 'EQ' else 'sample_mode'] = sampling.pop(
        'sample_model', 'ema' if model.use_ema else 'orig')
    if sampling and model.kind != 'translation':
        new['sample_kwargs'] = sampling
    elif sampling:
        report.rest(2, 'sample_kwargs', sampling, at)
    report.rest(2, kind, {**old, **inception}, at)
    return new, {f'{new["prefix"]}/{key}': rule
                 for key, rule in results.items()}


def _best(key: str, found: list, save: list, rules: list,
          report: Report) -> None:
    """One of the scores whose best checkpoint is kept."""
    for _, results in found:
        for name, rule in results.items():
            if name.endswith(f'/{key}'):
                save.append(name)
                rules.append(rule)
                report.done(2, f'best_metric {key} became {name} of '
                            f'default_hooks.checkpoint.save_best ({rule}).')
                return
    report.look(2, f'best_metric={key!r} is no result of these metrics that '
                'is known here.', 'default_hooks.checkpoint')


# -------------------------------------------------------------------- hooks


def translate_hooks(old: dict, new: dict, model: NewModel,
                    report: Report) -> None:
    """Section 6, and the average of the weights."""
    hooks, averaged = [], False
    for hook in as_list(old.pop('custom_hooks', None)):
        hook = dict(hook)
        kind = hook['type']
        if kind == 'ExponentialMovingAverageHook':
            averaged = True
            _average(hook, model, report)
        elif kind.startswith(('Visualize', 'MMGenVisualization',
                              'VisualizationHook')):
            hooks.append(_pictures(hook, model, report))
        elif kind in ('PickleDataHook', 'PGGANFetchDataHook'):
            if hook.get('interval', -1) > 0:
                hook['interval'] *= model.stretch
            hook.pop('priority', None)
            hooks.append(hook)
        else:
            new['custom_hooks'] = hooks
            report.look(6, f'the hook {kind} has no like and is left out: '
                        f'{hook}.', 'custom_hooks')
    if hooks:
        new['custom_hooks'] = hooks
    if model.use_ema and not averaged:
        report.left(9, 'use_ema=True without an ExponentialMovingAverageHook: '
                    'the average was never moved, so there is none.')
        model.use_ema = False


def _pictures(hook: dict, model: NewModel, report: Report) -> dict:
    kind = hook.pop('type')
    new: dict[str, Any] = dict(
        type='GenVisualizationHook',
        interval=hook.pop('interval', 1000) * model.stretch,
        fixed_input=True)
    for old_key, key in (('num_samples', 'n_samples'), ('nrow', 'n_row')):
        if old_key in hook:
            new[key] = hook.pop(old_key)
    if 'n_samples' in new and new.get('n_row', 8) > new['n_samples']:
        new['n_row'] = new['n_samples']
    picture = dict(type=PICTURES[model.kind], name='fake_img')
    sampling = dict(hook.pop('kwargs', None) or {})
    if 'sample_model' in sampling:
        picture['sample_model'] = sampling.pop('sample_model')
    if sampling:
        picture['sample_kwargs'] = sampling
    new['vis_kwargs_list'] = picture
    report.done(6, f'{kind} became GenVisualizationHook; the visualizer '
                'writes its pictures into the work directory.')
    if hook:
        report.left(6, f'{kind}: {hook} said where and how pictures were '
                    'written and which of the results of a step; the '
                    'visualizer and the model know that.')
    return new


def _average(hook: dict, model: NewModel, report: Report) -> None:
    """Into the model's ``ema_config``.

    0.x took the average after every iteration, also those in which the
    generator stood still; here it is taken once after each turn of the
    generator.
    """
    kept = ('module_keys', 'priority', 'type', 'interp_mode', 'by_epoch')
    interval = hook.pop('interval', 1)
    start = hook.pop('start_iter', 0)
    momentum = dict(hook.pop('interp_cfg', None) or {})
    policy = hook.pop('momentum_policy', 'fixed')
    ramp = dict(hook.pop('momentum_cfg', None) or {})
    if policy == 'rampup':
        ema = dict(type='RampUpEMA', interval=interval, **ramp)
    else:
        decay = momentum.pop('momentum', EMA_DECAY)
        every = interval
        times, rest = divmod(model.turn, interval)
        if rest and interval % model.turn == 0:
            interval, times, rest = interval // model.turn, 1, 0
        elif not rest:
            interval = 1
        if rest:
            report.look(9, f'the average had an interval of {interval} '
                        f'iterations, the generator a turn in {model.turn}; '
                        'they do not fit each other.', 'model.ema_config')
            times = 1
        ema = dict(type='ExponentialMovingAverage', interval=interval,
                   momentum=round(1 - decay**times, 12))
        report.done(
            9, f'the average kept {decay} of itself in {every} iterations; '
            f'ema_config.momentum={ema["momentum"]} is the share of the new '
            f'weights in a turn of the generator, {model.turn} iterations.')
    still = momentum.pop('momentum_nontrainable', 0.0)
    if still:
        ema['update_buffers'] = True
    if start:
        ema['start_iter'] = start // model.turn
    report.rest(9, 'interp_cfg', momentum, 'model')
    for key in kept:
        hook.pop(key, None)
    report.rest(9, 'ExponentialMovingAverageHook', hook, 'model')
    # The spelling is that of 1.x.
    name = 'ema_confg' if model.kind == 'singan' else 'ema_config'
    if model.kind == 'translation':
        report.look(9, 'translation models have no average in 1.x.', 'model')
        return
    model.config[name] = ema
    model.use_ema = True


# ----------------------------------------------------------------- run time


def translate_runtime(old: dict, new: dict, model: NewModel, best: tuple,
                      report: Report) -> None:
    """Section 9."""
    checkpoint = dict(old.pop('checkpoint_config', None) or {})
    log = dict(old.pop('log_config', None) or {})
    interval = checkpoint.pop('interval', 10000) * model.stretch
    if checkpoint.pop('by_epoch', False):
        report.look(9, 'checkpoint_config counted in epochs; its interval is '
                    'taken as iterations.', 'default_hooks.checkpoint')
    checkpoint.pop('create_symlink', None)
    save, rules = best
    hook = dict(type='CheckpointHook', interval=interval, by_epoch=False,
                save_optimizer=checkpoint.pop('save_optimizer', True))
    for key in ('max_keep_ckpts', 'out_dir', 'save_last', 'filename_tmpl'):
        if key in checkpoint:
            hook[key] = checkpoint.pop(key)
    if save:
        for rule, name in (('less', 'less_keys'), ('greater',
                                                   'greater_keys')):
            keys = [key for key, r in zip(save, rules) if r == rule]
            if keys:
                hook[name] = keys
        hook.update(save_best=save, rule=rules)
    backends = _backends(log, report)
    new['default_hooks'] = dict(
        timer=dict(type='GenIterTimerHook'),
        logger=dict(type='LoggerHook', interval=log.pop('interval', 100),
                    log_metric_by_epoch=False),
        checkpoint=hook)
    report.done(9, 'checkpoint_config and log_config became '
                'default_hooks.checkpoint and default_hooks.logger.')
    report.rest(9, 'checkpoint_config', checkpoint,
                'default_hooks.checkpoint')
    report.rest(9, 'log_config', log, 'default_hooks.logger')
    new['log_processor'] = dict(type='GenLogProcessor', by_epoch=False)
    new['vis_backends'] = backends
    new['visualizer'] = dict(
        type='GenVisualizer', vis_backends=Name('vis_backends'))
    _resume(old, new, report)
    _environment(old, new, report)


def _backends(log: dict, report: Report) -> list[dict]:
    """What writes scalars and pictures, from the hooks of the log."""
    types = dict(TensorboardLoggerHook='TensorboardGenVisBackend',
                 WandbLoggerHook='WandbGenVisBackend')
    backends = [dict(type='GenVisBackend')]
    for hook in as_list(log.pop('hooks', None)):
        hook = dict(hook)
        kind = hook.pop('type')
        hook.pop('by_epoch', None)
        if kind in types:
            kept = {key: hook.pop(key) for key in ('init_kwargs', )
                    if key in hook}
            backends.append(dict(type=types[kind], **kept))
            report.done(6, f'{kind} became {types[kind]}.')
        elif kind != 'TextLoggerHook':
            report.look(6, f'{kind} has no backend here.', 'vis_backends')
        if hook:
            report.left(9, f'{kind}: {hook}; the logger and the backends have '
                        'settings of their own.')
    return backends


def _resume(old: dict, new: dict, report: Report) -> None:
    load, resume = old.pop('load_from', None), old.pop('resume_from', None)
    new['load_from'] = resume or load
    new['resume'] = bool(resume)
    report.done(9, f'load_from={load}, resume_from={resume} became '
                f'load_from={new["load_from"]} and resume={new["resume"]}.')
    if resume:
        report.look(9, 'a checkpoint of 0.x has another optimiser state and '
                    'cannot be resumed. Bring it over with '
                    'tools/migrate/checkpoint.py and set resume=False.',
                    'resume')


def _environment(old: dict, new: dict, report: Report) -> None:
    dist = old.pop('dist_params', None)
    start = old.pop('mp_start_method', None)
    threads = old.pop('opencv_num_threads', None)
    new['env_cfg'] = dict(
        cudnn_benchmark=bool(old.pop('cudnn_benchmark', False)),
        mp_cfg=dict(mp_start_method=start or 'fork',
                    opencv_num_threads=threads or 0),
        dist_cfg=dict(dist or dict(backend='nccl')))
    report.done(9, f'dist_params={dist} became env_cfg.dist_cfg.')
    seed = old.pop('seed', None)
    deterministic = old.pop('deterministic', None)
    if seed is not None or deterministic is not None:
        new['randomness'] = dict(
            seed=seed, diff_rank_seed=True,
            deterministic=bool(deterministic))
        report.done(9, f'seed={seed} became randomness.')
    for key in SAME:
        if key in old:
            new[key] = old.pop(key)
    if 'workflow' in old:
        report.left(9, f'workflow={old.pop("workflow")}: there are none now; '
                    'validation is in train_cfg.')
