"""Configs of 0.x and 1.x, and what the migration makes of them.

The configs are written here from what the versions accept; networks are as
small as their classes allow.
"""
import runpy
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

from mmgen.apis.migration import MUST_LOOK, REFUSED, migrate_config
from mmgen.apis.migration.writing import Name, config_text
from mmgen.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS
from mmgen.structures import GenDataSample

TOOL = Path(__file__).resolve().parents[2] / 'tools/migrate/config.py'

DCGAN = """
    generator=dict(type='DCGANGenerator', output_scale=16, base_channels=8,
                   noise_size=10),
    discriminator=dict(type='DCGANDiscriminator', input_scale=16,
                       output_scale=4, out_channels=1),
"""
STYLEGAN2 = """
    generator=dict(type='StyleGANv2Generator', out_size=16,
                   style_channels=16),
    discriminator=dict(type='StyleGAN2Discriminator', in_size=16),
"""
ADAM = """
optimizer = dict(
    generator=dict(type='Adam', lr=0.0002, betas=(0, 0.99)),
    discriminator=dict(type='Adam', lr=0.0002, betas=(0, 0.99)))
"""


def gan(networks, gan_type, more='', train='', kind='StaticUnconditionalGAN'):
    return (f"model = dict(type={kind!r}, {networks} gan_loss=dict("
            f"type='GANLoss', gan_type={gan_type!r}), {more})\n"
            f'train_cfg = dict({train})\n{ADAM}total_iters = 1000\n')


R1 = ("dict(type='R1GradientPenalty', loss_weight=80, interval=16, "
      "norm_mode='HWC', data_info=dict(real_data='real_imgs'))")
PATH = ("dict(type='GeneratorPathRegularizer', loss_weight=8, interval=4, "
        'pl_batch_shrink=2)')
GP = ("dict(type='GradientPenaltyLoss', loss_weight={}, norm_mode={!r}, "
      "data_info=dict(discriminator='disc_partial'))")
L1 = "dict(type='L1Loss', loss_weight={}, data_info=dict(pred={!r}))"


@pytest.fixture
def migrate(tmp_path):
    """Text of an old config to the new settings and the report."""

    def run(text, name='old.py'):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        new, report = migrate_config(path)
        return Config.fromstring(new, '.py'), report

    return run


def texts(report, kind):
    return ' '.join(str(entry) for entry in report.entries
                    if entry.kind == kind)


LOOK = 'A person must look'


# ------------------------------------------------------------ models, losses


BIGGAN = """
model = dict(
    type='BasiccGAN',
    generator=dict(
        type='BigGANGenerator', output_scale=128, noise_size=120,
        num_classes=1000, base_channels=96, shared_dim=128,
        with_shared_embedding=True, sn_eps=1e-6, init_type='ortho',
        act_cfg=dict(type='ReLU', inplace=True), split_noise=True,
        auto_sync_bn=False),
    discriminator=dict(
        type='BigGANDiscriminator', input_scale=128, num_classes=1000,
        base_channels=96, sn_eps=1e-6, init_type='ortho',
        act_cfg=dict(type='ReLU', inplace=True), with_spectral_norm=True),
    gan_loss=dict(type='GANLoss', gan_type='hinge'))
train_cfg = dict(
    disc_steps=8, gen_steps=1, batch_accumulation_steps=8, use_ema=True)
optimizer = dict(
    generator=dict(type='Adam', lr=0.0001, betas=(0.0, 0.999), eps=1e-6),
    discriminator=dict(type='Adam', lr=0.0004, betas=(0.0, 0.999), eps=1e-6))
"""


def test_the_example_of_the_notes_comes_out_as_they_have_it(migrate):
    new, report = migrate(BIGGAN)
    networks = Config.fromstring(BIGGAN, '.py').model
    assert new.model == dict(
        type='BigGAN',
        num_classes=1000,
        data_preprocessor=dict(type='GANDataPreprocessor'),
        generator=networks.generator,
        discriminator=networks.discriminator,
        generator_steps=1,
        discriminator_steps=1)
    assert new.optim_wrapper == dict(
        constructor='GenOptimWrapperConstructor',
        generator=dict(
            accumulative_counts=8,
            optimizer=dict(
                type='Adam', lr=0.0001, betas=(0.0, 0.999), eps=1e-6)),
        discriminator=dict(
            accumulative_counts=8,
            optimizer=dict(
                type='Adam', lr=0.0004, betas=(0.0, 0.999), eps=1e-6)))
    assert report.status == 0
    assert 'discriminator_steps=1 (8 // 8)' in str(report)
    assert 'section 4, Optimizer' in str(report)


SINGAN = "generator=dict(type='SinGANMultiScaleGenerator', in_channels=3, " \
    'out_channels=3, num_scales=2), discriminator=dict(' \
    "type='SinGANMultiScaleDiscriminator', in_channels=3, num_scales=2),"
PESINGAN = "generator=dict(type='SinGANMSGeneratorPE', in_channels=3, " \
    'out_channels=3, num_scales=2, padding=1, pad_at_head=False, ' \
    'first_stage_in_channels=8, positional_encoding=dict(' \
    "type='SPE', embedding_dim=4, padding_idx=0)), discriminator=dict(" \
    "type='SinGANMultiScaleDiscriminator', in_channels=3, num_scales=2),"
UNET = "generator=dict(type='UnetGenerator', in_channels=3, out_channels=3, " \
    "num_down=5, base_channels=4), discriminator=dict(" \
    "type='PatchDiscriminator', in_channels={}, base_channels=4), " \
    "default_domain='a', reachable_domains={}, related_domains=['a', 'b'],"
COND = "generator=dict(type={!r}, output_scale=32, num_classes=3, " \
    "base_channels=8), discriminator=dict(type='ProjDiscriminator', " \
    'input_scale=32, num_classes=3, base_channels=8),'
STYLEGAN3 = "generator=dict(type='StyleGANv3Generator', out_size=16, " \
    "style_channels=16, img_channels=3, noise_size=16, synthesis_cfg=dict(" \
    "type='SynthesisNetwork', channel_base=512, channel_max=16)), " \
    "discriminator=dict(type='StyleGAN2Discriminator', in_size=16),"
WGAN = "generator=dict(type='WGANGPGenerator', noise_size=8, out_scale=16), " \
    "discriminator=dict(type='WGANGPDiscriminator', in_channel=3, " \
    'in_scale=16),'
PGGAN = "generator=dict(type='PGGANGenerator', noise_size=8, out_scale=8, " \
    "base_channels=16, max_channels=8), discriminator=dict(" \
    "type='PGGANDiscriminator', in_scale=8, base_channels=16, " \
    'max_channels=8),'
STYLEGAN1 = "generator=dict(type='StyleGANv1Generator', out_size=8, " \
    "style_channels=16), discriminator=dict(type='StyleGAN1Discriminator', " \
    'in_size=8),'
MSPIE = "generator=dict(type='MSStyleGANv2Generator', out_size=16, " \
    "style_channels=16, deconv2conv=True, up_after_conv=True, up_config=" \
    "dict(scale_factor=2, mode='bilinear', align_corners=True)), " \
    "discriminator=dict(type='MSStyleGAN2Discriminator', in_size=16, " \
    'with_adaptive_pool=True),'
GROWING = ("nkimgs_per_scale={'4': 6, '8': 12}, transition_kimgs=6, "
           "g_lr_base=0.001, d_lr_base=0.002, g_lr_schedule={'8': 0.0015}, "
           'optimizer_cfg=dict(generator=dict(type="Adam", lr=0.1, '
           'betas=(0, 0.99)), discriminator=dict(type="Adam", lr=0.1, '
           'betas=(0, 0.99)))')
MSE = "dict(type='MSELoss', loss_weight=10, data_info=dict(pred='recon'))"
SHIFT = "dict(type='DiscShiftLoss', loss_weight={}, " \
    "data_info=dict(pred='disc_pred_{}'))"

OF_BOTH = 'optimizer = dict(generators=optimizer["generator"], ' \
    'discriminators=optimizer["discriminator"])\n'

# Old config, then what the new model has.
FAMILIES = {
    'DCGAN': (gan(DCGAN, 'vanilla'), {}),
    'LSGAN': (gan(DCGAN, 'lsgan'), {}),
    'GGAN': (gan(DCGAN, 'hinge'), {}),
    'WGANGP': (
        gan(WGAN, 'wgan', f"disc_auxiliary_loss={GP.format(50, 'HWC')}",
            'disc_steps=5'),
        dict(discriminator_steps=5,
             loss_config=dict(gp_loss_weight=50, gp_norm_mode='HWC'))),
    'StyleGAN2': (
        gan(STYLEGAN2, 'wgan-logistic-ns', f'disc_auxiliary_loss={R1}, '
            f'gen_auxiliary_loss={PATH}'),
        dict(loss_config=dict(
            r1_loss_weight=80, r1_interval=16, norm_mode='HWC',
            g_reg_weight=8, g_reg_interval=4, pl_batch_shrink=2))),
    'StyleGAN3': (
        gan(STYLEGAN3, 'wgan-logistic-ns', f'disc_auxiliary_loss={R1}'),
        dict(loss_config=dict(
            r1_loss_weight=80, r1_interval=16, norm_mode='HWC'))),
    'SNGAN': (gan(COND.format('SNGANGenerator'), 'hinge', '', 'disc_steps=5',
                  'BasiccGAN'), dict(discriminator_steps=5, num_classes=3)),
    'SAGAN': (gan(COND.format('SAGANGenerator'), 'hinge', '', 'disc_steps=5',
                  'BasiccGAN'), dict(discriminator_steps=5, num_classes=3)),
    'BigGAN': (
        BIGGAN.replace('=128', '=32').replace('=1000', '=3')
        .replace('base_channels=96', 'base_channels=4')
        .replace('=120', '=16'),
        dict(num_classes=3, discriminator_steps=1)),
    'MSPIEStyleGAN2': (
        gan(MSPIE, 'wgan-logistic-ns', f'disc_auxiliary_loss={R1}',
            'num_upblocks=2, multi_input_scales=[0, 2], '
            'multi_scale_probability=[0.5, 0.5]', 'MSPIEStyleGAN2'),
        dict(train_settings=dict(
            num_upblocks=2, multi_input_scales=[0, 2],
            multi_scale_probability=[0.5, 0.5]))),
    'ProgressiveGrowingGAN': (
        gan(PGGAN, 'wgan', f"disc_auxiliary_loss=[{GP.format(10, 'HWC')}, "
            f"{SHIFT.format(0.0005, 'fake')}, {SHIFT.format(0.001, 'real')}]",
            GROWING, 'ProgressiveGrowingGAN'),
        dict(nkimgs_per_scale={'4': 6, '8': 12}, transition_kimgs=6,
             loss_config=dict(gp_loss_weight=10, real_shift_weight=0.001,
                              fake_shift_weight=0.0005))),
    'StyleGANv1': (
        gan(STYLEGAN1, 'wgan-logistic-ns', 'disc_auxiliary_loss='
            "dict(type='R1GradientPenalty', loss_weight=10, norm_mode='HWC')",
            GROWING, 'StyleGANV1'),
        dict(nkimgs_per_scale={'4': 6, '8': 12},
             loss_config=dict(r1_loss_weight=10))),
    'SinGAN': (
        gan(SINGAN, 'wgan', f"disc_auxiliary_loss={GP.format(0.1, 'pixel')}, "
            f'gen_auxiliary_loss={MSE}, num_scales=2',
            'disc_steps=3, generator_steps=3, iters_per_scale=20, '
            'noise_weight_init=0.1, curr_scale=-1, lr_g=0.0005, lr_d=0.0004, '
            'lr_scheduler_args=dict(milestones=[16], gamma=0.1)', 'SinGAN'),
        dict(discriminator_steps=3, generator_steps=3, iters_per_scale=20,
             num_scales=2)),
    'PESinGAN': (
        gan(PESINGAN, 'wgan', f"disc_auxiliary_loss={GP.format(0.1, 'pixel')}"
            f', gen_auxiliary_loss={MSE}, num_scales=2',
            'iters_per_scale=20, lr_g=0.0005, lr_d=0.0005, '
            'fixed_noise_with_pad=False, first_fixed_noises_ch=8',
            'PESinGAN'),
        dict(discriminator_steps=3, num_scales=2, first_fixed_noises_ch=8)),
    'Pix2Pix': (
        gan(UNET.format(6, ['a']), 'vanilla', 'gen_auxiliary_loss='
            + L1.format(100, 'fake_a'), kind='Pix2Pix') + OF_BOTH,
        dict(loss_config=dict(pixel_loss_weight=100))),
    'CycleGAN': (
        gan(UNET.format(3, ['a', 'b']), 'lsgan', 'gen_auxiliary_loss=['
            + ', '.join([L1.format(10, 'cycle_a'), L1.format(10, 'cycle_b'),
                         L1.format(0.5, 'identity_a'),
                         L1.format(0.5, 'identity_b')]) + ']',
            'buffer_size=20', 'CycleGAN') + OF_BOTH,
        dict(buffer_size=20, loss_config=dict(
            cycle_loss_weight=10, id_loss_weight=0.5))),
    'BasicGaussianDiffusion': (
        """
model = dict(
    type='BasicGaussianDiffusion', num_timesteps=10,
    betas_cfg=dict(type='cosine'),
    timestep_sampler=dict(type='UniformTimeStepSampler'),
    denoising=dict(
        type='DenoisingUnet', image_size=8, in_channels=3, base_channels=32,
        resblocks_per_downsample=1, attention_res=[4], num_heads=1,
        channels_cfg=[1, 1],
        output_cfg=dict(mean='eps', var='learned_range')),
    ddpm_loss=[dict(type='DDPMMSELoss')])
train_cfg = dict(use_ema=True, real_img_key='img')
optimizer = dict(denoising=dict(type='AdamW', lr=1e-4, weight_decay=0))
custom_hooks = [dict(type='ExponentialMovingAverageHook',
    module_keys=('denoising_ema', ), interval=1, start_iter=5,
    interp_cfg=dict(momentum=0.999))]
""", dict(ema_config=dict(
            type='ExponentialMovingAverage', interval=1, momentum=0.001,
            start_iter=5))),
}


@pytest.mark.parametrize('name', FAMILIES)
def test_a_model_becomes_the_class_that_trains_the_same_way(name, migrate):
    text, expected = FAMILIES[name]
    new, report = migrate(text)
    assert new.model.type == name
    for key, value in expected.items():
        assert new.model[key] == value, key
    assert report.status == 0, texts(report, LOOK)
    with torch.device('meta'):
        model = MODELS.build(new.model)
    optimizers = dict(new.optim_wrapper)
    constructor = OPTIM_WRAPPER_CONSTRUCTORS.build(dict(
        type=optimizers.pop('constructor'), optim_wrapper_cfg=optimizers))
    assert len(constructor(model)) >= 1


# Sides of the images of families; one that is not here has 16.
SIDES = dict(BigGAN=32, SNGAN=32, SAGAN=32, Pix2Pix=32, CycleGAN=32,
             StyleGANv1=8, ProgressiveGrowingGAN=8, BasicGaussianDiffusion=8)


PYRAMID = ['real_scale0', 'real_scale1', 'real_scale2', 'input_sample']


@pytest.mark.parametrize('name', FAMILIES)
def test_the_new_config_trains_a_step(name, migrate):
    new, _ = migrate(FAMILIES[name][0])
    torch.manual_seed(0)
    model = MODELS.build(new.model)
    optimizers = dict(new.optim_wrapper)
    constructor = OPTIM_WRAPPER_CONSTRUCTORS.build(dict(
        type=optimizers.pop('constructor'), optim_wrapper_cfg=optimizers))
    side = SIDES.get(name, 16)
    images = torch.randint(256, (2, 3, side, side), dtype=torch.uint8)
    keys = dict(
        SinGAN=PYRAMID, PESinGAN=PYRAMID,
        Pix2Pix=['img_a', 'img_b'], CycleGAN=['img_a', 'img_b'])
    samples = [GenDataSample(), GenDataSample()]
    for sample in samples:
        sample.set_gt_label(1)
    log = model.train_step(
        dict(inputs=dict.fromkeys(keys.get(name, ['img']), images),
             data_samples=samples), constructor(model))
    assert all(torch.isfinite(value).all() for value in log.values())
    assert any(key.startswith('loss') for key in log)


def test_rates_of_a_growing_model_come_from_its_train_cfg(migrate):
    new, _ = migrate(FAMILIES['ProgressiveGrowingGAN'][0])
    wrapper = new.optim_wrapper
    assert wrapper.constructor == 'PGGANOptimWrapperConstructor'
    assert wrapper.generator.optimizer.lr == 0.001
    assert wrapper.discriminator.optimizer.lr == 0.002
    assert wrapper.lr_schedule == dict(generator={'8': 0.0015})


def test_an_iteration_of_singan_had_several_updates(migrate):
    new, _ = migrate(FAMILIES['SinGAN'][0])
    assert new.train_cfg.max_iters == 3000
    assert new.default_hooks.checkpoint.interval == 30000
    assert new.optim_wrapper.generator.optimizer.lr == 0.0005
    assert new.optim_wrapper.discriminator.optimizer.lr == 0.0004


@pytest.mark.parametrize('text, told', [
    (gan(DCGAN, 'hinge', f'disc_auxiliary_loss={R1}'),
     "GGAN has no R1GradientPenalty, and no class of 1.x has it together with "
     "gan_type='hinge'"),
    (gan(DCGAN, 'wgan-softplus'), "gan_type='wgan-softplus': no class"),
    (gan(COND.format('SNGANGenerator'), 'lsgan', kind='BasiccGAN'),
     "gan_type='lsgan' with classes"),
    (gan(DCGAN, 'vanilla', train='disc_steps=3, batch_accumulation_steps=2'),
     'disc_steps=3 is no multiple of batch_accumulation_steps=2'),
    (gan(DCGAN, 'vanilla', train='odd=1'), 'train_cfg.odd=1 is not known'),
    (gan(DCGAN.replace('output_scale=4', 'output_scale=5'), 'vanilla'),
     'the model cannot be built'),
    (gan(STYLEGAN1, 'wgan-logistic-ns', 'disc_auxiliary_loss=dict('
         "type='R1GradientPenalty', loss_weight=10, norm_mode='pixel')",
         GROWING, 'StyleGANV1'), "norm_mode was pixel, and StyleGANv1 has "
     'HWC'),
    (gan(PGGAN, 'wgan', f"disc_auxiliary_loss=[{GP.format(10, 'HWC')}, "
         f"{SHIFT.format(1, 'other')}]", GROWING, 'ProgressiveGrowingGAN'),
     "DiscShiftLoss's pred was disc_pred_other"),
])
def test_what_no_class_has_is_for_a_person(text, told, migrate):
    _, report = migrate(text)
    assert report.status == MUST_LOOK
    assert told in texts(report, LOOK)


def test_vanilla_with_r1_is_stylegan2_since_its_losses_are_the_same(migrate):
    new, report = migrate(gan(STYLEGAN2, 'vanilla',
                              f'disc_auxiliary_loss={R1}'))
    assert new.model.type == 'StyleGAN2'
    assert new.model.loss_config.g_reg_weight == 0
    assert report.status == 0


# ----------------------------------------------------------- the ten sections


RUN = gan(DCGAN, 'vanilla', train='disc_steps=2, use_ema=True') + """
use_ddp_wrapper = False
find_unused_parameters = False
runner = dict(type='DynamicIterBasedRunner', is_dynamic_ddp=True,
              pass_training_status=True, fp16_loss_scaler=dict(init_scale=512))
lr_config = dict(policy='Linear', by_epoch=False, target_lr=0, start=500,
                 interval=50)
custom_hooks = [
    dict(type='VisualizeUnconditionalSamples', output_dir='samples',
         interval=100, num_samples=4),
    dict(type='ExponentialMovingAverageHook', module_keys=('generator_ema', ),
         interval=1, start_iter=100, interp_cfg=dict(
             momentum=0.99, momentum_nontrainable=0.99))]
images = dict(type='LoadImageFromFile', key='real_img', io_backend='disk')
train_pipeline = [
    images,
    dict(type='Resize', keys=['real_img'], scale=(16, 16)),
    dict(type='Flip', keys=['real_img'], direction='horizontal'),
    dict(type='Normalize', keys=['real_img'], mean=[127.5] * 3,
         std=[100.0] * 3, to_rgb=True),
    dict(type='ImageToTensor', keys=['real_img']),
    dict(type='Collect', keys=['real_img'], meta_keys=['real_img_path'])]
val_pipeline = [
    images, dict(type='Normalize', keys=['real_img'], mean=[127.5] * 3,
                 std=[127.5] * 3, to_rgb=False),
    dict(type='Collect', keys=['real_img'], meta_keys=[])]
data = dict(
    samples_per_gpu=4, workers_per_gpu=2,
    train=dict(type='UnconditionalImageDataset', imgs_root='train',
               pipeline=train_pipeline),
    val=dict(type='UnconditionalImageDataset', imgs_root='val',
             pipeline=val_pipeline))
evaluation = dict(
    type='GenerativeEvalHook', interval=200, metrics=[
        dict(type='FID', num_images=50000, bgr2rgb=True,
             inception_args=dict(type='StyleGAN')),
        dict(type='IS', num_images=50000)],
    best_metric=['fid', 'is'], sample_kwargs=dict(sample_model='ema'))
checkpoint_config = dict(interval=300, by_epoch=False, max_keep_ckpts=3)
log_config = dict(interval=20, hooks=[
    dict(type='TextLoggerHook'), dict(type='TensorboardLoggerHook')])
dist_params = dict(backend='gloo')
cudnn_benchmark = True
workflow = [('train', 10)]
load_from = 'weights.pth'
resume_from = None
"""


def test_every_section_is_translated(migrate):
    new, report = migrate(RUN)
    assert report.status == 0, texts(report, LOOK)
    # 1 and 2
    assert new.train_cfg == dict(
        by_epoch=False, max_iters=1000, val_begin=1, val_interval=200)
    assert new.val_cfg.type == 'GenValLoop'
    assert new.test_cfg.type == 'GenTestLoop'
    fid, score = new.val_evaluator.metrics
    assert fid == dict(
        type='FID', prefix='FID-Full-50k', fake_nums=50000,
        inception_style='StyleGAN', sample_model='ema')
    assert score.prefix == 'IS-50k' and score.inception_style == 'PyTorch'
    checkpoint = new.default_hooks.checkpoint
    assert checkpoint.save_best == ['FID-Full-50k/fid', 'IS-50k/is']
    assert checkpoint.rule == ['less', 'greater']
    assert checkpoint.less_keys == ['FID-Full-50k/fid']
    assert new.test_evaluator == new.val_evaluator
    # 3, 4 and 7
    assert new.model_wrapper_cfg.find_unused_parameters is True
    wrapper = new.optim_wrapper.generator
    assert wrapper.type == 'AmpOptimWrapper'
    assert wrapper.loss_scale == dict(init_scale=512)
    assert all(isinstance(b, float) for b in wrapper.optimizer.betas)
    # 5
    assert new.param_scheduler == dict(
        type='LinearLrInterval', interval=50, by_epoch=False,
        start_factor=0.0002, end_factor=0, begin=500, end=1000)
    # 6
    picture, = new.custom_hooks
    assert picture.type == 'GenVisualizationHook' and picture.n_samples == 4
    assert new.visualizer.vis_backends[1].type == 'TensorboardGenVisBackend'
    # 8
    assert new.train_pipeline == [
        dict(type='LoadImageFromFile', key='img'),
        dict(type='Resize', scale=(16, 16)),
        dict(type='Flip', keys=['img'], direction='horizontal'),
        dict(type='PackGenInputs', keys=['img'], meta_keys=['img_path'])]
    assert new.train_dataloader.dataset == dict(
        type='UnconditionalImageDataset', data_root='train',
        pipeline=new.train_pipeline)
    assert new.train_dataloader.batch_size == 4
    assert new.model.data_preprocessor == dict(
        type='GANDataPreprocessor', mean=[127.5] * 3, std=[100.0] * 3,
        bgr_to_rgb=True)
    assert new.test_dataloader == new.val_dataloader
    # 9
    assert checkpoint.interval == 300 and checkpoint.max_keep_ckpts == 3
    assert new.default_hooks.logger.interval == 20
    assert new.env_cfg.dist_cfg.backend == 'gloo'
    assert new.load_from == 'weights.pth' and new.resume is False
    assert {entry.section for entry in report.entries} >= set(range(1, 10))


def test_the_average_moves_as_far_in_a_turn_as_in_its_iterations(migrate):
    # Two iterations for one turn of the generator, each keeping 0.99.
    ema = migrate(RUN)[0].model.ema_config
    assert ema.momentum == pytest.approx(1 - 0.99**2)
    assert ema.start_iter == 50 and ema.update_buffers is True


CIFAR = """
pipeline = [
    dict(type='RandomFlip', flip_prob=0.5, direction='horizontal'),
    dict(type='Normalize', mean=[127.5] * 3, std=[127.5] * 3, to_rgb=%s),
    dict(type='ImageToTensor', keys=['img']),
    dict(type='ToTensor', keys=['gt_label']),
    dict(type='Collect', keys=['img', 'gt_label'])]
data = dict(samples_per_gpu=2, workers_per_gpu=0, train=dict(
    type='mmcls.CIFAR10', data_prefix='data/cifar10', pipeline=pipeline))
"""


def test_cifar10_comes_as_rgb_and_is_turned_to_bgr(migrate):
    new, report = migrate(FAMILIES['SNGAN'][0] + CIFAR % True)
    assert report.status == 0, texts(report, LOOK)
    assert new.model.data_preprocessor == dict(
        type='GANDataPreprocessor', rgb_to_bgr=True)
    assert new.train_dataloader.dataset.type == 'CIFAR10'
    assert new.train_pipeline == [
        dict(type='Flip', keys=['img'], flip_ratio=0.5,
             direction='horizontal'),
        dict(type='PackGenInputs', keys=['img'])]
    _, report = migrate(FAMILIES['SNGAN'][0] + CIFAR % False)
    assert 'the model works in RGB' in texts(report, LOOK)


def test_pairs_are_resized_together(migrate):
    new, report = migrate(FAMILIES['Pix2Pix'][0] + """
pipeline = [
    dict(type='LoadPairedImageFromFile', key='pair', domain_a='a',
         domain_b='b', io_backend='disk'),
    dict(type='Resize', keys=['img_a', 'img_b'], scale=(286, 286),
         interpolation='bicubic'),
    dict(type='FixedCrop', keys=['img_a', 'img_b'], crop_size=(256, 256)),
    dict(type='Normalize', keys=['img_a', 'img_b'], to_rgb=False,
         mean=[127.5] * 3, std=[127.5] * 3),
    dict(type='Collect', keys=['img_a', 'img_b'],
         meta_keys=['img_a_path', 'img_b_path'])]
data = dict(samples_per_gpu=1, workers_per_gpu=0, train=dict(
    type='PairedImageDataset', dataroot='facades', pipeline=pipeline))
evaluation = dict(type='TranslationEvalHook', target_domain='a', interval=10,
    metrics=[dict(type='FID', num_images=106)])
""")
    assert report.status == 0, texts(report, LOOK)
    assert new.train_pipeline[1] == dict(
        type='TransformBroadcaster', mapping=dict(img=['img_a', 'img_b']),
        auto_remap=True, share_random_params=True, transforms=[
            dict(type='Resize', scale=(286, 286), interpolation='bicubic'),
            dict(type='FixedCrop', crop_size=(256, 256))])
    assert new.val_evaluator.metrics[0].type == 'TransFID'
    # The metric had no other real images.
    assert new.val_dataloader.dataset == new.train_dataloader.dataset
    assert new.val_dataloader.sampler.type == 'DefaultSampler'


@pytest.mark.parametrize('text, told, place', [
    ("custom_hooks = [dict(type='MyHook', a=1)]",
     "MyHook has no like and is left out: {'type': 'MyHook', 'a': 1}",
     'custom_hooks ='),
    ("resume_from = 'old.pth'", 'cannot be resumed', 'resume ='),
    ("lr_config = dict(policy='strange', by_epoch=False)",
     "policy='strange' has no scheduler", 'param_scheduler ='),
    ("data = dict(samples_per_gpu=1, workers_per_gpu=0, train=dict("
     "type='UnconditionalImageDataset', imgs_root='x', pipeline=["
     "dict(type='Solarize', a=1)]))",
     'mmgen has no transform Solarize', "dict(type='Solarize'"),
    ("momentum_config = dict(policy='step')", 'momentum_config=',
     'param_scheduler ='),
    ('checkpoint_config = dict(interval=1, by_epoch=True)',
     'counted in epochs', 'checkpoint='),
    ("data = dict(samples_per_gpu=1, workers_per_gpu=0, train=dict("
     "type='QuickTestImageDataset', size=16))\n"
     "evaluation = dict(interval=10, metrics=[dict(type='Strange')])",
     'the metric Strange has no like', 'val_evaluator ='),
])
def test_a_comment_stands_where_a_person_must_look(text, told, place,
                                                   tmp_path):
    path = tmp_path / 'old.py'
    path.write_text(gan(DCGAN, 'vanilla') + text)
    new, report = migrate_config(path)
    assert report.status == MUST_LOOK
    assert told in texts(report, LOOK)
    _, _, after = new.partition('# LOOK: ')
    comment, _, setting = after.replace(
        '\n    # ', ' ').replace('\n# ', ' ').partition('\n')
    assert told in comment and setting.strip().startswith(place)


def test_bases_are_resolved(tmp_path):
    (tmp_path / 'base.py').write_text(gan(DCGAN, 'vanilla'))
    (tmp_path / 'old.py').write_text(
        "_base_ = './base.py'\ntotal_iters = 7\n"
        "model = dict(gan_loss=dict(gan_type='lsgan'))")
    new, _ = migrate_config(tmp_path / 'old.py')
    new = Config.fromstring(new, '.py')
    assert new.model.type == 'LSGAN' and new.train_cfg.max_iters == 7


# ------------------------------------------------------------- configs of 1.x


ONE_X = f"""
custom_imports = dict(imports=['mmcls.datasets'], allow_failed_imports=False)
ema_half_life = 10
model = dict(type='DCGAN', {DCGAN}
             ema_config=dict(type='ExponentialMovingAverage', momentum=0.999))
optim_wrapper = dict(
    constructor='GenOptimWrapperConstructor',
    generator=dict(optimizer=dict(type='Adam', lr=0.1, betas=(0, 0.99))),
    discriminator=dict(optimizer=dict(type='Adam', lr=0.1, betas=(0.5, 1))))
pipeline = [dict(type='mmcls.LoadImageFromFile'),
            dict(type='mmcls.PackClsInputs')]
val_dataloader = dict(batch_size=2, dataset=dict(
    type='mmcls.ImageNet', data_root='x', pipeline=pipeline))
test_dataloader = val_dataloader
"""


def test_a_config_of_1x_is_mended_with_a_line_for_each(migrate):
    new, report = migrate(ONE_X, 'ggan_old.py')
    assert new.model.type == 'GGAN'
    assert new.model.ema_config.momentum == 0.001
    assert new.optim_wrapper.generator.optimizer.betas == (0.0, 0.99)
    assert new.val_dataloader.dataset.type == 'ImageNet'
    assert new.val_dataloader.dataset.pipeline == new.val_pipeline == [
        dict(type='LoadImageFromFile', key='img'),
        dict(type='PackGenInputs')]
    assert new.test_dataloader == new.val_dataloader
    assert 'custom_imports' not in new and 'ema_half_life' not in new
    told = str(report)
    for line in ('GGAN', 'momentum=0.999', 'betas are floats',
                 'mmcls.ImageNet', 'ema_half_life'):
        assert line in told, line
    assert report.status == 0, texts(report, LOOK)


def test_another_dcgan_stays_one(migrate):
    assert migrate(ONE_X, 'dcgan_old.py')[0].model.type == 'DCGAN'


# -------------------------------------------------------------------- the tool


def run_tool(monkeypatch, *args):
    monkeypatch.setattr(sys, 'argv', ['config.py', *map(str, args)])
    with pytest.raises(SystemExit) as stop:
        runpy.run_path(str(TOOL), run_name='__main__')
    return stop.value.code


def test_the_exit_code_says_whether_a_person_is_needed(
        monkeypatch, tmp_path, capsys):
    path, out = tmp_path / 'old.py', tmp_path / 'new/config.py'
    path.write_text(gan(DCGAN, 'vanilla'))
    assert run_tool(monkeypatch, path, '-o', out) == 0
    assert Config.fromfile(str(out)).model.type == 'DCGAN'
    assert 'A person must look: 0' in capsys.readouterr().out
    path.write_text(gan(DCGAN, 'vanilla', train='odd=1'))
    assert run_tool(monkeypatch, path) == MUST_LOOK == 3
    printed = capsys.readouterr()
    assert '# LOOK: train_cfg.odd=1' in printed.out
    assert 'A person must look: 1' in printed.err


def test_a_comment_on_what_is_not_in_the_new_config_goes_to_the_top():
    text = config_text(dict(a=dict(b=1)), {'a.c.0': ['x'], 'z.y': ['w']}, 'H.')
    assert text == '"""H."""\n\n# LOOK: x\n# LOOK: w\na = dict(b=1)\n'


@pytest.mark.parametrize('text, told', [
    ("model = dict(type='MyGAN')\ntotal_iters = 3", "the type 'MyGAN'"),
    ("default_scope = 'mmagic'", "default_scope='mmagic'"),
    ('a = 3', 'which no config of 0.x'),
    ('model = dict(', 'cannot be read as a config'),
    ("train_dataloader = dict(dataset=dict(type='mmcls.CUB'))",
     'mmcls.CUB'),
])
def test_a_config_that_cannot_be_turned_is_refused(
        text, told, monkeypatch, tmp_path, capsys):
    path, out = tmp_path / 'old.py', tmp_path / 'new.py'
    path.write_text(text)
    assert run_tool(monkeypatch, path, '-o', out) == REFUSED == 2
    assert told in capsys.readouterr().err
    assert not out.exists()


def test_a_place_that_cannot_be_written_is_a_sentence(
        monkeypatch, tmp_path, capsys):
    path = tmp_path / 'old.py'
    path.write_text(gan(DCGAN, 'vanilla'))
    assert run_tool(monkeypatch, path, '-o', path / 'new.py') == REFUSED
    assert str(path) in capsys.readouterr().err


def test_the_old_config_is_not_written_over(monkeypatch, tmp_path, capsys):
    path = tmp_path / 'old.py'
    path.write_text(gan(DCGAN, 'vanilla'))
    assert run_tool(monkeypatch, path, '-o', path) == REFUSED
    assert 'is the old config' in capsys.readouterr().err


# --------------------------------------------------------------------- layout


def test_the_text_is_laid_out_as_a_config():
    text = config_text(
        dict(a=dict(type='A', sizes={'4': 1}, b=('x' * 40, 'y' * 40)),
             c=[Name('a')], d=(1, )),
        {'a.b.1': ['why']}, 'Head.')
    assert text == f'''"""Head."""

a = dict(
    type='A',
    sizes={{'4': 1}},
    b=(
        '{'x' * 40}',
        # LOOK: why
        '{'y' * 40}'
    ))

c = [a]

d = (1,)
'''
