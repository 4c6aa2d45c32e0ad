"""Weights for one network from a checkpoint file."""
from pathlib import Path

from torch import nn

from mmgen.utils.checkpoint_file import local_checkpoint, read_checkpoint

REMEDY = ('read it once with mmgen.utils.checkpoint_file.read_checkpoint('
          'path, trust=True) and save its state_dict alone')


def load_pretrained(network: nn.Module,
                    pretrained: str | dict | None) -> None:
    """Give ``network`` the weights of a checkpoint.

    The file may hold a state dict, or a checkpoint with one under
    ``state_dict``, of 1.x as well. No code of it is run.

    Args:
        network: Changed in place.
        pretrained: A path or address; or a dict with ``ckpt_path``,
            ``prefix`` (what the keys of this network begin with in the file,
            for instance ``'generator'``) and ``strict``; or None to do
            nothing. ``map_location``, which 1.x configs have, says nothing:
            the weights end up where the network is.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: The file has no keys with that prefix.
        RuntimeError: The file is damaged or holds more than tensors and
            plain values, or its entries are not those of the network.
    """
    if pretrained is None:
        return
    if isinstance(pretrained, (str, Path)):
        pretrained = dict(ckpt_path=pretrained)
    path = str(pretrained['ckpt_path'])
    state = read_checkpoint(
        local_checkpoint(path), remedy=REMEDY)['state_dict']
    if pretrained.get('prefix'):
        prefix = pretrained['prefix'].rstrip('.') + '.'
        found = sorted({key.split('.')[0] for key in state})
        state = {
            key.removeprefix(prefix): value
            for key, value in state.items() if key.startswith(prefix)
        }
        if not state:
            raise ValueError(
                f'{type(network).__name__}: {path} has no entry that begins '
                f'with {prefix!r}, only with {", ".join(found)}. Set prefix '
                'to one of these.')
    network.load_state_dict(state, strict=pretrained.get('strict', True))
