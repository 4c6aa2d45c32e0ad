"""What a style-based generator may be given, and the styles that come of it."""
import pytest
import torch
from torch import nn

from mmgen.models.layers import PixelNorm
from mmgen.models.layers.style_inputs import (NoiseInjection, StyleGenerator,
                                              mapping_network, mix_styles,
                                              truncate)

L, D = 4, 3


class Styles(StyleGenerator):
    """Doubles the noise to styles, and returns them as its images."""

    def __init__(self, default='mix', evaluation='single', mix_prob=1.0):
        super().__init__(D, L, default, evaluation, mix_prob)
        self.style_mapping = nn.Linear(D, D, bias=False)
        nn.init.eye_(self.style_mapping.weight).data.mul_(2)
        self.register_noise_maps([4, 8])

    def forward(self, ws, factor=1.0):
        return factor * ws


def constant(value, n=2):
    return torch.full((n, D), float(value))


def per_layer(*values):
    """Styles ``[2, L, D]`` with one value for each layer."""
    return torch.tensor(values).float()[None, :, None].expand(2, L, D)


def test_mixing_takes_the_second_style_from_the_layer_on():
    mixed = mix_styles([constant(1), constant(2)], L, 3)
    assert torch.equal(mixed, per_layer(1, 1, 1, 2))
    own = per_layer(5, 6, 7, 8)
    assert torch.equal(mix_styles([own], L), own)
    assert torch.equal(mix_styles([own, constant(1)], L, 1),
                       per_layer(5, 1, 1, 1))


@pytest.mark.parametrize('styles, index, words', [
    ([torch.zeros(2, 5, D)], None, r'shape \[2, 5, 3\], expected \[N, D\] or'),
    ([constant(1)] * 3, 1, '3 styles, expected one, or two'),
    ([constant(1)] * 2, 5, 'inject_index=5, .*0 to 4'),
    ([constant(1)] * 2, None, 'inject_index=None'),
])
def test_mixing_refuses(styles, index, words):
    with pytest.raises(ValueError, match=words):
        mix_styles(styles, L, index)


def test_truncation_moves_towards_the_mean():
    """1 + psi (w - 1) with w = 3."""
    ws, mean = per_layer(3, 3, 3, 3), torch.ones(1, D)
    assert torch.equal(truncate(ws, 0.5, mean), per_layer(2, 2, 2, 2))
    assert torch.equal(truncate(ws, 0.5, mean, layers=1),
                       per_layer(2, 3, 3, 3))
    assert torch.equal(truncate(ws, 0.0, mean[0]), per_layer(1, 1, 1, 1))
    own = torch.stack([torch.ones(D), torch.full((D, ), 5.)])
    assert truncate(ws, 0.5, own)[:, 0, 0].tolist() == [2, 4]


def test_tensors_lists_functions_and_none():
    net = Styles().eval()
    assert torch.equal(net(constant(1)), per_layer(2, 2, 2, 2))
    assert torch.equal(net(constant(1), factor=3.0), per_layer(6, 6, 6, 6))
    mixed = net([constant(1), constant(2)], inject_index=1)
    assert torch.equal(mixed, per_layer(2, 4, 4, 4))
    assert torch.equal(net(torch.ones, num_batches=2), per_layer(2, 2, 2, 2))
    assert net(None, num_batches=5).shape == (5, L, D)
    with pytest.raises(ValueError, match=r'noise has shape \[2, 4\]'):
        net([constant(1), torch.zeros(2, 4)], inject_index=1)
    with pytest.raises(ValueError, match='num_batches=0'):
        net()


def test_returns_what_went_in_and_the_styles():
    net = Styles().eval()
    made = net([constant(1), constant(2)], inject_index=1, return_noise=True)
    assert torch.equal(made['fake_img'], made['latent'])
    assert made['inject_index'] == 1
    assert [z[0, 0].item() for z in made['noise_batch']] == [1, 2]
    again = net(made['latent'], input_is_latent=True, return_latents=True)
    assert torch.equal(again['fake_img'], made['fake_img'])
    assert again['noise_batch'] is None
    w = net(constant(1), input_is_latent=True)
    assert torch.equal(w, per_layer(1, 1, 1, 1))


def test_noise_that_it_draws_itself_is_mixed_in_training():
    torch.manual_seed(0)
    net = Styles()
    made = [net(None, num_batches=1, return_noise=True) for _ in range(60)]
    assert all(len(m['noise_batch']) == 2 for m in made)
    assert {m['inject_index'] for m in made} == {1, 2, 3}  # 1 to L - 1
    for m in made:
        first, second = (2 * z[0] for z in m['noise_batch'])
        assert torch.equal(m['latent'][0, 0], first)
        assert torch.equal(m['latent'][0, -1], second)
    single = net.eval()(None, num_batches=1, return_noise=True)
    assert len(single['noise_batch']) == 1
    assert len(net.train()(constant(1), return_noise=True)['noise_batch']) == 1


def test_share_of_mixed_batches():
    torch.manual_seed(0)
    net = Styles(mix_prob=0.25)
    counts = [
        len(net(torch.randn, num_batches=1, return_noise=True)['noise_batch'])
        for _ in range(400)
    ]
    assert counts.count(2) / 400 == pytest.approx(0.25, abs=0.06)


def test_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="eval_style_mode='all', expected"):
        Styles(evaluation='all')


def test_truncation_without_a_mean_estimates_it():
    net = Styles().eval()
    mean = net.get_mean_latent()
    torch.manual_seed(1)
    assert torch.equal(net.get_mean_latent(), mean)
    assert mean.shape == (1, D) and mean.abs().max() < 0.2
    state = torch.get_rng_state()
    cut = net(constant(1), truncation=0.0)
    torch.testing.assert_close(cut, mean[:, None].expand(2, L, D))
    assert torch.equal(torch.get_rng_state(), state)
    torch.testing.assert_close(
        net(constant(1), truncation=0.5, truncation_latent=torch.zeros(1, D),
            truncation_layers=2), per_layer(1, 1, 2, 2))


def test_noise_maps_are_kept_drawn_or_given():
    net = Styles()
    kept = net.noise_maps(None, randomize_noise=False)
    assert [tuple(m.shape) for m in kept] == [(1, 1, 4, 4), (1, 1, 8, 8)]
    assert torch.equal(kept[1], net.state_dict()['injected_noise_1'])
    assert net.noise_maps(None, randomize_noise=True) == [None, None]
    own = torch.ones(1, 1, 4, 4)
    assert net.noise_maps([own, None], False) == [own, None]
    with pytest.raises(ValueError, match='has 1 maps, expected 2'):
        net.noise_maps([own], False)


def test_noise_injection():
    torch.manual_seed(0)
    layer, x = NoiseInjection(), torch.randn(2, 3, 4, 4)
    assert torch.equal(layer(x), x)  # has to learn its strength
    nn.init.constant_(layer.weight, 0.5)
    noise = torch.randn(2, 1, 4, 4)
    torch.testing.assert_close(layer(x, noise), x + 0.5 * noise)
    added = layer(x) - x
    torch.testing.assert_close(added[:, 0], added[:, 2])
    assert added[0].ne(added[1]).all()
    assert layer(x.bfloat16()).dtype == torch.bfloat16


def test_mapping_network():
    """Normalise; then twice 0.01-rate linear, leaky ReLU and the gain."""
    torch.manual_seed(0)
    net = mapping_network(D, 2, lr_mlp=0.01, act_gain=2.0)
    assert isinstance(net[0], PixelNorm) and len(net) == 3
    z = torch.randn(5, D)
    x = z / z.square().mean(1, keepdim=True).sqrt()
    for layer in net[1:]:
        nn.init.normal_(layer.bias, std=100)
        x = x @ layer.linear.weight_orig.T * 0.01 / D**0.5
        x = 2.0 * nn.functional.leaky_relu(x + 0.01 * layer.bias, 0.2)
    torch.testing.assert_close(net(z), x, rtol=1e-4, atol=1e-4)
