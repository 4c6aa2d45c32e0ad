"""Configs that are written: they load, build, train and say why."""
import ast
import os
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import DefaultScope
from PIL import Image
from tiny_runs import write_images

import mmgen.apis.new_config.write as writing
from mmgen.apis.new_config import FAMILIES, METRICS, Wish, write_new_config
from mmgen.apis.new_config.found import Found
from mmgen.engine.runner import build_runner
from mmgen.registry import DATASETS, MODELS
from mmgen.registry import OPTIM_WRAPPER_CONSTRUCTORS as CONSTRUCTORS

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(autouse=True)
def scope(monkeypatch):
    monkeypatch.setattr(DefaultScope, '_instance_dict', {})
    DefaultScope.get_instance('mmgen', scope_name='mmgen')


@pytest.fixture
def config_for(tmp_path, monkeypatch):
    """(family, wishes, what the data are like) to the config that is written.

    The data are only said to be there.
    """

    def write(family, side=64, count=10000, grey=False, classes=0, size=None,
              **wishes):
        found = Found(
            Path('data/own'), 'folder', count, {size or (side, side): count},
            1 if grey else 3, 0, tuple(map(str, range(classes))))
        monkeypatch.setattr(writing, 'look_at', lambda *_: found)
        out = tmp_path / 'own.py'
        write_new_config(Wish(Path('data/own'), family, **wishes), out, True)
        return Config.fromfile(str(out))

    return write


def built(cfg):
    with torch.device('meta'):
        return MODELS.build(cfg.model)


# ---------------------------------------------------------- numbers by hand


@pytest.mark.parametrize('data, gpus, gamma, per_gpu, half_life, iters, rate', [
    (dict(side=256, count=10000), 8, 0.2048, 8, 20, 390625, 0.0025),
    (dict(side=1024, count=70000), 8, 6.5536, 4, 10, 781250, 0.002),
    (dict(side=32, count=50000, classes=10), 1, 0.0064, 32, 10, 781250,
     0.0025),
])
def test_stylegan2(config_for, data, gpus, gamma, per_gpu, half_life, iters,
                   rate):
    cfg = config_for('stylegan2', gpus=gpus, **data)
    model = cfg.model
    assert model.loss_config.r1_loss_weight == pytest.approx(gamma / 2 * 16)
    assert model.loss_config.g_reg_weight == 8  # of the base: the paper's 2
    assert cfg.train_dataloader.batch_size == per_gpu
    assert model.ema_config == dict(
        type='RampUpEMA', ema_kimg=half_life, batch_size=per_gpu * gpus)
    assert cfg.train_cfg.max_iters == iters
    generator, discriminator = (
        cfg.optim_wrapper[name].optimizer
        for name in ('generator', 'discriminator'))
    assert generator.lr == pytest.approx(rate * 4 / 5)
    assert generator.betas == pytest.approx((0, 0.99**0.8))
    assert discriminator.lr == pytest.approx(rate * 16 / 17)
    assert discriminator.betas == pytest.approx((0, 0.99**(16 / 17)))
    assert model.generator.channel_multiplier == (2 if rate == 0.002 else 1)
    assert model.disc_augment.ada_target == 0.6
    assert model.disc_augment.ada_kimg == 500
    assert model.get('num_classes', 0) == data.get('classes', 0)
    assert built(cfg).generator.num_classes == data.get('classes', 0)


def test_stylegan3_has_the_published_gamma(config_for):
    cfg = config_for('stylegan3', side=1024, gpus=8)
    weight = cfg.model.loss_config.r1_loss_weight
    assert weight == pytest.approx(32.8 / 2 * 16, rel=1e-3)
    cfg = config_for('stylegan3', side=256, gpus=8)
    assert cfg.model.loss_config.r1_loss_weight == pytest.approx(16, rel=0.03)


def test_biggan_accumulates_what_a_gpu_does_not_hold(config_for):
    cfg = config_for('biggan', side=128, classes=10, count=2000000, gpus=8)
    assert cfg.train_dataloader.batch_size == 64
    for network in ('generator', 'discriminator'):
        assert cfg.optim_wrapper[network].accumulative_counts == 4
    # 25 million images in updates of 2048: 12207.03, four iterations each
    assert cfg.train_cfg.max_iters == 12208 * 4
    # the averaged generator's half-life is a twentieth of them
    assert cfg.model.ema_config.momentum == pytest.approx(1 - 0.5**(1 / 610))
    assert cfg.model.ema_config.start_iter == 610
    cfg = config_for('biggan', side=128, classes=10, count=5000, gpus=8)
    assert cfg.train_dataloader.batch_size == 32
    assert 'accumulative_counts' not in cfg.optim_wrapper.generator


def test_biggan_on_small_images_is_that_of_cifar(config_for):
    cfg = config_for('biggan', side=32, classes=10, count=50000)
    assert cfg.train_dataloader.batch_size == 50
    assert cfg.train_cfg.max_iters == 500000
    # 125000 updates of the generator; 20000 / 20 is more than the 1000 of 1.x
    assert cfg.model.ema_config.momentum == pytest.approx(1 - 0.5**(1 / 6250))
    assert cfg.model.ema_config.start_iter == 1000
    assert 'disc_augment' not in cfg.model
    model = built(cfg)
    assert model.num_classes == 10
    # images from files are BGR, as the model is
    assert cfg.model.data_preprocessor.rgb_to_bgr is False


def test_few_images_are_augmented(config_for):
    for family in ('biggan', 'sagan', 'sngan', 'dcgan', 'lsgan', 'ggan'):
        cfg = config_for(family, side=32, count=29999)
        assert cfg.model.disc_augment.type == 'DiffAugment'
        assert 'disc_augment' not in config_for(
            family, side=32, count=30000).model
    assert 'disc_augment' not in config_for('stylegan2', count=100000).model


def test_schedules_of_r3gan_take_the_whole_run(config_for):
    cfg = config_for('r3gan', side=256, gpus=2)
    # 256 images: 32 on each of two GPUs in four iterations
    assert cfg.train_dataloader.batch_size == 32
    assert cfg.optim_wrapper.generator.accumulative_counts == 4
    assert cfg.train_cfg.max_iters == 78125 * 4
    assert cfg.param_scheduler[0].T_max == 78125 * 4
    assert cfg.model.disc_augment.ramp_iters == 78125 * 4
    assert cfg.model.loss_config == dict(
        gamma=(150.0, 15.0), gamma_iters=78125)
    assert cfg.model.ema_config == dict(
        type='CosineRampEMA', ema_kimg=500, ramp_kimg=20000, batch_size=256)


def test_growing_networks_read_the_batch_of_their_side(config_for):
    cfg = config_for('pggan', side=64, gpus=8)
    images = cfg.train_dataloader.dataset
    assert images.gpu_samples_per_scale == {
        '4': 64, '8': 32, '16': 16, '32': 8, '64': 4}
    assert cfg.model.nkimgs_per_scale == {
        '4': 600, '8': 1200, '16': 1200, '32': 1200, '64': 7800}
    assert cfg.custom_hooks[1].type == 'PGGANFetchDataHook'
    assert cfg.model_wrapper_cfg.find_unused_parameters is True


def test_ddpm_is_sampled_in_fewer_steps(config_for):
    cfg = config_for('improved_ddpm', side=32, count=5000, classes=3)
    assert cfg.model.num_inference_steps == 100
    assert cfg.model.denoising.dropout == 0.3
    assert cfg.metrics[0].fake_nums == 10000
    assert built(cfg).num_classes == 3


# ------------------------------------------------- all families, all comments


def silent(text):
    """Settings with no comment above, neither above all that is in them."""
    lines = text.splitlines()

    def says(node, value):
        if lines[node.lineno - 2].strip().startswith('#'):
            return True
        entries = getattr(value, 'keywords', None)
        return bool(entries) and all(
            says(entry, entry.value) for entry in entries)

    return [node.targets[0].id for node in ast.parse(text).body
            if isinstance(node, ast.Assign) and not says(node, node.value)]


@pytest.mark.parametrize('on_cpu', [False, True])
@pytest.mark.parametrize('family', FAMILIES)
def test_a_config_builds_and_gives_reasons(config_for, family, on_cpu):
    able = FAMILIES[family]
    side = 64 if 64 in able.resolutions else 32
    cfg = config_for(
        family, side=side, count=24, classes=3 * able.takes_classes,
        grey=able.takes_grey, on_cpu=on_cpu)
    model = built(cfg)
    assert getattr(model, 'num_classes', 0) in (
        (3, ) if able.takes_classes else (0, None))
    wrappers = dict(cfg.optim_wrapper)
    constructor = CONSTRUCTORS.build(dict(
        type=wrappers.pop('constructor'), optim_wrapper_cfg=wrappers))
    constructor(model)
    text = Path(cfg.filename).read_text()
    assert not silent(text), text
    assert all(len(line) <= 79 for line in text.splitlines()
               if not line.startswith('Command:') and '/_base_/' not in line)
    for word in ('Paper:', 'Data:', 'Result:', 'Cost:', 'Command:'):
        assert word in ast.get_docstring(ast.parse(text))


def test_a_setting_without_a_comment_would_be_seen():
    assert silent('# why\na = 1\n\nb = 2\n') == ['b']
    model = 'model = dict(\n    {}a=1,\n    b=dict(\n        # x\n        c=2))'
    assert silent('\n' + model.format('# y\n    ')) == []
    assert silent('\n' + model.format('')) == ['model']


@pytest.mark.parametrize('family', FAMILIES)
def test_each_resolution_has_networks(config_for, family):
    for side in FAMILIES[family].resolutions:
        built(config_for(family, side=side, on_cpu=True))


# --------------------------------------------------------------------- data


def test_images_of_other_sizes_are_cut_and_scaled(tmp_path, config_for):
    cfg = config_for('dcgan', size=(100, 80))
    kinds = [step.type for step in cfg.pipeline]
    assert kinds == ['LoadImageFromFile', 'CenterCropLongEdge', 'Resize',
                     'PackGenInputs']
    (tmp_path / 'data').mkdir()
    Image.new('L', (100, 80), 7).save(tmp_path / 'data' / 'a.png')
    cfg.dataset.data_root = str(tmp_path / 'data')
    assert DATASETS.build(cfg.dataset)[0]['inputs']['img'].shape == (3, 64, 64)


@pytest.mark.parametrize('side, family, expected', [
    (100, 'stylegan2', 64), (28, 'stylegan2', 32), (27, 'stylegan2', 16),
    (64, 'dcgan', 64), (1024, 'dcgan', 128), (300, 'biggan', 256)])
def test_the_resolution_is_the_largest_that_images_fill(
        config_for, side, family, expected):
    cfg = config_for(family, side=side)
    scaled = [step for step in cfg.pipeline if step.type == 'Resize']
    assert [step.scale for step in scaled] == (
        [] if side == expected else [(expected, expected)])
    model = built(cfg).generator
    assert getattr(model, 'out_size', expected) == expected


def test_grey_images_can_be_read_as_colours(config_for):
    cfg = config_for('stylegan2', grey=True, channels=3, classes=3)
    assert cfg.model.num_classes == 3


def test_mirroring_is_for_training_alone(config_for):
    cfg = config_for('stylegan2', mirror=True)
    kinds = [step.type for step in cfg.train_dataloader.dataset.pipeline]
    assert kinds == ['LoadImageFromFile', 'Flip', 'PackGenInputs']
    assert len(cfg.val_dataloader.dataset.pipeline) == 2


@pytest.mark.parametrize('wishes, feature', [
    (dict(), None), (dict(offline=True), 'EfficientNetLite0'),
    (dict(on_cpu=True), 'EfficientNetLite0'),
    (dict(on_cpu=True, metric='fid'), None),
    (dict(metric='fid-efflite0'), 'EfficientNetLite0'),
    (dict(metric='none'), False)])
def test_the_metric_fits_the_machine(config_for, wishes, feature, monkeypatch,
                                     tmp_path):
    monkeypatch.setenv('MMGEN_CACHE_DIR', str(tmp_path))
    cfg = config_for('stylegan2', **wishes)
    if feature is False:
        assert cfg.val_cfg is None and cfg.val_dataloader is None
        assert 'save_best' not in cfg.default_hooks.checkpoint
        return
    (metric, ) = cfg.val_evaluator.metrics
    assert metric.get('feature') == feature
    assert metric.fake_nums == (500 if 'on_cpu' in wishes else 50000)
    assert cfg.default_hooks.checkpoint.save_best == f'{metric.prefix}/fid'


def test_offline_inception_is_used_if_it_is_there(config_for, monkeypatch,
                                                  tmp_path):
    monkeypatch.setenv('MMGEN_CACHE_DIR', str(tmp_path))
    (tmp_path / 'inception-2015-12-05.pt').touch()
    cfg = config_for('stylegan2', offline=True)
    assert cfg.metrics[0].inception_style == 'StyleGAN'


def test_the_tools_choices_are_those_of_the_package():
    text = (ROOT / 'tools/new_config.py').read_text()
    assert repr(list(METRICS)) in text


# ------------------------------------------------------------------- refused


@pytest.mark.parametrize('family, data, wishes, words', [
    ('styleGAN22', {}, {}, "there is no 'styleGAN22'; known: stylegan2, .* Do "
     'you mean stylegan2'),
    ('pix2pix', {}, {}, 'pix2pix trains on pairs of images'),
    ('stylegan2', dict(grey=True), {}, 'the images are grey, and stylegan2 '
     'makes three channels. Give --channels 3 .*or take r3gan, biggan'),
    ('stylegan3', {}, dict(channels=1), 'stylegan3 makes three channels, not'),
    ('dcgan', dict(classes=3), dict(labels='folder'), 'dcgan learns without '
     'classes. Leave --labels out, or take stylegan2'),
    ('stylegan2', {}, dict(resolution=48), 'stylegan2 has no network for 48 '
     'pixels; known: 8, 16, 32'),
    ('biggan', dict(side=8), {}, 'the images have 8x8 pixels, and the smallest '
     'that biggan makes have 32'),
    ('dcgan', {}, dict(batch=64, gpus=3), '64 images cannot be shared out over '
     '3 GPUs'),
    ('dcgan', {}, dict(batch=2, gpus=3), 'at least one image for each'),
    ('pggan', {}, dict(batch=64), 'the batch of pggan gets smaller'),
    ('dcgan', {}, dict(gpus=0), '--gpus: got 0'),
    ('dcgan', {}, dict(gpus=2, on_cpu=True), '--cpu trains in one process'),
    ('dcgan', {}, dict(kimg=0), '--kimg: got 0'),
])
def test_wishes_that_cannot_be_fulfilled(config_for, family, data, wishes,
                                         words):
    with pytest.raises(ValueError, match=words):
        config_for(family, **data, **wishes)


def test_a_batch_of_the_family_is_made_to_fit_the_gpus(config_for):
    cfg = config_for('dcgan', gpus=3)
    assert cfg.train_dataloader.batch_size == 42


def test_a_file_is_not_written_over(tmp_path):
    data = write_images(tmp_path / 'x', classes=1, per_class=2)
    out = tmp_path / 'own.py'
    out.write_text('mine')
    with pytest.raises(FileExistsError, match='--force to replace'):
        write_new_config(Wish(data, 'dcgan'), out)
    assert out.read_text() == 'mine'
    write_new_config(Wish(data, 'dcgan'), out, force=True)
    assert 'DCGAN' in out.read_text()


# --------------------------------------------------------------------- bases


def test_bases_beside_a_checkout_are_relative(tmp_path, monkeypatch):
    for name in ('models/dcgan_64x64.py', 'default_runtime.py'):
        path = tmp_path / 'clone' / 'configs' / '_base_' / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.symlink_to(ROOT / 'configs' / '_base_' / name)
    monkeypatch.setattr(writing, 'configs_folder',
                        lambda: tmp_path / 'clone' / 'configs')
    data = write_images(tmp_path / 'x', classes=1, per_class=2)
    out = tmp_path / 'clone' / 'configs' / 'own' / 'a.py'
    write_new_config(Wish(data, 'dcgan'), out)
    assert "'../_base_/models/dcgan_64x64.py'" in out.read_text()
    assert Config.fromfile(str(out)).model.type == 'DCGAN'


def test_an_installed_package_has_its_bases_beside(tmp_path, monkeypatch):
    package = tmp_path / 'site-packages' / 'mmgen'
    (package / '.mim').mkdir(parents=True)
    (package / '.mim' / 'configs').symlink_to(ROOT / 'configs')
    monkeypatch.setattr(writing.mmgen, '__file__', str(package / 'x.py'))
    assert writing.configs_folder() == ROOT / 'configs'
    (package / '.mim' / 'configs').unlink()
    with pytest.raises(FileNotFoundError, match='Install mmgen anew'):
        writing.configs_folder()


def test_a_config_may_have_any_place(tmp_path, monkeypatch):
    data = write_images(tmp_path / 'my images', classes=1, per_class=2)
    monkeypatch.chdir(tmp_path)
    said = write_new_config(Wish(data, 'dcgan'))
    path = tmp_path / 'dcgan_my-images-32x32.py'
    assert 'python tools/train.py dcgan_my-images-32x32.py' in said
    os.chdir('/')
    assert Config.fromfile(str(path)).default_scope == 'mmgen'


# ------------------------------------------------------------------ training

TINY = {
    'stylegan2': {'model.generator.style_channels': 8},
    'biggan': {'model.generator.base_channels': 2,
               'model.discriminator.base_channels': 2},
    'dcgan': {'model.generator.base_channels': 16},
    'improved_ddpm': {'model.denoising.base_channels': 8},
}


def train(family, tmp_path, overrides=()):
    data = write_images(tmp_path / 'data', classes=3, per_class=8)
    out = tmp_path / 'own.py'
    batch = None if FAMILIES[family].first_side else 4
    write_new_config(
        Wish(data, family, on_cpu=True, batch=batch, kimg=0.008,
             metric='none'), out)
    cfg = Config.fromfile(str(out))
    cfg.merge_from_dict({
        'work_dir': str(tmp_path / 'run'),
        'custom_hooks': [],
        **dict(overrides)})
    runner = build_runner(cfg)
    before = {name: value.clone() for name, value in
              runner.model.named_parameters()}
    runner.train()
    assert runner.iter == cfg.train_cfg.max_iters
    return cfg, [name for name, value in runner.model.named_parameters()
                 if not value.equal(before[name])]


@pytest.mark.parametrize('family', TINY)
def test_two_iterations_train(tmp_path, family):
    cfg, changed = train(family, tmp_path, TINY[family].items())
    assert cfg.train_cfg.max_iters == 2
    assert changed
    assert (tmp_path / 'run' / 'iter_2.pth').is_file()


@pytest.mark.slow
@pytest.mark.parametrize('family', sorted(set(FAMILIES) - set(TINY)))
def test_a_few_iterations_of_the_others_train(tmp_path, family):
    assert train(family, tmp_path)[1]
