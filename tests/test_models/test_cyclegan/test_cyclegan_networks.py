"""The residual generator: recorded numbers, the paper's layout, refusals."""
import pytest
import torch
from golden_numbers import GoldenCase
from torch import nn

from mmgen.models import ResnetGenerator
from mmgen.registry import MODULES


def tiny(**settings):
    return ResnetGenerator(
        3, 3, **dict(dict(base_channels=4, num_blocks=2), **settings))


@torch.no_grad()
def test_recorded_numbers():
    case = GoldenCase('cyclegan')
    case.check('G', case.build('G', MODULES)(case.input('x')))


def test_layout_is_the_papers():
    """c7s1-64, d128, d256, R256 x 9, u128, u64, c7s1-3 (section 7.2)."""
    with torch.device('meta'):
        network = ResnetGenerator(3, 3)
    layers = [layer for layer in network.model if hasattr(layer, 'conv')]
    assert [(layer.conv.out_channels, layer.conv.kernel_size[0],
             layer.conv.stride[0]) for layer in layers] == [
        (64, 7, 1), (128, 3, 2), (256, 3, 2), (128, 3, 2), (64, 3, 2),
        (3, 7, 1)]
    assert len(network.model) == 15


def test_a_block_adds_to_what_came_in():
    block = tiny().model[3]
    for parameter in block.parameters():
        nn.init.zeros_(parameter)
    x = torch.randn(1, 16, 4, 4)
    assert torch.equal(block(x), x)


def test_borders_are_reflected():
    """A constant image stays constant through a network that reflects; zeros
    around it would make an edge. Doubling pads with zeros, so look before."""
    for mode, constant in (('reflect', True), ('zeros', False)):
        torch.manual_seed(0)
        first = tiny(padding_mode=mode).model[0].conv
        with torch.no_grad():
            out = first(torch.ones(1, 3, 16, 16))
        assert torch.allclose(
            out, out[..., :1, :1].expand_as(out), atol=1e-6) == constant


def test_dropout_is_between_the_convolutions_of_a_block():
    network = tiny(use_dropout=True)
    assert [type(part).__name__ for part in network.model[3].block] == [
        'Sequential', 'Dropout', 'Sequential']
    assert 'model.3.block.2.conv.weight' in network.state_dict()
    x = torch.randn(1, 3, 16, 16)
    with torch.no_grad():
        assert not torch.equal(network(x), network(x))


@pytest.mark.parametrize('shape', [(1, 6, 16, 16), (1, 3, 18, 16)])
def test_other_images_are_refused(shape):
    with pytest.raises(ValueError, match=r'ResnetGenerator: images have shape '
                       r'.*, expected \[N, 3, H, W\] with H and W that 4 '
                       'divides'):
        tiny()(torch.zeros(shape))


def test_learns_with_channels_last_and_autocast():
    network = tiny().to(memory_format=torch.channels_last)
    x = torch.randn(2, 3, 16, 16).to(memory_format=torch.channels_last)
    with torch.autocast('cpu', torch.bfloat16):
        network(x).float().square().mean().backward()
    assert all(p.grad.any() for p in network.parameters() if p.ndim > 1)
