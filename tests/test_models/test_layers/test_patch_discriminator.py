"""The patch discriminator: recorded numbers, patches of 70 x 70 pixels."""
import pytest
import torch
from golden_numbers import GoldenCase

from mmgen.models.layers import PatchDiscriminator
from mmgen.registry import MODULES


@torch.no_grad()
def test_recorded_numbers():
    case = GoldenCase('pix2pix')
    discriminator = case.build('D', MODULES)
    case.check('D', discriminator(case.input('xx')))
    case.check('D_train', discriminator.train()(case.input('xx')))
    case = GoldenCase('cyclegan')
    case.check('D', case.build('D', MODULES)(case.input('x')))


@pytest.mark.parametrize('num_conv, side', [(1, 16), (2, 34), (3, 70)])
def test_a_logit_sees_a_patch(num_conv, side):
    """Sides of section 6.1.2: 16 x 16 and 70 x 70."""
    network = PatchDiscriminator(
        3, base_channels=2, num_conv=num_conv).double().eval()
    x = torch.randn(1, 3, 128, 128, dtype=torch.double, requires_grad=True)
    logits = network(x)
    middle = logits.shape[-1] // 2
    grad, = torch.autograd.grad(logits[0, 0, middle, middle], x)
    for axis in (0, 1):
        seen = grad[0].abs().sum(0).sum(axis).nonzero().flatten()
        assert seen[-1] - seen[0] + 1 == side


def test_channels_stop_at_eight_times_the_first():
    with torch.device('meta'):
        network = PatchDiscriminator(3, base_channels=4, num_conv=5)
    assert [layer.conv.out_channels for layer in network.model[:-1]] == [
        4, 8, 16, 32, 32, 32]


def test_other_channels_are_refused():
    with pytest.raises(ValueError, match='PatchDiscriminator: images have '
                       r'shape \[2, 3, 16, 16\], expected \[N, 6, H, W\]'):
        PatchDiscriminator(6, base_channels=2)(torch.zeros(2, 3, 16, 16))
