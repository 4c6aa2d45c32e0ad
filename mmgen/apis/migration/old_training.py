"""0.x settings of the training: length, processes, optimisers, schedules."""
from typing import Any

from mmgen.apis.migration.losses import as_list
from mmgen.apis.migration.old_models import NewModel
from mmgen.apis.migration.report import Report

# mmcv's default ratio of a warm-up.
WARMUP_RATIO = 0.1


def translate_runner(old: dict, new: dict, model: NewModel,
                     report: Report) -> dict[str, Any]:
    """Sections 1, 3 and 7; what half precision asks of each wrapper."""
    runner = dict(old.pop('runner', None) or {})
    old_type = runner.pop('type', None)
    length = old.pop('total_iters', None)
    if length is None:
        length = runner.pop('max_iters', None)
    runner.pop('max_iters', None)
    if length is not None:
        new['train_cfg'] = dict(
            by_epoch=False, max_iters=length * model.stretch)
        report.done(1, f'total_iters={length} became train_cfg.max_iters.')
    for epochs in ('total_epochs', 'max_epochs'):
        count = old.pop(epochs, runner.pop(epochs, None))
        if count is not None:
            new.setdefault('train_cfg', dict(by_epoch=False, max_iters=None))
            report.look(1, f'{epochs}={count}: trainings are counted in '
                        'iterations. Set max_iters to the number of epochs '
                        'times the batches of one.', 'train_cfg')
    if old_type:
        report.done(1, f'{old_type}: the runner and its loops are known from '
                    'train_cfg.')
    runner.pop('pass_training_status', None)
    _processes(old, runner, new, report)
    half = _half_precision(old, runner, report)
    if runner:
        new.setdefault('train_cfg', dict(by_epoch=False, max_iters=None))
        report.rest(1, 'runner', runner, 'train_cfg')
    return half


def _processes(old: dict, runner: dict, new: dict, report: Report) -> None:
    """Section 3: dynamic models look for parameters without a gradient."""
    dynamic = runner.pop('is_dynamic_ddp', None)
    wrapper = old.pop('use_ddp_wrapper', None)
    find = old.pop('find_unused_parameters', None)
    if dynamic is None and wrapper is None and find is None:
        return
    new['model_wrapper_cfg'] = dict(
        type='MMSeparateDistributedDataParallel',
        broadcast_buffers=False,
        find_unused_parameters=bool(dynamic or find))
    report.done(
        3, f'is_dynamic_ddp={dynamic}, use_ddp_wrapper={wrapper}, '
        f'find_unused_parameters={find} became model_wrapper_cfg, a '
        f'{"dynamic" if dynamic else "static"} model.')


def _half_precision(old: dict, runner: dict, report: Report) -> dict:
    """Section 7; what each optimiser wrapper is told."""
    scaler = runner.pop('fp16_loss_scaler', None)
    fp16 = old.pop('fp16', None)
    apex = (runner.pop('use_apex_amp', None) or old.pop('use_apex_amp', None),
            old.pop('apex_amp', None))
    if scaler is None and fp16 is None and not any(apex):
        return {}
    report.done(
        7, 'half precision '
        f'(fp16_loss_scaler={scaler}, fp16={fp16}, apex={apex[1]}) became '
        'AmpOptimWrapper around the whole forward pass, with a dynamic loss '
        'scale.')
    half = dict(type='AmpOptimWrapper', loss_scale='dynamic')
    if scaler and 'init_scale' in scaler:
        half['loss_scale'] = dict(init_scale=float(scaler['init_scale']))
    return half


# ---------------------------------------------------------------- optimisers


def translate_optimizers(old: dict, new: dict, model: NewModel, half: dict,
                         report: Report) -> None:
    """Section 4."""
    clip = old.pop('optimizer_config', None)
    if clip:
        report.left(4, f'optimizer_config={clip}: the models of 0.x stepped '
                    'their optimisers themselves, so it did nothing. '
                    'clip_grad of a wrapper does it now.')
    given = old.pop('optimizer', None)
    optimizers = model.optimizers or given
    if model.optimizers and given:
        report.left(4, f'optimizer={given}: this model of 0.x built its own.')
    if not optimizers:
        return
    if 'type' in optimizers:
        optimizers = dict(denoising=optimizers) if model.kind == 'diffusion' \
            else dict(generator=optimizers, discriminator=dict(optimizers))
    wrappers = {}
    for name, optimizer in optimizers.items():
        optimizer = with_float_betas(dict(optimizer), f'optimizer.{name}',
                                     report)
        wrapper: dict[str, Any] = {}
        if model.accumulated > 1:
            wrapper['accumulative_counts'] = model.accumulated
        for key in ('constructor', 'paramwise_cfg'):
            if key in optimizer:
                wrapper[key] = optimizer.pop(key)
        wrappers[name] = dict(wrapper, optimizer=optimizer, **half)
    new['optim_wrapper'] = dict(
        constructor=model.constructor, **wrappers, **model.further_optim)
    report.done(4, f'the optimisers of {", ".join(wrappers)} became '
                f'optim_wrapper, built by {model.constructor}.')


def with_float_betas(optimizer: dict, where: str, report: Report) -> dict:
    """Write whole numbers among betas as floats, which torch asks for."""
    betas = optimizer.get('betas')
    if betas is not None and any(isinstance(beta, int) for beta in betas):
        optimizer['betas'] = tuple(float(beta) for beta in betas)
        report.done(4, f'{where}: betas are floats, {optimizer["betas"]}.')
    return optimizer


# ----------------------------------------------------------------- schedules


def translate_schedule(old: dict, new: dict, report: Report) -> None:
    """Section 5."""
    config = dict(old.pop('lr_config', None) or {})
    momentum = old.pop('momentum_config', None)
    if momentum:
        new['param_scheduler'] = []
        report.look(5, f'momentum_config={momentum} is not translated. '
                    'Schedulers of the momentum are those of MMEngine.',
                    'param_scheduler')
    policy = config.pop('policy', 'fixed')
    if policy == 'fixed' and 'warmup' not in config:
        if config:
            report.left(5, f'lr_config {config}: a fixed rate has no other '
                        'settings.')
        return
    if config.pop('by_epoch', True):
        report.look(5, 'lr_config counted in epochs (its by_epoch was True or '
                    'missing); the numbers are taken as iterations.',
                    'param_scheduler')
        new['param_scheduler'] = []
    schedulers = _warmup(config, report)
    end = (new.get('train_cfg') or {}).get('max_iters')
    rates = {name: wrapper['optimizer'].get('lr')
             for name, wrapper in new.get('optim_wrapper', {}).items()
             if isinstance(wrapper, dict) and 'optimizer' in wrapper}
    if policy == 'Linear':
        new['param_scheduler'] = _staircases(config, rates, end)
    else:
        main = _scheduler(policy, config, end)
        if main is None and policy != 'fixed':
            new['param_scheduler'] = []
            report.look(5, f'policy={policy!r} has no scheduler that is known '
                        f'here; it had {config}.', 'param_scheduler')
            config = {}
        schedulers += as_list(main)
        new['param_scheduler'] = schedulers
    report.rest(5, 'lr_config', config, 'param_scheduler')
    report.done(5, f'lr_config with policy={policy!r} became '
                'param_scheduler.')


def _staircases(config: dict, rates: dict, end: int | None) -> dict:
    """The policy ``Linear``; its own for each rate where they differ."""
    common = dict(
        type='LinearLrInterval',
        interval=config.pop('interval', 1),
        by_epoch=False)
    target = config.pop('target_lr', 0)
    start = config.pop('start', 0)
    by_name = {
        name: dict(common, start_factor=rate, end_factor=target, begin=start,
                   end=end) for name, rate in rates.items()
    }
    if len(set(rates.values())) == 1:
        return next(iter(by_name.values()))
    return by_name


def _warmup(config: dict, report: Report) -> list[dict]:
    kind = config.pop('warmup', None)
    length = config.pop('warmup_iters', 0)
    ratio = config.pop('warmup_ratio', WARMUP_RATIO)
    if config.pop('warmup_by_epoch', False):
        report.look(5, 'warmup_iters was in epochs; it is taken as '
                    'iterations.', 'param_scheduler')
    if kind is None:
        return []
    types = dict(linear='LinearLR', constant='ConstantLR')
    if kind not in types:
        report.look(5, f'warmup={kind!r} has no scheduler here; it is linear '
                    'now.', 'param_scheduler')
    first = 'factor' if kind == 'constant' else 'start_factor'
    return [{'type': types.get(kind, 'LinearLR'), first: ratio,
             'by_epoch': False, 'begin': 0, 'end': length}]


def _scheduler(policy: str, config: dict, end: int | None) -> dict | None:
    """One of mmcv's usual policies; None for others."""
    if policy in ('step', 'Step'):
        step, gamma = config.pop('step'), config.pop('gamma', 0.1)
        if isinstance(step, int):
            return dict(type='StepLR', step_size=step, gamma=gamma,
                        by_epoch=False)
        return dict(type='MultiStepLR', milestones=list(step), gamma=gamma,
                    by_epoch=False)
    if policy == 'CosineAnnealing':
        goal = {key: config.pop(old) for old, key in (
            ('min_lr', 'eta_min'), ('min_lr_ratio', 'eta_min_ratio'))
            if config.get(old) is not None}
        return dict(type='CosineAnnealingLR', T_max=end, by_epoch=False,
                    **goal)
    if policy == 'poly':
        return dict(type='PolyLR', power=config.pop('power', 1.0),
                    eta_min=config.pop('min_lr', 0.0), begin=0, end=end,
                    by_epoch=False)
    if policy == 'exp':
        return dict(type='ExponentialLR', gamma=config.pop('gamma'),
                    by_epoch=False)
    return None
