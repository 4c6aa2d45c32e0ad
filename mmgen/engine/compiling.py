"""Compiling the networks of a model, for training."""
from typing import Any

from torch import nn

from mmgen.utils.unwrap import unwrap


def compile_networks(model: nn.Module, **options: Any) -> None:
    """Let `torch.compile` compile each network that is trained, when it runs.

    Keys of the state dict stay as they are. Penalties on a gradient run as
    written (`mmgen.ops.as_written`), and so does an averaged network, whose
    weights nothing trains: what is measured does not depend on this.

    Args:
        model: The model, its networks perhaps in distributed wrappers.
        options: Of `torch.compile`.
    """
    for child in model.children():
        network = unwrap(child)
        if isinstance(network, nn.ModuleDict):
            compile_networks(network, **options)
        elif any(p.requires_grad for p in network.parameters()):
            network.compile(**options)
