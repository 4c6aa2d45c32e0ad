"""stylegan2 and stylegan2-ada (the authors of StyleGAN2), in TensorFlow.

The networks are those of stylegan2-ada-pytorch under other names. Four things
have another form.

* The axes of a weight are height, width, channels in, channels out.
* The weight of an upsampling convolution is correlated with the image between
  whose pixels there are zeros; in PyTorch it is convolved.
* Where a style scales channels, its bias is kept without the 1 that is added.
* The filter of resampling is a setting, not a variable.
"""
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from torch import Tensor

from mmgen.apis.conversion.source import Names, Source, new_name
from mmgen.apis.conversion.stylegan2_ada_pytorch import (LAYOUTS, change,
                                                         count_resolutions)
from mmgen.apis.conversion.tensorflow_pickle import (TensorFlowNetwork,
                                                     holds_networks,
                                                     networks_in)
from mmgen.ops.upfirdn2d import fir_kernel
from mmgen.utils.inert_pickle import load_inert_pickle

# What the two projects resample with unless told otherwise.
TAPS = [1, 3, 3, 1]

SIDE = r'(?P<side>\d+)x(?P=side)'
PART = '(?P<part>weight|bias|noise_strength)'


def layer(theirs: str, pytorch: str) -> Names:
    """A layer with a weight and a bias."""
    return (rf'{theirs}/{PART}', rf'{pytorch}.\g<part>'),


def styled(theirs: str, pytorch: str) -> Names:
    """A layer whose channels in are scaled by the style."""
    return (*layer(theirs, pytorch),
            (rf'{theirs}/mod_(?P<part>weight|bias)',
             rf'{pytorch}.affine.\g<part>'))


def noise_map(match: re.Match) -> str:
    """One at 4x4 pixels, two at each further resolution."""
    index = int(match[1])
    side, which = 2**((index + 5) // 2), (index + 1) % 2
    return f'synthesis.b{side}.conv{which}.noise_const'


# TensorFlow's names to those of stylegan2-ada-pytorch.
NAMES = (
    ('lod', None),
    ('dlatent_avg', 'mapping.w_avg'),
    *layer('mapping/LabelEmbed', 'mapping.embed'),
    *layer(r'mapping/Dense(?P<index>\d+)', r'mapping.fc\g<index>'),
    ('synthesis/4x4/Const/const', 'synthesis.b4.const'),
    *styled('synthesis/4x4/Conv', 'synthesis.b4.conv1'),
    *styled(f'synthesis/{SIDE}/Conv0_up', r'synthesis.b\g<side>.conv0'),
    *styled(f'synthesis/{SIDE}/Conv1', r'synthesis.b\g<side>.conv1'),
    *styled(f'synthesis/{SIDE}/ToRGB', r'synthesis.b\g<side>.torgb'),
    (r'synthesis/noise(\d+)', noise_map),
    *layer(f'{SIDE}/FromRGB', r'b\g<side>.fromrgb'),
    *layer(f'{SIDE}/Conv0', r'b\g<side>.conv0'),
    *layer(f'{SIDE}/Conv1_down', r'b\g<side>.conv1'),
    *layer(f'{SIDE}/Skip', r'b\g<side>.skip'),
    *layer('4x4/Conv', 'b4.conv'),
    *layer('4x4/Dense0', 'b4.fc'),
    *layer('Output', 'b4.out'),
    *layer('LabelEmbed', 'mapping.embed'),
    *layer(r'Mapping(?P<index>\d+)', r'mapping.fc\g<index>'),
    # Added here, and so under PyTorch's names.
    (r'.*\.resample_filter', r'\g<0>'),
)

# Layers, by PyTorch's names, that resample or add up what is resampled.
RESAMPLING = (
    (r'(synthesis\.b\d+\.conv0)\.weight', r'\1.resample_filter'),
    (r'(synthesis\.b\d+)\.torgb\.weight', r'\1.resample_filter'),
    (r'(b\d+\.(conv1|skip))\.weight', r'\1.resample_filter'),
    (r'.*', None),
)


def read_networks(path: str | Path) -> dict[str, dict[str, Tensor]]:
    """Our names of the networks in a file to their entries.

    These have TensorFlow's names, and the form that they have in PyTorch.

    Raises:
        FileNotFoundError: There is no such file.
        RuntimeError: The file is damaged.
        ValueError: It holds other networks, or something else.
    """
    content = load_inert_pickle(path)
    if not holds_networks(content):
        raise ValueError(
            f'{path} holds a {type(content).__name__}, expected G, D and Gs of '
            'TensorFlow in a tuple. A network.pkl of PyTorch is a file of '
            'stylegan2-ada-pytorch or stylegan3.')
    return entries_in(content, path)


def entries_in(content: tuple,
               path: str | Path) -> dict[str, dict[str, Tensor]]:
    """The same of the content of a file.

    Raises:
        ValueError: There are other networks in it.
    """
    return {name: entries(network, f'{path}, {name}')
            for name, network in networks_in(content, path).items()}


def entries(network: TensorFlowNetwork, owner: str) -> dict[str, Tensor]:
    """The entries of a network, and its filters."""
    state, filters = {}, {}
    for key, value in network.variables.items():
        try:
            name = new_name(NAMES, key)
        except KeyError:
            raise ValueError(
                f'{owner}: the variable {key!r} of what {network.built_by} '
                'builds is none of a StyleGAN2 with a generator of '
                'architecture skip and a discriminator of architecture '
                'resnet. StyleGAN1, other architectures and classes by '
                'LabelConcat are not taken from TensorFlow.') from None
        if name is not None:
            state[key] = in_form_of_pytorch(key, value)
            if resampled := new_name(RESAMPLING, name):
                filters[resampled] = resampling_filter(network, owner)
    return state | filters


def in_form_of_pytorch(key: str, value: Tensor) -> Tensor:
    """Axes, direction and the 1 of a bias."""
    if key.endswith('mod_bias'):
        return value + 1
    if key.endswith('weight') and value.ndim == 4:
        value = value.permute(3, 2, 0, 1)
        return value.flip(2, 3) if '/Conv0_up/' in key else value
    if key.endswith('weight') and value.ndim == 2:
        return value.T
    return value


def resampling_filter(network: TensorFlowNetwork, owner: str) -> Tensor:
    """That of a network's settings, ``[Kh, Kw]``, sum 1."""
    taps = network.settings.get('resample_kernel', TAPS)
    if not isinstance(taps, list) or not all(
            isinstance(tap, (int, float)) for tap in taps):
        raise ValueError(f'{owner}: resample_kernel is {taps!r}, expected a '
                         'list of numbers.')
    return fir_kernel(taps)


def flat(keys: Iterable[str]) -> dict[str, str]:
    """TensorFlow's names to those that PyTorch's layout looks up."""
    names = {key: new_name(NAMES, key) or key for key in keys}
    counted = count_resolutions(names.values())
    return {key: counted[name] for key, name in names.items()}


STYLEGAN2_TENSORFLOW = Source(
    config='styleganv2/stylegan2_c2_8xb4_ffhq-1024x1024.py',
    layouts=dict(
        generator=replace(LAYOUTS['generator'], marker='synthesis/4x4/'),
        discriminator=replace(LAYOUTS['discriminator'], marker='4x4/')),
    read=read_networks,
    flat=flat,
    change=change)
