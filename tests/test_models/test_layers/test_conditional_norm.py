"""Conditional norms against the formula."""
import pytest
import torch
from torch import nn

from mmgen.models.layers import BigGANConditionBN, SNConditionNorm


def formula(x, gain, bias, eps):
    """Batch norm, then a gain and a bias for each image."""
    mean = x.mean((0, 2, 3), keepdim=True)
    var = x.var((0, 2, 3), unbiased=False, keepdim=True)
    x = (x - mean) / (var + eps).sqrt()
    return x * (1 + gain[:, :, None, None]) + bias[:, :, None, None]


def plain(norm, x, gain, bias):
    return formula(x, gain, bias, norm.bn.eps)


def test_linear_condition():
    torch.manual_seed(0)
    norm = BigGANConditionBN(3, 5)
    x, y = torch.randn(4, 3, 6, 6) + 2, torch.randn(4, 5)
    norm(x, y)
    gain, bias = (layer.weight / torch.linalg.svdvals(layer.weight)[0]
                  for layer in (norm.gain, norm.bias))
    for _ in range(200):
        out = norm.train()(x, y)
    torch.testing.assert_close(
        out, plain(norm, x, y @ gain.T, y @ bias.T), rtol=1e-4, atol=1e-4)


def test_label_condition_uses_tables_without_spectral_norm():
    torch.manual_seed(0)
    norm = BigGANConditionBN(3, 10, input_is_label=True)
    x, y = torch.randn(4, 3, 6, 6), torch.tensor([1, 9, 1, 0])
    torch.testing.assert_close(
        norm(x, y), plain(norm, x, norm.gain.weight[y], norm.bias.weight[y]))
    assert norm.bn.weight is None


def test_eval_uses_the_running_statistics():
    torch.manual_seed(0)
    norm = BigGANConditionBN(3, 10, input_is_label=True, momentum=1.0)
    x, y = torch.randn(4, 3, 6, 6) + 2, torch.tensor([1, 9, 1, 0])
    norm(x, y)
    var = x.var((0, 2, 3), unbiased=True)
    torch.testing.assert_close(norm.bn.running_mean, x.mean((0, 2, 3)))
    torch.testing.assert_close(norm.bn.running_var, var)


def test_without_condition_it_is_a_batch_norm():
    norm = BigGANConditionBN(3, 0)
    assert set(norm.state_dict()) == {
        'bn.weight', 'bn.bias', 'bn.running_mean', 'bn.running_var',
        'bn.num_batches_tracked'
    }
    x = torch.randn(2, 3, 4, 4)
    torch.testing.assert_close(norm(x, None), norm.bn(x))


X = torch.randn(4, 3, 6, 6, generator=torch.Generator().manual_seed(0))
X = X * 0.05 + 2
Y = torch.tensor([1, 4, 1, 0])


def with_random_tables(norm):
    torch.manual_seed(0)
    for table in (norm.weight_embedding, norm.bias_embedding):
        nn.init.normal_(table.weight)
    return norm


def test_each_class_has_a_gain_and_a_bias():
    norm = with_random_tables(SNConditionNorm(3, 5))
    gain, bias = norm.weight_embedding.weight, norm.bias_embedding.weight
    torch.testing.assert_close(
        norm(X, Y), formula(X, gain[Y], bias[Y], 1e-4))
    assert norm.norm.weight is None


def test_epsilon_and_norm_are_chosen():
    norm = with_random_tables(SNConditionNorm(3, 5, norm_eps=0.1))
    gain, bias = norm.weight_embedding.weight, norm.bias_embedding.weight
    torch.testing.assert_close(
        norm(X, Y), formula(X, gain[Y], bias[Y], 0.1))
    norm = SNConditionNorm(3, 5, norm_cfg=dict(type='IN'))
    torch.testing.assert_close(
        norm(X, Y), nn.functional.instance_norm(X, eps=1e-4))


def test_common_gain_may_stand_beside_the_tables():
    norm = with_random_tables(SNConditionNorm(3, 5, cbn_norm_affine=True))
    before = norm(X, Y)
    nn.init.constant_(norm.norm.weight, 2.0)
    bias = norm.bias_embedding.weight[Y][:, :, None, None]
    torch.testing.assert_close(norm(X, Y) - bias, 2 * (before - bias))


@pytest.mark.parametrize('settings', [
    dict(num_classes=0), dict(num_classes=5, use_cbn=False)])
def test_without_tables_it_is_the_norm(settings):
    norm = SNConditionNorm(3, **settings)
    assert {key.split('.')[0] for key in norm.state_dict()} == {'norm'}
    assert norm.norm.weight is not None
    torch.testing.assert_close(norm(X, Y), norm.norm(X))


def test_tables_begin_as_the_identity():
    norm = SNConditionNorm(3, 5)
    torch.testing.assert_close(norm(X, Y), norm.norm(X))


@pytest.mark.parametrize('style', ['torch', 'ajbrock'])
def test_normalised_tables_do_not_begin_with_zeros(style):
    norm = SNConditionNorm(3, 5, with_spectral_norm=True, sn_style=style)
    for _ in range(100):
        out = norm(X, Y)
    gain = norm.weight_embedding.normalized_weight()
    bias = norm.bias_embedding.normalized_weight()
    for table in (gain, bias):  # orthogonal: all singular values are 1
        torch.testing.assert_close(
            torch.linalg.svdvals(table.detach()), torch.ones(3))
    torch.testing.assert_close(out, formula(X, gain[Y], bias[Y], 1e-4))


def test_unknown_initialisation_is_refused():
    with pytest.raises(ValueError, match="SNConditionNorm: init_cfg has type="
                       "'he', expected one of 'SNGAN'"):
        SNConditionNorm(3, 5, init_cfg=dict(type='he'))
