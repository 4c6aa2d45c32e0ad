"""MSPIE-StyleGAN2's training: one size of images for each iteration."""
import copy
import signal
from collections import Counter

import pytest
import torch
import torch.distributed as dist
import torch.nn.functional as F
from families import FAMILIES
from mmengine.optim import OptimWrapper, OptimWrapperDict
from tiny_runs import (assert_same, in_children, tiny_config, train,
                       write_images)

from mmgen.models.mspie.mspie_stylegan2 import resize
from mmgen.registry import MODELS
from mmgen.utils.checkpoint_file import read_checkpoint


def make_model(**settings):
    torch.manual_seed(0)
    return MODELS.build({**copy.deepcopy(FAMILIES['mspie']), **settings})


def step(model, side=16):
    optimizers = OptimWrapperDict(**{
        name: OptimWrapper(torch.optim.Adam(
            getattr(model, name).parameters(), 1e-3, betas=(0.0, 0.9)))
        for name in ('generator', 'discriminator')
    })
    images = torch.randint(0, 256, (4, 3, side, side), dtype=torch.uint8)
    return model.train_step(dict(inputs=dict(img=images)), optimizers)


def watch(network):
    """Sizes of what the network makes or takes in each call, from now on."""
    sizes = []
    network.register_forward_hook(
        lambda module, args, out: sizes.append(
            tuple((args[0] if args[0].ndim == 4 else out).shape[2:])))
    return sizes


@pytest.mark.parametrize('scale, size', [
    (0, (8, 8)), (2, (12, 12)), ([0, 4], (8, 16))])
def test_all_images_of_an_iteration_have_one_size(scale, size):
    """Both turns and both penalties, which the first iteration has."""
    model = make_model(train_settings=dict(multi_input_scales=[scale]))
    made, judged = watch(model.generator), watch(model.discriminator)
    log = step(model)
    # D's fakes, G's fakes, path length; D's fakes, reals and R1, G's fakes
    assert made == [size] * 3 and judged == [size] * 4
    assert log['loss_disc_r1'] > 0 and log['loss_path_regular'] > 0
    assert model.chosen_scale == scale


def test_scales_are_drawn_as_often_as_they_should_be():
    model = make_model(train_settings=dict(
        num_upblocks=1,
        multi_input_scales=[0, 2, 4],
        multi_scale_probability=[0.5, 0.5, 0.0]))
    torch.manual_seed(0)
    counts = Counter(model.draw_scale() for _ in range(400))
    assert set(counts) == {0, 2} and 150 < counts[0] < 250
    even = make_model(train_settings=dict(multi_input_scales=[0, 2, 4]))
    counts = Counter(even.draw_scale() for _ in range(300))
    assert all(70 < counts[scale] < 130 for scale in (0, 2, 4))


def test_draw_follows_from_the_random_state():
    model = make_model()
    draws = []
    for _ in range(2):
        torch.manual_seed(3)
        draws.append([model.draw_scale() for _ in range(20)])
    assert draws[0] == draws[1] and set(draws[0]) == {0, 2}


def test_without_settings_there_is_one_size():
    model = make_model(train_settings={})
    made = watch(model.generator)
    step(model, side=8)
    assert set(made) == {(8, 8)}


def test_real_images_are_smoothed_where_they_shrink():
    x = torch.rand(1, 3, 8, 8)
    assert resize(x, (8, 8)) is x
    torch.testing.assert_close(
        resize(x, (12, 12)),
        F.interpolate(x, (12, 12), mode='bilinear', align_corners=False))
    lines = torch.tensor([1.0, -1.0]).repeat(8).expand(1, 3, 16, 16)
    small = resize(lines, (8, 4))
    assert small.shape == (1, 3, 8, 4)
    # Every fourth pixel would see lines; their mean is 0.
    assert small[..., 1:-1].abs().max() < 1e-6


def test_samples_are_small_unless_asked_otherwise():
    model = make_model().eval()
    step(model)  # leaves a scale behind that samples do not follow
    model.chosen_scale = 2
    for sample_kwargs, size in (({}, (8, 8)),
                                (dict(chosen_scale=(1, 2)), (10, 12))):
        sample, = model.test_step(dict(inputs=dict(
            num_batches=1, sample_model='ema/orig',
            sample_kwargs=sample_kwargs)))
        for images in (sample.ema, sample.orig):
            assert images.fake_img.data.shape == (3, *size)


def test_all_processes_draw_the_scale_of_the_first(tmp_path):
    def run():
        dist.init_process_group('gloo')
        rank = dist.get_rank()
        model = make_model()
        torch.manual_seed(rank)
        torch.save([model.draw_scale() for _ in range(20)],
                   tmp_path / f'{rank}.pt')

    assert in_children(run, 2) == [0, 0]
    first, second = (torch.load(tmp_path / f'{rank}.pt') for rank in (0, 1))
    assert first == second and set(first) == {0, 2}


def test_killed_and_resumed_equals_uninterrupted(tmp_path):
    data = write_images(tmp_path / 'images', side=16)

    def config(work_dir):
        return tiny_config(data, work_dir, 'mspie')

    straight, broken = tmp_path / 'straight', tmp_path / 'broken'
    assert train(config(straight), 2) == [0, 0]
    assert train(config(broken), 2, kill_at=13) == [-signal.SIGKILL] * 2
    assert train(config(broken), 2, resume=True) == [0, 0]
    assert_same(read_checkpoint(straight / 'iter_20.pth'),
                read_checkpoint(broken / 'iter_20.pth'))


@pytest.mark.parametrize('settings, words', [
    (dict(num_upblock=1),
     'MSPIEStyleGAN2: train_settings has num_upblock, expected only num_up'),
    (dict(num_upblocks=6),
     'num_upblocks=6, but the generator doubles the resolution 1 times'),
    (dict(multi_input_scales=[]), r'multi_input_scales=\[\] with'),
    (dict(multi_input_scales=[0, 2], multi_scale_probability=[1.0]),
     'expected one scale or more, one probability for each'),
    (dict(multi_input_scales=[0, 2], multi_scale_probability=[0.5, 0.4]),
     'and 1 as their sum'),
    (dict(multi_input_scales=[0, 2], multi_scale_probability=[1.5, -0.5]),
     r'multi_scale_probability=\[1.5, -0.5\]'),
    (dict(multi_input_scales=[0, 0.5]),
     'chosen_scale=0.5, expected a whole number')])
def test_settings_that_make_no_sense_are_refused(settings, words):
    with pytest.raises(ValueError, match=words):
        make_model(train_settings=settings)


def test_networks_that_cannot_have_the_sizes_are_refused():
    discriminator = dict(
        type='MSStyleGAN2Discriminator', in_size=8, max_channels=8)
    with pytest.raises(ValueError, match='discriminator judges .8, 8. only. '
                       'Set with_adaptive_pool=True'):
        make_model(discriminator=discriminator)
    make_model(discriminator=discriminator, train_settings={})
    with pytest.raises(TypeError, match='the generator is a StyleGANv2Gen'):
        make_model(generator=FAMILIES['stylegan2']['generator'])
