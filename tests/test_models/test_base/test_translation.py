"""What every translation model promises: domains, cadence, one step."""
import copy

import pytest
import torch
from mmengine.structures import PixelData
from tiny_translation import (OPTIM, SIDE, TRANSLATIONS, build,
                              build_optimizers, make_batch)

from mmgen.engine.amp import convert_to_amp
from mmgen.models import BaseTranslationModel, StaticTranslationGAN
from mmgen.registry import MODELS
from mmgen.structures import GenDataSample


@pytest.fixture(params=TRANSLATIONS)
def family(request):
    return request.param


@pytest.fixture
def model(family):
    return build(family)


def snapshot(model):
    return {k: v.clone() for k, v in model.state_dict().items()}


def changed(before, model):
    return {key for key, value in model.state_dict().items()
            if not torch.equal(before[key], value)}


# ------------------------------------------------------------- translations


def test_an_answer_has_source_translation_and_target(model):
    samples = model.eval().test_step(make_batch(3))
    assert len(samples) == 3
    for index, sample in enumerate(samples):
        assert set(sample.keys()) == {'img_mask', 'fake_photo', 'img_photo'}
        fake = sample.fake_photo.data
        assert isinstance(sample.fake_photo, PixelData)
        assert fake.shape == (3, SIDE, SIDE) and fake.dtype == torch.float32
        assert fake.abs().max() <= 1 and fake.std() > 0
        given = make_batch(3)['inputs']['img_mask'][index]
        torch.testing.assert_close(
            sample.img_mask.data, given.float() / 127.5 - 1)


def test_source_images_alone_are_enough(model):
    data = make_batch(2)
    del data['inputs']['img_photo']
    sample, _ = model.eval().test_step(data)
    assert set(sample.keys()) == {'img_mask', 'fake_photo'}
    images = torch.zeros(2, 3, SIDE, SIDE)
    assert set(model(images)[0].keys()) == {'img_mask', 'fake_photo'}


def test_metainfo_of_the_data_is_kept(model):
    data = make_batch(1)
    data['data_samples'] = [GenDataSample(metainfo=dict(img_mask_path='a'))]
    sample, = model.test_step(data)
    assert sample.img_mask_path == 'a'


def test_the_target_can_be_chosen():
    model = build('cyclegan').eval()
    data = make_batch(1)
    data['inputs']['target_domain'] = 'mask'
    sample, = model.test_step(data)
    source = data['inputs']['img_photo'].float() / 127.5 - 1
    expected = model.generators['mask'](source)
    torch.testing.assert_close(sample.fake_mask.data, expected[0])
    torch.testing.assert_close(model.translation(source, 'mask'), expected)
    assert not torch.equal(model.translation(source), expected)


def test_domains():
    model = build('pix2pix')
    assert model.is_domain_reachable('photo')
    assert not model.is_domain_reachable('mask')
    assert model.get_other_domains('photo') == ['mask']
    assert model.shown_images == ['img_mask', 'fake_photo', 'img_photo']
    assert build('cyclegan').shown_images == ['img_mask', 'fake_photo']
    with pytest.raises(ValueError, match="Pix2Pix: target_domain='mask', "
                       r"expected one of reachable_domains=\['photo'\]"):
        model.translation(torch.zeros(1, 3, SIDE, SIDE), 'mask')


@pytest.mark.parametrize('changes, message', [
    (dict(default_domain='mask'), "default_domain='mask', expected one of"),
    (dict(reachable_domains=['photo', 'x']), 'the reachable ones among them'),
    (dict(related_domains=['photo']), 'at least two related domains'),
    (dict(discriminator_steps=0), 'discriminator_steps=0'),
    (dict(disc_init_steps=-1), 'disc_init_steps=-1'),
])
def test_settings_that_cannot_be_are_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        build('pix2pix', **changes)


def test_a_batch_without_a_domain_is_refused_by_name(model):
    data = make_batch()
    del data['inputs']['img_mask']
    with pytest.raises(ValueError, match='the batch has no img_mask, only '
                       'img_photo'):
        model.train_step(data, build_optimizers(model))
    with pytest.raises(ValueError, match="to make images of 'photo' the "
                       'inputs need img_mask, got img_photo'):
        model.test_step(data)


def test_the_bare_base_says_that_it_cannot_translate():
    model = BaseTranslationModel('a', ['a'], ['a', 'b'])
    with pytest.raises(NotImplementedError, match='Derive from '
                       'StaticTranslationGAN'):
        model.translation(torch.zeros(1, 3, 4, 4))


def test_each_target_has_networks_of_its_own():
    built = build('cyclegan')
    model = StaticTranslationGAN(
        built.generators['photo'], built.discriminators['photo'],
        default_domain='a', reachable_domains=['a', 'b'],
        related_domains=['a', 'b'])
    parameters = [id(p) for p in model.parameters()]
    assert len(set(parameters)) == len(parameters) > 0
    assert set(model.generators) == set(model.discriminators) == {'a', 'b'}


def test_only_generators_are_enough_to_translate(family):
    model = build(family, discriminator=None)
    assert not any(key.startswith('discriminators')
                   for key in model.state_dict())
    assert len(model.test_step(make_batch(1))) == 1


def test_pretrained_weights_are_taken(tmp_path, model, family):
    torch.save(dict(state_dict=model.state_dict()), tmp_path / 'x.pth')
    torch.manual_seed(7)
    other = MODELS.build(
        dict(TRANSLATIONS[family], pretrained=str(tmp_path / 'x.pth')))
    assert not changed(snapshot(model), other)


# ----------------------------------------------------------------- training


def test_one_step_changes_all_networks_and_leaves_no_gradient(model):
    before = snapshot(model)
    log = model.train_step(make_batch(), build_optimizers(model))
    assert all(torch.isfinite(value) for value in log.values())
    assert before.keys() == model.state_dict().keys()
    for name, parameter in model.named_parameters():
        assert parameter.requires_grad
        assert parameter.grad is None or not parameter.grad.any()
        if parameter.ndim > 1:
            assert not torch.equal(before[name], parameter), name


def test_state_dict_round_trip(model, family):
    model.train_step(make_batch(), build_optimizers(model))
    other = MODELS.build(copy.deepcopy(TRANSLATIONS[family]))
    other.load_state_dict(model.state_dict(), strict=True)
    answers = []
    for each in (model.eval(), other.eval()):
        torch.manual_seed(2)  # Pix2Pix drops some values
        answers.append(each.test_step(make_batch())[1].fake_photo.data)
    assert torch.equal(*answers)


def test_same_seed_same_step(family):
    states = []
    for _ in range(2):
        model = build(family)
        model.train_step(make_batch(), build_optimizers(model))
        states.append(model)
    assert not changed(states[0].state_dict(), states[1])


def test_mixed_precision_step_is_near_the_full_one(family):
    logs = []
    for amp in (False, True):
        model = build(family)
        cfg = dict(constructor='GenOptimWrapperConstructor', **OPTIM)
        if amp:
            cfg = convert_to_amp(copy.deepcopy(cfg), None)
        cfg.pop('constructor')
        optimizers = build_optimizers(model, cfg)
        before = snapshot(model)
        torch.manual_seed(1)
        logs.append(model.train_step(make_batch(), optimizers))
        assert any(key.startswith('generators.')
                   for key in changed(before, model))
    full, mixed = logs
    assert set(full) == set(mixed)
    for key in full:
        assert mixed[key].dtype == torch.float32
        assert mixed[key].item() == pytest.approx(
            full[key].item(), rel=0.02, abs=0.02)


def test_builds_on_the_meta_device(family):
    with torch.device('meta'):
        model = MODELS.build(copy.deepcopy(TRANSLATIONS[family]))
    assert all(p.is_meta for p in model.parameters())


# ------------------------------------------------------------------ cadence


def cadence(batches, gen_counts=1, disc_counts=1, **settings):
    """Batches after which the discriminators, and the generators, moved."""
    model = build('pix2pix', **settings)
    cfg = copy.deepcopy(OPTIM)
    cfg['generators']['accumulative_counts'] = gen_counts
    cfg['discriminators']['accumulative_counts'] = disc_counts
    optimizers = build_optimizers(model, cfg)
    moved = dict(discriminators=[], generators=[])
    for number in range(1, batches + 1):
        before = {k: v.clone() for k, v in model.named_parameters()}
        model.train_step(make_batch(), optimizers)
        for part, numbers in moved.items():
            if any(not torch.equal(before[name], value)
                   for name, value in model.named_parameters()
                   if name.startswith(part)):
                numbers.append(number)
    return moved['discriminators'], moved['generators']


@pytest.mark.parametrize('settings, discs, gens', [
    (dict(), [1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]),
    (dict(discriminator_steps=3), [1, 2, 3, 4, 5, 6], [3, 6]),
    (dict(disc_init_steps=2), [1, 2, 3, 4, 5, 6], [3, 4, 5, 6]),
    (dict(gen_counts=2, disc_counts=2), [2, 4, 6], [2, 4, 6]),
    (dict(gen_counts=2, disc_counts=3), [3, 6], [3, 6]),
    (dict(gen_counts=1, disc_counts=3), [3, 6], [3, 6]),
    (dict(gen_counts=3), [1, 2, 3, 4, 5, 6], [3, 6]),
    (dict(gen_counts=2, disc_counts=2, disc_init_steps=1), [2, 4, 6], [4, 6]),
])
def test_who_is_updated_when(settings, discs, gens):
    assert cadence(6, **settings) == (discs, gens)


def test_accumulated_gradients_are_those_of_the_joint_batch():
    """Without batch statistics two batches of two are one of four."""
    joint = make_batch(4)
    halves = [dict(data_samples=None, inputs={
        key: value[part] for key, value in joint['inputs'].items()})
        for part in (slice(0, 2), slice(2, 4))]
    found = []
    for count, batches in ((1, [joint]), (2, halves)):
        model = build('cyclegan')
        cfg = {name: dict(optimizer=dict(type='SGD', lr=1e-9),
                          accumulative_counts=count) for name in OPTIM}
        optimizers = build_optimizers(model, cfg)
        grads = []
        optimizers['generators'].optimizer.register_step_pre_hook(
            lambda optimizer, *_: grads.extend(
                p.grad.clone() for group in optimizer.param_groups
                for p in group['params']))
        for batch in batches:
            model.train_step(batch, optimizers)
        found.append(grads)
    for one, two in zip(*found, strict=True):
        torch.testing.assert_close(one, two, rtol=1e-4, atol=1e-6)
