"""CycleGAN: its losses by hand, and what it remembers."""
import pytest
import torch
from tiny_translation import OPTIM, build, build_optimizers, make_batch

OTHER = dict(photo='mask', mask='photo')


def frozen_step(model, data):
    """The log of a step that moves nothing."""
    cfg = {name: dict(optimizer=dict(type='SGD', lr=0.0)) for name in OPTIM}
    log = model.train_step(data, build_optimizers(model, cfg))
    return {key: value.item() for key, value in log.items()}


@torch.no_grad()
def expected_losses(model, real, seen, weights):
    """The losses from the networks' answers, the plain way."""
    losses = dict(loss=0.0)
    for domain, other in OTHER.items():
        fake = model.generators[domain](real[other])
        back = model.generators[domain](model.generators[other](real[domain]))
        logits = model.discriminators[domain]
        parts = dict(
            loss_disc_fake=0.5 * logits(seen[domain]).pow(2).mean(),
            loss_disc_real=0.5 * (logits(real[domain]) - 1).pow(2).mean(),
            loss_gen=(logits(fake) - 1).pow(2).mean(),
            loss_cycle=weights[0] * (back - real[domain]).abs().mean())
        if weights[1]:
            same = model.generators[domain](real[domain])
            parts['loss_id'] = weights[1] * (same - real[domain]).abs().mean()
        losses['loss'] += parts['loss_disc_fake'] + parts['loss_disc_real']
        losses.update({f'{name}_{domain}': value
                       for name, value in parts.items()})
    return {key: float(value) for key, value in losses.items()}


@pytest.mark.parametrize('weights', [(10.0, 0.5), (3.0, 0.0)])
def test_losses_are_the_papers(weights):
    """Equations 1 with squares, 2 and 3; half of D's objective."""
    model = build('cyclegan', loss_config=dict(
        cycle_loss_weight=weights[0], id_loss_weight=weights[1]))
    inputs = model.data_preprocessor(make_batch())['inputs']
    real = {domain: inputs[f'img_{domain}'] for domain in OTHER}
    with torch.no_grad():
        seen = {domain: model.generators[domain](real[other])
                for domain, other in OTHER.items()}  # the buffer is empty
    expected = expected_losses(model, real, seen, weights)
    assert frozen_step(model, make_batch()) == pytest.approx(
        expected, rel=1e-5)


@pytest.mark.parametrize('id_weight, calls', [(0.0, 2), (0.5, 3)])
def test_identity_is_computed_only_where_it_counts(id_weight, calls):
    model = build('cyclegan', loss_config=dict(
        cycle_loss_weight=10.0, id_loss_weight=id_weight))
    count = []
    model.generators['photo'].register_forward_hook(
        lambda *_: count.append(1))
    frozen_step(model, make_batch())
    assert len(count) == calls


def test_discriminators_see_earlier_fakes_and_generators_the_new_ones():
    model = build('cyclegan', buffer_size=2)
    model.image_buffers['photo'].buffer_ratio = 1.0
    seen = []
    model.discriminators['photo'].register_forward_hook(
        lambda module, inputs, output: seen.append(inputs[0].detach()))
    frozen_step(model, make_batch(2, seed=1))
    first_fakes = seen[0]
    seen.clear()
    frozen_step(model, make_batch(2, seed=2))
    for_disc, _, for_gen = seen
    new = model.image_buffers['photo'].images
    for image in for_disc:
        assert any(torch.equal(image, old) for old in [*first_fakes, *for_gen])
    assert any(torch.equal(image, old) for image in for_disc
               for old in first_fakes)
    assert len(new) == 2
    assert not any(torch.equal(image, old) for image in for_gen
                   for old in first_fakes)


def test_buffers_are_no_part_of_the_state_dict_but_of_the_process_state():
    model = build('cyclegan', buffer_size=3)
    keys = set(model.state_dict())
    frozen_step(model, make_batch(2))
    assert set(model.state_dict()) == keys
    other = build('cyclegan', buffer_size=3)
    other.load_process_state(model.process_state())
    for domain in OTHER:
        ours, theirs = (m.image_buffers[domain].images for m in (model, other))
        assert len(ours) == len(theirs) == 2
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs))


def test_weights_that_are_left_out_are_the_papers_and_others_are_refused():
    model = build('cyclegan', loss_config=dict(id_loss_weight=0.0))
    assert model.loss_config == dict(
        cycle_loss_weight=10.0, id_loss_weight=0.0)
    with pytest.raises(ValueError, match='CycleGAN: loss_config has cycle, '
                       'known: cycle_loss_weight, id_loss_weight'):
        build('cyclegan', loss_config=dict(cycle=1.0))


def test_another_number_of_domains_is_refused():
    with pytest.raises(ValueError, match='CycleGAN: reachable_domains=.*the '
                       'same two domains in both'):
        build('cyclegan', reachable_domains=['photo'])
