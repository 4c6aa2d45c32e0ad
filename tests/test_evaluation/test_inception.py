import hashlib

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.evaluation.features import InceptionPyTorch, InceptionStyleGAN
from mmgen.evaluation.features.inception import ConvBN, InceptionV3, Mixed8
from mmgen.evaluation.features.resize import resize_images


class Script(nn.Module):
    """Called like the published TorchScript file."""

    def forward(self, img: Tensor, return_features: bool = False,
                no_output_bias: bool = False) -> Tensor:
        assert img.dtype == torch.uint8 or img.shape[2] == 299
        features = img.float().mean(dim=(2, 3))
        if return_features:
            return features
        bias = 0.0 if no_output_bias else 100.0
        return (features * torch.tensor([0.1, 0.2, bias])).softmax(dim=1)


@pytest.fixture
def images():
    return torch.randint(0, 256, (2, 3, 20, 30), dtype=torch.uint8)


@pytest.fixture
def script(tmp_path):
    path = tmp_path / 'inception.pt'
    torch.jit.script(Script()).save(str(path))
    return path


@pytest.fixture(scope='module')
def weights(tmp_path_factory):
    """Random weights under the published names."""
    torch.manual_seed(0)
    net = InceptionV3()
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
    state = {key: value for key, value in net.state_dict().items()
             if not key.endswith('num_batches_tracked')}
    path = tmp_path_factory.mktemp('weights') / 'inception.pth'
    torch.save(state, path)
    return path, net.eval()


def test_script_gives_features_and_probabilities(script, images):
    network = InceptionStyleGAN(str(script))
    features = network(images)
    torch.testing.assert_close(features, images.float().mean(dim=(2, 3)))
    torch.testing.assert_close(
        network.class_probabilities(images),
        (features * torch.tensor([0.1, 0.2, 0])).softmax(dim=1))


def test_identity_holds_the_hash_of_the_file(script):
    identity = InceptionStyleGAN(str(script)).identity()
    assert identity['name'] == 'Inception-StyleGAN'
    assert identity['weights_sha256'] == hashlib.sha256(
        script.read_bytes()).hexdigest()


def test_building_looks_for_no_file():
    for network in (InceptionStyleGAN(), InceptionPyTorch('nowhere')):
        assert network.dim == 2048


@pytest.mark.parametrize('network', [InceptionStyleGAN, InceptionPyTorch])
def test_another_file_is_refused(network, tmp_path):
    path = tmp_path / 'other.pt'
    torch.save(dict(weight=torch.zeros(3)), path)
    with pytest.raises(RuntimeError, match='other.pt is not the file that '
                       'https://.* gives'):
        network(str(path)).identity()


def test_folded_network_equals_the_plain_one(weights, images):
    path, plain = weights
    network = InceptionPyTorch(str(path))
    assert not any(isinstance(module, nn.BatchNorm2d)
                   for module in network.net.modules())
    x = F.interpolate(images.float() / 255, (299, 299), mode='bilinear',
                      align_corners=False) * 2 - 1
    with torch.no_grad():
        expected, found = plain(x), network(images)
        probabilities = network.class_probabilities(images)
    assert found.shape == (2, 2048)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        probabilities,
        F.linear(expected, plain.fc.weight).softmax(dim=1),
        rtol=1e-4, atol=1e-7)


def test_clean_resize_is_done_before_the_network(weights, script, images):
    path, plain = weights
    clean = resize_images(images, 299, 'clean')
    with torch.no_grad():
        torch.testing.assert_close(
            InceptionPyTorch(str(path), 'clean')(images),
            plain(clean / 127.5 - 1), rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(
        InceptionStyleGAN(str(script), 'clean')(images),
        clean.mean(dim=(2, 3)))
    cards = [network(str(file), resize).identity()
             for network, file in ((InceptionPyTorch, path),
                                   (InceptionStyleGAN, script))
             for resize in ('legacy', 'clean')]
    assert len({card['resize'] for card in cards}) == 3
    assert cards[1]['resize'].startswith('to 299, bicubic, antialiased')


def test_tensorflow_has_a_resize_and_a_range_of_its_own(weights, images):
    path, plain = weights
    network = InceptionPyTorch(str(path), 'tensorflow')
    x = (resize_images(images, 299, 'tensorflow') - 128) / 128
    with torch.no_grad():
        torch.testing.assert_close(network(images), plain(x), rtol=1e-4,
                                   atol=1e-5)
    assert network.identity()['range'] == '(x - 128) / 128'
    with pytest.raises(ValueError, match="resize='tensorflow', expected "
                       "'legacy' or 'clean'"):
        InceptionStyleGAN(resize='tensorflow')


def test_state_has_the_published_names_and_sizes():
    """Spot checks of the names that the published file has."""
    with torch.device('meta'):
        state = InceptionV3().state_dict()
    shapes = {
        'Conv2d_1a_3x3.conv.weight': (32, 3, 3, 3),
        'Conv2d_4a_3x3.bn.running_var': (192, ),
        'Mixed_5b.branch_pool.conv.weight': (32, 192, 1, 1),
        'Mixed_5d.branch3x3dbl_3.conv.weight': (96, 96, 3, 3),
        'Mixed_6a.branch3x3.conv.weight': (384, 288, 3, 3),
        'Mixed_6b.branch7x7_2.conv.weight': (128, 128, 1, 7),
        'Mixed_6e.branch7x7dbl_2.conv.weight': (192, 192, 7, 1),
        'Mixed_7a.branch7x7x3_4.conv.weight': (192, 192, 3, 3),
        'Mixed_7b.branch3x3dbl_1.conv.weight': (448, 1280, 1, 1),
        'Mixed_7c.branch3x3_2b.conv.weight': (384, 384, 3, 1),
        'fc.weight': (1008, 2048),
        'fc.bias': (1008, ),
    }
    assert {key: tuple(state[key].shape) for key in shapes} == shapes
    # 94 convolutions with batch norm. Without the auxiliary head the network
    # for 1000 classes has 23834568 parameters; eight classes are more.
    assert sum(key.endswith('conv.weight') for key in state) == 94
    assert sum(value.numel() for key, value in state.items()
               if 'running' not in key and 'num_batches' not in key
               ) == 23_834_568 + 8 * 2049


def test_pools_of_the_fid_variant():
    """The border is left out of means; the last block takes the maximum."""
    with torch.device('meta'):
        net = InceptionV3()
    ones = torch.ones(1, 1, 4, 4)
    assert (net.Mixed_7b.pool(ones) == 1).all()
    x = torch.arange(16.).view(1, 1, 4, 4)
    assert net.Mixed_7b.pool(x)[0, 0, 0, 0] == (0 + 1 + 4 + 5) / 4
    assert net.Mixed_7c.pool(x)[0, 0, 0, 0] == 5
    assert isinstance(net.Mixed_7c, Mixed8)


def test_folding_one_convolution():
    block = ConvBN(3, 4, 3).eval()
    block.bn.running_mean.normal_()
    block.bn.running_var.uniform_(0.1, 2)
    x = torch.randn(2, 3, 9, 9)
    expected = block(x)
    block.fold()
    assert block.conv.bias is not None
    torch.testing.assert_close(block(x), expected)
