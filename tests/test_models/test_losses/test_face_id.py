"""The identity loss with a small face network, and the network itself."""
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from mmgen.models.losses import ArcFace, FaceIdLoss
from mmgen.models.losses.face_id import face_region
from mmgen.models.losses.ir_se50 import (IRSE50, ResidualUnit,
                                         SqueezeExcitation)
from mmgen.registry import MODULES


class TinyFaces(nn.Module):
    """The direction of an image's mean colour."""

    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.))

    def forward(self, images):
        return F.normalize(self.scale * images.mean((2, 3)))


@pytest.fixture(autouse=True)
def tiny_faces(monkeypatch):
    monkeypatch.setitem(MODULES.module_dict, 'TinyFaces', TinyFaces)


def build(**settings):
    return MODULES.build(
        dict(type='FaceIdLoss', facenet=dict(type='TinyFaces'), **settings))


def colour(*values):
    return torch.tensor(values).view(1, 3, 1, 1).expand(1, 3, 8, 8)


def test_one_minus_the_inner_product():
    red, blue = colour(1., 0., 0.), colour(0., 0., 0.5)
    loss = build()
    assert loss(red, 0.3 * red).item() == pytest.approx(0, abs=1e-6)
    assert loss(red, blue).item() == pytest.approx(1)
    assert loss(red, -red).item() == pytest.approx(2)
    assert loss(torch.cat([red, blue]),
                torch.cat([-red, blue])).item() == pytest.approx(1)
    named = build(loss_weight=0.5, data_info=dict(pred='fake', gt='real'))
    assert named(dict(fake=red, real=blue)).item() == pytest.approx(0.5)
    assert named.loss_name == 'loss_id'


def test_only_the_prediction_gets_gradients():
    loss = build()
    pred = torch.randn(2, 3, 8, 8, requires_grad=True)
    gt = torch.randn(2, 3, 8, 8, requires_grad=True)
    loss(pred, gt).backward()
    assert pred.grad.abs().sum() > 0 and gt.grad is None
    network = loss.facenet.network
    assert not network.training and network.scale.grad is None
    assert not list(loss.parameters()) and not loss.state_dict()


def test_a_network_without_weights_is_refused(tmp_path):
    words = 'ir_se50_weights is None.*Give the path of model_ir_se50.pth'
    with pytest.raises(ValueError, match=words):
        FaceIdLoss()
    with pytest.raises(ValueError, match=words):
        FaceIdLoss(facenet=dict(type='ArcFace'))
    with pytest.raises(FileNotFoundError, match='no checkpoint .*missing'):
        ArcFace(str(tmp_path / 'missing.pth'))


# ------------------------------------------------------------------ IR-SE50


def test_arcface_loads_the_published_layout(tmp_path):
    """Names and shapes of the entries of model_ir_se50.pth."""
    path = tmp_path / 'model_ir_se50.pth'
    torch.manual_seed(0)
    network = IRSE50()
    state = network.state_dict()
    shapes = {key: list(value.shape) for key, value in state.items()}
    assert shapes['input_layer.0.weight'] == [64, 3, 3, 3]
    assert shapes['input_layer.1.running_mean'] == [64]
    assert shapes['input_layer.2.weight'] == [64]
    assert shapes['body.0.res_layer.0.weight'] == [64]
    assert shapes['body.0.res_layer.1.weight'] == [64, 64, 3, 3]
    assert shapes['body.0.res_layer.2.weight'] == [64]
    assert shapes['body.0.res_layer.3.weight'] == [64, 64, 3, 3]
    assert shapes['body.0.res_layer.4.bias'] == [64]
    assert shapes['body.0.res_layer.5.fc1.weight'] == [4, 64, 1, 1]
    assert shapes['body.0.res_layer.5.fc2.weight'] == [64, 4, 1, 1]
    with_shortcut = {key.split('.')[1] for key in shapes if 'shortcut' in key}
    assert with_shortcut == {'3', '7', '21'}
    assert shapes['body.7.shortcut_layer.0.weight'] == [256, 128, 1, 1]
    assert shapes['body.7.shortcut_layer.1.weight'] == [256]
    assert shapes['body.23.res_layer.5.fc1.weight'] == [32, 512, 1, 1]
    assert shapes['output_layer.0.weight'] == [512]
    assert shapes['output_layer.3.weight'] == [512, 512 * 7 * 7]
    assert shapes['output_layer.4.running_var'] == [512]
    assert sum(p.numel() for p in network.parameters()) == 43_797_696
    torch.save(state, path)
    faces = MODULES.build(
        dict(type='ArcFace', ir_se50_weights=str(path), device='cuda'))
    images = torch.randn(2, 3, 256, 256)
    with torch.no_grad():
        found = faces.eval()(images)
        expected = network.eval()(face_region(images))
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(2))
    torch.save({'input_layer.2.weight': state['input_layer.2.weight']}, path)
    with pytest.raises(RuntimeError, match='output_layer.3.bias'):
        ArcFace(str(path))


def test_residual_unit():
    unit = ResidualUnit(16, 32, 2).eval()
    for norm in (unit.res_layer[0], unit.res_layer[4], unit.shortcut_layer[1]):
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
    x = torch.randn(2, 16, 8, 8)
    norm1, conv1, prelu, conv2, norm2, excite = unit.res_layer
    y = conv2(prelu(conv1(norm1(x))))
    assert y.shape == (2, 32, 4, 4)
    expected = excite(norm2(y)) + unit.shortcut_layer[1](
        F.conv2d(x[:, :, ::2, ::2], unit.shortcut_layer[0].weight))
    torch.testing.assert_close(unit(x), expected)
    same = ResidualUnit(16, 16, 2).eval()
    torch.testing.assert_close(
        same(x), same.res_layer(x) + x[:, :, ::2, ::2])


def test_squeeze_and_excitation():
    part = SqueezeExcitation(32)
    x = torch.randn(2, 32, 4, 4)
    w1, w2 = part.fc1.weight.flatten(1), part.fc2.weight.flatten(1)
    factor = torch.sigmoid(F.relu(x.mean((2, 3)) @ w1.T) @ w2.T)
    torch.testing.assert_close(part(x), x * factor[:, :, None, None])


def test_the_face_is_cut_out():
    """From a 256 pixel image rows 35 to 222 and columns 32 to 219."""
    image = torch.zeros(1, 1, 256, 256)
    image[:, :, 35:223, 32:220] = 1
    assert face_region(image).shape == (1, 1, 112, 112)
    assert face_region(image).eq(1).all()
    assert face_region(1 - image).eq(0).all()
    large = image.repeat_interleave(4, 2).repeat_interleave(4, 3)
    assert face_region(large).eq(1).all()
    noise = torch.randn(1, 3, 256, 256)
    expected = F.adaptive_avg_pool2d(noise[:, :, 35:223, 32:220], 112)
    torch.testing.assert_close(face_region(noise), expected)
