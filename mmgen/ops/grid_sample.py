"""Bilinear sampling that can be differentiated twice."""
import torch
import torch.nn.functional as F
from torch import Tensor

BILINEAR, ZEROS = 0, 0  # what torch's operator calls them


def grid_sample(x: Tensor, grid: Tensor) -> Tensor:
    """`torch.nn.functional.grid_sample`: bilinear, zeros outside.

    The result is linear in ``x``, so there are derivatives of any order in
    it; torch itself has the second one in its latest versions only, and a
    gradient penalty on augmented images needs it. There is none in the grid.

    Args:
        x: ``[N, C, H, W]``.
        grid: Where to look, ``[N, H', W', 2]`` as (x, y); -1 and 1 are the
            edges of the image (``align_corners=False``).

    Returns:
        ``[N, C, H', W']``.
    """
    return _GridSample.apply(x, grid)


class _GridSample(torch.autograd.Function):
    """Values of an image at places of a grid."""

    @staticmethod
    def forward(ctx, x: Tensor, grid: Tensor) -> Tensor:
        ctx.save_for_backward(grid)
        ctx.shape = x.shape
        return F.grid_sample(x, grid, align_corners=False)

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None]:
        grid, = ctx.saved_tensors
        return _Transposed.apply(grad, grid, ctx.shape), None


class _Transposed(torch.autograd.Function):
    """Values at places of a grid, spread over an image by the same weights."""

    @staticmethod
    def forward(ctx, grad: Tensor, grid: Tensor, shape: torch.Size) -> Tensor:
        ctx.save_for_backward(grid)
        # The operator wants an image, of which only the shape matters here.
        image = grad.new_zeros(()).expand(shape)
        return torch.ops.aten.grid_sampler_2d_backward(
            grad, image, grid, BILINEAR, ZEROS, False, [True, False])[0]

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple[Tensor, None, None]:
        grid, = ctx.saved_tensors
        return _GridSample.apply(grad, grid), None, None
