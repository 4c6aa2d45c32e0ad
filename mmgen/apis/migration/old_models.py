"""0.x models: the 1.x class that trains the same way, and its settings."""
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from mmgen.apis.migration.losses import (GP_DEFAULTS, PATH_DEFAULTS,
                                         PIXEL_DEFAULTS, R1_DEFAULTS,
                                         SHIFT_DEFAULTS, OldLosses, as_list,
                                         read_losses)
from mmgen.apis.migration.report import MODELS, Report

CONSTRUCTOR = 'GenOptimWrapperConstructor'
PENALTY_NAMES = {'loss_weight': 'r1_loss_weight', 'interval': 'r1_interval',
                 'norm_mode': 'norm_mode'}
# 0.x wrote Adam's betas for SinGAN into the class.
SINGAN_BETAS = (0.5, 0.999)
# What settings of a 0.x train_cfg said that classes of 1.x know by themselves.
KNOWN_BY_CLASS = ('real_img_key', 'curr_scale')


@dataclass
class NewModel:
    """What the rest of the config has to know of its model.

    Attributes:
        config: The settings of the model.
        kind: ``'gan'``, ``'singan'``, ``'translation'`` or ``'diffusion'``.
        use_ema: Whether 0.x kept an average.
        turn: Iterations from one turn of the generator to the next.
        accumulated: Batches for one update.
        stretch: Iterations here for one of 0.x.
        optimizers: Those that 0.x had within ``train_cfg``; None for those
            of the config.
        further_optim: What ``optim_wrapper`` has beside the optimisers.
        constructor: Type of the constructor of the optimisers.
    """

    config: dict[str, Any]
    kind: str = 'gan'
    use_ema: bool = False
    turn: int = 1
    accumulated: int = 1
    stretch: int = 1
    optimizers: dict[str, dict] | None = None
    further_optim: dict[str, Any] = field(default_factory=dict)
    constructor: str = CONSTRUCTOR


def translate_model(old: dict, report: Report) -> NewModel:
    """Take the model, with its train_cfg and test_cfg, out of a 0.x config.

    Raises:
        ValueError: There is no model, or one of a type that is not known.
    """
    model = old.pop('model', None)
    if not isinstance(model, dict) or model.get('type') not in TRANSLATORS:
        kind = model.get('type') if isinstance(model, dict) else model
        raise ValueError(
            f'model has the type {kind!r}, expected one of 0.x: '
            f'{", ".join(TRANSLATORS)}. Write your own class for 1.x, and its '
            'config by hand.')
    kind = model.pop('type')
    train, test = ({**(model.pop(name, None) or {}),
                    **(old.pop(name, None) or {})}
                   for name in ('train_cfg', 'test_cfg'))
    new = TRANSLATORS[kind](model, train, report)
    for key in KNOWN_BY_CLASS:
        if key in train:
            report.left(MODELS, f'train_cfg.{key}={train.pop(key)!r}: the '
                        'class knows it by itself.')
    if test:
        report.left(MODELS, f'test_cfg={test}: sampling is told by the '
                    'metrics and pictures, with sample_model and '
                    'sample_kwargs.')
    report.rest(MODELS, 'train_cfg', train, 'model')
    report.rest(MODELS, 'model', model, 'model')
    name = new.config['type']
    report.done(MODELS, f'{kind} with its losses became {name}.')
    return new


def _networks(model: dict, names: tuple[str, ...] = ('generator',
                                                     'discriminator')) -> dict:
    found = {}
    for name in names:
        network = model.pop(name, None)
        if network is not None:
            found[name] = network
    return found


# ------------------------------------------------- generator and discriminator


def choose_class(losses: OldLosses, generator: str,
                 with_classes: bool) -> tuple[str, dict]:
    """Class and ``loss_config`` with the losses' combination."""
    gan_type = losses.gan_type
    penalties = {loss.get('type') for loss in (*losses.disc, *losses.gen)}
    lazy = penalties & {'R1GradientPenalty', 'GeneratorPathRegularizer'}
    # BCE on logits is the same as softplus.
    if gan_type == 'wgan-logistic-ns' or (gan_type == 'vanilla' and lazy):
        name = 'StyleGAN3' if generator == 'StyleGANv3Generator' \
            else 'StyleGAN2'
        return name, _lazy_penalties(losses, name)
    if gan_type == 'wgan' and not with_classes:
        penalty = losses.take_one('GradientPenaltyLoss', GP_DEFAULTS) or dict(
            loss_weight=0.0, norm_mode='HWC')
        return 'WGANGP', dict(
            gp_loss_weight=penalty['loss_weight'],
            gp_norm_mode=penalty['norm_mode'])
    if with_classes:
        if gan_type != 'hinge':
            losses.report.look(
                MODELS, f'gan_type={gan_type!r} with classes: no class of 1.x '
                'has both; those with classes have the hinge.', 'model')
        for family in ('BigGAN', 'SAGAN'):
            if generator.startswith(family):
                return family, {}
        return 'SNGAN', {}
    by_loss = dict(vanilla='DCGAN', lsgan='LSGAN', hinge='GGAN')
    if gan_type not in by_loss:
        losses.report.look(
            MODELS, f'gan_type={gan_type!r}: no class of 1.x has it. DCGAN '
            'stands there, whose losses are others.', 'model')
    return by_loss.get(gan_type, 'DCGAN'), {}


def _lazy_penalties(losses: OldLosses, owner: str) -> dict:
    """R1 and path length, each with its interval; weight 0 for none."""
    r1 = losses.take_one('R1GradientPenalty', R1_DEFAULTS)
    config = {new: r1[old] for old, new in PENALTY_NAMES.items()} if r1 \
        else dict(r1_loss_weight=0.0)
    if owner == 'StyleGAN3':
        return config
    path = losses.take_one('GeneratorPathRegularizer', PATH_DEFAULTS, 'gen')
    if path is None:
        return dict(config, g_reg_weight=0.0)
    losses.expect(owner, "GeneratorPathRegularizer's decay", path['decay'],
                  0.01)
    losses.expect(owner, "GeneratorPathRegularizer's pl_batch_size",
                  path['pl_batch_size'], None)
    if not path['sync_mean_buffer']:
        losses.report.left(
            MODELS, "GeneratorPathRegularizer's sync_mean_buffer=False: the "
            'mean length is that of all processes now.')
    return dict(
        config, g_reg_weight=path['loss_weight'],
        g_reg_interval=path['interval'],
        pl_batch_shrink=path['pl_batch_shrink'])


def _gan(model: dict, train: dict, report: Report) -> NewModel:
    """StaticUnconditionalGAN and BasiccGAN."""
    losses = read_losses(model, report)
    networks = _networks(model)
    generator = networks.get('generator', {})
    num_classes = model.pop('num_classes', generator.get('num_classes')) or 0
    name, loss_config = choose_class(
        losses, str(generator.get('type')), num_classes > 0)
    losses.refuse_rest(name)
    config = dict(type=name)
    if num_classes:
        config['num_classes'] = num_classes
    config.update(data_preprocessor=dict(type='GANDataPreprocessor'),
                  **networks)
    new = NewModel(config, use_ema=train.pop('use_ema', False))
    _steps(new, train, report)
    if loss_config:
        config['loss_config'] = loss_config
    return new


def _steps(new: NewModel, train: dict, report: Report) -> None:
    """Steps and accumulation, by the arithmetic of section 4."""
    disc = train.pop('disc_steps', 1)
    gen = train.pop('gen_steps', 1)
    batches = train.pop('batch_accumulation_steps', 1)
    new.turn, new.accumulated = disc, batches
    updates = max(disc // batches, 1)
    new.config.update(generator_steps=gen, discriminator_steps=updates)
    report.done(
        4, f'disc_steps={disc}, gen_steps={gen}, batch_accumulation_steps='
        f'{batches} became discriminator_steps={updates} ({disc} // '
        f'{batches}), generator_steps={gen} and accumulative_counts='
        f'{batches}.')
    if disc % batches:
        report.look(
            4, f'disc_steps={disc} is no multiple of batch_accumulation_steps'
            f'={batches}: 0.x took a turn of the generator between two '
            'updates of the discriminator, which 1.x cannot.',
            'model.discriminator_steps')


def _mspie(model: dict, train: dict, report: Report) -> NewModel:
    """MSPIEStyleGAN2."""
    settings = {key: train.pop(key) for key in (
        'num_upblocks', 'multi_input_scales', 'multi_scale_probability')
        if key in train}
    new = _gan(model, train, report)
    if new.config['type'] != 'StyleGAN2':
        report.look(MODELS, 'MSPIEStyleGAN2 had the losses of '
                    f'{new.config["type"]}; in 1.x it has those of '
                    'StyleGAN2.', 'model')
        new.config.pop('loss_config', None)
    new.config['type'] = 'MSPIEStyleGAN2'
    new.config['train_settings'] = settings
    return new


# ------------------------------------------------------------ growing, pyramid


def _growing(model: dict, train: dict, report: Report) -> NewModel:
    """ProgressiveGrowingGAN and StyleGANV1."""
    losses = read_losses(model, report)
    if losses.gan_type == 'wgan-logistic-ns':
        name = 'StyleGANv1'
        weights = dict(r1_loss_weight=_weight(
            losses, name, 'R1GradientPenalty', R1_DEFAULTS))
    else:
        name = 'ProgressiveGrowingGAN'
        losses.expect(name, 'gan_type', losses.gan_type, 'wgan')
        weights = dict(gp_loss_weight=_weight(
            losses, name, 'GradientPenaltyLoss', GP_DEFAULTS),
            **_shift_weights(losses, name))
    losses.refuse_rest(name)
    config = dict(
        type=name, data_preprocessor=dict(type='GANDataPreprocessor'),
        **_networks(model))
    config['loss_config'] = weights
    if name == 'StyleGANv1' and 'style_channels' in config['generator']:
        config['style_channels'] = config['generator']['style_channels']
    for key in ('nkimgs_per_scale', 'transition_kimgs', 'prev_stage',
                'interp_real'):
        if key in train:
            config[key] = train.pop(key)
    if train.pop('disc_steps', 1) != 1:
        report.look(4, f'{name} takes one update of the discriminator for '
                    'one of the generator.', 'model')
    new = NewModel(config, use_ema=train.pop('use_ema', False),
                   constructor='PGGANOptimWrapperConstructor')
    new.optimizers = train.pop('optimizer_cfg', None)
    rates = {}
    for network, letter in (('generator', 'g'), ('discriminator', 'd')):
        base = train.pop(f'{letter}_lr_base', None)
        if base is not None and new.optimizers:
            new.optimizers[network]['lr'] = base
        schedule = train.pop(f'{letter}_lr_schedule', None)
        if schedule:
            rates[network] = {str(k): v for k, v in schedule.items()}
    if rates:
        new.further_optim['lr_schedule'] = rates
        report.done(4, 'g_lr_schedule and d_lr_schedule became '
                    'optim_wrapper.lr_schedule.')
    reset = train.pop('reset_optim_for_new_scale', True)
    if not reset:
        new.further_optim['reset_optim_for_new_scale'] = False
    return new


def _weight(losses: OldLosses, owner: str, kind: str, defaults: dict,
            norm_mode: str = 'HWC') -> float:
    """The weight of a penalty whose form the class has fixed; 0 without."""
    loss = losses.take_one(kind, defaults)
    if loss is None:
        return 0.0
    losses.expect(owner, f"{kind}'s norm_mode", loss['norm_mode'],
                  norm_mode)
    losses.expect(owner, f"{kind}'s interval", loss.get('interval', 1), 1)
    return loss['loss_weight']


def _shift_weights(losses: OldLosses, owner: str) -> dict[str, float]:
    """How much PGGAN draws each of D's answers towards 0."""
    weights = dict(real_shift_weight=0.0, fake_shift_weight=0.0)
    for loss in losses.take('DiscShiftLoss', SHIFT_DEFAULTS):
        drawn = loss['data_info'].get('pred', 'disc_pred_real')
        name = drawn.replace('disc_pred_', '') + '_shift_weight'
        if name in weights:
            weights[name] += loss['loss_weight']
        else:
            losses.expect(owner, "DiscShiftLoss's pred", drawn,
                          'disc_pred_real')
    return weights


def _singan(kind: str) -> Callable[[dict, dict, Report], NewModel]:
    """SinGAN and PESinGAN."""

    def translate(model: dict, train: dict, report: Report) -> NewModel:
        losses = read_losses(model, report)
        losses.expect(kind, 'gan_type', losses.gan_type, 'wgan')
        penalty = _weight(losses, kind, 'GradientPenaltyLoss', GP_DEFAULTS,
                          'pixel')
        losses.expect(kind, "GradientPenaltyLoss's weight", penalty, 0.1)
        recon = losses.take_one('MSELoss', PIXEL_DEFAULTS, 'gen')
        losses.expect(kind, "MSELoss's weight",
                      recon['loss_weight'] if recon else 0.0, 10.0)
        losses.refuse_rest(kind)
        config = dict(
            type=kind,
            data_preprocessor=dict(
                type='GANDataPreprocessor', non_image_keys=['input_sample']),
            **_networks(model))
        rounds = train.pop('disc_steps', 3)
        config.update(
            generator_steps=train.pop('generator_steps',
                                      train.pop('gen_steps', 3)),
            discriminator_steps=rounds)
        scales = model.pop('num_scales',
                           config.get('generator', {}).get('num_scales'))
        if scales is not None:
            config['num_scales'] = scales
        for key in ('iters_per_scale', 'noise_weight_init',
                    'lr_scheduler_args', 'fixed_noise_with_pad',
                    'first_fixed_noises_ch'):
            if key in train:
                config[key] = train.pop(key)
        optimizers = {
            name: dict(type='Adam', lr=train.pop(f'lr_{name[0]}', 5e-4),
                       betas=SINGAN_BETAS)
            for name in ('generator', 'discriminator')
        }
        report.done(4, 'lr_g and lr_d of train_cfg became optim_wrapper.')
        if rounds > 1:
            report.done(1, f'0.x made {rounds} updates in an iteration; here '
                        'an iteration has one, so lengths and intervals are '
                        f'{rounds} times as large.')
        return NewModel(
            config, 'singan', train.pop('use_ema', False), stretch=rounds,
            optimizers=optimizers,
            constructor='SinGANOptimWrapperConstructor')

    return translate


# -------------------------------------------------- translation and diffusion


def _translation(kind: str) -> Callable[[dict, dict, Report], NewModel]:
    """Pix2Pix and CycleGAN."""

    def translate(model: dict, train: dict, report: Report) -> NewModel:
        losses = read_losses(model, report)
        losses.expect(kind, 'gan_type', losses.gan_type,
                      dict(Pix2Pix='vanilla', CycleGAN='lsgan')[kind])
        weights = _pixel_weights(losses, kind)
        losses.refuse_rest(kind)
        config = dict(
            type=kind, data_preprocessor=dict(type='GANDataPreprocessor'))
        for key in ('default_domain', 'reachable_domains', 'related_domains'):
            if key in model:
                config[key] = model.pop(key)
        config.update(_networks(model))
        config['discriminator_steps'] = train.pop('disc_steps', 1)
        for key in ('disc_init_steps', 'buffer_size'):
            if key in train:
                config[key] = train.pop(key)
        config['loss_config'] = weights
        return NewModel(config, 'translation', train.pop('use_ema', False))

    return translate


def _pixel_weights(losses: OldLosses, kind: str) -> dict[str, float]:
    """``loss_config`` from the distances, by what they compare."""
    found: dict[str, set] = {}
    for loss in losses.take('L1Loss', PIXEL_DEFAULTS, 'gen'):
        pred = str(loss['data_info'].get('pred', ''))
        name = dict(cycle='cycle_loss_weight', identity='id_loss_weight',
                    fake='pixel_loss_weight').get(pred.split('_')[0])
        found.setdefault(name or pred, set()).add(loss['loss_weight'])
        losses.expect(kind, f'The reduction of the L1Loss of {pred}',
                      loss['reduction'], 'mean')
    wanted = ('pixel_loss_weight', ) if kind == 'Pix2Pix' else (
        'cycle_loss_weight', 'id_loss_weight')
    weights = {}
    for name in wanted:
        values = sorted(found.pop(name, {0.0}))
        weights[name] = values[0]
        for value in values[1:]:
            losses.expect(kind, f'{name} of another domain', value, values[0])
    for name, values in found.items():
        losses.report.look(
            MODELS, f'{kind} has no L1Loss of {name!r} (weight '
            f'{min(values)}).', 'model')
    return weights


def _diffusion(model: dict, train: dict, report: Report) -> NewModel:
    """BasicGaussianDiffusion: the settings are the same."""
    config = dict(type='BasicGaussianDiffusion')
    for key in ('num_timesteps', 'betas_cfg', 'timestep_sampler'):
        if key in model:
            config[key] = model.pop(key)
    config['data_preprocessor'] = dict(type='GANDataPreprocessor')
    config.update(_networks(model, ('denoising', )))
    losses = as_list(model.pop('ddpm_loss', None))
    if losses:
        config['ddpm_loss'] = losses
    return NewModel(
        config, 'diffusion', train.pop('use_ema', False),
        accumulated=train.pop('batch_accumulation_steps', 1))


TRANSLATORS: dict[str, Callable[[dict, dict, Report], NewModel]] = {
    'StaticUnconditionalGAN': _gan,
    'BasiccGAN': _gan,
    'ProgressiveGrowingGAN': _growing,
    'StyleGANV1': _growing,
    'MSPIEStyleGAN2': _mspie,
    'SinGAN': _singan('SinGAN'),
    'PESinGAN': _singan('PESinGAN'),
    'Pix2Pix': _translation('Pix2Pix'),
    'CycleGAN': _translation('CycleGAN'),
    'BasicGaussianDiffusion': _diffusion,
}
