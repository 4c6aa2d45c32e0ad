"""Pix2Pix: its losses by hand, and translation as in training."""
import pytest
import torch
from tiny_translation import OPTIM, build, build_optimizers, make_batch

from mmgen.models.pix2pix.pix2pix import as_in_training


def step_with_notes(model):
    """The log of a step that moves nothing, and what the networks said."""
    cfg = {name: dict(optimizer=dict(type='SGD', lr=0.0)) for name in OPTIM}
    calls = dict(generators=[], discriminators=[])
    for part, noted in calls.items():
        getattr(model, part)['photo'].register_forward_hook(
            lambda module, inputs, output, noted=noted: noted.append(
                (inputs[0].detach(), output.detach())))
    log = model.train_step(make_batch(), build_optimizers(model, cfg))
    return {key: value.item() for key, value in log.items()}, calls


def test_losses_are_the_papers():
    """Equations 1, 3 and 4; half of D's objective (section 3.3)."""
    model = build('pix2pix')
    log, calls = step_with_notes(model)
    inputs = model.data_preprocessor(make_batch())['inputs']
    (source, fake), = calls['generators']
    assert torch.equal(source, inputs['img_mask'])
    judged_fake, judged_real, judged_again = calls['discriminators']
    for (pair, _), target in ((judged_fake, fake),
                              (judged_real, inputs['img_photo']),
                              (judged_again, fake)):
        assert torch.equal(pair[:, :3], source)
        assert torch.equal(pair[:, 3:], target)
    d_fake, d_real, d_again = (
        logits.double().sigmoid() for _, logits in
        (judged_fake, judged_real, judged_again))
    expected = dict(
        loss_disc_fake_photo=-0.5 * (1 - d_fake).log().mean(),
        loss_disc_real_photo=-0.5 * d_real.log().mean(),
        loss_gen_photo=-d_again.log().mean(),
        loss_pixel_photo=100 * (fake - inputs['img_photo']).abs().mean())
    expected['loss'] = expected['loss_disc_fake_photo'] + expected[
        'loss_disc_real_photo']
    assert log == pytest.approx(
        {key: value.item() for key, value in expected.items()}, rel=1e-5)


def test_weight_of_the_distance_is_the_configs():
    logs = []
    for weight in (100.0, 10.0):
        log, _ = step_with_notes(
            build('pix2pix', loss_config=dict(pixel_loss_weight=weight)))
        logs.append(log['loss_pixel_photo'])
    assert logs[0] == pytest.approx(10 * logs[1])


def test_discriminators_gradient_stops_at_the_fakes():
    model = build('pix2pix')
    optimizers = build_optimizers(model)
    data = model.data_preprocessor(make_batch(), True)
    images = model._images(data['inputs'])
    fakes = model.make_fakes(images, optimizers, with_graph=False)
    assert not fakes['photo'].requires_grad
    model.train_discriminators(images, fakes,
                               optimizers['discriminators'])
    assert all(p.grad is None for p in model.generators.parameters())


def test_translation_is_as_in_training_and_leaves_no_trace():
    model = build('pix2pix')
    generator = model.generators['photo']
    source = torch.randn(3, 3, 64, 64)
    model.train()
    torch.manual_seed(3)
    with torch.no_grad():
        expected = generator(source)
    model.eval()
    before = {k: v.clone() for k, v in model.state_dict().items()}
    torch.manual_seed(3)
    with torch.no_grad():
        found = model.translation(source)
    torch.testing.assert_close(found, expected)
    assert all(torch.equal(before[key], value)
               for key, value in model.state_dict().items())
    assert not any(module.training for module in model.modules())
    with torch.no_grad():
        assert not torch.allclose(generator(source), expected, atol=1e-2)


def test_the_trace_is_removed_after_an_error_too():
    generator = build('pix2pix').generators['photo'].eval()
    keys = set(generator.state_dict())
    with pytest.raises(KeyError), as_in_training(generator):
        raise KeyError
    assert set(generator.state_dict()) == keys
    assert not any(module.training for module in generator.modules())


def test_one_image_can_be_translated():
    """The innermost map has one pixel, and no normalisation."""
    sample, = build('pix2pix').eval().test_step(make_batch(1))
    assert torch.isfinite(sample.fake_photo.data).all()
