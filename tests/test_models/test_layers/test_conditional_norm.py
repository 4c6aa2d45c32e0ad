"""BigGAN's conditional batch norm against the formula."""
import torch

from mmgen.models.layers import BigGANConditionBN


def plain(norm, x, gain, bias):
    mean = x.mean((0, 2, 3), keepdim=True)
    var = x.var((0, 2, 3), unbiased=False, keepdim=True)
    x = (x - mean) / (var + norm.bn.eps).sqrt()
    return x * (1 + gain[:, :, None, None]) + bias[:, :, None, None]


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
