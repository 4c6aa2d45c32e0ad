"""What every family promises. A new family adds a row to `families.py`."""
import copy

import pytest
import torch
from families import FAMILIES, RESOLUTION, UNBOUNDED

from mmgen.engine.amp import convert_to_amp
from mmgen.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS
from mmgen.structures import GenDataSample

OPTIM = dict(
    generator=dict(optimizer=dict(type='Adam', lr=1e-3, betas=(0, 0.9))),
    discriminator=dict(optimizer=dict(type='Adam', lr=1e-3, betas=(0, 0.9))))


@pytest.fixture(params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture
def model(family):
    torch.manual_seed(0)
    return MODELS.build(copy.deepcopy(FAMILIES[family]))


def build_optimizers(model, cfg=OPTIM):
    constructor = OPTIM_WRAPPER_CONSTRUCTORS.build(
        dict(
            type='GenOptimWrapperConstructor',
            optim_wrapper_cfg=copy.deepcopy(cfg)))
    return constructor(model)


def make_batch(model, family, size=4):
    """Random images with labels where the family wants them."""
    rng = torch.Generator().manual_seed(5)
    side = RESOLUTION[family]
    samples = []
    for index in range(size):
        sample = GenDataSample()
        if getattr(model, 'num_classes', None):
            sample.set_gt_label(index % model.num_classes)
        samples.append(sample)
    images = torch.randint(
        0, 256, (size, 3, side, side), generator=rng, dtype=torch.uint8)
    return dict(inputs=dict(img=images), data_samples=samples)


def snapshot(model):
    return {k: v.clone() for k, v in model.state_dict().items()}


def test_sampled_images_have_shape_range_and_dtype(model, family):
    side = getattr(model, 'curr_scale', RESOLUTION[family])  # may grow
    for sample in model.test_step(dict(inputs=dict(num_batches=3))):
        image = sample.fake_img.data
        assert image.shape == (3, side, side)
        assert image.dtype == torch.float32
        assert family in UNBOUNDED or (
            image.min() >= -1 and image.max() <= 1)
        assert image.std() > 0


def test_one_step_changes_both_networks_and_nothing_else(model, family):
    for name, parameter in model.named_parameters():
        if name.endswith('.gamma'):  # attention learns once its share is not 0
            torch.nn.init.ones_(parameter)
        elif parameter.ndim > 1 and not parameter.any():
            torch.nn.init.normal_(parameter)  # likewise, of residual blocks
    optimizers = build_optimizers(model)
    before = snapshot(model)
    log = model.train_step(make_batch(model, family), optimizers)
    assert all(torch.isfinite(value) for value in log.values())
    after = model.state_dict()
    waiting = set()  # layers of a growing network that are not in use yet
    if hasattr(model, 'curr_scale'):
        waiting = set(model.parameters()).difference(
            *(wrapper.optimizer.state for wrapper in optimizers.values()))
    for name, parameter in model.named_parameters():
        changed = not torch.equal(before[name], after[name])
        if name.startswith('generator_ema.'):
            assert not parameter.requires_grad
        elif parameter.requires_grad and parameter.ndim > 1 \
                and 'embedding' not in name and 'weight' in name:
            assert changed != (parameter in waiting), name
    assert set(before) == set(after)
    assert all(
        key.split('.')[0] in ('generator', 'discriminator', 'generator_ema',
                              'mean_path_length', 'shown_imgs')
        for key in before if not torch.equal(before[key], after[key]))


def test_no_gradient_is_left_over(model, family):
    model.train_step(make_batch(model, family), build_optimizers(model))
    assert all(p.grad is None or not p.grad.any()
               for p in model.generator.parameters())
    assert all(p.grad is None or not p.grad.any()
               for p in model.discriminator.parameters())
    assert all(p.requires_grad for p in model.discriminator.parameters())


def test_state_dict_round_trip(model, family):
    model.train_step(make_batch(model, family), build_optimizers(model))
    other = MODELS.build(copy.deepcopy(FAMILIES[family]))
    other.load_state_dict(model.state_dict(), strict=True)
    noise = torch.randn(2, model.noise_size)
    inputs = dict(noise=noise, sample_model='ema/orig')
    if getattr(model, 'num_classes', None):
        inputs['labels'] = [0, 2]
    torch.manual_seed(2)  # some generators add noise in their layers
    ours = model.eval().test_step(dict(inputs=inputs))
    torch.manual_seed(2)
    theirs = other.eval().test_step(dict(inputs=inputs))
    for a, b in zip(ours, theirs):
        assert torch.equal(a.ema.fake_img.data, b.ema.fake_img.data)
        assert torch.equal(a.orig.fake_img.data, b.orig.fake_img.data)


def test_average_differs_from_the_original_after_two_steps(model, family):
    optimizers = build_optimizers(model)
    for _ in range(2):
        model.train_step(make_batch(model, family), optimizers)
    sample, = model.eval().test_step(
        dict(inputs=dict(num_batches=1, sample_model='ema/orig')))
    assert not torch.equal(sample.ema.fake_img.data, sample.orig.fake_img.data)


def test_mixed_precision_step_is_near_the_full_one(family):
    logs = []
    for amp in (False, True):
        torch.manual_seed(0)
        model = MODELS.build(copy.deepcopy(FAMILIES[family]))
        cfg = dict(constructor='GenOptimWrapperConstructor', **OPTIM)
        if amp:
            cfg = convert_to_amp(copy.deepcopy(cfg), None)
        cfg.pop('constructor')
        optimizers = build_optimizers(model, cfg)
        before = snapshot(model)
        torch.manual_seed(1)
        logs.append(model.train_step(make_batch(model, family), optimizers))
        assert any(not torch.equal(before[k], v)
                   for k, v in model.generator.state_dict(
                       prefix='generator.').items())
    full, mixed = logs
    assert set(full) == set(mixed)
    for key in full:
        assert mixed[key].dtype == torch.float32
        assert mixed[key].item() == pytest.approx(
            full[key].item(), rel=0.02, abs=0.02)


def test_ten_steps_stay_finite(model, family):
    optimizers = build_optimizers(model)
    for _ in range(10):
        log = model.train_step(make_batch(model, family), optimizers)
    assert all(torch.isfinite(value) for value in log.values())


def test_same_seed_same_step(family):
    states = []
    for _ in range(2):
        torch.manual_seed(0)
        model = MODELS.build(copy.deepcopy(FAMILIES[family]))
        model.train_step(make_batch(model, family), build_optimizers(model))
        states.append(model.state_dict())
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])
