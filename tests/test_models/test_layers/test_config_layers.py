"""Layers that are made from config dicts."""
import pytest
import torch
from torch import nn

from mmgen.models.layers import (SyncBatchNorm, check_images, make_activation,
                                 make_norm, make_upsample)


def test_activation():
    cfg = dict(type='LeakyReLU', negative_slope=0.2, inplace=True)
    x = torch.tensor([-1.0, 2.0])
    act = make_activation(cfg, inplace=False)
    torch.testing.assert_close(act(x), torch.tensor([-0.2, 2.0]))
    assert x[0] == -1
    assert cfg['type'] == 'LeakyReLU'
    assert make_activation(cfg).inplace
    assert isinstance(make_activation(dict(type='Tanh'), inplace=True),
                      nn.Tanh)


@pytest.mark.parametrize('cfg, name, kind', [
    (dict(type='BN', eps=1e-3), 'bn', nn.BatchNorm2d),
    (dict(type='SyncBN'), 'bn', (SyncBatchNorm, nn.SyncBatchNorm)),
    (dict(type='IN'), 'in', nn.InstanceNorm2d),
    (dict(type='GN', num_groups=2), 'gn', nn.GroupNorm),
])
def test_norm(cfg, name, kind):
    found, norm = make_norm(cfg, 6)
    assert found == name and isinstance(norm, kind)
    assert norm.eps == cfg.get('eps', 1e-5)
    x = torch.randn(2, 6, 4, 4)
    assert norm.eval()(x).shape == x.shape


def test_upsample():
    up = make_upsample(dict(type='nearest', scale_factor=2))
    x = torch.tensor([[[[1.0, 2.0]]]])
    expected = torch.tensor([[[[1.0, 1, 2, 2], [1, 1, 2, 2]]]])
    torch.testing.assert_close(up(x), expected)


@pytest.mark.parametrize('make, words', [
    (lambda: make_activation(dict(type='Relu')), "type='Relu' is no activa"),
    (lambda: make_norm(dict(type='LN'), 3), "type='LN' is no normalisation"),
    (lambda: make_upsample(dict(type='deconv')), "type='deconv' is no inter"),
    (lambda: check_images(torch.zeros(2, 1, 8, 8), 3, 8, owner='D'),
     r'D: images have shape \[2, 1, 8, 8\], expected \[N, 3, 8, 8\]'),
])
def test_nonsense_is_refused(make, words):
    with pytest.raises(ValueError, match=words):
        make()
