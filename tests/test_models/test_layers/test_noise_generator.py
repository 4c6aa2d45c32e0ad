"""What a generator accepts as noise and labels."""
from copy import deepcopy

import pytest
import torch
from torch import nn

from mmgen.models.layers import (NoiseGenerator, resolve_labels,
                                 resolve_noise)


class Doubles(NoiseGenerator):
    """Unconditional: gives back twice the noise."""

    noise_size = 3

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, z):
        return z * self.scale


class Adds(Doubles):
    """Conditional: adds the label."""

    num_classes = 4

    def forward(self, z, label, shift=0.0):
        return z * self.scale + label[:, None] + shift


Z = torch.arange(6.0).view(2, 3)


def test_noise_forms():
    net = Doubles()
    torch.testing.assert_close(net(Z), 2 * Z)
    torch.testing.assert_close(net(noise=Z), 2 * Z)
    torch.testing.assert_close(net(Z[:, :, None, None]), 2 * Z)
    torch.testing.assert_close(
        net(torch.ones, num_batches=5), torch.full((5, 3), 2.0))
    torch.manual_seed(7)
    drawn = net(None, num_batches=4)
    torch.manual_seed(7)
    torch.testing.assert_close(drawn, 2 * torch.randn(4, 3))


@pytest.mark.parametrize('label', [
    torch.tensor([3, 1]), torch.tensor([3, 1], dtype=torch.int32), [3, 1],
    lambda count: torch.tensor([3, 1])[:count]
])
def test_label_forms(label):
    expected = 2 * Z + torch.tensor([[3.0], [1.0]])
    torch.testing.assert_close(Adds()(Z, label), expected)
    torch.testing.assert_close(Adds()(Z, label=label), expected)


def test_one_label_for_all_and_drawn_labels():
    net = Adds()
    torch.testing.assert_close(net(Z, 2), 2 * Z + 2)
    torch.testing.assert_close(net(Z, torch.tensor(2)), 2 * Z + 2)
    labels = net(None, num_batches=200, return_noise=True)['label']
    assert set(labels.tolist()) == {0, 1, 2, 3}


def test_return_noise():
    out = Adds()(Z, 1, return_noise=True, shift=0.5)
    assert list(out) == ['fake_img', 'noise_batch', 'label']
    torch.testing.assert_close(out['fake_img'], 2 * Z + 1.5)
    torch.testing.assert_close(out['noise_batch'], Z)
    torch.testing.assert_close(out['label'], torch.tensor([1, 1]))
    assert list(Doubles()(Z, return_noise=True)) == ['fake_img',
                                                     'noise_batch']


def test_hooks_compile_and_copies_go_through_the_same_door():
    net = Adds()
    seen = []
    net.register_forward_pre_hook(lambda module, args: seen.append(args))
    net(Z, 1)
    assert torch.equal(seen[0][0], Z) and seen[0][1].tolist() == [1, 1]
    compiled = torch.compile(Adds(), backend='eager', fullgraph=True)
    torch.testing.assert_close(
        compiled(Z, torch.tensor([1, 1])), 2 * Z + 1)
    torch.testing.assert_close(deepcopy(net)(Z, 1), 2 * Z + 1)


def test_embedding_goes_through():
    embedding = torch.randn(2, 5)
    found = resolve_labels(embedding, 2, 4, 'cpu', owner='G')
    torch.testing.assert_close(found, embedding)


@pytest.mark.parametrize('call, words', [
    (lambda: Doubles()(torch.zeros(4, 64)),
     r'Doubles: noise has shape \[4, 64\], expected \[N, 3\] '
     r'\(noise_size=3 from the config\)'),
    (lambda: Doubles()(torch.zeros(3)), r'noise has shape \[3\]'),
    (lambda: Doubles()(None), 'Doubles: num_batches=0, but noise is no tens'),
    (lambda: Doubles()(torch.randn), 'num_batches=0, but noise is no tensor'),
    (lambda: Doubles()(Z, num_batches=3), 'noise has 2 rows, but num_batch'),
    (lambda: Doubles()(Z, 1), 'Doubles: a label was given, but this generat'),
    (lambda: Adds()(Z, 4), r'Adds: label 4 is out of range, expected 0 to 3'),
    (lambda: Adds()(Z, [-1, 0]), 'label -1 is out of range'),
    (lambda: Adds()(Z, [1, 2, 3]),
     r'label has shape \[3\], expected \[2\], one class for each noise'),
    (lambda: Adds()(Z, torch.zeros(2, 1, dtype=torch.int64)),
     r'label has shape \[2, 1\]'),
    (lambda: Adds()(Z, torch.zeros(2)), 'label holds torch.float32'),
    (lambda: resolve_noise(None, 2, None, 'cpu', owner='G'),
     'G: noise cannot be drawn without its size'),
])
def test_nonsense_is_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize('call, words', [
    (lambda: Doubles()([1, 2]), 'Doubles: noise is a list, expected a tens'),
    (lambda: Adds()(Z, 'cat'), 'Adds: label is a str, expected a tensor'),
])
def test_wrong_types_are_refused(call, words):
    with pytest.raises(TypeError, match=words):
        call()
