"""The projection against the formula by hand."""
import pytest
import torch
from torch import nn

from mmgen.models.layers import projection_logits

FEATURES = torch.tensor([[1.0, 2.0], [3.0, -1.0]])


@pytest.fixture
def decision():
    layer = nn.Linear(2, 1)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, 1.0]]))
        layer.bias.fill_(0.5)
    return layer


def test_features_are_projected_on_the_class(decision):
    embedding = nn.Embedding.from_pretrained(
        torch.tensor([[0.0, 0.0], [2.0, 1.0], [1.0, 3.0]]))
    logits = projection_logits(
        FEATURES, decision, embedding, torch.tensor([1, 2]))
    # 1 + 2 + 0.5 + (2 + 2) and 3 - 1 + 0.5 + (3 - 3)
    assert logits.tolist() == [[7.5], [2.5]]


def test_without_classes_it_is_the_decision(decision):
    assert projection_logits(FEATURES, decision, None, None).tolist() == [
        [3.5], [2.5]]
