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
from mmgen.apis.conversion.official_pickle import networks_in
from mmgen.apis.conversion.official_pickle import \
    read_networks as read_official
from mmgen.apis.conversion.r3gan import R3GAN
from mmgen.apis.conversion.rosinality_stylegan2 import ROSINALITY_STYLEGAN2
from mmgen.apis.conversion.source import Layout, Source, new_name
from mmgen.apis.conversion.studiogan import STUDIOGAN
from mmgen.apis.conversion.stylegan2_ada_pytorch import STYLEGAN2_ADA_PYTORCH
from mmgen.apis.conversion.stylegan2_tensorflow import (STYLEGAN2_TENSORFLOW,
                                                        entries_in)
from mmgen.apis.conversion.stylegan3 import STYLEGAN3
from mmgen.apis.conversion.tensorflow_pickle import holds_networks
from mmgen.engine.checkpointing import write_checkpoint
from mmgen.engine.launching import load_config
from mmgen.models.layers.pretrained import REMEDY
from mmgen.registry import MODELS
from mmgen.utils.checkpoint_file import read_checkpoint
from mmgen.utils.inert_pickle import load_inert_pickle
from mmgen.version import __version__

SOURCES = {
    'biggan-pytorch': BIGGAN_PYTORCH,
    'studiogan': STUDIOGAN,
    'huggingface-biggan-deep': HUGGINGFACE_BIGGAN_DEEP,
    'stylegan2-ada-pytorch': STYLEGAN2_ADA_PYTORCH,
    'stylegan2-tensorflow': STYLEGAN2_TENSORFLOW,
    'stylegan3': STYLEGAN3,
    'rosinality-stylegan2': ROSINALITY_STYLEGAN2,
    'r3gan': R3GAN,
}

# Ours alone: how many batches a norm has seen. Only a norm without a momentum
# reads it, and no network here has one.
COUNTER = 'num_batches_tracked'

# Ours alone: an augmentation in a discriminator, which begins anew.
AUGMENTATION = 'ada_aug.'


def convert_weights(source: str,
                    path: str | Path,
                    out: str | Path,
                    config: str | Path,
                    truncation: float | None = None) -> str:
    """Write the checkpoint ``out`` with the weights of a foreign file.

    A generator becomes the averaged generator as well, so that either can be
    sampled, and the other way round, unless the file has both. Other networks
    of the model are not in the checkpoint, nor are those that the model does
    not have. No code of the file is run.

    Args:
        source: One of `SOURCES`.
        path: The foreign file.
        out: The checkpoint.
        config: The config of the model that the file belongs to.
        truncation: Whose statistics the norms get, where a file has those of
            several; None for no truncation.

    Returns:
        Which networks they are, joined by "and".

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
    networks = read_networks(project, path, file)
    model_cfg = load_config(config).model
    with torch.device('meta'):
        model = MODELS.build(model_cfg)

    entries = {}
    for network, state in networks.items():
        kind = network.removesuffix('_ema')
        ours = getattr(model, kind)
        if ours is None:
            continue
        where = file if project.read is None else f'{file}, {network}'
        entries[network] = convert_network(
            project, kind, state, ours, truncation, where,
            f'the {kind} of {config}')
        if works_in_bgr(model_cfg, project) != turns_images(model_cfg[kind]):
            swap_colours(entries[network], project.layouts[kind])
    if not entries:
        raise ValueError(f'{file}: it holds a {" and ".join(networks)}, but '
                         f'there is none in {config}. Give another --config.')

    Path(out).parent.mkdir(parents=True, exist_ok=True)
    write_checkpoint(
        dict(
            meta=dict(
                mmgen_version=__version__, converted_from=source,
                truncation=truncation),
            state_dict=checkpoint_entries(entries, model)), out)
    return ' and '.join(entries)


def convert_network(project: Source, kind: str, state: dict[str, Tensor],
                    ours: nn.Module, truncation: float | None, file: str,
                    owner: str) -> dict[str, Tensor]:
    """The entries of one network under our names, colours as they are.

    Args:
        project: Where it comes from.
        kind: Its layout.
        state: The foreign entries.
        ours: The network that they are for.
        truncation: See `convert_weights`.
        file: Where the entries are from, for messages.
        owner: Whose network ours is, for messages.

    Raises:
        ValueError: An entry is unknown, missing or of a wrong shape.
    """
    origins = translate(
        state, project.flat(state), project.layouts[kind], file)
    expected = expected_entries(ours)
    check_names(origins, expected, file, owner)
    entries = {name: value for name, (_, value) in origins.items()}
    project.change(entries, truncation)
    complete(entries, ours, project.bn_eps)
    check_shapes(entries, origins, expected, file, owner)
    return entries


def official_source(path: str | Path) -> str | None:
    """Which of `SOURCES` wrote a file, if it is a pickle of one's networks.

    Raises:
        FileNotFoundError: There is no such file.
        ValueError: Its networks are TensorFlow's, but not those of StyleGAN2.
    """
    try:
        content = load_inert_pickle(path)
    except RuntimeError:  # another file
        return None
    if holds_networks(content):
        entries_in(content, path)
        return 'stylegan2-tensorflow'
    try:
        networks = networks_in(content, path)
    except ValueError:  # another file
        return None
    for name, project in SOURCES.items():
        if project.read is read_official and all(
                any(re.match(layout.marker, key)
                    for layout in project.layouts.values() for key in state)
                for state in networks.values()):
            return name
    return None


def read_networks(project: Source, path: str | Path,
                  file: str) -> dict[str, dict[str, Tensor]]:
    """Our names of the networks in a file to their foreign state dicts."""
    if project.read is not None:
        networks = project.read(path)
        for network, state in networks.items():
            which_network(project, state, f'{file}, {network}')
        return networks
    state = read_state(path)
    return {which_network(project, state, file): state}


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
        try:
            ours = new_name(layout.names, flat[key])
        except KeyError:
            raise ValueError(
                f'{file}: the entry {key!r} is not known. The spellings that '
                'are known stand in docs/converting_weights.md.') from None
        if ours is not None:
            origins[ours] = key, value
    return origins


def expected_entries(network: nn.Module) -> dict[str, Tensor]:
    """What a file has to fill."""
    return {name: value for name, value in network.state_dict().items()
            if not name.startswith(AUGMENTATION)}


def check_names(origins: dict, expected: dict[str, Tensor], file: str,
                owner: str) -> None:
    """Refuse the first entry too many and the first that is missing."""
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
                 expected: dict[str, Tensor], file: str, owner: str) -> None:
    """Refuse the first entry of another shape."""
    for name, ours in expected.items():
        if entries[name].shape != ours.shape:
            raise ValueError(
                f'{file}: the entry {origins[name][0]!r} makes {name} with '
                f'shape {list(entries[name].shape)}, expected '
                f'{list(ours.shape)} in {owner}. Give the config of this '
                'model with --config.')


def turns_images(network_cfg: dict) -> bool:
    """Whether a network turns the RGB that it works in into BGR, or back.

    1.x's families spell that differently.
    """
    return any(network_cfg.get(name)
               for name in ('rgb2bgr', 'rgb_to_bgr', 'input_bgr2rgb'))


def works_in_bgr(model_cfg: dict, project: Source) -> bool:
    """Whether the networks of a model are to exchange BGR images.

    Generators that nothing can be changed in make RGB, unless they turn it.
    """
    if turns_images(model_cfg['generator']):
        return True
    if not project.layouts['generator'].image_entries:
        return False
    preprocessor = model_cfg.get('data_preprocessor') or {}
    return not preprocessor.get('bgr_to_rgb')


def swap_colours(entries: dict[str, Tensor], layout: Layout) -> None:
    """Let a network of RGB images take or make BGR ones."""
    for layer in layout.image_layers:
        swap_channels(entries, layer)
    for pattern, axis in layout.image_entries:
        for name in filter(re.compile(pattern).fullmatch, entries):
            entries[name] = entries[name].flip(axis)


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
             bn_eps: float | None) -> None:
    """Bring the rest into our form, in place.

    Norms: the sum of variance and epsilon becomes the foreign one, whatever
    ours is. The counters are 0. Axes of length 1 are added or taken away.
    """
    for name, expected in expected_entries(network).items():
        if name.endswith(COUNTER):
            entries.setdefault(name, torch.tensor(0))
        elif name.endswith('running_var'):
            eps = network.get_submodule(name.rpartition('.')[0]).eps
            entries[name] = entries[name] + (bn_eps - eps)
        elif entries[name].squeeze().shape == expected.squeeze().shape:
            entries[name] = entries[name].reshape(expected.shape)


def checkpoint_entries(networks: dict[str, dict[str, Tensor]],
                       model: nn.Module) -> dict[str, Tensor]:
    """The entries of all networks under the names that the model has."""
    networks = dict(networks)
    average = networks.pop('generator_ema', networks.get('generator'))
    if average is not None and not model.with_ema_gen:
        networks['generator'] = average
    elif average is not None:
        networks.setdefault('generator', average)
        networks['generator_ema.module'] = average
    # Copies: a view would be written with all that it is a view of.
    state = {
        f'{network}.{name}': value.clone(memory_format=torch.contiguous_format)
        for network, entries in networks.items()
        for name, value in entries.items()
    }
    if 'generator_ema.module' in networks:
        # The average has begun: training on moves it, and does not replace it.
        state['generator_ema.steps'] = torch.tensor(1)
    return state
