import hashlib

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.evaluation import PrecisionAndRecall
from mmgen.evaluation.features import VGG16PyTorch, VGG16StyleGAN
from mmgen.evaluation.features.vgg import VGG16


class Script(nn.Module):
    """Called like the published TorchScript file."""

    def forward(self, img: Tensor, return_features: bool = False) -> Tensor:
        assert img.dtype == torch.uint8
        assert return_features
        return img.float().mean(dim=(2, 3)).repeat(1, 1366)[:, :4096]


@pytest.fixture
def images():
    rng = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (2, 3, 20, 30), dtype=torch.uint8,
                         generator=rng)


@pytest.fixture
def script(tmp_path):
    path = tmp_path / 'script.pt'
    torch.jit.script(Script()).save(str(path))
    return path


def he(*shape):
    fan_in = torch.Size(shape[1:]).numel()
    return torch.randn(shape) * (2 / fan_in)**0.5


@pytest.fixture(scope='module')
def state():
    """The full layout; in the wide layers all rows are one, to be small."""
    torch.manual_seed(0)
    channels = dict(zip((0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28),
                        (64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512,
                         512, 512)))
    found, last = {}, 3
    for place, width in channels.items():
        found[f'features.{place}.weight'] = he(width, last, 3, 3)
        found[f'features.{place}.bias'] = torch.randn(width) * 0.1
        last = width
    for place, (width, size) in {0: (4096, 25088), 3: (4096, 4096),
                                 6: (1000, 4096)}.items():
        found[f'classifier.{place}.weight'] = he(1, size).expand(width, size)
        found[f'classifier.{place}.bias'] = torch.randn(width)
    return found


@pytest.fixture(scope='module')
def weights(state, tmp_path_factory):
    path = tmp_path_factory.mktemp('vgg') / 'vgg16.pth'
    torch.save(state, path)
    return path


def written_out(state, x):
    """Column D of the table, layer by layer."""
    def conv(x, place):
        return F.relu(F.conv2d(x, state[f'features.{place}.weight'],
                               state[f'features.{place}.bias'], padding=1))

    for places in ((0, 2), (5, 7), (10, 12, 14), (17, 19, 21), (24, 26, 28)):
        for place in places:
            x = conv(x, place)
        x = F.max_pool2d(x, 2)
    assert x.shape[1:] == (512, 7, 7)
    x = x.flatten(1)
    for place in (0, 3):
        x = F.relu(F.linear(x, state[f'classifier.{place}.weight'],
                            state[f'classifier.{place}.bias']))
    return x


def test_features_are_those_of_the_second_fully_connected_layer(
        weights, state, images):
    network = VGG16PyTorch(str(weights))
    x = F.interpolate(images.float(), (224, 224), mode='bicubic',
                      antialias=True).clamp(0, 255) / 255
    mean = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
    std = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    with torch.no_grad():
        found = network(images)
        expected = written_out(state, (x - mean) / std)
    assert found.shape == (2, network.dim) == (2, 4096)
    assert (found == 0).any() and (found > 0).any()
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)


def test_layout_and_size_are_torchvisions(state):
    with torch.device('meta'):
        net = VGG16()
    assert {key: value.shape for key, value in net.state_dict().items()} \
        == {key: value.shape for key, value in state.items()}
    # As torchvision documents it.
    assert sum(p.numel() for p in net.parameters()) == 138_357_544


def test_script_is_given_uint8_and_asked_for_features(script, images):
    network = VGG16StyleGAN(str(script))
    found = network(images)
    assert found.shape == (2, network.dim) == (2, 4096)
    torch.testing.assert_close(found[:, :3], images.float().mean(dim=(2, 3)))


def test_identity_holds_name_hash_and_resize(script, weights):
    for network, path, name in (
            (VGG16StyleGAN(str(script)), script, 'VGG16-StyleGAN'),
            (VGG16PyTorch(str(weights)), weights, 'VGG16-PyTorch')):
        identity = network.identity()
        assert identity['name'] == name
        assert identity['weights_sha256'] == hashlib.sha256(
            path.read_bytes()).hexdigest()
        assert '224' in identity['resize']


def test_building_looks_for_no_file():
    for network in (VGG16StyleGAN(), VGG16PyTorch('nowhere')):
        assert network.dim == 4096


@pytest.mark.parametrize('network, words', [
    (VGG16StyleGAN, "Correct vgg16_script. .*type='VGG16PyTorch'"),
    (VGG16PyTorch, "Correct path. .*type='VGG16StyleGAN'")])
def test_another_file_is_refused(network, words, tmp_path):
    path = tmp_path / 'other.pt'
    torch.save(dict(weight=torch.zeros(3)), path)
    with pytest.raises(RuntimeError, match='(?s)other.pt is not the file that '
                       f'https://.* gives.*{words}'):
        network(str(path)).identity()


def test_the_script_is_looked_for_in_the_cache(script, cache):
    metric = PrecisionAndRecall(10)
    with pytest.raises(FileNotFoundError, match='vgg16_script='
                       "'work_dirs/cache/vgg16.pt': there is no such file") \
            as error:
        metric.network.identity()
    assert str(cache / 'vgg16.pt') in str(error.value)
    assert 'fetch https://nvlabs-fi-cdn' in str(error.value)
    cache.mkdir()
    (cache / 'vgg16.pt').write_bytes(script.read_bytes())
    assert len(metric.network.identity()['weights_sha256']) == 64
