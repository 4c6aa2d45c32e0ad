"""Each augmentation against the same written out for one image at a time."""
import copy

import pytest
import torch
import torch.nn.functional as F
from families import FAMILIES
from mmengine.optim import OptimWrapper, OptimWrapperDict

from mmgen.engine.distributed import MMSeparateDistributedDataParallel
from mmgen.models.layers import DiffAugment
from mmgen.models.layers.diff_augment import diff_augment
from mmgen.registry import MODELS
from mmgen.structures import GenDataSample

ALL = 'color,translation,cutout'


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(count=64, channels=3, height=16, width=24, **kwargs):
    """No value is 0, which is what the augmentations fill with."""
    return torch.rand(count, channels, height, width, **kwargs) + 0.1


def color_of_each(images, draws):
    brightness, saturation, contrast = torch.rand(
        3, len(images), 1, 1, 1, generator=draws)
    out = []
    for i, image in enumerate(images):
        image = image + brightness[i] - 0.5
        grey = sum(image) / len(image)
        image = grey + 2 * saturation[i] * (image - grey)
        out.append(image.mean() + (0.5 + contrast[i]) * (image - image.mean()))
    return torch.stack(out)


def translation_of_each(images, draws):
    down = torch.randint(-2, 3, (len(images), 1), generator=draws)
    right = torch.randint(-3, 4, (len(images), 1), generator=draws)
    height, width = images.shape[2:]
    out = []
    for image, dy, dx in zip(images, down.tolist(), right.tolist()):
        top, left = 2 - dy[0], 3 - dx[0]
        wide = F.pad(image, (3, 3, 2, 2))
        out.append(wide[:, top:top + height, left:left + width])
    return torch.stack(out)


def cutout_of_each(images, draws):
    y = torch.randint(17, (len(images), 1), generator=draws)
    x = torch.randint(25, (len(images), 1), generator=draws)
    out = images.clone()
    for image, cy, cx in zip(out, y.tolist(), x.tolist()):
        image[:, max(cy[0] - 4, 0):cy[0] + 4, max(cx[0] - 6, 0):cx[0] + 6] = 0
    return out


@pytest.mark.parametrize('policy, each', [
    ('color', color_of_each), ('translation', translation_of_each),
    ('cutout', cutout_of_each)
])
@pytest.mark.parametrize('channels', [1, 3, 5])
def test_formula(policy, each, channels):
    images = pictures(channels=channels)
    torch.testing.assert_close(
        diff_augment(images, policy, seeded()), each(images, seeded()))


def test_parts_are_applied_in_the_order_of_the_policy():
    images = pictures()
    draws = seeded()
    expected = color_of_each(images, draws)
    expected = translation_of_each(expected, draws)
    expected = cutout_of_each(expected, draws)
    for policy in (ALL, 'color, translation , cutout',
                   ['color', 'translation', 'cutout']):
        torch.testing.assert_close(
            diff_augment(images, policy, seeded()), expected)
    draws = seeded()
    torch.testing.assert_close(
        diff_augment(images, 'cutout,color', seeded()),
        color_of_each(cutout_of_each(images, draws), draws))


def test_strengths_fill_their_ranges():
    flat = torch.ones(4000, 1, 8, 8)
    added = diff_augment(flat, 'color')[:, 0, 0, 0] - 1
    assert -0.5 <= added.min() < -0.49 and 0.49 < added.max() < 0.5

    # Two channels, x and -x: saturation and contrast both scale x.
    pair = torch.ones(4000, 2, 8, 8)
    pair[:, 1] = -1
    factor = diff_augment(pair, 'color').diff(dim=1).abs()[:, 0, 0, 0] / 2
    assert factor.min() < 0.02 and 2.5 < factor.max() < 3  # of 2 * 1.5

    # Ramps show how far they were moved: by 4 pixels of 32 at most.
    ramp = torch.arange(1., 33).expand(4000, 1, 32, 32)
    middle = diff_augment(ramp, 'translation')[:, 0, 16, 16]
    assert set((middle - 17).tolist()) == set(range(-4, 5))

    cut = (diff_augment(torch.ones(4000, 1, 32, 32), 'cutout') == 0)[:, 0]
    assert cut.any(1).sum(1).unique().tolist() == list(range(8, 17))
    assert cut.any(2).sum(1).unique().tolist() == list(range(8, 17))


def test_odd_sides():
    """Of 7 pixels a shift is at most 1, and 4 are cut out."""
    ramp = torch.arange(1., 8).expand(500, 1, 7, 7)
    middle = diff_augment(ramp, 'translation')[:, 0, 3, 3]
    assert set(middle.tolist()) == {3., 4., 5.}
    cut = (diff_augment(ramp, 'cutout') == 0)[:, 0].any(1).sum(1)
    assert cut.max() == 4


@pytest.mark.parametrize('policy', ['color', 'translation', 'cutout', ALL])
def test_gradient(policy):
    images = pictures(3, 2, 8, 8, dtype=torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x: diff_augment(x, policy, seeded()), images)


@pytest.mark.parametrize('policy', ['color', 'translation', 'cutout'])
def test_each_image_has_its_own_draws(policy):
    same = pictures(1).expand(64, -1, -1, -1)
    out = diff_augment(same, policy)
    assert len(out.flatten(1).unique(dim=0)) > 20
    # What happens to one image does not depend on the others.
    other = torch.cat([same[:1], pictures(63)])
    assert torch.equal(diff_augment(same, policy, seeded())[0],
                       diff_augment(other, policy, seeded())[0])


def test_draws_come_from_the_generator_or_else_from_the_global_state():
    images = pictures()
    state = torch.get_rng_state()
    first = diff_augment(images, ALL, seeded(3))
    assert torch.equal(state, torch.get_rng_state())
    assert torch.equal(first, diff_augment(images, ALL, seeded(3)))
    assert not torch.equal(first, diff_augment(images, ALL, seeded(4)))
    torch.manual_seed(3)
    assert torch.equal(first, diff_augment(images, ALL))
    # Fakes and reals of one step: two calls, two draws.
    assert not torch.equal(first, diff_augment(images, ALL))


def test_the_images_given_stay_as_they_are():
    images = pictures()
    before = images.clone()
    diff_augment(images, ALL)
    assert torch.equal(images, before)


@pytest.mark.parametrize('dtype', [torch.float16, torch.bfloat16])
@pytest.mark.parametrize('autocast', [False, True])
def test_half_precision(dtype, autocast):
    images = pictures().to(dtype)
    with torch.autocast('cpu', dtype, enabled=autocast):
        out = diff_augment(images, ALL, seeded())
    assert out.dtype == dtype
    expected = diff_augment(images.float(), ALL, seeded())
    tolerance = 8 * torch.finfo(dtype).eps
    torch.testing.assert_close(
        out.float(), expected, atol=tolerance, rtol=tolerance)


@pytest.mark.parametrize('policy', ['color', 'translation', 'cutout'])
def test_memory_format_is_kept(policy):
    images = pictures()
    last = images.to(memory_format=torch.channels_last)
    out = diff_augment(last, policy, seeded())
    assert out.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(out, diff_augment(images, policy, seeded()))
    assert diff_augment(images, policy).is_contiguous()


def test_compiles_as_one_graph():
    images = pictures()
    compiled = torch.compile(diff_augment, backend='eager', fullgraph=True)
    torch.manual_seed(1)
    expected = diff_augment(images, ALL)
    torch.manual_seed(1)
    torch.testing.assert_close(compiled(images, ALL), expected)


@pytest.mark.parametrize('policy, words', [
    ('color,colour', "policy has 'colour', expected some of 'color', 'tran"),
    (['flip', 'cut'], "policy has 'flip', 'cut', expected"),
    ('', "policy has '', expected"),
])
def test_unknown_names_are_refused(policy, words):
    with pytest.raises(ValueError, match=words):
        DiffAugment(policy)


# ----------------------------------------------------------------- in a GAN


def biggan(**settings):
    torch.manual_seed(0)
    return MODELS.build({**copy.deepcopy(FAMILIES['biggan']), **settings})


def train_step(model, networks):
    optimizers = OptimWrapperDict(**{
        name: OptimWrapper(
            torch.optim.SGD(getattr(networks, name).parameters(), lr=0.1))
        for name in ('generator', 'discriminator')
    })
    samples = [GenDataSample() for _ in range(4)]
    for label, sample in enumerate(samples):
        sample.set_gt_label(label % 3)
    torch.manual_seed(1)
    images = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8)
    model.train_step(
        dict(inputs=dict(img=images), data_samples=samples), optimizers)


def test_a_gan_trains_through_it():
    plain = biggan()
    model = biggan(disc_augment=dict(type='DiffAugment', policy=ALL))
    assert set(model.state_dict()) == set(plain.state_dict())
    seen = []
    model.discriminator.register_forward_pre_hook(
        lambda network, args: seen.append(args[0]))
    before = copy.deepcopy(model.generator.state_dict())
    train_step(model, model)
    train_step(plain, plain)
    assert len(seen) == 3  # fakes and reals for D, fakes for G
    for images in seen:  # each with a quarter of the image cut out
        assert 0.05 < (images == 0).all(1).float().mean() < 0.5
    for name, weight in model.generator.named_parameters():
        if weight.ndim == 4:
            assert not torch.equal(weight, before[name]), name
            assert not torch.equal(weight, plain.generator.get_parameter(name))


def test_the_distributed_wrapper_leaves_it_alone(process_group):
    model = biggan(disc_augment=dict(type='DiffAugment', policy=ALL))
    wrapped = MMSeparateDistributedDataParallel(
        biggan(disc_augment=dict(type='DiffAugment', policy=ALL)))
    assert isinstance(wrapped.module.disc_augment, DiffAugment)
    train_step(model, model)
    train_step(wrapped, wrapped.module)
    for name in ('generator', 'discriminator'):
        torch.testing.assert_close(
            wrapped.module.get_submodule(f'{name}.module').state_dict(),
            getattr(model, name).state_dict())
