"""Projection: the formulas of the paper, and images that are found again."""
import copy
import math

import numpy as np
import pytest
import tiny_features  # noqa: F401  registers a feature network
import tiny_latents  # noqa: F401  registers a distance
import torch
from families import FAMILIES

from mmgen.apis.projection import (FeatureDistance, Projection,
                                   ProjectionSettings, build_distance,
                                   compared, join, kept_noise,
                                   noise_correlation, normalize_noise,
                                   output_side, pixel_distance, pixels,
                                   project, read_projection,
                                   style_statistics, write_projection)
from mmgen.registry import MODELS

QUICK = dict(total_iters=150, mean_latent=500)


def model_of(family, noise=0.0):
    """A tiny model whose images depend on their styles."""
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(FAMILIES[family])).eval()
    with torch.no_grad():
        for name, entry in model.generator.named_parameters():
            if 'noise_injector' in name:
                entry.fill_(noise)
    return model


def images_of(model, ws, **kwargs):
    """Float RGB of styles."""
    with torch.no_grad():
        return model.data_preprocessor.to_float_rgb(model.generator(
            ws, input_is_latent=True, **kwargs))


def projected(model, targets, distance=pixel_distance, **settings):
    """What becomes of targets in few steps."""
    about = {key: settings.pop(key) for key in ('label', 'seed', 'watch')
             if key in settings}
    return project(
        model.generator, targets, model.data_preprocessor.to_float_rgb,
        distance, ProjectionSettings(**{**QUICK, **settings}), **about)


@pytest.fixture(scope='module')
def stylegan2():
    return model_of('stylegan2')


@pytest.fixture(scope='module')
def targets(stylegan2):
    """Images of known styles."""
    z = torch.randn(2, 8, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        return images_of(stylegan2, stylegan2.generator.map_noise(z))


@pytest.mark.parametrize('w_plus, shape', [(False, (2, 8)),
                                           (True, (2, 6, 8))])
def test_images_of_the_generator_are_found_again(
        w_plus, shape, stylegan2, targets):
    mean, _ = style_statistics(stylegan2.generator, 500, None, 0)
    start = images_of(stylegan2, mean.expand(2, -1))
    found = projected(stylegan2, targets, w_plus=w_plus)
    assert found.latents.shape == shape
    assert (found.distances < 0.02 * pixel_distance(start, targets)).all()
    # The images are those of the latents, without what was added.
    torch.testing.assert_close(
        found.images, images_of(stylegan2, found.latents))


@pytest.mark.parametrize('family', ['stylegan1', 'stylegan3'])
def test_other_stylegans(family):
    model = model_of(family)
    z = torch.randn(1, 8, generator=torch.Generator().manual_seed(5))
    with torch.no_grad():
        w = model.generator.map_noise(z)
    target = images_of(model, w)
    first = projected(model, target, total_iters=1)
    found = projected(model, target)
    assert found.distances < 0.2 * first.distances
    assert len(found.noises) == (4 if family == 'stylegan1' else 0)


def test_noise_is_optimised_and_stays_normal(targets):
    model = model_of('stylegan2', noise=0.3)
    found = projected(model, targets, total_iters=20)
    assert [noise.shape for noise in found.noises] == [
        (2, *kept.shape[1:]) for kept in kept_noise(model.generator)]
    for noise in found.noises:
        torch.testing.assert_close(noise.mean((1, 2, 3)), torch.zeros(2))
        torch.testing.assert_close(noise.square().mean((1, 2, 3)),
                                   torch.ones(2))
    kept = [noise.clone() for noise in kept_noise(model.generator)]
    torch.testing.assert_close(
        found.images,
        images_of(model, found.latents, injected_noise=found.noises))
    assert all(map(torch.equal, kept, kept_noise(model.generator)))
    assert all(entry.grad is None for entry in model.parameters())


def test_what_keeps_noise_noise_does_so(targets):
    model = model_of('stylegan2', noise=3.0)
    found = [projected(model, targets, total_iters=40, noise_regularize=weight)
             for weight in (0.0, 1e5)]
    free, held = (sum(noise_correlation(noise) for noise in one.noises)
                  for one in found)
    assert (held < 0.2 * free).all()


def test_the_same_seed_gives_the_same_in_any_batch(stylegan2, targets):
    together, again, other = (
        projected(stylegan2, targets, total_iters=10, seed=seed)
        for seed in (1, 1, 2))
    assert torch.equal(together.latents, again.latents)
    assert not torch.equal(together.latents, other.latents)
    alone = join([projected(stylegan2, one, total_iters=10, seed=1)
                  for one in targets.split(1)])
    torch.testing.assert_close(alone.latents, together.latents)
    # Of 255; convolutions sum in another order.
    torch.testing.assert_close(
        alone.images, together.images, atol=1e-2, rtol=0)
    assert alone.noises[0].shape == together.noises[0].shape


def test_each_step_is_watched(stylegan2, targets):
    seen = []
    projected(stylegan2, targets, total_iters=3,
              watch=lambda step, images: seen.append((step, images.shape)))
    assert seen == [(step, targets.shape) for step in range(3)]


# ------------------------------------------------------------------- formulas


@pytest.mark.parametrize('side', [4, 8, 16, 32])
def test_noise_correlation_is_the_papers(side):
    draws = torch.Generator().manual_seed(0)
    maps = torch.randn(2, 1, side, side, generator=draws, dtype=torch.float64)
    for found, noise in zip(noise_correlation(maps), maps[:, 0].numpy()):
        total = 0.0
        while True:
            r = len(noise)
            for dx, dy in ((1, 0), (0, 1)):
                total += (sum(
                    noise[x, y] * noise[(x - dx) % r, (y - dy) % r]
                    for x in range(r) for y in range(r)) / r**2)**2
            if r <= 8:
                break
            noise = np.array([[noise[2 * x:2 * x + 2, 2 * y:2 * y + 2].sum()
                               / 2 for y in range(r // 2)]
                              for x in range(r // 2)])
        assert float(found) == pytest.approx(total, rel=1e-9)


def test_normal_noise():
    noise = 3 + 5 * torch.randn(2, 1, 8, 8)
    wanted = (noise - noise.mean((1, 2, 3), keepdim=True)) \
        / noise.std((1, 2, 3), correction=0, keepdim=True)
    normalize_noise([noise])
    torch.testing.assert_close(noise, wanted)


def test_schedules_are_the_papers():
    paper = ProjectionSettings()
    assert [paper.rate(step / 1000) for step in (0, 25, 50, 400, 750)] \
        == pytest.approx([0, 0.05, 0.1, 0.1, 0.1])
    assert paper.rate(0.875) == pytest.approx(0.05)
    assert paper.rate(0.9375) == pytest.approx(
        0.1 * (0.5 - 0.5 * math.cos(math.pi / 4)))
    assert [paper.noise_strength(step / 750 * 0.75)
            for step in (0, 375, 750, 900)] == pytest.approx(
                [0.05, 0.05 / 4, 0, 0])


@pytest.mark.parametrize('family', ['stylegan2', 'stylegan3_r_classes'])
def test_mean_style_and_how_far_styles_are_from_it(family):
    network = model_of(family).generator
    z = torch.randn(300, 8, generator=torch.Generator().manual_seed(3))
    given = (torch.arange(300) % 3, ) if network.num_classes else ()
    with torch.no_grad():
        ws = network.map_noise(z, *given)
    ws = ws if ws.ndim == 2 else ws[:, 0]
    mean, spread = style_statistics(network, 300, None, 3)
    torch.testing.assert_close(mean, ws.mean(0))
    assert spread == pytest.approx(
        float(ws.var(0, correction=0).sum().sqrt()), rel=1e-4)


def test_a_class_has_a_mean_style_of_its_own():
    model = model_of('stylegan2_classes')
    network = model.generator
    means = [style_statistics(network, 300, label, 0)[0]
             for label in (None, 0, 1)]
    assert not torch.allclose(means[1], means[2])
    with pytest.raises(ValueError, match='label=3, but StyleGANv2Generator '
                       'has 3 classes'):
        style_statistics(network, 300, 3, 0)


def test_distances():
    a, b = torch.full((1, 3, 4, 4), 255.0), torch.zeros(1, 3, 4, 4)
    assert float(pixel_distance(a, b)) == pytest.approx(4)  # of 1 and -1
    assert build_distance('pixels', 'cpu') is pixel_distance
    assert type(build_distance('MeanSquare', 'cpu')).__name__ == 'MeanSquare'
    found = build_distance('TinyFeatures', 'cpu')
    assert isinstance(found, FeatureDistance)
    images = 255 * torch.rand(2, 3, 8, 8)
    features = found.network(images)
    assert float(found(images[:1], images[1:])) == pytest.approx(
        float((features[0] - features[1]).square().sum()
              / features[1].square().sum()))
    with pytest.raises(ValueError, match="'Vgg' is not a registered"):
        build_distance('Vgg', 'cpu')


def test_pixels_count_beside_another_distance(stylegan2, targets):

    def nothing(a, b):
        return 0 * a.sum((1, 2, 3))

    still = projected(stylegan2, targets, nothing, total_iters=30, noise=0)
    moved = projected(stylegan2, targets, nothing, total_iters=30, mse=1.0)
    mean, _ = style_statistics(stylegan2.generator, 500, None, 0)
    torch.testing.assert_close(still.latents, mean.expand(2, -1))
    assert (pixel_distance(moved.images, targets)
            < 0.5 * pixel_distance(still.images, targets)).all()
    torch.testing.assert_close(
        moved.distances, pixel_distance(moved.images, targets))


def test_large_images_are_compared_at_256():
    images = torch.rand(1, 3, 512, 512)
    torch.testing.assert_close(
        compared(images), torch.nn.functional.avg_pool2d(images, 2))
    assert compared(images[..., :64, :64]).shape[-1] == 64


def test_pixels_are_rounded_and_cut_off():
    images = torch.tensor([-3.0, 0.4, 0.6, 254.6, 300.0]).repeat(3, 1)
    assert pixels(images[None, :, None])[0, 0, :, 0].tolist() == [
        0, 0, 1, 255, 255]


# ------------------------------------------------------------ files and errors


def test_a_projection_is_written_and_read(tmp_path):
    found = Projection(torch.rand(2, 6, 8),
                       [torch.rand(2, 1, 4, 4), torch.rand(2, 1, 8, 8)],
                       torch.rand(2, 3, 8, 8), torch.rand(2))
    write_projection(tmp_path / 'new/a.npz', found, ['a.png', 'b.png'])
    latents, noises = read_projection(tmp_path / 'new/a.npz')
    assert torch.equal(latents, found.latents)
    assert all(map(torch.equal, noises, found.noises)) and len(noises) == 2


def test_what_is_no_projection_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match='There is no projection'):
        read_projection(tmp_path / 'no.npz')
    (tmp_path / 'junk.npz').write_bytes(b'junk')
    np.savez(tmp_path / 'other.npz', a=np.zeros(2))
    np.save(tmp_path / 'array.npy', np.zeros(2))
    np.savez(tmp_path / 'object.npz', latents=np.array([{}], object))
    for name in ('junk.npz', 'other.npz', 'array.npy', 'object.npz'):
        with pytest.raises(ValueError, match='is no projection'):
            read_projection(tmp_path / name)


@pytest.mark.parametrize('settings, words', [
    (dict(total_iters=0), 'total_iters=0, expected at least 1'),
    (dict(lr=0.0), 'lr=0.0, expected a number above 0'),
    (dict(noise=-1.0), 'noise=-1.0, expected at least 0'),
])
def test_impossible_settings_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        ProjectionSettings(**settings)


def test_targets_and_networks_that_do_not_fit(stylegan2, targets):
    with pytest.raises(ValueError, match=r'\[2, 3, 8, 8\], expected '
                       r'\[2, 3, 16, 16\]'):
        projected(stylegan2, targets[..., :8, :8])
    with pytest.raises(ValueError, match='DCGANGenerator has no styles'):
        projected(model_of('dcgan'), targets)
    assert output_side(stylegan2.generator) == 16
