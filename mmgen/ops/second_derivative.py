"""Where a gradient is itself differentiated."""
import sys
from contextlib import AbstractContextManager, nullcontext

import torch


def as_written() -> AbstractContextManager:
    """Around the forward pass of a penalty on a gradient.

    Networks that `torch.compile` has compiled run as they are written in
    there: its graphs have no second derivative.
    """
    if 'torch._dynamo' not in sys.modules:
        # So nothing is compiled, and loading the compiler takes seconds.
        return nullcontext()
    return torch.compiler.set_stance('force_eager')
