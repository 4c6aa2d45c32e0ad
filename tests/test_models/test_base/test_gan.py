"""The common step: who is updated, when, with which numbers."""
import itertools

import pytest
import torch
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import nn

from mmgen.models.base import BaseConditionalGAN, BaseGAN
from mmgen.structures import GenDataSample


class ToyGenerator(nn.Module):
    """Noise [N, 3] to images [N, 1, 2, 2], by class if there are any."""

    noise_size = 3

    def __init__(self, num_classes=0):
        super().__init__()
        self.num_classes = num_classes
        self.fc = nn.Linear(3, 4)
        self.by_class = nn.Embedding(num_classes or 1, 4)

    def forward(self, noise, label=None, scale=1.0):
        out = self.fc(noise)
        if label is not None:
            out = out + self.by_class(label)
        return scale * out.view(-1, 1, 2, 2)


class ToyDiscriminator(nn.Module):
    """Images [N, 1, 2, 2] to logits [N, 1]."""

    in_channels = 1

    def __init__(self, num_classes=0):
        super().__init__()
        self.fc = nn.Linear(4, 1)
        self.by_class = nn.Embedding(num_classes or 1, 1)

    def forward(self, x, label=None):
        out = self.fc(x.flatten(1))
        return out if label is None else out + self.by_class(label)


class SquaredLosses:
    """Simple losses with a gradient everywhere."""

    def disc_loss(self, fake_logits, real_logits):
        return dict(
            loss_disc_fake=(fake_logits**2).mean(),
            loss_disc_real=((real_logits - 1)**2).mean())

    def gen_loss(self, fake_logits):
        return dict(loss_gen=((fake_logits - 1)**2).mean())


class ToyGAN(SquaredLosses, BaseGAN):
    pass


class ToyConditionalGAN(SquaredLosses, BaseConditionalGAN):
    pass


def build(cls=ToyGAN, num_classes=0, **kwargs):
    torch.manual_seed(1)
    return cls(
        ToyGenerator(num_classes), ToyDiscriminator(num_classes), **kwargs)


def optimizers(model, disc_accumulation=1, gen_accumulation=1):
    return OptimWrapperDict(
        generator=OptimWrapper(
            torch.optim.SGD(model.generator.parameters(), lr=0.1),
            accumulative_counts=gen_accumulation),
        discriminator=OptimWrapper(
            torch.optim.SGD(model.discriminator.parameters(), lr=0.2),
            accumulative_counts=disc_accumulation))


def batches(count, size=4):
    rng = torch.Generator().manual_seed(7)
    return [
        torch.randint(0, 256, (size, 1, 2, 2), generator=rng,
                      dtype=torch.uint8) for _ in range(count)
    ]


def plain_loop(model, images, disc_steps, gen_steps, disc_acc, gen_acc):
    """The same training in plain PyTorch, written out."""
    g, d = model.generator, model.discriminator
    opt_g = torch.optim.SGD(g.parameters(), lr=0.1)
    opt_d = torch.optim.SGD(d.parameters(), lr=0.2)
    log, waiting = [], 0
    for iteration, batch in enumerate(images):
        real = (batch.float() - 127.5) / 127.5
        fake = g(torch.randn(len(real), 3)).detach()
        loss = (d(fake)**2).mean() + ((d(real) - 1)**2).mean()
        (loss / disc_acc).backward()
        waiting += 1
        if waiting == disc_acc:
            opt_d.step()
            opt_d.zero_grad()
            waiting = 0
        entry = [loss.item()]
        if (iteration + 1) % (disc_steps * disc_acc) == 0:
            gen_losses = []
            for _ in range(gen_steps):
                for _ in range(gen_acc):
                    fake = g(torch.randn(len(real), 3))
                    loss = ((d(fake) - 1)**2).mean()
                    grads = torch.autograd.grad(loss / gen_acc,
                                                list(g.fc.parameters()))
                    for p, grad in zip(g.fc.parameters(), grads):
                        p.grad = grad if p.grad is None else p.grad + grad
                    gen_losses.append(loss.item())
                opt_g.step()
                opt_g.zero_grad()
            entry.append(sum(gen_losses) / len(gen_losses))
        log.append(entry)
    return log


@pytest.mark.parametrize(
    'disc_steps, gen_steps, disc_acc, gen_acc',
    [(1, 1, 1, 1), (2, 3, 1, 1), (1, 1, 3, 2), (2, 2, 2, 3)])
def test_twelve_iterations_equal_a_plain_loop(disc_steps, gen_steps, disc_acc,
                                              gen_acc):
    images = batches(12)
    steps = dict(discriminator_steps=disc_steps, generator_steps=gen_steps)
    model, reference = build(**steps), build(**steps)
    wrappers = optimizers(model, disc_acc, gen_acc)

    torch.manual_seed(3)
    log = []
    for batch in images:
        out = model.train_step(dict(inputs=dict(img=batch)), wrappers)
        log.append([out['loss'].item()])
        if 'loss_gen' in out:
            log[-1].append(out['loss_gen'].item())
    torch.manual_seed(3)
    expected = plain_loop(reference, images, disc_steps, gen_steps, disc_acc,
                          gen_acc)

    assert [len(entry) for entry in log] == [len(e) for e in expected]
    for ours, theirs in zip(itertools.chain(*log), itertools.chain(*expected)):
        assert ours == pytest.approx(theirs, rel=1e-5)
    for ours, theirs in zip(model.parameters(), reference.parameters()):
        torch.testing.assert_close(ours, theirs)


def test_discriminator_is_frozen_while_the_generator_trains():
    model = build()
    seen = []
    model.discriminator.register_forward_hook(
        lambda net, args, out: seen.append(net.fc.weight.requires_grad))
    model.train_step(dict(inputs=dict(img=batches(1)[0])), optimizers(model))
    assert seen == [True, True, False]
    assert model.discriminator.fc.weight.requires_grad


def test_average_starts_after_its_copies():
    model = build(
        ema_config=dict(
            type='ExponentialMovingAverage', momentum=0.5, start_iter=3))
    wrappers, history = optimizers(model), []
    for batch in batches(4):
        model.train_step(dict(inputs=dict(img=batch)), wrappers)
        history.append(model.generator.fc.weight.detach().clone())
        if len(history) == 2:
            torch.testing.assert_close(model.generator_ema.module.fc.weight,
                                       history[-1])
            assert model.generator_ema.steps == 0
    # turn 3 copies, turn 4 moves half way
    torch.testing.assert_close(model.generator_ema.module.fc.weight,
                               (history[2] + history[3]) / 2)


def test_conditional_step_uses_the_labels():
    model = build(ToyConditionalGAN, num_classes=5)
    samples = [GenDataSample() for _ in range(4)]
    for sample in samples:
        sample.set_gt_label(3)
    before = model.discriminator.by_class.weight.detach().clone()
    model.train_step(
        dict(inputs=dict(img=batches(1)[0]), data_samples=samples),
        optimizers(model))
    moved = (model.discriminator.by_class.weight - before).abs().flatten() > 0
    assert moved[3]


def test_missing_labels_are_refused():
    model = build(ToyConditionalGAN, num_classes=5)
    with pytest.raises(ValueError, match='the batch has no gt_label'):
        model.train_step(
            dict(inputs=dict(img=batches(1)[0])), optimizers(model))


@pytest.mark.parametrize('name', ['generator_steps', 'discriminator_steps'])
@pytest.mark.parametrize('value', [0, -1, 1.5])
def test_bad_step_counts_are_refused(name, value):
    with pytest.raises(ValueError, match=f'ToyGAN: {name}={value}'):
        build(**{name: value})


def test_noise_sizes_that_differ_are_refused():
    with pytest.raises(
            ValueError, match='noise_size=8, but the generator has noise_size=3'):
        build(noise_size=8)


def test_class_counts_that_differ_are_refused():
    with pytest.raises(ValueError, match='num_classes=2, but the generator'):
        ToyConditionalGAN(ToyGenerator(5), ToyDiscriminator(5), num_classes=2)


# ------------------------------------------------------------------ sampling


def test_sampling_given_noise():
    model = build()
    noise = torch.randn(2, 3)
    samples = model.test_step(dict(inputs=dict(noise=noise)))
    expected = model.generator(noise)
    assert len(samples) == 2
    for index, sample in enumerate(samples):
        torch.testing.assert_close(sample.fake_img.data, expected[index])
        assert torch.equal(sample.noise, noise[index])
        assert sample.sample_model == 'orig'


@pytest.mark.parametrize('call', [
    lambda: dict(num_batches=3),
    lambda: dict(noise=lambda shape: torch.ones(shape), num_batches=3),
    lambda: torch.ones(3, 3),
])
def test_ways_to_ask_for_three_images(call):
    assert len(build().forward(call())) == 3


def test_average_and_original_share_the_noise():
    model = build(ema_config=dict(type='ExponentialMovingAverage'))
    nn.init.zeros_(model.generator_ema.module.fc.weight)
    samples = model.test_step(
        dict(inputs=dict(num_batches=2, sample_model='ema/orig')))
    for sample in samples:
        noise = sample.noise[None]
        torch.testing.assert_close(sample.orig.fake_img.data,
                                   model.generator(noise)[0])
        torch.testing.assert_close(sample.ema.fake_img.data,
                                   model.generator_ema(noise)[0])
        assert sample.ema.sample_model == 'ema'


def test_sample_kwargs_reach_the_generator():
    model = build()
    noise = torch.randn(1, 3)
    plain, = model.test_step(dict(inputs=dict(noise=noise)))
    scaled, = model.test_step(
        dict(inputs=dict(noise=noise, sample_kwargs=dict(scale=2.0))))
    torch.testing.assert_close(scaled.fake_img.data, 2 * plain.fake_img.data)


def test_labels_in_samples():
    model = build(ToyConditionalGAN, num_classes=5)
    samples = model.test_step(dict(inputs=dict(num_batches=3, labels=[1, 2, 4])))
    assert [sample.gt_label.label.item() for sample in samples] == [1, 2, 4]


def test_average_that_is_not_there():
    with pytest.raises(
            ValueError,
            match="sample_model='ema', but this ToyGAN has no averaged "
            "generator. Set ema_config"):
        build().test_step(dict(inputs=dict(num_batches=1, sample_model='ema')))


def test_unknown_sample_model():
    with pytest.raises(ValueError, match="sample_model='best', expected one"):
        build().test_step(dict(inputs=dict(num_batches=1, sample_model='best')))


def test_sampling_makes_no_graph():
    sample, = build().test_step(dict(inputs=dict(num_batches=1)))
    assert not sample.fake_img.data.requires_grad


def test_gradients_do_not_reach_the_generator_in_the_discriminator_turn():
    model = build()
    wrappers = optimizers(model)
    model.disc_turn(dict(img=torch.zeros(2, 1, 2, 2)), None, wrappers)
    assert all(p.grad is None for p in model.generator.parameters())


def test_losses_of_a_step_are_logged():
    model = build()
    out = model.train_step(
        dict(inputs=dict(img=batches(1)[0])), optimizers(model))
    assert set(out) == {
        'loss', 'loss_disc_fake', 'loss_disc_real', 'loss_gen'
    }
    torch.testing.assert_close(
        out['loss'], out['loss_disc_fake'] + out['loss_disc_real'])


# ------------------------------------- losses by name, penalties, augmentation


class HingeGAN(BaseGAN):
    gan_type = 'hinge'


def test_losses_follow_from_the_type():
    model = build(HingeGAN)
    fake, real = torch.tensor([[-2.0], [3.0]]), torch.tensor([[0.5], [2.0]])
    disc, gen = model.disc_loss(fake, real), model.gen_loss(fake)
    assert disc['loss_disc_fake'].item() == pytest.approx((0 + 4) / 2)
    assert disc['loss_disc_real'].item() == pytest.approx((0.5 + 0) / 2)
    assert gen['loss_gen'].item() == pytest.approx((2 - 3) / 2)


class PenalisedGAN(ToyGAN):
    """Penalises what it saw, and notes which update it was."""

    def disc_penalties(self, batch):
        assert batch.real_conditions == {}
        assert not batch.fake_imgs.requires_grad
        return dict(
            loss_extra=batch.real_imgs.mean(),
            disc_update=torch.tensor(float(batch.update)))

    def gen_penalties(self, batch):
        return dict(
            loss_noise=batch.conditions['noise'].square().mean(),
            gen_update=torch.tensor(float(batch.update)))


def test_penalties_are_added_and_logged():
    model = build(PenalisedGAN)
    image = torch.full((2, 1, 2, 2), 255, dtype=torch.uint8)
    out = model.train_step(dict(inputs=dict(img=image)), optimizers(model))
    assert out['loss_extra'].item() == 1
    torch.testing.assert_close(
        out['loss'], out['loss_disc_fake'] + out['loss_disc_real'] + 1)
    assert out['loss_noise'] > 0


def test_penalties_know_the_update_that_they_belong_to():
    """Two batches make an update of D, two of G; G is due after two of D."""
    model = build(PenalisedGAN, discriminator_steps=2)
    wrappers = optimizers(model, disc_accumulation=2, gen_accumulation=2)
    logs = [
        model.train_step(dict(inputs=dict(img=batch)), wrappers)
        for batch in batches(8)
    ]
    assert [log['disc_update'].item() for log in logs] == [
        0, 0, 1, 1, 2, 2, 3, 3]
    assert [log['gen_update'].item() for log in logs if 'gen_update' in log
            ] == [0, 1]


class Halve(nn.Module):
    """Counts its calls and passes gradients through."""

    calls = 0

    def forward(self, images):
        self.calls += 1
        return images / 2


def test_all_images_reach_the_discriminator_augmented():
    torch.manual_seed(4)
    model = build(disc_augment=Halve())
    seen = []
    model.discriminator.register_forward_pre_hook(
        lambda net, args: seen.append(args[0]))
    image = torch.full((2, 1, 2, 2), 255, dtype=torch.uint8)
    before = model.generator.fc.weight.detach().clone()
    model.train_step(dict(inputs=dict(img=image)), optimizers(model))
    assert model.disc_augment.calls == 3
    assert seen[1].eq(0.5).all()
    assert not torch.equal(before, model.generator.fc.weight)


def test_samples_are_not_augmented():
    model = build(disc_augment=Halve())
    model.test_step(dict(inputs=dict(num_batches=2)))
    assert model.disc_augment.calls == 0


class Watcher(nn.Identity):
    """Notes what it is shown."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def observe(self, real_logits, batch):
        self.seen.append((real_logits, batch))
        return dict(watched=torch.tensor(float(batch)))


class WatchingDiscriminator(Watcher):
    """Augments by itself."""

    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(4, 1)

    def forward(self, x):
        return self.fc(x.flatten(1))


@pytest.mark.parametrize('whose', ['disc_augment', 'discriminator'])
def test_augmentation_is_shown_the_real_logits(whose):
    parts = dict(generator=ToyGenerator(), discriminator=ToyDiscriminator())
    parts[whose] = Watcher() if whose == 'disc_augment' \
        else WatchingDiscriminator()
    model = ToyGAN(**parts)
    answers = []
    model.discriminator.register_forward_hook(
        lambda net, args, out: answers.append(out))
    wrappers = optimizers(model, disc_accumulation=2)
    logs = [
        model.train_step(dict(inputs=dict(img=batch)), wrappers)
        for batch in batches(3)
    ]
    seen = getattr(model, whose).seen
    # Batches are counted, not updates; the second turn is followed by G's.
    assert [batch for _, batch in seen] == [0, 1, 2]
    real_answers = [answers[1], answers[3], answers[6]]
    for (logits, _), expected in zip(seen, real_answers, strict=True):
        assert not logits.requires_grad
        assert torch.equal(logits, expected)
    assert [log['watched'].item() for log in logs] == [0, 1, 2]
    torch.testing.assert_close(
        logs[0]['loss'], logs[0]['loss_disc_fake'] + logs[0]['loss_disc_real'])


def test_average_without_a_type_is_the_exponential_one():
    model = build(ema_config=dict(momentum=0.25))
    assert model.generator_ema.momentum == 0.25


def test_classes_of_the_model_reach_networks_that_do_not_set_them():
    told = dict(type='BigGANDiscriminator', input_scale=32, base_channels=1)
    model = ToyConditionalGAN(
        dict(type='BigGANGenerator', output_scale=32, base_channels=1),
        told, num_classes=5)
    assert model.generator.num_classes == model.discriminator.num_classes == 5
    assert 'num_classes' not in told


# ------------------------------------------------- subclasses written for 1.x


class OldStyleGAN(BaseGAN):
    """Overrides the two training methods and logs plain numbers."""

    def train_discriminator(self, inputs, data_samples, optimizer_wrapper):
        real = self.discriminator(inputs['img'])
        loss = ((real - 1)**2).mean()
        optimizer_wrapper.update_params(loss)
        return dict(loss_disc=loss.item())

    def train_generator(self, inputs, data_samples, optimizer_wrapper):
        noise = self.noise_fn(num_batches=len(inputs['img']))
        fake = self.generator(noise)
        loss = self.discriminator(fake).mean()
        optimizer_wrapper.update_params(loss)
        return dict(loss_gen=loss.item())


def test_overridden_training_methods():
    model = build(OldStyleGAN, generator_steps=2)
    before = model.generator.fc.weight.detach().clone()
    out = model.train_step(
        dict(inputs=dict(img=batches(1)[0])), optimizers(model))
    assert set(out) == {'loss_disc', 'loss_gen'}
    assert not torch.equal(before, model.generator.fc.weight)


class OldLossGAN(ToyGAN):
    """Its losses come with their sum."""

    def disc_loss(self, disc_pred_fake, disc_pred_real):
        return self.parse_losses(
            super().disc_loss(disc_pred_fake, disc_pred_real))

    def gen_loss(self, disc_pred_fake):
        return self.parse_losses(super().gen_loss(disc_pred_fake))


def test_losses_with_their_sum():
    results = []
    for cls in (ToyGAN, OldLossGAN):
        model = build(cls)
        torch.manual_seed(3)
        results.append(
            model.train_step(
                dict(inputs=dict(img=batches(1)[0])), optimizers(model)))
    assert results[0] == results[1]


def test_missing_losses_are_said():
    with pytest.raises(NotImplementedError, match='BaseGAN has no disc_loss'):
        build(BaseGAN).train_step(
            dict(inputs=dict(img=batches(1)[0])),
            optimizers(build(BaseGAN)))
