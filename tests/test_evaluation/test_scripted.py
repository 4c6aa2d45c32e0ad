"""Networks out of local files."""
import hashlib
import sys
from pathlib import Path

import pytest
import torch
from tiny_evaluation import TinyImages, loader, run
from torch import Tensor, nn

from mmgen.evaluation import FrechetInceptionDistance, GenEvaluator
from mmgen.evaluation.features import (CLIP, DINOv2, TorchScriptFeatures,
                                       build_feature_network)
from mmgen.evaluation.features.resize import resize_images


class Means(nn.Module):
    """The mean of each channel, and of all."""

    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean(dim=(2, 3))
        return torch.cat([mean, mean.mean(dim=1, keepdim=True)], dim=1)


@pytest.fixture
def script(tmp_path):
    path = tmp_path / 'net.pt'
    torch.jit.script(Means()).save(str(path))
    return str(path)


def network(script, **settings):
    return TorchScriptFeatures(**dict(dict(
        path=script, name='Means', dim=4, size=32), **settings))


@pytest.mark.parametrize('resize', ['clean', 'bilinear'])
def test_images_are_resized_and_normalised(script, resize):
    images = torch.randint(0, 256, (3, 3, 20, 50), dtype=torch.uint8)
    found = network(script, mean=(0.1, 0.2, 0.3), std=(1, 2, 4),
                    resize=resize)(images)
    small = resize_images(images, 32, resize).mean(dim=(2, 3)) / 255
    expected = (small - torch.tensor([0.1, 0.2, 0.3])) / torch.tensor(
        [1., 2., 4.])
    torch.testing.assert_close(found[:, :3], expected)
    torch.testing.assert_close(found[:, 3], expected.mean(dim=1))


def test_distance_is_called_fd_and_the_name(script):
    feature = dict(type='TorchScriptFeatures', path=script, name='Means',
                   dim=4, size=8)
    found = run(GenEvaluator(FrechetInceptionDistance(10, feature=feature)),
                loading=loader(TinyImages()))
    assert list(found) == ['FD-Means/fid', 'FD-Means/mean', 'FD-Means/cov']
    assert found['FD-Means/fid'] > 0
    with pytest.raises(ValueError, match="starts with 'FD-Means'"):
        FrechetInceptionDistance(10, feature=feature, prefix='FID')


def test_everything_that_matters_is_in_the_identity(script, tmp_path):
    first = network(script).identity()
    assert first['weights_sha256'] == hashlib.sha256(
        Path(script).read_bytes()).hexdigest()
    others = [network(script, **setting).identity() for setting in (
        dict(size=33), dict(mean=(0, 0, 0)), dict(std=(1, 1, 1)),
        dict(resize='bilinear'), dict(name='Other'))]
    assert len({str(item) for item in [first, *others]}) == 6


@pytest.mark.parametrize('settings, error, words', [
    (dict(resize='lanczos'), ValueError, "resize='lanczos', expected 'clean'"),
    (dict(mean=(0.5, )), ValueError, 'expected three numbers each'),
    (dict(dim=5), ValueError, r'answers \[2, 4\], expected \[2, 5\]. Set dim'),
    (dict(path='nowhere.pt'), FileNotFoundError,
     'there is no file nowhere.pt. Give the local path'),
])
def test_refuses_with_the_right_words(script, settings, error, words):
    with pytest.raises(error, match=words):
        network(script, **settings)(
            torch.zeros(2, 3, 8, 8, dtype=torch.uint8))


def test_another_file_is_refused(tmp_path):
    path = tmp_path / 'other.pt'
    torch.save(dict(weight=torch.zeros(3)), path)
    with pytest.raises(RuntimeError, match='other.pt is not a TorchScript '
                       'file'):
        network(str(path)).identity()


@pytest.mark.parametrize('name', ['DINOv2', 'CLIP'])
def test_the_missing_package_is_named(name, tmp_path, monkeypatch):
    (tmp_path / 'model.safetensors').write_bytes(b'')
    monkeypatch.setitem(sys.modules, 'transformers', None)
    with pytest.raises(ImportError, match=f'{name} needs the package '
                       '"transformers", .* pip install transformers'):
        build_feature_network(dict(type=name, path=str(tmp_path))).identity()


def test_the_missing_folder_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match='DINOv2: there is no file '
                       '.*model.safetensors'):
        DINOv2(str(tmp_path)).identity()


@pytest.fixture
def transformers():
    return pytest.importorskip(
        'transformers', reason='transformers is not installed: DINOv2 and '
        'CLIP as feature networks were NOT tested')


def small_vit(transformers, kind, **more):
    return kind(hidden_size=24, num_hidden_layers=2, num_attention_heads=2,
                patch_size=28, image_size=224, **more)


def test_dinov2_answers_its_class_token(transformers, tmp_path):
    torch.manual_seed(0)
    net = transformers.Dinov2Model(
        small_vit(transformers, transformers.Dinov2Config)).eval()
    net.save_pretrained(tmp_path)
    images = torch.randint(0, 256, (2, 3, 224, 224), dtype=torch.uint8)
    x = (images / 255 - torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
         ) / torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
    with torch.no_grad():
        expected = net(pixel_values=x).last_hidden_state[:, 0]
        found = DINOv2(str(tmp_path), dim=24)(images)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    metric = FrechetInceptionDistance(
        10, feature=DINOv2(str(tmp_path), dim=24))
    assert metric.result_keys()[0] == 'FD-DINOv2/fid'


def test_clip_answers_its_image_embedding(transformers, tmp_path):
    torch.manual_seed(0)
    # With the half that reads texts, as the published files are.
    text = transformers.CLIPTextConfig(
        hidden_size=8, intermediate_size=8, num_hidden_layers=1,
        num_attention_heads=1, projection_dim=12)
    vision = small_vit(transformers, transformers.CLIPVisionConfig,
                       intermediate_size=32, projection_dim=12)
    net = transformers.CLIPModel(transformers.CLIPConfig(
        text_config=text.to_dict(), vision_config=vision.to_dict(),
        projection_dim=12)).eval()
    net.save_pretrained(tmp_path)
    images = torch.randint(0, 256, (2, 3, 40, 40), dtype=torch.uint8)
    with torch.no_grad():
        found = CLIP(str(tmp_path), dim=12)(images)
    x = resize_images(images, 224, 'clean') / 255
    x = (x - torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
         ) / torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)
    with torch.no_grad():
        expected = net.visual_projection(
            net.vision_model(pixel_values=x).pooler_output)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    with pytest.raises(RuntimeError, match='lacks .* weights of Dinov2Model'):
        DINOv2(str(tmp_path), dim=24).identity()
