"""The training step: pairs of one class, both penalties, a falling gamma."""
import copy

import pytest
import torch
import torch.nn.functional as F
from families import FAMILIES
from mmengine.optim import OptimWrapper, OptimWrapperDict

from mmgen.models.base import DiscBatch
from mmgen.registry import MODELS
from mmgen.structures import GenDataSample


def build(**settings):
    torch.manual_seed(0)
    model = MODELS.build({**copy.deepcopy(FAMILIES['r3gan']), **settings})
    for parameter in model.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return model


def optimizers(model):
    return OptimWrapperDict(**{
        name: OptimWrapper(
            torch.optim.SGD(getattr(model, name).parameters(), lr=0.01))
        for name in ('generator', 'discriminator')
    })


def a_batch(labels=(2, 0, 1, 2)):
    samples = [GenDataSample() for _ in labels]
    for label, sample in zip(labels, samples):
        sample.set_gt_label(label)
    draws = torch.Generator().manual_seed(3)
    images = torch.randint(0, 256, (len(labels), 3, 16, 16), generator=draws,
                           dtype=torch.uint8)
    return dict(inputs=dict(img=images), data_samples=samples)


def squared_gradient(disc, images, labels):
    """Mean over images of the squared length of their own gradient."""
    images = images.detach().requires_grad_()
    total = 0
    for image, label in zip(images, labels):
        logit = disc(image[None], label[None]).sum()
        gradient, = torch.autograd.grad(logit, image, create_graph=True)
        total = total + gradient.square().sum()
    return total / len(images)


def test_losses_of_a_step_by_hand():
    model = build()
    gen = copy.deepcopy(model.generator)
    disc = copy.deepcopy(model.discriminator)
    torch.manual_seed(5)
    log = model.train_step(a_batch(), optimizers(model))

    torch.manual_seed(5)
    labels = torch.tensor([2, 0, 1, 2])
    noise = torch.randn(4, 8)
    real = (a_batch()['inputs']['img'].float() - 127.5) / 127.5
    fake = gen(noise, labels)
    pairs = disc(real, labels) - disc(fake, labels)
    torch.testing.assert_close(log['loss_disc'], F.softplus(-pairs).mean())
    # gamma starts at 2, so that its half is 1.
    torch.testing.assert_close(
        log['loss_disc_r1'], squared_gradient(disc, real, labels))
    torch.testing.assert_close(
        log['loss_disc_r2'], squared_gradient(disc, fake, labels))
    torch.testing.assert_close(
        log['loss'], log['loss_disc'] + log['loss_disc_r1']
        + log['loss_disc_r2'])


def test_generator_is_compared_with_the_real_images():
    model = build()
    labels = torch.tensor([2, 0, 1, 2])
    batch = model.data_preprocessor(a_batch(), True)
    fake_logits = torch.tensor([[1.0], [0.0], [-1.0], [2.0]])
    loss = model.batch_gen_loss(
        fake_logits, batch['inputs'], batch['data_samples'])['loss_gen']
    real_logits = model.discriminator(batch['inputs']['img'], labels)
    torch.testing.assert_close(
        loss, F.softplus(real_logits - fake_logits).mean())
    assert list(model.gen_turn(batch['inputs'], batch['data_samples'],
                               optimizers(model))) == ['loss_gen']


def test_pairs_are_of_one_class():
    model = build()
    batch = model.data_preprocessor(a_batch(), True)
    conditions = model.batch_conditions(batch['inputs'], batch['data_samples'])
    assert conditions['label'].tolist() == [2, 0, 1, 2]
    assert conditions['noise'].shape == (4, 8)


def test_gamma_falls_along_a_cosine():
    model = build()
    assert model.gamma(0) == 2
    assert model.gamma(50) == pytest.approx(1.1)
    assert model.gamma(100) == model.gamma(5000) == pytest.approx(0.2)
    images = torch.randn(2, 3, 16, 16)
    labels = dict(label=torch.tensor([0, 1]))
    first, last = (
        model.disc_penalties(DiscBatch(update, images, images, labels))
        for update in (0, 100))
    for name in ('loss_disc_r1', 'loss_disc_r2'):
        torch.testing.assert_close(first[name], 10 * last[name])


def test_without_classes():
    cfg = copy.deepcopy(FAMILIES['r3gan'])
    del cfg['num_classes']
    model = MODELS.build(cfg)
    log = model.train_step(
        dict(inputs=a_batch()['inputs']), optimizers(model))
    assert set(log) == {
        'loss', 'loss_disc', 'loss_disc_r1', 'loss_disc_r2', 'loss_gen'}


def test_real_images_are_augmented_in_both_turns():
    model = build(disc_augment=dict(
        type='RampUpAug', aug_pipeline=dict(xflip=1), final_p=0.4,
        ramp_iters=2))
    seen = []
    model.disc_augment.register_forward_pre_hook(
        lambda module, args: seen.append(args[0]))
    wrappers = optimizers(model)
    logs = [model.train_step(a_batch(), wrappers) for _ in range(3)]
    assert [log['augment_p'].item() for log in logs] == pytest.approx(
        [0.2, 0.4, 0.4])
    assert len(seen) == 12  # fake and real for D, fake and real for G
    assert torch.equal(seen[1], seen[3])


def test_it_learns_the_brightness_of_each_class():
    """White, grey and black images; sixty small steps."""
    model = build(loss_config=dict(gamma=(0.5, 0.1), gamma_iters=60))
    wrappers = OptimWrapperDict(**{
        name: OptimWrapper(
            torch.optim.Adam(getattr(model, name).parameters(), lr=0.003,
                             betas=(0.0, 0.9)))
        for name in ('generator', 'discriminator')
    })
    batch = a_batch(labels=[0, 1, 2] * 4)
    levels = torch.tensor([0, 128, 255], dtype=torch.uint8)
    batch['inputs']['img'] = levels.repeat(4)[:, None, None, None].expand(
        -1, 3, 16, 16)
    for _ in range(60):
        model.train_step(copy.deepcopy(batch), wrappers)
    samples = model.test_step(dict(inputs=dict(
        num_batches=90, labels=[0, 1, 2] * 30, sample_model='orig')))
    means = torch.stack([s.fake_img.data.mean() for s in samples])
    black, grey, white = means.view(30, 3).mean(0).tolist()
    assert black < grey - 0.4 and grey < white - 0.4


@pytest.mark.parametrize('given, words', [
    (dict(gamma=(1, 0.1)), 'loss_config has gamma, expected'),
    (dict(), 'loss_config has nothing, expected'),
    (dict(gamma=(1, 0.1), gamma_iters=5, r1=1), 'has gamma, gamma_iters, r1'),
])
def test_other_loss_settings_are_refused(given, words):
    with pytest.raises(ValueError, match=f'R3GAN: .*{words}'):
        build(loss_config=given)
