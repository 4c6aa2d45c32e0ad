"""Batch normalisation over the joint batch of all processes.

`torch.nn.SyncBatchNorm` does this on CUDA only, and its distributed wrapper
refuses it elsewhere. The layer here does it on the CPU (gloo), so that the
distributed path of a model can be tested anywhere.
"""
import torch
import torch.distributed as dist
from torch import Tensor, nn

from mmgen.ops.precision import full_precision


class SyncBatchNorm(nn.BatchNorm2d):
    """Synchronised batch norm out of plain tensor operations.

    The mean and the variance come from two differentiable sums over the
    processes. The state has the same keys as that of `torch.nn.BatchNorm2d`.
    On CUDA `torch.nn.SyncBatchNorm` is faster; `sync_batch_norm` chooses.
    """

    def forward(self, input: Tensor) -> Tensor:
        if self.training and world_size() > 1:
            return self._forward_over_processes(input)
        return super().forward(input)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.ndim < 2:
            raise ValueError(
                f'SyncBatchNorm: input has shape {list(input.shape)}, '
                'expected [N, C, ...].')

    def _forward_over_processes(self, x: Tensor) -> Tensor:
        """Normalise with the statistics of the joint batch."""
        self._check_input_dim(x)
        # Batches may differ in size, so the count is summed as well. The
        # variance is summed around the joint mean: E[x^2] - E[x]^2 loses
        # digits where the mean is large.
        values = full_precision(x.transpose(0, 1).flatten(1))
        count = values.new_full((1, ), values.shape[1])
        total = _SumOverProcesses.apply(torch.cat([values.sum(1), count]))
        count = total[-1].detach()
        mean = total[:-1] / count
        squares = (values - mean[:, None]).square().sum(1)
        var = _SumOverProcesses.apply(squares) / count
        if self.track_running_stats:
            self._update_running_stats(
                mean.detach(), var.detach() * count / (count - 1))
        shape = (1, -1) + (1, ) * (x.ndim - 2)
        scale = (var + self.eps).rsqrt()
        if self.affine:
            scale = scale * self.weight
        out = (x - mean.view(shape)) * scale.view(shape)
        if self.affine:
            out = out + self.bias.view(shape)
        return out.to(x.dtype)

    @torch.no_grad()
    def _update_running_stats(self, mean: Tensor, var: Tensor) -> None:
        """Move the running statistics towards those of this batch.

        As in torch: without a momentum they are the plain average over all
        batches so far.
        """
        self.num_batches_tracked += 1
        factor = self.momentum
        if factor is None:
            factor = 1 / float(self.num_batches_tracked)
        self.running_mean.lerp_(mean.to(self.running_mean), factor)
        self.running_var.lerp_(var.to(self.running_var), factor)


class _SumOverProcesses(torch.autograd.Function):
    """Sum of a tensor over all processes.

    A value that goes into every process's sum gets the gradients of all of
    them, so the backward pass is the same sum. It goes through ``apply``
    again, which makes it differentiable twice.
    """

    @staticmethod
    def forward(ctx, x: Tensor) -> Tensor:
        x = x.clone()
        dist.all_reduce(x)
        return x

    @staticmethod
    def backward(ctx, grad: Tensor) -> Tensor:
        return _SumOverProcesses.apply(grad.contiguous())


def world_size() -> int:
    """Number of processes; 1 if none were started."""
    if dist.is_available() and dist.is_initialized():
        return dist.get_world_size()
    return 1


def batch_norm(num_features: int, *, sync: bool, **kwargs) -> nn.Module:
    """A batch norm for images, over all processes if there are several.

    Args:
        num_features: ``C``.
        sync: Whether the batch of all processes counts as one.
        **kwargs: ``eps``, ``momentum``, ``affine`` as in torch.
    """
    if sync and world_size() > 1:
        return sync_batch_norm(num_features, **kwargs)
    return nn.BatchNorm2d(num_features, **kwargs)


def sync_batch_norm(num_features: int, **kwargs) -> nn.Module:
    """The synchronised layer for the devices of this machine."""
    if torch.cuda.is_available():
        return nn.SyncBatchNorm(num_features, **kwargs)
    return SyncBatchNorm(num_features, **kwargs)
