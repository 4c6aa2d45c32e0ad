"""One process of the test of adaptive augmentation over two processes."""
import copy

import torch
import torch.distributed as dist

from mmgen.models.layers import ADAAug


def run(rank: int, folder: str) -> None:
    """Show this process's part of each batch; write all there is."""
    dist.init_process_group(
        'gloo', init_method=f'file://{folder}/meet', rank=rank, world_size=2)
    case = torch.load(f'{folder}/case.pt')
    ada = ADAAug(**case['settings'])
    p, middle = [], None
    for index, logits in enumerate(case['batches']):
        part = logits.split(case['sizes'])[rank]
        p.append(ada.observe(part, index)['augment_p'].item())
        middle = middle or copy.deepcopy(ada.state_dict())
    torch.save(dict(p=p, middle=middle), f'{folder}/rank{rank}.pt')
    dist.destroy_process_group()
