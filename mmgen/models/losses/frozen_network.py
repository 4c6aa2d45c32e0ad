"""A trained network that judges images."""
from typing import Any

from torch import Tensor, nn


class FrozenNetwork:
    """Calls a network that is never trained.

    It is no module: a model that holds it neither trains the network nor
    saves, averages or distributes it. The network goes where its images are.

    Args:
        network: Images ``[N, ...]``, and perhaps more, to anything. Gradients
            reach the images, not its weights.
    """

    def __init__(self, network: nn.Module) -> None:
        self.network = network.eval().requires_grad_(False)

    def __call__(self, images: Tensor, *args: Any) -> Any:
        self.network.to(images.device)
        return self.network(images, *args)
