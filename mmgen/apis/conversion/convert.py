"""From a file of another project to a checkpoint of mmgen.

Every entry of the file has to be known, and every entry of the network has to
come out of it: what does not fit is refused by its name. What a project's
files look like stands in the module that is named after it.
"""
import re
from pathlib import Path

import torch
from torch import Tensor, nn

from mmgen.apis.conversion.biggan_pytorch import BIGGAN_PYTORCH
from mmgen.apis.conversion.huggingface_biggan_deep import \
    HUGGINGFACE_BIGGAN_DEEP
from mmgen.apis.conversion.source import Layout, Source
from mmgen.apis.conversion.studiogan import STUDIOGAN
from mmgen.engine.checkpointing import write_checkpoint
from mmgen.engine.launching import load_config
from mmgen.models.layers.pretrained import REMEDY
from mmgen.registry import MODELS
from mmgen.utils.checkpoint_file import read_checkpoint
from mmgen.version import __version__

SOURCES = {
    'biggan-pytorch': BIGGAN_PYTORCH,
    'studiogan': STUDIOGAN,
    'huggingface-biggan-deep': HUGGINGFACE_BIGGAN_DEEP,
}

# Ours alone: how many batches a norm has seen. Only a norm without a momentum
# reads it, and no network here has one.
COUNTER = 'num_batches_tracked'


def convert_weights(source: str,
                    path: str | Path,
                    out: str | Path,
                    config: str | Path,
                    truncation: float | None = None) -> str:
    """Write the checkpoint ``out`` with the weights of a foreign file.

    A generator becomes the averaged generator as well, so that either can be
    sampled. Other networks of the model are not in the checkpoint. No code of
    the file is run.

    Args:
        source: One of `SOURCES`.
        path: The foreign file.
        out: The checkpoint.
        config: The config of the model that the file belongs to.
        truncation: Whose statistics the norms get, where a file has those of
            several; None for no truncation.

    Returns:
        Which network it was.

    Raises:
        FileNotFoundError: There is no such file or config.
        RuntimeError: The file is damaged or holds more than plain values.
        ValueError: An entry is unknown, missing or of a wrong shape.
    """
    if source not in SOURCES:
        raise ValueError(f'convert_weights: source={source!r}, expected one '
                         f'of {", ".join(SOURCES)}.')
    project = SOURCES[source]
    file = f'{path} ({source})'
    state = read_state(path)
    network = which_network(project, state, file)
    layout = project.layouts[network]
    model_cfg = load_config(config).model
    with torch.device('meta'):
        model = MODELS.build(model_cfg)
    ours = getattr(model, network)
    owner = f'the {network} of {config}'
    if ours is None:
        raise ValueError(f'{file}: it holds a {network}, but there is none in '
                         f'{config}. Give another --config.')

    origins = translate(state, project.flat(state), layout, file)
    check_names(origins, ours, file, owner)
    entries = {name: value for name, (_, value) in origins.items()}
    project.change(entries, truncation)
    complete(entries, ours, project.bn_eps)
    check_shapes(entries, origins, ours, file, owner)
    if works_in_bgr(model_cfg):
        for layer in layout.image_layers:
            swap_channels(entries, layer)

    Path(out).parent.mkdir(parents=True, exist_ok=True)
    write_checkpoint(
        dict(
            meta=dict(
                mmgen_version=__version__, converted_from=source,
                truncation=truncation),
            state_dict=checkpoint_entries(network, entries, model)), out)
    return network


def read_state(path: str | Path) -> dict[str, Tensor]:
    """The tensors of a foreign file, without the name of a wrapper.

    Raises:
        ValueError: Something in it is no tensor.
    """
    state = read_checkpoint(path, remedy=REMEDY)['state_dict']
    for key, value in state.items():
        if not isinstance(value, Tensor):
            raise ValueError(
                f'{path}: the entry {key!r} is a {type(value).__name__}, '
                'expected a tensor. Give the file with the weights of one '
                'network.')
    if all(key.startswith('module.') for key in state):
        state = {key.removeprefix('module.'): value
                 for key, value in state.items()}
    return {key: value.detach() for key, value in state.items()}


def which_network(project: Source, state: dict[str, Tensor],
                  file: str) -> str:
    """Our name of the network that the file holds."""
    for network, layout in project.layouts.items():
        if any(re.match(layout.marker, key) for key in state):
            return network
    raise ValueError(
        f'{file}: no {" or ".join(project.layouts)} has the entries that it '
        f'has, e.g. {", ".join(sorted(state)[:2])}. Is it the file of another '
        'project?')


def translate(state: dict[str, Tensor], flat: dict[str, str], layout: Layout,
              file: str) -> dict[str, tuple[str, Tensor]]:
    """Our names to the foreign ones and their values.

    Raises:
        ValueError: A foreign name is unknown.
    """
    origins = {}
    for key, value in state.items():
        for pattern, name in layout.names:
            if match := re.fullmatch(pattern, flat[key]):
                ours = name(match) if callable(name) else match.expand(name)
                origins[ours] = key, value
                break
        else:
            raise ValueError(
                f'{file}: the entry {key!r} is not known. The spellings that '
                'are known stand in docs/converting_weights.md.')
    return origins


def check_names(origins: dict, network: nn.Module, file: str,
                owner: str) -> None:
    """Refuse the first entry too many and the first that is missing."""
    expected = network.state_dict()
    for name, (key, _) in origins.items():
        if name not in expected:
            raise ValueError(
                f'{file}: the entry {key!r} would be {name}, which {owner} '
                'does not have. Give the config of this model with --config.')
    for name in expected:
        if name not in origins and not name.endswith(COUNTER):
            raise ValueError(
                f'{file}: there is nothing for {name} of {owner}. Is the file '
                'whole, and the config that of this model?')


def check_shapes(entries: dict[str, Tensor], origins: dict,
                 network: nn.Module, file: str, owner: str) -> None:
    """Refuse the first entry of another shape."""
    for name, expected in network.state_dict().items():
        if entries[name].shape != expected.shape:
            raise ValueError(
                f'{file}: the entry {origins[name][0]!r} makes {name} with '
                f'shape {list(entries[name].shape)}, expected '
                f'{list(expected.shape)} in {owner}. Give the config of this '
                'model with --config.')


def works_in_bgr(model_cfg: dict) -> bool:
    """Whether the generator turns the RGB that it makes into BGR.

    1.x's two families spell that differently.
    """
    return any(model_cfg['generator'].get(name)
               for name in ('rgb2bgr', 'rgb_to_bgr'))


def swap_channels(entries: dict[str, Tensor], layer: str) -> None:
    """Let a convolution that took RGB images take BGR ones."""
    name = f'{layer}.weight_orig' if f'{layer}.weight_orig' in entries \
        else f'{layer}.weight'
    weight = entries[name]
    entries[name] = weight.flip(1)
    if f'{layer}.weight_v' in entries:
        v = entries[f'{layer}.weight_v'].view(weight.shape[1:])
        entries[f'{layer}.weight_v'] = v.flip(0).flatten()


def complete(entries: dict[str, Tensor], network: nn.Module,
             bn_eps: float) -> None:
    """Bring the rest into our form, in place.

    Norms: the sum of variance and epsilon becomes the foreign one, whatever
    ours is. The counters are 0. Numbers kept as vectors of one become
    scalars.
    """
    for name, expected in network.state_dict().items():
        if name.endswith(COUNTER):
            entries.setdefault(name, torch.tensor(0))
        elif name.endswith('running_var'):
            eps = network.get_submodule(name.rpartition('.')[0]).eps
            entries[name] = entries[name] + (bn_eps - eps)
        elif not expected.ndim and entries[name].numel() == 1:
            entries[name] = entries[name].reshape(())


def checkpoint_entries(network: str, entries: dict[str, Tensor],
                       model: nn.Module) -> dict[str, Tensor]:
    """The entries under the names that the whole model has for them."""
    # Copies: a view would be written with all that it is a view of.
    entries = {name: value.clone(memory_format=torch.contiguous_format)
               for name, value in entries.items()}
    state = {f'{network}.{name}': value for name, value in entries.items()}
    if network == 'generator' and model.with_ema_gen:
        state |= {f'generator_ema.module.{name}': value
                  for name, value in entries.items()}
        # The average has begun: training on moves it, and does not replace it.
        state['generator_ema.steps'] = torch.tensor(1)
    return state
