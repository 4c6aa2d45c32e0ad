"""LPIPS against the formula written out, and its files."""
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmgen.evaluation.features.lpips import (LPIPS, LPIPSStyleGAN, lpips,
                                             read_heads)
from mmgen.evaluation.features.vgg import STAGES, VGG16, VGG16PyTorch

MEAN = torch.tensor([-0.030, -0.088, -0.188]).view(3, 1, 1)
STD = torch.tensor([0.458, 0.448, 0.450]).view(3, 1, 1)


def images(seed, side=32):
    draws = torch.Generator().manual_seed(seed)
    return torch.rand(2, 3, side, side, generator=draws) * 255


@pytest.fixture(scope='module')
def convolutions():
    """VGG-16 without its linear layers, which LPIPS does not need."""
    torch.manual_seed(0)
    with torch.device('meta'):
        net = VGG16()
    net.features.to_empty(device='cpu')
    for layer in net.features:
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight)
            nn.init.uniform_(layer.bias, -0.1, 0.1)
    net.classifier = nn.Identity()
    return net.eval().requires_grad_(False)


@pytest.fixture(scope='module')
def heads():
    torch.manual_seed(1)
    return {f'lin{index}.model.1.weight': torch.rand(1, stage[-1], 1, 1)
            for index, stage in enumerate(STAGES)}


@pytest.fixture
def distance(convolutions, heads, tmp_path, monkeypatch):
    torch.save(heads, tmp_path / 'heads.pth')
    (tmp_path / 'vgg.pth').write_bytes(b'some weights')
    monkeypatch.setattr(VGG16PyTorch, '_load', lambda self, path: convolutions)
    return LPIPS(str(tmp_path / 'heads.pth'), str(tmp_path / 'vgg.pth'))


def by_the_paper(convolutions, heads, a, b):
    """Equation 1, layer by layer and place by place."""
    state = convolutions.features.state_dict()
    total = torch.zeros(len(a))
    x, y = ((image / 127.5 - 1 - MEAN) / STD for image in (a, b))
    index = 0
    for layer, stage in enumerate(STAGES):
        for _ in stage:
            weight, bias = state[f'{index}.weight'], state[f'{index}.bias']
            x, y = (F.conv2d(z, weight, bias, padding=1).relu()
                    for z in (x, y))
            index += 2
        head = heads[f'lin{layer}.model.1.weight'].flatten()
        for row in range(x.shape[2]):
            for column in range(x.shape[3]):
                u, v = (z[:, :, row, column] for z in (x, y))
                u, v = (z / z.square().sum(1, keepdim=True).sqrt()
                        for z in (u, v))
                total += ((u - v)**2 * head).sum(1) / x[0, 0].numel()
        x, y = (F.max_pool2d(z, 2) for z in (x, y))
        index += 1
    return total


def test_distance_is_the_papers(distance, convolutions, heads):
    a, b = images(0), images(1)
    found = distance(a, b)
    assert found.shape == (2, ) and found[0] != found[1]
    torch.testing.assert_close(
        found, by_the_paper(convolutions, heads, a, b), rtol=1e-4, atol=0)


def test_an_image_is_at_no_distance_of_itself(distance):
    assert distance(images(0), images(0)).tolist() == [0, 0]


def test_formula_by_hand():
    """Two channels, two places: one at right angles, one the same."""
    a = torch.tensor([[3.0, 1.0], [4.0, 0.0]]).view(1, 2, 1, 2)
    b = torch.tensor([[4.0, 7.0], [-3.0, 0.0]]).view(1, 2, 1, 2)
    found = lpips(iter([(a, b), (a, b)]),
                  [torch.tensor([1.0, 10.0]), torch.zeros(2)])
    # ((0.6 - 0.8)^2 + 10 (0.8 + 0.6)^2) / 2
    assert found.item() == pytest.approx((0.04 + 19.6) / 2)


def test_dead_activations_are_no_nan():
    zeros = torch.zeros(1, 2, 1, 1)
    assert lpips(iter([(zeros, zeros)]), [torch.ones(2)]).item() == 0


def test_identity_names_both_files(distance, tmp_path):
    before = distance.identity()
    assert len(before['weights_sha256']) == len(before['heads_sha256']) == 64
    state = torch.load(tmp_path / 'heads.pth')
    torch.save({key: 2 * value for key, value in state.items()},
               tmp_path / 'heads.pth')
    again = LPIPS(distance.heads_path, distance.vgg.path).identity()
    assert again['weights_sha256'] == before['weights_sha256']
    assert again['heads_sha256'] != before['heads_sha256']


class Script(nn.Module):
    """Answers as the TorchScript file does."""

    def forward(self, img: torch.Tensor, resize_images: bool = True,
                return_features: bool = False,
                return_lpips: bool = False) -> torch.Tensor:
        assert return_lpips and not resize_images
        return img.flatten(1)[:, :4] / 255


def test_torchscript_vectors_become_distances(tmp_path):
    path = str(tmp_path / 'vgg16.pt')
    torch.jit.script(Script()).save(path)
    distance = LPIPSStyleGAN(path).to('cpu')
    a, b = images(0), images(1)
    expected = (a - b)[:, 0, 0, :4].square().sum(1) / 255**2
    torch.testing.assert_close(distance(a, b), expected)
    assert distance.identity()['quantisation'] == 'none'
    assert len(distance.identity()['weights_sha256']) == 64


# -------------------------------------------------------------------- edges


def test_no_script_says_where_to_get_it():
    with pytest.raises(FileNotFoundError, match='vgg16_script=None: .*fetch '
                       'https://.*vgg16.pt yourself'):
        LPIPSStyleGAN().to('cpu')


@pytest.mark.parametrize('content, words', [
    (dict(weight=torch.zeros(3)), 'lin0.model.1.weight'),
    ({f'lin{i}.model.1.weight': torch.zeros(1, 64, 1, 1) for i in range(5)},
     r'weights of shape \[1, 64, 1, 1\]; expected .* of 64, 128, 256, 512, '
     '512 channels'),
    (torch.zeros(3), 'does not hold the weights of the channels'),
    (None, 'does not hold the weights of the channels'),
])
def test_other_heads_are_refused(tmp_path, content, words):
    path = tmp_path / 'heads.pth'
    path.write_bytes(b'no weights')
    if content is not None:
        torch.save(content, path)
    with pytest.raises(RuntimeError, match=words):
        read_heads(str(path))


def test_absent_heads_are_named():
    with pytest.raises(FileNotFoundError, match='LPIPS: there is no file '
                       'nowhere.pth.*heads_path'):
        read_heads('nowhere.pth')


@pytest.mark.parametrize('a, b, words', [
    (images(0), images(0)[:1], r'shapes \[2, 3, 32, 32\] and \[1, 3, 32, 32\]'),
    (images(0)[:, :1], images(0)[:, :1], r'expected \[N, 3, H, W\] twice'),
    (images(0, 8), images(1, 8), 'images of 8 x 8 pixels, expected at least '
     '16 x 16'),
])
def test_unfit_images_are_refused(distance, a, b, words):
    with pytest.raises(ValueError, match=words):
        distance(a, b)
