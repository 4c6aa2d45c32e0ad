"""StyleGAN3's training: what it takes from StyleGAN2, and what not."""
import copy

import pytest
import torch
import torch.distributed as dist
from families import FAMILIES
from mmengine.optim import OptimWrapper, OptimWrapperDict
from tiny_runs import in_children

from mmgen.engine.distributed import MMSeparateDistributedDataParallel
from mmgen.models.stylegan3 import image_transform
from mmgen.registry import MODELS
from mmgen.utils.unwrap import unwrap


def make_model(**settings):
    torch.manual_seed(0)
    return MODELS.build({**copy.deepcopy(FAMILIES['stylegan3']), **settings})


def step(model):
    optimizers = OptimWrapperDict(**{
        name: OptimWrapper(torch.optim.Adam(
            getattr(model, name).parameters(), 1e-3, betas=(0.0, 0.9)))
        for name in ('generator', 'discriminator')
    })
    images = torch.randint(0, 256, (4, 3, 16, 16), dtype=torch.uint8)
    return model.train_step(dict(inputs=dict(img=images)), optimizers)


def watch_generator(model):
    """The keywords of each call of the synthesis, from now on."""
    calls = []
    synthesis = model.generator.synthesis
    synthesis.register_forward_pre_hook(
        lambda module, args: calls.append((torch.is_grad_enabled(), args[1:])))
    return calls


def test_r1_but_no_path_length():
    model = make_model(loss_config=dict(
        r1_loss_weight=16.0, g_reg_weight=8.0, g_reg_interval=1))
    log = step(model)
    assert log['loss_disc_r1'] > 0
    assert not any('path' in key for key in log)
    assert model.mean_path_length == 0


def test_averages_take_in_the_discriminators_turn_only():
    model = make_model()
    calls = watch_generator(model)
    step(model)
    # (with a graph, (update_emas, force_fp32, transform))
    assert calls == [(False, (True, False, None)), (True, (False, False, None))]
    assert model.generator.style_mapping.w_avg.abs().sum() > 0


def test_the_average_generator_has_the_averages():
    model = make_model()
    for _ in range(2):
        step(model)
    for name, buffer in model.generator.named_buffers():
        torch.testing.assert_close(
            model.generator_ema.module.get_buffer(name), buffer)


def test_forward_kwargs_are_for_both_turns_and_not_for_sampling():
    model = make_model(
        forward_kwargs=dict(force_fp32=True, update_emas=False))
    calls = watch_generator(model)
    step(model)
    assert calls == [(False, (False, True, None)), (True, (False, True, None))]
    del calls[:]
    model.test_step(dict(inputs=dict(num_batches=1, sample_model='orig')))
    assert calls == [(False, (False, False, None))]


def test_no_styles_are_mixed():
    model = make_model().train()
    for _ in range(8):
        made = model.generator(None, num_batches=2, return_latents=True)
        assert len(made['noise_batch']) == 1
        assert torch.equal(made['latent'][:, :1].expand_as(made['latent']),
                           made['latent'])


def test_moved_samples_come_through_sample_kwargs():
    model = make_model().eval()
    noise = torch.randn(2, 8)

    def sample(**kwargs):
        made = model.test_step(dict(inputs=dict(
            noise=noise, sample_model='ema', sample_kwargs=kwargs)))
        return torch.stack([one.fake_img.data for one in made])

    still = sample()
    moved = sample(transform=image_transform(shift=(0.25, 0.0)))
    error = (moved[..., 6:-2] - still[..., 2:-6]).square().mean().sqrt()
    assert error < 0.05 * still.std()
    torch.testing.assert_close(sample(), still, rtol=0, atol=0)


def test_unknown_loss_settings_are_refused():
    with pytest.raises(ValueError, match='StyleGAN3: loss_config has r1_gamma'):
        make_model(loss_config=dict(r1_gamma=2.0))


def test_two_processes_have_the_same_averages(tmp_path):
    """Those of both processes' images."""
    def run():
        dist.init_process_group('gloo')
        rank = dist.get_rank()
        model = make_model()
        before = copy.deepcopy(unwrap(model.generator))
        MMSeparateDistributedDataParallel(model)
        torch.manual_seed(rank)
        z = torch.randn(4, 8)
        model.draw_conditions = lambda _: dict(noise=z)
        step(model)
        w = before.style_mapping(z)[:, 0].mean(0).detach()
        torch.save((unwrap(model.generator).state_dict(), w),
                   tmp_path / f'{rank}.pt')

    assert in_children(run, world_size=2) == [0, 0]
    (first, w), (second, other_w) = (
        torch.load(tmp_path / f'{rank}.pt') for rank in range(2))
    assert all(torch.equal(first[key], second[key]) for key in first)
    torch.testing.assert_close(
        first['style_mapping.w_avg'], 0.002 * (w + other_w) / 2)
