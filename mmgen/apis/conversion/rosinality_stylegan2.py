"""stylegan2-pytorch (rosinality): ``550000.pt``, and converted official files.

A dict with the state dicts ``g``, ``g_ema`` and ``d``, images in RGB. The
networks have our form. The file of a training also holds its settings, an
object, and the optimisers; a converted one the mean style ``latent_avg``. They
are left out.
"""
from pathlib import Path

from torch import Tensor

from mmgen.apis.conversion.source import Layout, Source
from mmgen.apis.conversion.stylegan2_ada_pytorch import LAYOUTS
from mmgen.utils.inert_pickle import load_inert_checkpoint

NETWORKS = dict(g='generator', g_ema='generator_ema', d='discriminator')

STYLED = r'(conv1|convs\.\d+)'
TO_RGB = r'(to_rgb1|to_rgbs\.\d+)'
MODULATED = r'(conv1|convs\.\d+|to_rgb1|to_rgbs\.\d+)\.conv'

GENERATOR = (
    (r'noises\.noise_(\d+)', r'injected_noise_\1'),
    (r'style\.(\d+)\.weight', r'style_mapping.\1.linear.weight_orig'),
    (r'style\.(\d+)\.bias', r'style_mapping.\1.bias'),
    (r'input\.input', 'constant_input.input'),
    (rf'{MODULATED}\.weight', r'\1.conv.weight_orig'),
    (rf'{MODULATED}\.modulation\.weight',
     r'\1.conv.style_modulation.linear.weight_orig'),
    (rf'{MODULATED}\.modulation\.bias', r'\1.conv.style_modulation.bias'),
    (rf'{STYLED}\.conv\.blur\.kernel', r'\1.conv.blur.kernel'),
    (rf'{STYLED}\.noise\.weight', r'\1.noise_injector.weight'),
    (rf'{STYLED}\.activate\.bias', r'\1.activate.bias'),
    (rf'{TO_RGB}\.bias', r'\1.bias'),
    (rf'{TO_RGB}\.upsample\.kernel', r'\1.upsample.kernel'),
)

DISCRIMINATOR = (
    (r'(convs\.0\.0|convs\.\d+\.(conv1\.0|conv2\.1|skip\.1)|final_conv\.0)'
     r'\.weight', r'\1.conv.weight_orig'),
    (r'((convs\.0|convs\.\d+\.conv1|final_conv)\.1\.bias)', r'\1'),
    (r'(convs\.\d+\.conv2\.2\.bias)', r'\1'),
    (r'(convs\.\d+\.(conv2|skip)\.0\.kernel)', r'\1'),
    (r'final_linear\.([01])\.weight', r'final_linear.\1.linear.weight_orig'),
    (r'(final_linear\.[01]\.bias)', r'\1'),
)


def read_networks(path: str | Path) -> dict[str, dict[str, Tensor]]:
    """Our names of the networks in a file to their state dicts.

    Raises:
        FileNotFoundError: There is no such file.
        RuntimeError: The file is damaged.
        ValueError: It holds no such networks.
    """
    content = load_inert_checkpoint(path)
    if not isinstance(content, dict) or not NETWORKS.keys() & content.keys():
        has = ', '.join(map(str, list(content)[:3])) if isinstance(
            content, dict) else type(content).__name__
        raise ValueError(f'{path} has none of {", ".join(NETWORKS)}, but '
                         f'{has}. Is it the file of another project?')
    networks = {ours: content[name] for name, ours in NETWORKS.items()
                if name in content}
    for network, state in networks.items():
        if not isinstance(state, dict) or not all(
                isinstance(value, Tensor) for value in state.values()):
            raise ValueError(f'{path}: the {network} is no dict of tensors.')
    return {
        network: {key: value.detach() for key, value in state.items()}
        for network, state in networks.items()
    }


ROSINALITY_STYLEGAN2 = Source(
    config='styleganv2/stylegan2_c2_8xb4_ffhq-1024x1024.py',
    layouts=dict(
        generator=Layout(
            r'input\.input', GENERATOR,
            image_entries=LAYOUTS['generator'].image_entries),
        discriminator=Layout(
            r'final_linear\.', DISCRIMINATOR,
            image_entries=LAYOUTS['discriminator'].image_entries)),
    read=read_networks)
