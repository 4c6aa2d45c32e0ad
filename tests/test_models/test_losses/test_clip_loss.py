"""The loss with a small network in the place of CLIP."""
import sys
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmgen.models.losses import CLIPLoss
from mmgen.registry import MODULES


class TinyCLIP(nn.Module):
    """Features ``[N, 2]``: of images the means of red and green."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(3.))
        self.words = nn.Embedding(5, 2)

    def encode_image(self, images):
        self.seen = images
        return self.scale * images.mean((2, 3))[:, :2]

    def encode_text(self, tokens):
        return self.words(tokens).sum(1)


def tokenize(texts):
    """One token for each text: its length."""
    texts = [texts] if isinstance(texts, str) else texts
    return torch.tensor([[len(text)] for text in texts])


@pytest.fixture
def clip(monkeypatch):
    """The network; ``clip.loaded`` says what open_clip was asked for."""
    network = TinyCLIP()

    def load_openai_model(name, precision, device):
        network.loaded = name
        assert (precision, device) == ('fp32', 'cpu')
        return network

    monkeypatch.setitem(
        sys.modules, 'open_clip',
        SimpleNamespace(
            tokenize=tokenize, load_openai_model=load_openai_model))
    return network


@pytest.fixture
def weights(tmp_path):
    path = tmp_path / 'ViT-B-32.pt'
    path.write_bytes(b'')
    return str(path)


def build(weights, **settings):
    return MODULES.build(
        dict(
            type='CLIPLoss',
            clip_model=dict(in_size=64, weights=weights),
            **settings))


def test_one_minus_the_cosine(clip, weights):
    clip.words.weight.data[1:4] = torch.tensor([[2., 0.], [0., 1.], [-3., 0.]])
    red = torch.zeros(1, 3, 64, 64)
    red[:, 0] = 0.5
    loss = build(weights)
    assert loss(red, 'a').item() == pytest.approx(0, abs=1e-6)
    assert loss(red, 'no').item() == pytest.approx(1)
    assert loss(red, ['all']).item() == pytest.approx(2)
    both = torch.cat([red, red])
    assert loss(both, ['a', 'all']).item() == pytest.approx(1)
    assert loss(both, 'no').item() == pytest.approx(1)
    assert loss(both, torch.tensor([[1], [2]])).item() == pytest.approx(0.5)
    assert clip.loaded == weights


@pytest.mark.parametrize('in_size', [32, 64, 96, 256])
def test_images_are_resized_as_in_styleclip(clip, weights, in_size):
    """Enlarged seven times and averaged down to 224 pixels."""
    images = torch.randn(2, 3, in_size, in_size)
    loss = CLIPLoss(clip_model=dict(in_size=in_size, weights=weights))
    loss(images, 'a')
    large = F.interpolate(images, scale_factor=7, mode='nearest')
    expected = F.avg_pool2d(large, 7 * in_size // 224)
    assert clip.seen.shape == (2, 3, 224, 224)
    torch.testing.assert_close(clip.seen, expected)


def test_weight_and_names(clip, weights):
    image = torch.randn(1, 3, 64, 64)
    plain = build(weights)(image, 'a')
    loss = build(weights, loss_weight=0.5, loss_name='loss_text',
                 data_info=dict(image='fake_imgs', text='prompt'))
    outputs = dict(fake_imgs=image, prompt='a', other=None)
    torch.testing.assert_close(loss(outputs), plain / 2)
    assert loss.loss_name == 'loss_text'
    assert CLIPLoss(clip_model=dict(weights=weights)).loss_name == 'loss_clip'


def test_only_the_images_get_gradients(clip, weights):
    loss = build(weights)
    image = torch.randn(2, 3, 64, 64, requires_grad=True)
    loss(image, 'a').backward()
    assert image.grad.abs().sum() > 0
    assert all(p.grad is None for p in clip.parameters())
    # A model that holds the loss neither trains nor saves CLIP.
    assert not list(loss.parameters()) and not loss.state_dict()
    loss.train()
    assert not clip.training


def test_a_network_is_fetched_only_when_asked_for(clip, tmp_path):
    build('openai')
    assert clip.loaded == 'ViT-B-32'
    CLIPLoss(clip_model=dict(clip_type='ViT-L/14', weights='openai'))
    assert clip.loaded == 'ViT-L-14'
    clip.loaded = None
    with pytest.raises(ValueError, match=r'no weights.*ViT-B/32.*weights='):
        CLIPLoss()
    with pytest.raises(FileNotFoundError, match='there is no file ViT-B-32'):
        build('ViT-B-32')
    assert clip.loaded is None


def test_missing_package_is_named(monkeypatch, weights):
    monkeypatch.setitem(sys.modules, 'open_clip', None)
    with pytest.raises(ImportError, match='CLIPLoss needs the package '
                       '"open_clip".*pip install open-clip-torch'):
        build(weights)


@pytest.mark.parametrize('image, text, words', [
    (torch.zeros(1, 3, 32, 32), 'a',
     r'shape \[1, 3, 32, 32\], expected \[N, 3, 64, 64\]. Set in_size'),
    (torch.zeros(1, 1, 64, 64), 'a', r'shape \[1, 1, 64, 64\]'),
    (torch.zeros(3, 3, 64, 64), ['a', 'b'], '2 texts for 3 images'),
])
def test_nonsense_is_refused(clip, weights, image, text, words):
    with pytest.raises(ValueError, match=words):
        build(weights)(image, text)


def test_sizes_that_do_not_fit_are_refused(clip, weights):
    with pytest.raises(ValueError, match='in_size=100.*multiple of 32'):
        CLIPLoss(clip_model=dict(in_size=100, weights=weights))
