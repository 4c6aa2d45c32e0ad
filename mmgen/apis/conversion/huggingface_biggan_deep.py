"""HuggingFace's pytorch-pretrained-BigGAN: ``pytorch_model.bin``.

BigGAN-deep's generator as the authors published it, read out of TensorFlow:
a bare state dict, images in RGB. Three things have another form there.

* The norms hold the statistics of 51 truncations, 0.00, 0.02, ..., 1.00. One
  set is taken; samples should then be made of noise that is truncated so.
* The embedding is a linear layer of one-hot classes, so a transposed table.
* The last convolution makes 128 channels, of which the first three are the
  image, and its spectral norm is that of all 128. The three rows are kept as
  they are, and ``weight_v`` is given the length with which our eval mode
  divides by the same number. Training goes on with the norm of the three rows
  alone, which is smaller: in the first training step the values before the
  tanh grow by their ratio.
"""
import torch
from torch import Tensor

from mmgen.apis.conversion.source import TORCH_SN as SN
from mmgen.apis.conversion.source import Layout, Source

NUM_STATISTICS = 51

GENERATOR = (
    (r'embeddings\.weight', r'shared_embedding.weight'),
    (rf'generator\.gen_z\.{SN}', r'noise2feat.\1'),
    *((rf'generator\.layers\.(\d+)\.conv_{i}\.{SN}',
       rf'conv_blocks.\1.conv{i + 1}.conv.\2') for i in range(4)),
    *((rf'generator\.layers\.(\d+)\.bn_{i}\.scale\.{SN}',
       rf'conv_blocks.\1.bn{i + 1}.gain.\2') for i in range(4)),
    *((rf'generator\.layers\.(\d+)\.bn_{i}\.offset\.{SN}',
       rf'conv_blocks.\1.bn{i + 1}.bias.\2') for i in range(4)),
    *((rf'generator\.layers\.(\d+)\.bn_{i}\.running_(mean|var)s',
       rf'conv_blocks.\1.bn{i + 1}.bn.running_\2') for i in range(4)),
    (rf'generator\.layers\.(\d+)\.snconv1x1_(theta|phi|g)\.{SN}',
     r'conv_blocks.\1.\2.conv.\3'),
    (rf'generator\.layers\.(\d+)\.snconv1x1_o_conv\.{SN}',
     r'conv_blocks.\1.o.conv.\2'),
    (r'generator\.layers\.(\d+)\.gamma', r'conv_blocks.\1.gamma'),
    (r'generator\.bn\.(weight|bias)', r'output_layer.bn.\1'),
    (r'generator\.bn\.running_(mean|var)s', r'output_layer.bn.running_\1'),
    (rf'generator\.conv_to_rgb\.{SN}', r'output_layer.conv.\1'),
)


def change(entries: dict[str, Tensor], truncation: float | None) -> None:
    """Take one set of statistics, turn the table, cut the image out."""
    row = statistics_row(1.0 if truncation is None else truncation)
    for name, value in entries.items():
        if name.endswith(('running_mean', 'running_var')):
            if value.ndim != 2 or len(value) != NUM_STATISTICS:
                raise ValueError(
                    f'{name} comes from statistics {list(value.shape)}, '
                    f'expected [{NUM_STATISTICS}, C], one row for each '
                    'truncation.')
            entries[name] = value[row]
    entries['shared_embedding.weight'] = entries['shared_embedding.weight'].T
    cut_image(entries, 'output_layer.conv')


def statistics_row(truncation: float) -> int:
    """Where the statistics of a truncation are.

    Raises:
        ValueError: There are none of this one.
    """
    row = round(truncation * (NUM_STATISTICS - 1))
    if not 0 <= row < NUM_STATISTICS \
            or abs(row / (NUM_STATISTICS - 1) - truncation) > 1e-6:
        raise ValueError(
            f'truncation={truncation}, but the file holds statistics for '
            '0.00, 0.02, ..., 1.00. Give one of these.')
    return row


def cut_image(entries: dict[str, Tensor], layer: str) -> None:
    """Keep the first three channels of ``layer``, divided as all were.

    ``u W v`` of the three rows, with their own first singular vectors, is
    made the ``u W v`` of the whole matrix by the length of ``v``.
    """
    weight = entries[f'{layer}.weight_orig'].double()
    sigma = entries[f'{layer}.weight_u'].double() @ (
        weight.flatten(1) @ entries[f'{layer}.weight_v'].double())
    u, own_sigma, v = torch.linalg.svd(
        weight[:3].flatten(1), full_matrices=False)
    entries[f'{layer}.weight_orig'] = entries[f'{layer}.weight_orig'][:3]
    entries[f'{layer}.bias'] = entries[f'{layer}.bias'][:3]
    entries[f'{layer}.weight_u'] = u[:, 0].float()
    entries[f'{layer}.weight_v'] = (v[0] * sigma / own_sigma[0]).float()


HUGGINGFACE_BIGGAN_DEEP = Source(
    config='biggan/biggan-deep_cvt-hugging-face-rgb_imagenet1k-128x128.py',
    bn_eps=1e-4,
    layouts=dict(generator=Layout(r'generator\.gen_z\.', GENERATOR)),
    change=change)
