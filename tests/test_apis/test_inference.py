"""The functions of 1.x: their forms, and that they give what they say."""
import inspect

import numpy as np
import pytest
import torch
from families import FAMILIES
from mmengine.config import Config
from PIL import Image
from tiny_checkpoints import write_run
from tiny_diffusion import DIFFUSION
from tiny_translation import TRANSLATIONS

from mmgen import apis

PIPELINE = [
    dict(type='LoadPairedImageFromFile', key='pair', domain_a='photo',
         domain_b='mask'),
    dict(
        type='TransformBroadcaster',
        mapping=dict(img=['img_photo', 'img_mask']),
        auto_remap=True,
        share_random_params=True,
        transforms=dict(type='Resize', scale=(64, 64))),
    dict(type='PackGenInputs', keys=['img_photo', 'img_mask'])
]


def model_of(tmp_path, model_cfg, **settings):
    folder = write_run(tmp_path, model_cfg, **settings)
    return apis.init_model(
        folder / 'config.py', folder / 'iter_3.pth', device='cpu')


@pytest.fixture
def dcgan(tmp_path):
    return model_of(tmp_path, FAMILIES['dcgan'])


@pytest.fixture
def biggan(tmp_path):
    return model_of(tmp_path, FAMILIES['biggan'])


@pytest.fixture
def ddpm(tmp_path):
    return model_of(tmp_path, DIFFUSION)


@pytest.mark.parametrize('name, parameters', [
    ('init_model', ['config', 'checkpoint', 'device', 'cfg_options']),
    ('sample_unconditional_model',
     ['model', 'num_samples', 'num_batches', 'sample_model', 'kwargs']),
    ('sample_conditional_model', [
        'model', 'num_samples', 'num_batches', 'sample_model', 'label',
        'kwargs']),
    ('sample_img2img_model',
     ['model', 'image_path', 'target_domain', 'kwargs']),
    ('sample_ddpm_model', [
        'model', 'num_samples', 'num_batches', 'sample_model', 'same_noise']),
    ('set_random_seed', ['seed', 'deterministic', 'use_rank_shift']),
])
def test_arguments_stand_where_1x_had_them(name, parameters):
    known = list(inspect.signature(getattr(apis, name)).parameters)
    assert known[:len(parameters)] == parameters


def test_init_model_takes_files_configs_and_options(tmp_path):
    folder = write_run(tmp_path, FAMILIES['dcgan'])
    config = Config.fromfile(folder / 'config.py')
    options = {'model.ema_config': None}
    for source in (folder / 'config.py', config):
        model = apis.init_model(source, device='cpu', cfg_options=options)
        assert not model.with_ema_gen and not model.training
        assert model.cfg.model.type == 'DCGAN'
    assert config.model.ema_config  # that of the caller is left alone


def test_unconditional_images_are_those_of_the_noise(dcgan):
    noise = torch.randn(5, 8)
    images = apis.sample_unconditional_model(
        dcgan, num_samples=5, num_batches=2, noise=noise)
    torch.testing.assert_close(images, dcgan.generator_ema(noise).detach())
    trained = apis.sample_unconditional_model(
        dcgan, 5, 4, 'orig', noise=noise)
    torch.testing.assert_close(trained, dcgan.generator(noise).detach())


def test_images_follow_from_the_shared_seed(dcgan):
    first, again, other = [
        (apis.set_random_seed(seed),
         apis.sample_unconditional_model(dcgan, num_samples=3))[1]
        for seed in (1, 1, 2)]
    assert torch.equal(first, again) and not torch.equal(first, other)


@pytest.mark.parametrize('label, expected', [
    (1, [1, 1, 1]), ([2], [2, 2, 2]), ([0, 2, 1], [0, 2, 1]),
    (torch.tensor([2, 0, 0]), [2, 0, 0])])
def test_labels_in_all_forms(biggan, label, expected):
    noise = torch.randn(3, 8)
    images = apis.sample_conditional_model(
        biggan, 3, 2, 'ema', label, noise=noise)
    torch.testing.assert_close(
        images,
        biggan.generator_ema(noise, torch.tensor(expected)).detach())


def test_without_label_classes_are_drawn(biggan):
    noise = torch.randn(1, 8).expand(12, -1)
    images = apis.sample_conditional_model(biggan, 12, 5, noise=noise)
    assert len(images.unique(dim=0)) == 3


def test_further_arguments_reach_the_generator(biggan):
    noise = 10 * torch.randn(2, 8)
    given = dict(label=0, noise=noise)
    cut = apis.sample_conditional_model(biggan, 2, truncation=0.5, **given)
    same = apis.sample_conditional_model(
        biggan, 2, sample_kwargs=dict(truncation=0.5), **given)
    assert torch.equal(cut, same)
    torch.testing.assert_close(cut, apis.sample_conditional_model(
        biggan, 2, label=0, noise=noise.clamp(-0.5, 0.5)))


def test_refused(dcgan, biggan):
    with pytest.raises(ValueError, match='this DCGAN has no classes'):
        apis.sample_conditional_model(dcgan)
    with pytest.raises(ValueError, match='expected one class, or 4'):
        apis.sample_conditional_model(biggan, 4, label=[0, 1])
    with pytest.raises(ValueError, match='num_samples=0'):
        apis.sample_unconditional_model(dcgan, 0)
    with pytest.raises(ValueError, match="expected 'ema' or 'orig'"):
        apis.sample_unconditional_model(dcgan, sample_model='ema/orig')


def test_diffusion_with_all_steps(ddpm):
    apis.set_random_seed(0)
    images = apis.sample_ddpm_model(ddpm, 3, 3)
    apis.set_random_seed(0)
    steps = apis.sample_ddpm_model(ddpm, 3, 3, save_intermedia=True)
    assert list(steps) == [6, 5, 4, 3, 2, 1, 0]
    assert torch.equal(steps[0], images)
    assert abs(float(steps[6].std()) - 1) < 0.1  # the noise itself


def test_same_noise_gives_the_same_image_to_all_batches(ddpm):
    images = apis.sample_ddpm_model(
        ddpm, 5, 2, same_noise=True, labels=torch.zeros(5, dtype=torch.int64))
    # Batches of 2 and 1 sum in another order, and six steps add that up.
    torch.testing.assert_close(
        images, images[:1].expand_as(images), atol=1e-4, rtol=0)


@pytest.mark.parametrize('family, target, source', [
    ('pix2pix', None, 'mask'), ('cyclegan', 'mask', 'photo')])
def test_an_image_is_read_as_the_test_data(family, target, source, tmp_path):
    model = model_of(
        tmp_path, TRANSLATIONS[family],
        test_dataloader=dict(dataset=dict(pipeline=PIPELINE)))
    pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / 'small.png')
    Image.fromarray(pixels).resize((96, 80)).save(tmp_path / 'large.png')
    taken = torch.from_numpy(pixels[..., ::-1].copy()).permute(2, 0, 1)[None]
    torch.manual_seed(0)  # Pix2Pix keeps its dropout
    images = apis.sample_img2img_model(model, tmp_path / 'small.png', target)
    torch.manual_seed(0)
    expected = model.test_step(dict(
        inputs={f'img_{source}': taken, 'target_domain': target},
        data_samples=None))[0]
    torch.testing.assert_close(
        images[0], expected.get(f'fake_{target or "photo"}').data)
    assert apis.sample_img2img_model(
        model, tmp_path / 'large.png', target).shape == images.shape


def test_only_translation_models_translate(dcgan):
    with pytest.raises(TypeError, match='DCGAN does not translate'):
        apis.sample_img2img_model(dcgan, 'a.png')


def test_a_checkpoint_of_0x_loads_by_itself(tmp_path):
    """Its average is a network, and its losses have entries."""
    folder = write_run(tmp_path, FAMILIES['dcgan'])
    state = torch.load(folder / 'iter_3.pth', weights_only=True)['state_dict']
    del state['generator_ema.steps']
    # The average is not the trained network.
    state = {key: value + 1 if '_ema' in key else value
             for key, value in state.items()}
    old = {key.replace('_ema.module.', '_ema.'): value
           for key, value in state.items()}
    assert old.keys() != state.keys()
    old['gan_loss.real_label'] = torch.ones(1)
    torch.save(dict(meta=dict(mmgen_version='0.7.3'), state_dict=old),
               folder / 'old.pth')
    loaded = apis.init_model(
        folder / 'config.py', folder / 'old.pth', device='cpu').state_dict()
    assert loaded.pop('generator_ema.steps') == 1
    assert loaded.keys() == state.keys()
    for key, value in state.items():
        assert torch.equal(loaded[key], value), key
