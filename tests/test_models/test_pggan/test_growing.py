"""How a model grows: formulas of the number of images shown."""
import copy

import pytest
import torch
import torch.nn.functional as F
from families import FAMILIES
from mmengine.optim import OptimWrapper

from mmgen.models.pggan.growing import enter_scale
from mmgen.registry import MODELS, OPTIM_WRAPPER_CONSTRUCTORS


def build(**settings):
    """4 pixels for 40 images, then 8 pixels, fading in over 20 images."""
    torch.manual_seed(0)
    cfg = dict(copy.deepcopy(FAMILIES['pggan']),
               nkimgs_per_scale={'8': 0.06, '4': 0.04}, transition_kimgs=0.02)
    return MODELS.build({**cfg, **settings})


def optimizers(model, **settings):
    learning = dict(optimizer=dict(type='Adam', lr=0.001))
    return OPTIM_WRAPPER_CONSTRUCTORS.build(dict(
        type='PGGANOptimWrapperConstructor',
        optim_wrapper_cfg=dict(
            generator=learning, discriminator=learning, **settings)))(model)


def images(count=4, side=8):
    return torch.rand(
        count, 3, side, side, generator=torch.Generator().manual_seed(1))


def step(model, optim_wrapper, count=4):
    data = dict(inputs=dict(img=images(count) * 255))
    return model.train_step(data, optim_wrapper)


@pytest.mark.parametrize('shown, scale, weight', [
    (0, 4, 1.0), (39, 4, 1.0), (40, 8, 0.0), (45, 8, 0.25), (60, 8, 1.0),
    (99, 8, 1.0), (100, 8, 1.0), (10**6, 8, 1.0)])
def test_side_and_weight_follow_from_the_count(shown, scale, weight):
    model = build()
    model.shown_imgs.fill_(shown)
    assert (model.curr_scale, model.transition_weight) == (scale, weight)


def test_three_sides_fade_in_one_after_the_other():
    model = build(
        nkimgs_per_scale={4: 0.01, 8: 0.02, 16: 0.03}, transition_kimgs=0.01,
        generator=dict(type='PGGANGenerator', out_scale=16, max_channels=8))
    found = []
    for shown in (0, 10, 15, 20, 29, 30, 34):
        model.shown_imgs.fill_(shown)
        found.append((model.curr_scale, model.transition_weight))
    assert found == [(4, 1), (8, 0), (8, 0.5), (8, 1), (8, 1), (16, 0),
                     (16, 0.4)]


def test_without_transition_a_new_side_counts_at_once():
    model = build(transition_kimgs=0, prev_stage=1)
    assert (model.curr_scale, model.transition_weight) == (8, 1)


def test_starting_at_a_later_side():
    model = build(prev_stage=1)
    assert (int(model.shown_imgs), model.curr_scale) == (40, 8)
    with pytest.raises(ValueError, match='prev_stage=2, expected 0 to 1'):
        build(prev_stage=2)


def test_steps_count_images_and_log_where_they_are():
    model = build()
    optim_wrapper = optimizers(model)
    logs = [step(model, optim_wrapper, count) for count in (32, 8, 4, 4)]
    assert [log['curr_scale'].item() for log in logs] == [4, 4, 8, 8]
    assert [log['transition_weight'].item() for log in logs] == [
        1, 1, 0, pytest.approx(0.2)]
    assert [round(log['shown_nkimg'].item() * 1000) for log in logs] == [
        32, 40, 44, 48]
    assert int(model.shown_imgs) == 48


def test_count_is_saved_and_stays_on_the_cpu():
    model, other = build(), build()
    step(model, optimizers(model))
    other.load_state_dict(model.state_dict())
    assert int(other.shown_imgs) == 4
    assert other.to('meta').curr_scale == 4  # there it would have no value


def test_published_count_is_taken_over():
    model = build()
    state = model.state_dict()
    del state['shown_imgs']
    state.update(
        shown_nkimg=torch.tensor(0.045),
        _curr_transition_weight=torch.tensor(1.),
        _next_scale_int=torch.tensor(8, dtype=torch.int32),
        _curr_scale_int=torch.tensor(4, dtype=torch.int32))
    model.load_state_dict(state, strict=True)
    assert int(model.shown_imgs) == 45
    assert 'shown_nkimg' in state  # the caller's dict is left as it was


def test_real_images_are_averaged_and_fade_in():
    model, x = build(), images()
    torch.testing.assert_close(model.as_grown(x), F.avg_pool2d(x, 2))
    model.shown_imgs.fill_(45)
    coarse = F.interpolate(F.avg_pool2d(x, 2), scale_factor=2)
    torch.testing.assert_close(
        model.as_grown(x), 0.25 * x + 0.75 * coarse)
    model.shown_imgs.fill_(60)
    assert torch.equal(model.as_grown(x), x)
    model = build(interp_real=dict(mode='nearest'))
    assert torch.equal(model.as_grown(x), x[:, :, ::2, ::2])


def test_images_must_be_large_enough():
    model = build(prev_stage=1)
    with pytest.raises(ValueError, match='images have 4 x 4 pixels.*to 8'):
        model.as_grown(images(side=4))


def test_both_networks_are_told():
    model = build()
    model.shown_imgs.fill_(45)
    growth = dict(curr_scale=8, transition_weight=0.25)
    conditions = model.draw_conditions(2)
    assert conditions.pop('noise').shape == (2, 8)
    assert conditions == growth
    assert model.disc_conditions({}) == growth
    assert model.real_conditions(None) == growth


def test_samples_are_as_large_as_trained_unless_asked_otherwise():
    model = build().eval()
    noise = torch.randn(1, 8)

    def sample(**sample_kwargs):
        inputs = dict(noise=noise, sample_kwargs=sample_kwargs)
        return model.test_step(dict(inputs=inputs))[0].fake_img.data

    assert sample().shape == (3, 4, 4)
    assert sample(curr_scale=8).shape == (3, 8, 8)
    model.shown_imgs.fill_(40)
    torch.testing.assert_close(
        sample(), F.interpolate(sample(curr_scale=4)[None], scale_factor=2)[0])
    torch.testing.assert_close(
        sample(transition_weight=1.0), model.generator_ema(noise)[0])


def test_model_without_sides_samples_its_largest_and_does_not_train():
    model = build(nkimgs_per_scale={})
    sample, = model.test_step(dict(inputs=dict(num_batches=1)))
    assert sample.fake_img.data.shape == (3, 8, 8)
    with pytest.raises(RuntimeError, match='training needs nkimgs_per_scale'):
        step(model, optimizers(model))


def test_sides_must_be_the_networks():
    with pytest.raises(ValueError, match=r'has the sides \[16\], but the gen'):
        build(nkimgs_per_scale={4: 1, 16: 1})


def test_generator_with_labels_is_refused():
    with pytest.raises(ValueError, match='trains without. Set label_size=0'):
        build(generator=dict(type='PGGANGenerator', noise_size=8, out_scale=8,
                             label_size=3))


def test_a_new_side_has_its_rate_and_no_statistics():
    model = build()
    schedule = dict(generator={'8': 0.002})
    optim_wrapper = optimizers(model, lr_schedule=schedule)
    seen = []
    for count in (32, 8, 4, 4):
        step(model, optim_wrapper, count)
        seen.append([
            (wrapper.param_groups[0]['lr'],
             {int(state['step']) for state in wrapper.optimizer.state.values()})
            for wrapper in optim_wrapper.values()])
    assert seen == [[(0.001, {1})] * 2, [(0.001, {2})] * 2,
                    [(0.002, {1}), (0.001, {1})],
                    [(0.002, {2}), (0.001, {2})]]


def test_optimisers_may_go_on():
    model = build()
    optim_wrapper = optimizers(model, reset_optim_for_new_scale=False)
    for count in (32, 8, 4):
        step(model, optim_wrapper, count)
    states = optim_wrapper['generator'].optimizer.state
    assert {int(state['step']) for state in states.values()} == {1, 3}


def test_other_optimisers_are_left_alone():
    weight = torch.nn.Parameter(torch.ones(1))
    wrapper = OptimWrapper(torch.optim.Adam([weight], lr=0.1))
    wrapper.update_params(weight.sum())
    enter_scale(wrapper, 8)
    assert wrapper.param_groups[0]['lr'] == 0.1 and wrapper.optimizer.state
