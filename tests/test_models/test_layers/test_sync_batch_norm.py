"""Batch norm over processes equals batch norm on the joint batch."""
import sync_batch_norm_worker
import torch
import torch.multiprocessing as mp
from torch import nn

from mmgen.models.layers import SyncBatchNorm, batch_norm


def test_two_processes_equal_one_on_the_joint_batch(tmp_path):
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(3).double()
    nn.init.normal_(norm.weight)
    nn.init.normal_(norm.bias)
    # Unequal parts, and a mean far from 0.
    x = torch.randn(5, 3, 4, 2, dtype=torch.double) * 2 + 30
    weight = torch.randn_like(x)
    torch.save(
        dict(x=x, weight=weight, sizes=[3, 2], state=norm.state_dict()),
        tmp_path / 'case.pt')
    mp.spawn(sync_batch_norm_worker.run, (str(tmp_path), ), nprocs=2)
    parts = [torch.load(tmp_path / f'rank{rank}.pt') for rank in range(2)]

    x.requires_grad_(True)
    out = norm(x)
    loss = (out.pow(3) * weight).sum()
    grad, = torch.autograd.grad(loss, x, create_graph=True)
    grad2, = torch.autograd.grad(grad.square().sum(), x, retain_graph=True)
    loss.backward()

    def joint(key):
        return torch.cat([part[key] for part in parts])

    torch.testing.assert_close(joint('out'), out.detach())
    torch.testing.assert_close(joint('grad'), grad.detach())
    torch.testing.assert_close(joint('grad2'), grad2.detach())
    for name in ('weight', 'bias'):
        total = sum(part[f'{name}_grad'] for part in parts)
        torch.testing.assert_close(total, getattr(norm, name).grad)
    for part in parts:
        torch.testing.assert_close(dict(part['state']), norm.state_dict())
    torch.testing.assert_close(joint('in_eval'), norm.eval()(x).detach())


def test_one_process_is_an_ordinary_batch_norm():
    torch.manual_seed(0)
    assert type(batch_norm(4, sync=True)) is nn.BatchNorm2d
    ours, plain = SyncBatchNorm(4), nn.BatchNorm2d(4)
    x = torch.randn(3, 4, 5, 5)
    torch.testing.assert_close(ours(x), plain(x))
    torch.testing.assert_close(ours.state_dict(), plain.state_dict())
    torch.testing.assert_close(ours.eval()(x), plain.eval()(x))
