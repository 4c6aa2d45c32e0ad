"""The networks against the figure: sizes, numbers and initialisation."""
import pytest
import torch
import torch.nn.functional as F

from mmgen.models.r3gan import R3GANDiscriminator, R3GANGenerator
from mmgen.models.r3gan.networks import R3GANBlock, Resample

TINY = dict(widths=(16, 8), group_size=8)


def seeded(make, **settings):
    torch.manual_seed(0)
    network = make(**settings)
    for parameter in network.parameters():  # nothing is 0 or 1 by chance
        torch.nn.init.normal_(parameter, std=0.3)
    return network


def leaky(x):
    return torch.where(x > 0, x, 0.2 * x)


def by_definition(block, x):
    """One group of the middle convolution after the other."""
    y = F.conv2d(x, block.expand.weight)
    y = leaky(y + block.act1.bias.view(1, -1, 1, 1))
    groups = [
        F.conv2d(part, weight, padding=1)
        for part, weight in zip(y.split(8, 1), block.mix.weight.split(8))
    ]
    y = leaky(torch.cat(groups, 1) + block.act2.bias.view(1, -1, 1, 1))
    return x + F.conv2d(y, block.reduce.weight)


def bilinear_up(x):
    """PyTorch's, with zeros around the image."""
    x = F.interpolate(F.pad(x, (1, 1, 1, 1)), scale_factor=2, mode='bilinear')
    return x[:, :, 2:-2, 2:-2]


def bilinear_down(x):
    """PyTorch's, with zeros around the image."""
    x = F.interpolate(F.pad(x, (2, 2, 2, 2)), scale_factor=0.5,
                      mode='bilinear', antialias=True)
    return x[:, :, 1:-1, 1:-1]


def test_block_is_an_inverted_bottleneck():
    block = seeded(R3GANBlock, channels=12, expansion=2, group_size=8)
    assert block.expand.weight.shape == (24, 12, 1, 1)
    assert block.mix.weight.shape == (24, 8, 3, 3)
    x = torch.randn(2, 12, 5, 5)
    torch.testing.assert_close(block(x), by_definition(block, x))


def test_resampling_is_bilinear():
    x = torch.randn(2, 3, 4, 6)
    torch.testing.assert_close(Resample(3, 3, up=True)(x), bilinear_up(x))
    torch.testing.assert_close(Resample(3, 3, up=False)(x), bilinear_down(x))


def test_brightness_is_kept_inside():
    flat = torch.full((1, 2, 8, 8), 0.7)
    up, down = Resample(2, 2, up=True)(flat), Resample(2, 2, up=False)(flat)
    torch.testing.assert_close(up[..., 1:-1, 1:-1],
                               torch.full((1, 2, 14, 14), 0.7))
    torch.testing.assert_close(down[..., 1:-1, 1:-1],
                               torch.full((1, 2, 2, 2), 0.7))


def test_generator_by_definition():
    net = seeded(R3GANGenerator, noise_size=5, num_classes=3, **TINY)
    z, label = torch.randn(2, 5), torch.tensor([2, 0])
    first, second, up, third, fourth = net.stages
    weights = torch.cat([z, net.embedding.weight[label]], 1) \
        @ net.noise2weights.weight.T
    x = torch.einsum('nc,chw->nchw', weights, net.basis)
    x = by_definition(second, by_definition(first, x))
    x = F.conv2d(bilinear_up(x), up.change_width.weight)
    x = by_definition(fourth, by_definition(third, x))
    x = F.conv2d(x, net.to_image.weight)
    assert x.shape == (2, 3, 8, 8)
    torch.testing.assert_close(net(z, label), x)


@pytest.mark.parametrize('num_classes', [0, 3])
def test_discriminator_by_definition(num_classes):
    net = seeded(R3GANDiscriminator, num_classes=num_classes, **TINY)
    images = torch.randn(2, 3, 8, 8)
    first, second, down, third, fourth = net.stages
    x = F.conv2d(images, net.from_image.weight)
    x = by_definition(second, by_definition(first, x))
    x = F.conv2d(bilinear_down(x), down.change_width.weight)
    x = by_definition(fourth, by_definition(third, x))
    x = (x * net.basis.weight[:, 0]).sum((2, 3)) @ net.features.weight.T
    given = ()
    if num_classes:
        label = torch.tensor([2, 0])
        x = (x * net.embedding.weight[label]).sum(1, keepdim=True)
        given = (label, )
    assert x.shape == (2, 1)
    torch.testing.assert_close(net(images, *given), x)


def test_initialisation():
    """Three blocks: 3^(-1/4) of He's deviation, and a last layer of 0."""
    torch.manual_seed(0)
    net = R3GANGenerator(widths=(64, 64, 64), blocks_per_stage=1)
    block = net.stages[0]
    scale = 3**-0.25 * (2 / (1 + 0.2**2))**0.5
    assert block.expand.weight.std().item() == pytest.approx(
        scale / 64**0.5, rel=0.03)
    assert block.mix.weight.std().item() == pytest.approx(
        scale / (16 * 9)**0.5, rel=0.03)
    assert not block.reduce.weight.any()
    assert net.noise2weights.weight.std().item() == pytest.approx(
        64**-0.5, rel=0.05)
    assert net.basis.std().item() == pytest.approx(1, rel=0.1)
    x = torch.randn(2, 64, 4, 4)
    assert torch.equal(block(x), x)


def test_values_keep_their_size_at_the_start():
    torch.manual_seed(0)
    images = R3GANGenerator(widths=(64, 64, 32), num_classes=4)(
        num_batches=256)
    # Each of two doublings leaves white noise 5/8 of its deviation, and what
    # is smooth more of it.
    assert 0.625**2 < images.std() < 2
    logits = R3GANDiscriminator(widths=(64, 64, 32), num_classes=4)(
        torch.randn(64, 3, 16, 16), torch.arange(64) % 4)
    assert 0.01 < logits.std() < 2


def test_size_on_the_meta_device():
    """A block of C channels has 4 C^2 + 288 C weights and 4 C biases."""
    with torch.device('meta'):
        net = R3GANGenerator(widths=(768, 384))
    blocks = 2 * sum(4 * c**2 + 292 * c for c in (768, 384))
    others = 64 * 768 + 16 * 768 + 768 * 384 + 3 * 384
    assert sum(p.numel() for p in net.parameters()) == blocks + others


@pytest.mark.parametrize('make, channels', [
    (R3GANGenerator, 'noise'), (R3GANDiscriminator, 'images')])
def test_half_precision_is_near(make, channels):
    torch.manual_seed(0)
    net = make(widths=(32, 16))
    x = torch.randn(4, 64) if channels == 'noise' else torch.randn(4, 3, 8, 8)
    with torch.autocast('cpu', torch.bfloat16):
        half = net(x)
    torch.testing.assert_close(half.float(), net(x), rtol=0.05, atol=0.05)


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match=r'20 channels inside \(expansion=2\) '
                       'are no multiple of group_size=16'):
        R3GANGenerator(widths=(10, ))
    net = R3GANDiscriminator(widths=(16, 16), num_classes=3)
    with pytest.raises(ValueError, match='R3GANDiscriminator: images have '
                       r'shape \[1, 3, 4, 4\]'):
        net(torch.zeros(1, 3, 4, 4), torch.tensor([0]))
    with pytest.raises(ValueError, match='num_classes=3, but label is missing'):
        net(torch.zeros(1, 3, 8, 8))
