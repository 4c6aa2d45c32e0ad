"""Pictures of a run: the right weights, the same ones for the same seed."""
import copy
import os
import pickle

import numpy as np
import pytest
import torch
from families import FAMILIES, RESOLUTION
from tiny_checkpoints import write_run
from tiny_diffusion import DIFFUSION
from tiny_latents import LinearGenerator, gan
from tiny_translation import TRANSLATIONS

from mmgen.apis import Sampler, load

MODELS = dict(FAMILIES, ddpm=DIFFUSION)
STAGE_SIDE = dict(pggan=4, stylegan1=4)  # these have not begun to grow


@pytest.fixture
def sampler(tmp_path):
    """Load a family from a work directory alone."""

    def build(family):
        folder = write_run(tmp_path / family, MODELS[family],
                           gain=3.0 if family == 'lsgan_archi' else 1.0)
        return load(folder, device='cpu')

    return build


@pytest.mark.parametrize('family', MODELS)
def test_pictures_do_not_depend_on_the_batch_size(family, sampler):
    door = sampler(family)
    pictures = door.sample(5, seed=3)
    side = STAGE_SIDE.get(family) or RESOLUTION.get(family, 16)
    assert pictures.shape == (5, side, side, 3)
    assert pictures.dtype == np.uint8
    assert np.array_equal(pictures[:2], door.sample(2, seed=3))
    for batch_size in (2, 3, 5):
        again = door.sample(5, seed=3, batch_size=batch_size)
        changed = np.abs(pictures.astype(int) - again)
        # Sums in another order: a pixel in thousands, by one level.
        assert changed.max() <= 1 and changed.mean() < 1e-3
    assert not door.one_by_one
    assert not np.array_equal(pictures[0], pictures[1])
    assert not np.array_equal(pictures, door.sample(5, seed=4))


def test_the_noise_that_layers_add_is_each_images_own():
    door = Sampler(gan(LinearGenerator(injected=0.2)))
    assert np.array_equal(door.sample(4, batch_size=4),
                          door.sample(4, batch_size=1))


class SharedDraws(LinearGenerator):
    """Adds one number that is drawn for the whole batch."""

    def forward(self, z, **kwargs):
        return super().forward(z, **kwargs) + 0.3 * torch.randn(())


def test_a_network_that_draws_for_the_batch_makes_images_one_by_one():
    door = Sampler(gan(SharedDraws()))
    pictures = door.sample(5, batch_size=5)
    assert door.one_by_one
    for batch_size in (1, 2):
        again = Sampler(door.model).sample(5, batch_size=batch_size)
        assert np.array_equal(pictures, again)


def test_the_random_state_is_left_as_found(sampler):
    door = sampler('stylegan2')
    before = torch.get_rng_state()
    door.sample(2)
    assert torch.equal(before, torch.get_rng_state())


def test_pictures_are_those_of_the_model(sampler):
    door = sampler('dcgan')
    noise = door.noise(3, seed=2)
    images = door.model.generator_ema(noise)
    pixels = ((images.flip(1) + 1) * 127.5).round().clamp(0, 255)
    expected = pixels.detach().permute(0, 2, 3, 1).numpy()
    assert np.abs(door.sample(3, seed=2) - expected).max() <= 1
    assert np.array_equal(
        np.concatenate(list(door.render(noise, batch_size=2))),
        door.sample(3, seed=2))


def test_the_average_is_taken_unless_told_otherwise(sampler):
    door = sampler('dcgan')
    assert np.array_equal(door.sample(2), door.sample(2, sample_model='ema'))
    assert not np.array_equal(door.sample(2),
                              door.sample(2, sample_model='orig'))


@pytest.mark.parametrize('family', ['biggan', 'stylegan2_classes', 'ddpm'])
def test_labels(family, sampler):
    door = sampler(family)
    by_class = [door.sample(2, labels=label) for label in range(3)]
    assert not np.array_equal(by_class[0], by_class[1])
    mixed = door.sample(2, labels=[2, 0], batch_size=1)
    assert np.array_equal(mixed[0], by_class[2][0])
    assert np.array_equal(mixed[1], by_class[0][1])


@pytest.mark.parametrize('family', ['stylegan1', 'stylegan2', 'stylegan3'])
def test_no_truncation_is_all_variety_and_zero_none(family, sampler):
    door = sampler(family)
    given = dict(randomize_noise=False) if family != 'stylegan3' else {}
    spread = [door.sample(4, truncation=psi, **given).astype(float).std(0).sum()
              for psi in (1.0, 0.5, 0.0)]
    assert spread[0] > spread[1] > spread[2] == 0


def test_noise_of_biggan_is_cut_off(sampler):
    door = sampler('biggan')
    cut = np.concatenate(list(door.render(
        door.noise(3).clamp(-0.4, 0.4), door.model.label_fn([0, 1, 2]))))
    assert np.array_equal(door.sample(3, 0, [0, 1, 2], truncation=0.4), cut)
    with pytest.raises(ValueError, match='expected a number above 0'):
        door.sample(1, truncation=0.0)


def test_render_adds_the_same_noise_to_all():
    door = Sampler(gan(LinearGenerator(injected=0.2)))
    latents = door.noise(1).expand(4, -1)
    frames = np.concatenate(list(door.render(latents, batch_size=3)))
    assert all(np.array_equal(frames[0], frame) for frame in frames[1:])


@pytest.mark.parametrize('settings, words', [
    (dict(n=0), 'n=0, batch_size=1 and seed=0, expected at least 1 image'),
    (dict(n=1, seed=-1), 'a seed of 0 or more'),
    (dict(n=1, sample_model='both'), "sample_model='both', expected 'ema'"),
    (dict(n=2, labels=1), 'this DCGAN has no classes'),
    (dict(n=2, truncation=0.5), 'DCGANGenerator knows none'),
])
def test_refused(settings, words, sampler):
    with pytest.raises(ValueError, match=words):
        sampler('dcgan').sample(**settings)


def test_labels_of_another_number_are_refused(sampler):
    with pytest.raises(ValueError, match='expected one class, or 3'):
        sampler('biggan').sample(3, labels=[0, 1])


def test_a_translation_model_is_refused(tmp_path):
    door = load(write_run(tmp_path, TRANSLATIONS['pix2pix']), device='cpu')
    with pytest.raises(TypeError, match='sample_img2img_model'):
        door.sample(1)


# ------------------------------------------------------ what a run left behind


def weights(folder, seed, name):
    write_run(folder, FAMILIES['dcgan'], name, seed)
    return load(folder / 'config.py', folder / name, device='cpu').sample(1)


def test_best_then_newest_whole_checkpoint(tmp_path):
    old = weights(tmp_path, 1, 'iter_9.pth')
    new = weights(tmp_path, 2, 'iter_10.pth')
    assert np.array_equal(load(tmp_path, device='cpu').sample(1), new)
    (tmp_path / 'iter_10.pth').write_bytes(b'half')
    assert np.array_equal(load(tmp_path, device='cpu').sample(1), old)
    best = weights(tmp_path, 3, 'best_FID_fid_iter_4.pth')
    other = weights(tmp_path, 4, 'best_IS_is_iter_2.pth')
    for age, name in ((20, 'FID_fid_iter_4'), (10, 'IS_is_iter_2')):
        os.utime(tmp_path / f'best_{name}.pth', (1e9 - age, 1e9 - age))
    assert np.array_equal(load(tmp_path, device='cpu').sample(1), other)
    (tmp_path / 'best_IS_is_iter_2.pth').write_bytes(b'half')
    assert np.array_equal(load(tmp_path, device='cpu').sample(1), best)
    given = load(tmp_path, tmp_path / 'iter_9.pth', device='cpu')
    assert np.array_equal(given.sample(1), old)


def test_folders_that_lack_something(tmp_path):
    with pytest.raises(FileNotFoundError, match='neither best_'):
        load(tmp_path)
    write_run(tmp_path, FAMILIES['dcgan'])
    with pytest.raises(ValueError, match='random weights. Give a checkpoint'):
        load(tmp_path / 'config.py')
    (tmp_path / 'second.py').write_text('')
    with pytest.raises(ValueError, match='2 configs: config.py, second.py'):
        load(tmp_path)
    for name in ('config.py', 'second.py'):
        (tmp_path / name).unlink()
    with pytest.raises(FileNotFoundError, match='has no config'):
        load(tmp_path)


class Foreign:
    """An object that only a trusted file may bring along."""


def test_a_foreign_pickle_needs_the_flag(tmp_path):
    folder = write_run(tmp_path, FAMILIES['dcgan'])
    expected = load(folder, device='cpu').sample(1)
    checkpoint = torch.load(folder / 'iter_3.pth')
    checkpoint['meta'] = dict(cfg=Foreign())
    torch.save(checkpoint, folder / 'iter_3.pth')
    with pytest.raises(RuntimeError, match='trust_checkpoint=True'):
        load(folder, device='cpu')
    trusted = load(folder, device='cpu', trust_checkpoint=True)
    assert np.array_equal(trusted.sample(1), expected)
    (folder / 'iter_3.pth').write_bytes(pickle.dumps(Foreign()))
    with pytest.raises(RuntimeError):
        load(folder / 'config.py', folder / 'iter_3.pth', device='cpu')


@pytest.mark.parametrize('family, network, average', [
    ('dcgan', 'generator', 'generator_ema'),
    ('ddpm', 'denoising', 'denoising_ema')])
@pytest.mark.parametrize('missing', ['network', 'average'])
def test_what_a_file_lacks_is_copied_not_random(
        family, network, average, missing, tmp_path):
    folder = write_run(tmp_path, copy.deepcopy(MODELS[family]))
    whole = load(folder, device='cpu')
    out, kept = (network, 'ema') if missing == 'network' else (average, 'orig')
    checkpoint = torch.load(folder / 'iter_3.pth')
    checkpoint['state_dict'] = {
        key: value for key, value in checkpoint['state_dict'].items()
        if not key.startswith(f'{out}.')}
    torch.save(checkpoint, folder / 'iter_3.pth')
    door = load(folder, device='cpu')
    expected = whole.sample(2, sample_model=kept)
    for sample_model in ('ema', 'orig'):
        assert np.array_equal(
            door.sample(2, sample_model=sample_model), expected)


def test_classes_are_given_or_drawn(sampler):
    door = sampler('stylegan2_classes')
    assert door.labels(2, 3).tolist() == [2, 2, 2]
    assert door.labels([2, 0], 2).tolist() == [2, 0]
    drawn = door.labels(None, 30, seed=1)
    assert set(drawn.tolist()) == {0, 1, 2}
    assert torch.equal(door.labels(None, 8, seed=1), drawn[:8])
    with pytest.raises(ValueError, match='StyleGAN2: labels have shape'):
        door.labels([0, 1], 3)
    plain = sampler('stylegan2')
    assert plain.labels(None, 3) is None
    with pytest.raises(ValueError, match='has no classes'):
        plain.labels(1, 3)


def test_rendered_with_given_noise(sampler):
    door = sampler('stylegan2')
    w = door.styles(door.noise(1)).expand(2, -1)
    maps = [torch.zeros(2, 1, *kept.shape[2:]) for name, kept
            in door.generator().named_buffers() if 'injected' in name]
    for one in maps:
        one[1] = 3
    first, other = np.concatenate(list(door.render(
        w, noises=maps, input_is_latent=True)))
    alone = next(door.render(w[1:], noises=[one[1:] for one in maps],
                             input_is_latent=True, seed=9))
    assert np.array_equal(other, alone[0]) and (first != other).any()
