"""One process of the test of SyncBatchNorm over two processes."""
import torch
import torch.distributed as dist

from mmgen.models.layers import SyncBatchNorm, batch_norm


def run(rank: int, folder: str) -> None:
    """Normalise this process's part of the batch; write all there is."""
    dist.init_process_group(
        'gloo', init_method=f'file://{folder}/meet', rank=rank, world_size=2)
    case = torch.load(f'{folder}/case.pt')
    chosen = SyncBatchNorm if not torch.cuda.is_available() \
        else torch.nn.SyncBatchNorm
    assert type(batch_norm(3, sync=True)) is chosen
    norm = SyncBatchNorm(case['x'].shape[1]).double()
    norm.load_state_dict(case['state'])
    x = case['x'].split(case['sizes'])[rank].requires_grad_(True)
    weight = case['weight'].split(case['sizes'])[rank]
    out = norm(x)
    loss = (out.pow(3) * weight).sum()
    grad, = torch.autograd.grad(loss, x, create_graph=True)
    # A second derivative, as a gradient penalty takes it.
    grad2, = torch.autograd.grad(grad.square().sum(), x, retain_graph=True)
    loss.backward()
    with torch.no_grad():
        in_eval = norm.eval()(x)
    torch.save(
        dict(
            out=out.detach(),
            grad=grad.detach(),
            grad2=grad2.detach(),
            weight_grad=norm.weight.grad,
            bias_grad=norm.bias.grad,
            state=norm.state_dict(),
            in_eval=in_eval), f'{folder}/rank{rank}.pt')
    dist.destroy_process_group()
