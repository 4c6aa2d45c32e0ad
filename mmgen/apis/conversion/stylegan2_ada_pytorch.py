"""stylegan2-ada-pytorch (the authors of StyleGAN2): ``network.pkl``.

Images are RGB. The rates of learning are equalised as here: a layer's weight
is kept at unit variance, divided by its factor of the rate. Three things have
another form.

* The resolutions' names are their sides, 4, 8, ...; here the generator's are
  counted from the smallest and the discriminator's from the largest one.
* A filter sums to 1, and upsampling multiplies it by 4; here that is in it.
  Layers that do not change the resolution have filters too.
* The generator keeps the mean style ``w_avg``; here it is estimated where it
  is needed.
"""
import re
from collections.abc import Callable, Iterable

from torch import Tensor

from mmgen.apis.conversion.official_pickle import read_networks
from mmgen.apis.conversion.source import (Layout, Names, Source,
                                          no_truncation)


def mapping(name: str) -> Names:
    """The layers of a mapping network, counted from 1 behind the norm."""

    def layer(match: re.Match) -> str:
        part = 'linear.weight_orig' if match[2] == 'weight' else 'bias'
        return f'{name}.{int(match[1]) + 1}.{part}'

    return ((r'mapping\.embed\.weight', 'label_embedding.weight_orig'),
            (r'mapping\.embed\.bias', 'label_embedding.bias'),
            (r'mapping\.fc(\d+)\.(weight|bias)', layer))


def styled_layer(match: re.Match) -> str:
    """Where a convolution of the generator is: one at 4x4, two elsewhere."""
    level, which = int(match[1]), int(match[2])
    return f'convs.{2 * level - 2 + which}' if level else f'conv{which}'


def noise_map(match: re.Match) -> str:
    """Where the noise of such a convolution is."""
    return f'injected_noise_{max(2 * int(match[1]) + int(match[2]) - 1, 0)}'


def to_rgb(match: re.Match) -> str:
    """Where a resolution's part of the image is made."""
    level = int(match[1])
    return f'to_rgbs.{level - 1}' if level else 'to_rgb1'


def behind(place: Callable[[re.Match], str],
           *parts: tuple[str, str]) -> Names:
    """Foreign patterns of the parts of what is at ``place``, and their names.
    """
    return tuple(
        (pattern, lambda match, ours=ours: f'{place(match)}.{ours}')
        for pattern, ours in parts)


CONV = r'synthesis\.level(\d+)\.conv([01])'
TO_RGB = r'synthesis\.level(\d+)\.torgb'
MODULATION = 'conv.style_modulation'

GENERATOR = (
    *mapping('style_mapping'),
    (r'mapping\.w_avg', None),
    (r'synthesis\.level0\.const', 'constant_input.input'),
    *behind(
        styled_layer,
        (rf'{CONV}\.weight', 'conv.weight_orig'),
        (rf'{CONV}\.bias', 'activate.bias'),
        (rf'{CONV}\.affine\.weight', f'{MODULATION}.linear.weight_orig'),
        (rf'{CONV}\.affine\.bias', f'{MODULATION}.bias'),
        (rf'{CONV}\.noise_strength', 'noise_injector.weight'),
        (r'synthesis\.level(\d+)\.conv(0)\.resample_filter',
         'conv.blur.kernel')),
    (r'synthesis\.level(\d+)\.conv1\.resample_filter', None),
    (rf'{CONV}\.noise_const', noise_map),
    *behind(
        to_rgb,
        (rf'{TO_RGB}\.weight', 'conv.weight_orig'),
        (rf'{TO_RGB}\.bias', 'bias'),
        (rf'{TO_RGB}\.affine\.weight', f'{MODULATION}.linear.weight_orig'),
        (rf'{TO_RGB}\.affine\.bias', f'{MODULATION}.bias')),
    (r'synthesis\.level0\.resample_filter', None),
    *behind(to_rgb, (r'synthesis\.level(\d+)\.resample_filter',
                     'upsample.kernel')),
)

DISCRIMINATOR = (
    *mapping('label_mapping'),
    (r'block1\.fromrgb\.weight', 'convs.0.0.conv.weight_orig'),
    (r'block1\.fromrgb\.bias', 'convs.0.1.bias'),
    (r'block(\d+)\.conv0\.weight', r'convs.\1.conv1.0.conv.weight_orig'),
    (r'block(\d+)\.conv0\.bias', r'convs.\1.conv1.1.bias'),
    (r'block(\d+)\.conv1\.resample_filter', r'convs.\1.conv2.0.kernel'),
    (r'block(\d+)\.conv1\.weight', r'convs.\1.conv2.1.conv.weight_orig'),
    (r'block(\d+)\.conv1\.bias', r'convs.\1.conv2.2.bias'),
    (r'block(\d+)\.skip\.resample_filter', r'convs.\1.skip.0.kernel'),
    (r'block(\d+)\.skip\.weight', r'convs.\1.skip.1.conv.weight_orig'),
    (r'block\d+\.((fromrgb|conv0)\.)?resample_filter', None),
    (r'b4\.conv\.resample_filter', None),
    (r'b4\.conv\.weight', 'final_conv.0.conv.weight_orig'),
    (r'b4\.conv\.bias', 'final_conv.1.bias'),
    (r'b4\.fc\.weight', 'final_linear.0.linear.weight_orig'),
    (r'b4\.fc\.bias', 'final_linear.0.bias'),
    (r'b4\.out\.weight', 'final_linear.1.linear.weight_orig'),
    (r'b4\.out\.bias', 'final_linear.1.bias'),
)

LAYOUTS = dict(
    generator=Layout(
        r'synthesis\.b4\.', GENERATOR,
        image_entries=((r'to_rgb(1|s\.\d+)\.conv\.weight_orig', 0),
                       (r'to_rgb(1|s\.\d+)\.bias', 1))),
    discriminator=Layout(
        r'b4\.', DISCRIMINATOR,
        image_entries=((r'convs\.0\.0\.conv\.weight_orig', 1), )))


def count_resolutions(keys: Iterable[str]) -> dict[str, str]:
    """``synthesis.b4`` becomes ``synthesis.level0``, ``b<largest>`` ``block1``.

    The discriminator's last part, ``b4``, keeps its name.
    """
    sides = sorted({int(match[1]) for key in keys
                    if (match := re.match(r'(?:synthesis\.)?b(\d+)\.', key))})

    def count(match: re.Match) -> str:
        index = sides.index(int(match[2]))
        if match[1]:
            return f'synthesis.level{index}.'
        return f'block{len(sides) - index}.' if index else match[0]

    return {key: re.sub(r'^(synthesis\.)?b(\d+)\.', count, key)
            for key in keys}


def change(entries: dict[str, Tensor], truncation: float | None) -> None:
    """Filters of upsampling get its factor."""
    no_truncation(entries, truncation)
    for name, value in entries.items():
        if name.endswith(('blur.kernel', 'upsample.kernel')):
            entries[name] = 4 * value


STYLEGAN2_ADA_PYTORCH = Source(
    config='styleganv2/stylegan2_c2_8xb4_ffhq-1024x1024.py',
    layouts=LAYOUTS,
    read=read_networks,
    flat=count_resolutions,
    change=change)
