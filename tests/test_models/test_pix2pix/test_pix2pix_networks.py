"""The U-Net: recorded numbers, the paper's layout, its refusals."""
import pytest
import torch
from golden_numbers import GoldenCase
from torch import nn

from mmgen.models import UnetGenerator
from mmgen.registry import MODULES


@torch.no_grad()
def test_recorded_numbers():
    case = GoldenCase('pix2pix')
    case.check('G', case.build('G', MODULES)(case.input('x')))


def blocks(network):
    """The blocks from the outside in."""
    block = network.model
    while block is not None:
        yield block
        block = next((part for part in block.model if hasattr(part, 'model')),
                     None)


def test_layout_is_the_papers():
    """C64-C128-C256-C512 x 5, decoder likewise; dropout in three layers."""
    with torch.device('meta'):
        found = list(blocks(UnetGenerator(3, 1, use_dropout=True)))
    assert [block.model[0].conv.out_channels for block in found] == [
        64, 128, 256, 512, 512, 512, 512, 512]
    ups = [next(layer for layer in block.model
                if isinstance(getattr(layer, 'conv', None),
                              nn.ConvTranspose2d)) for block in found]
    assert [up.conv.in_channels for up in ups] == [
        128, 256, 512, 1024, 1024, 1024, 1024, 512]
    assert [up.conv.out_channels for up in ups] == [
        1, 64, 128, 256, 512, 512, 512, 512]
    assert [isinstance(block.model[-1], nn.Dropout) for block in found] == [
        False, False, False, False, True, True, True, False]
    assert [hasattr(block.model[0], 'bn') for block in found] == [
        False, True, True, True, True, True, True, False]


def test_without_dropout_there_is_none():
    with torch.device('meta'):
        network = UnetGenerator(3, 3)
    assert not any(isinstance(m, nn.Dropout) for m in network.modules())


def test_dropout_works_in_training():
    network = UnetGenerator(3, 3, num_down=6, base_channels=4,
                            use_dropout=True)
    x = torch.randn(2, 3, 64, 64)
    with torch.no_grad():
        assert not torch.equal(network(x), network(x))
        assert torch.equal(network.eval()(x), network(x))


def test_bias_only_where_nothing_removes_it():
    network = UnetGenerator(3, 3, num_down=3, base_channels=4)
    biased = [name for name, module in network.named_modules()
              if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d))
              and module.bias is not None]
    assert biased == ['model.model.2.conv']
    network = UnetGenerator(3, 3, num_down=3, base_channels=4,
                            norm_cfg=dict(type='IN'))
    assert all(module.bias is not None for module in network.modules()
               if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)))


@pytest.mark.parametrize('shape', [(1, 1, 16, 16), (1, 3, 16, 24), (3, 16)])
def test_other_images_are_refused(shape):
    network = UnetGenerator(3, 3, num_down=4, base_channels=4)
    with pytest.raises(ValueError, match=r'UnetGenerator: images have shape '
                       r'.*, expected \[N, 3, H, W\] with H and W that 16 '
                       'divides'):
        network(torch.zeros(shape))


def test_too_few_halvings_are_refused():
    with pytest.raises(ValueError, match='num_down=1, expected at least 2'):
        UnetGenerator(3, 3, num_down=1)


def test_learns_with_channels_last_and_autocast():
    network = UnetGenerator(3, 3, num_down=4, base_channels=4).to(
        memory_format=torch.channels_last)
    x = torch.randn(2, 3, 16, 16).to(memory_format=torch.channels_last)
    with torch.autocast('cpu', torch.bfloat16):
        network(x).float().square().mean().backward()
    assert all(p.grad.any() for p in network.parameters())
