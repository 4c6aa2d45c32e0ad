"""Which timesteps a diffusion model is trained on."""
import torch
from torch import Tensor

from mmgen.registry import MODULES


@MODULES.register_module()
class UniformTimeStepSampler:
    """All timesteps equally often.

    Args:
        num_timesteps: ``T``.
    """

    def __init__(self, num_timesteps: int) -> None:
        self.num_timesteps = num_timesteps

    def sample(self, batch_size: int,
               device: torch.device | str = 'cpu') -> Tensor:
        """Steps from 0 to ``T - 1``, int64 ``[batch_size]``."""
        return torch.randint(self.num_timesteps, (batch_size, ), device=device)
