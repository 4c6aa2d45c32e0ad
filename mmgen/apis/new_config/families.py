"""Which families there are, what they can do, and their published lengths."""
import difflib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mmgen.apis.new_config.diffusion import improved_ddpm
from mmgen.apis.new_config.growing import growing_batch, pggan, stylegan1
from mmgen.apis.new_config.plain_gans import dcgan, ggan, lsgan, wgan_gp
from mmgen.apis.new_config.r3gan import PUBLISHED_KIMG, r3gan, r3gan_batch
from mmgen.apis.new_config.recipe import Recipe, Task
from mmgen.apis.new_config.residual_gans import (biggan, biggan_batch, sagan,
                                                 sngan)
from mmgen.apis.new_config.rules import (most_images, most_images_of_stylegan,
                                         stylegan2_batch)
from mmgen.apis.new_config.stylegans import stylegan2, stylegan3


def powers_of_two(first: int, last: int) -> tuple[int, ...]:
    """From ``first`` to ``last``, both powers of two."""
    return tuple(2**power for power in range(
        first.bit_length() - 1, last.bit_length()))


@dataclass(frozen=True)
class Family:
    """What can be written for a family.

    Attributes:
        title: Its name for readers.
        paper: Authors, year and arXiv number.
        base: Resolution to the file of its model under ``_base_/models``.
        resolutions: Sides of images, pixels, that it has networks for.
        takes_grey: Whether images may have one channel.
        takes_classes: Whether there is a class-conditional form.
        batch: (resolution, GPUs, images) to images of an update.
        batch_reason: Where that is from.
        most: Resolution to images that a GPU holds.
        cpu_batch: Images of an update on a CPU; 0 for as many as elsewhere.
        kimg: Resolution to thousands of images of the training.
        kimg_reason: Where that is from.
        write: Adds model and optimisers to a config.
        averages: Whether it has an averaged model, which is then measured.
        first_side: Where a growing network begins; 0 for one that does not.
        fake_nums: Images that are generated for the metric.
    """

    title: str
    paper: str
    base: Callable[[int], str]
    resolutions: tuple[int, ...]
    takes_grey: bool
    takes_classes: bool
    batch: Callable[[int, int, int], int]
    batch_reason: str
    most: Callable[[int], int]
    cpu_batch: int
    kimg: Callable[[int], float]
    kimg_reason: str
    write: Callable[[Recipe, Task], None]
    averages: bool = True
    first_side: int = 0
    fake_nums: int = 50000


def _fixed(value: Any) -> Callable:
    """The same at each resolution."""
    return lambda *_: value


def _at_32(small: Any, otherwise: Any) -> Callable:
    """One value at 32 pixels, another one elsewhere."""
    return lambda resolution, *_: small if resolution == 32 else otherwise


LONG = ('25 million images, as the StyleGANs have them on data of any size; '
        'good pictures come long before')
DCGAN = dict(
    base=_fixed('dcgan_64x64.py'), resolutions=powers_of_two(32, 128),
    takes_grey=True, takes_classes=False, most=most_images, cpu_batch=32,
    averages=False)
PROJECTION = dict(
    takes_grey=True, takes_classes=True, most=most_images, cpu_batch=32,
    resolutions=powers_of_two(32, 128), batch=_at_32(64, 256),
    batch_reason='the published 64 for CIFAR-10, 256 for ImageNet',
    kimg=_at_32(32000, 25000), averages=False,
    kimg_reason='500,000 iterations as for CIFAR-10 at 32 pixels, else 25 '
    'million images; the published runs on ImageNet have ten times as many')
GROWING = dict(
    takes_grey=False, takes_classes=False, batch=growing_batch,
    batch_reason='the published 32, as far as the GPUs hold them; more while '
    'the images are small', most=lambda side: 4096 // side, cpu_batch=0)

FAMILIES = {
    'stylegan2': Family(
        'StyleGAN2 with adaptive augmentation',
        'Karras et al. 2020, arXiv:1912.04958 and arXiv:2006.06676.',
        _fixed('stylegan2_256x256.py'), powers_of_two(8, 1024), False, True,
        lambda resolution, gpus, _: stylegan2_batch(resolution, gpus),
        'GPUs * min(4096 / resolution, 32), at most 64, as in the automatic '
        'settings of arXiv:2006.06676', most_images_of_stylegan, 16,
        _fixed(25000), LONG, stylegan2),
    'stylegan3': Family(
        'StyleGAN3-T with adaptive augmentation',
        'Karras et al. 2021, arXiv:2106.12423.',
        _fixed('stylegan3-t_1024x1024.py'), powers_of_two(16, 1024), False,
        True, _fixed(32), "the published configs' 32",
        most_images_of_stylegan, 16, _fixed(25000), LONG, stylegan3),
    'r3gan': Family(
        'R3GAN', 'Huang et al. 2024, arXiv:2501.05441.', _fixed('r3gan.py'),
        powers_of_two(32, 256), True, True, r3gan_batch,
        'the published 512 for CIFAR-10 at 32 pixels, 256 for FFHQ',
        most_images, 16, _fixed(PUBLISHED_KIMG),
        '20 million images, as published for CIFAR-10 and FFHQ', r3gan),
    'biggan': Family(
        'BigGAN', 'Brock, Donahue and Simonyan 2018, arXiv:1809.11096.',
        _at_32('biggan_32x32.py', 'biggan_128x128.py'),
        powers_of_two(32, 512), True, True, biggan_batch,
        '50 for CIFAR-10 at 32 pixels; else 256, where table 1 of '
        'arXiv:1809.11096 begins, and its 2048 for a million images and more',
        most_images, 32, _fixed(25000),
        '500,000 iterations of 50 images as for CIFAR-10, and as many images '
        'at other resolutions; the published runs on ImageNet have more',
        biggan),
    'sagan': Family(
        title='SAGAN', paper='Zhang et al. 2018, arXiv:1805.08318.',
        base=_at_32('sagan_32x32.py', 'sagan_128x128.py'), write=sagan,
        **PROJECTION),
    'sngan': Family(
        title='SNGAN with projection',
        paper='Miyato et al. 2018, arXiv:1802.05957; Miyato and Koyama 2018, '
        'arXiv:1802.05637.',
        base=_at_32('sngan-proj_32x32.py', 'sngan-proj_128x128.py'),
        write=sngan, **PROJECTION),
    'wgan-gp': Family(
        'WGAN-GP', 'Gulrajani et al. 2017, arXiv:1704.00028.',
        _fixed('wgangp_128x128.py'), powers_of_two(8, 128), True, False,
        _fixed(64), "the published configs' and the paper's 64", most_images,
        32, _fixed(10240), '160,000 iterations of 64 images, as published',
        wgan_gp, averages=False),
    'dcgan': Family(
        title='DCGAN', paper='Radford, Metz and Chintala 2015, '
        'arXiv:1511.06434.', batch=_fixed(128),
        batch_reason='128 (arXiv:1511.06434, section 4)', kimg=_fixed(38400),
        kimg_reason='300,000 iterations of 128 images, as published for '
        'CelebA', write=dcgan, **DCGAN),
    'lsgan': Family(
        title='LSGAN', paper='Mao et al. 2016, arXiv:1611.04076.',
        batch=_fixed(128), batch_reason="the published configs' 128",
        kimg=_fixed(12800), kimg_reason='100,000 iterations of 128 images, as '
        'published for CelebA', write=lsgan, **DCGAN),
    'ggan': Family(
        title='Geometric GAN', paper='Lim and Ye 2017, arXiv:1705.02894.',
        batch=_fixed(128), batch_reason="the published configs' 128",
        kimg=_fixed(12800), kimg_reason='100,000 iterations of 128 images, as '
        'published for CelebA', write=ggan, **DCGAN),
    'pggan': Family(
        title='PGGAN', paper='Karras et al. 2017, arXiv:1710.10196.',
        base=_fixed('pggan_128x128.py'), resolutions=powers_of_two(8, 1024),
        kimg=_fixed(12000), kimg_reason='12 million images, as published '
        'here', write=pggan, first_side=4, **GROWING),
    'stylegan1': Family(
        title='StyleGAN', paper='Karras, Laine and Aila 2018, '
        'arXiv:1812.04948.', base=_fixed('styleganv1_256x256.py'),
        resolutions=powers_of_two(16, 1024), kimg=_fixed(25000),
        kimg_reason='25 million images, as in the paper', write=stylegan1,
        first_side=8, **GROWING),
    'improved_ddpm': Family(
        'Improved DDPM', 'Nichol and Dhariwal 2021, arXiv:2102.09672.',
        lambda side: f'improved_ddpm_{side}x{side}.py', (32, 64), True, True,
        _fixed(128), "the published configs' 128", most_images, 16,
        _fixed(64000), '500,000 iterations of 128 images, as published for '
        'CIFAR-10', improved_ddpm, fake_nums=10000),
}

# What the folders of configs/, and their authors, call them.
OTHER_NAMES = {
    'stylegan2-ada': 'stylegan2', 'styleganv2': 'stylegan2',
    'styleganv3': 'stylegan3', 'stylegan': 'stylegan1',
    'styleganv1': 'stylegan1', 'sngan_proj': 'sngan', 'wgangp': 'wgan-gp',
    'wgan_gp': 'wgan-gp', 'ddpm': 'improved_ddpm'}

# Families whose data are no set of images for this tool.
OTHER_DATA = {
    'pix2pix': 'pairs of images', 'cyclegan': 'images of two domains',
    'singan': 'one image'}


def find_family(name: str) -> str:
    """The key of ``FAMILIES`` that is meant.

    Raises:
        ValueError: There is none.
    """
    wanted = name.lower()
    wanted = OTHER_NAMES.get(wanted, wanted)
    if wanted in FAMILIES:
        return wanted
    if wanted in OTHER_DATA:
        raise ValueError(
            f'--family: {wanted} trains on {OTHER_DATA[wanted]}, which this '
            f'tool does not look at. Copy a config of configs/{wanted} or '
            'configs/quickstart and set data_root in it.')
    near = difflib.get_close_matches(wanted, [*FAMILIES, *OTHER_NAMES], 2, 0.6)
    hint = f' Do you mean {" or ".join(near)}?' if near else ''
    raise ValueError(
        f'--family: there is no {name!r}; known: {", ".join(FAMILIES)}.{hint}')
