"""Self-attention against its formula, written out pixel by pixel."""
import pytest
import torch

from mmgen.models.layers import SelfAttentionBlock


def test_is_the_formula():
    torch.manual_seed(0)
    block = SelfAttentionBlock(16, with_spectral_norm=False).double()
    block.gamma.data.fill_(0.7)
    x = torch.randn(2, 16, 4, 6, dtype=torch.double)

    def matrix(layer):
        return layer.conv.weight[:, :, 0, 0]

    def pooled(features):  # [C, H, W] -> [C, H/2 * W/2]
        corners = [features[:, i::2, j::2] for i in (0, 1) for j in (0, 1)]
        return torch.stack(corners).amax(0).flatten(1)

    for image, out in zip(x, block(x)):
        theta = matrix(block.theta) @ image.flatten(1)
        phi = pooled(torch.einsum('kc,chw->khw', matrix(block.phi), image))
        g = pooled(torch.einsum('kc,chw->khw', matrix(block.g), image))
        expected = torch.empty(16, 24, dtype=torch.double)
        for j in range(24):  # equation 1: how much pixel j attends to each i
            score = torch.exp(theta[:, j] @ phi)
            beta = score / score.sum()
            expected[:, j] = matrix(block.o) @ (g @ beta)
        expected = 0.7 * expected + image.flatten(1)
        torch.testing.assert_close(out.flatten(1), expected)


@pytest.mark.parametrize('style', ['torch', 'ajbrock'])
def test_begins_as_the_identity_and_can_learn(style):
    torch.manual_seed(0)
    block = SelfAttentionBlock(8, sn_style=style)
    x = torch.randn(2, 8, 4, 4)
    out = block(x)
    torch.testing.assert_close(out, x)
    (out * torch.randn_like(out)).sum().backward()
    assert block.gamma.grad.abs() > 0
