"""What the models of all families share in making images and in labels."""
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from mmgen.structures import GenDataSample, PixelData

SAMPLE_MODELS = ('ema', 'orig', 'ema/orig')


def chosen_model(which: str | None, with_ema: bool, *, owner: str) -> str:
    """The value of ``sample_model``, by default the best there is.

    Args:
        which: What the caller asked for; None for no wish.
        with_ema: Whether there is an averaged network.
        owner: Who asks, for the messages.

    Raises:
        ValueError: An unknown value, or an average that there is not.
    """
    if which is None:
        return 'ema' if with_ema else 'orig'
    if which not in SAMPLE_MODELS:
        raise ValueError(
            f'{owner}: sample_model={which!r}, expected one '
            f'of {", ".join(map(repr, SAMPLE_MODELS))}.')
    if 'ema' in which and not with_ema:
        raise ValueError(
            f"sample_model='{which}', but this {owner} has "
            'no averaged generator. Set ema_config in the model or '
            "sample_model='orig'.")
    return which


def image_sample(index: int, images: dict[str, Tensor],
                 **fields: Any) -> GenDataSample:
    """The sample of one image.

    Args:
        index: Its place in the batch.
        images: ``'ema'``, ``'orig'`` or both -> ``[N, C, H, W]``.
        fields: What else is known about it.

    Returns:
        ``fake_img``; with both images ``ema`` and ``orig``, each a sample
        with its own ``fake_img``.
    """
    sample = GenDataSample(**fields)
    for name, batch in images.items():
        picture = PixelData(data=batch[index])
        if len(images) == 1:
            sample.fake_img = picture
        else:
            sample.set_field(
                GenDataSample(fake_img=picture, sample_model=name), name)
    return sample


def batch_labels(data_samples: Sequence[GenDataSample] | None,
                 device: torch.device, *, owner: str) -> Tensor:
    """Labels of a batch of the data loader.

    Args:
        data_samples: Its samples.
        device: Where the labels are wanted.
        owner: Who asks, for the message.

    Returns:
        ``[N]``, int64.

    Raises:
        ValueError: A sample has no label.
    """
    if not data_samples or any('gt_label' not in sample
                               for sample in data_samples):
        raise ValueError(
            f'{owner}: training needs class labels, but the '
            'batch has no gt_label. Use a dataset with classes or '
            'num_classes=None.')
    labels = torch.cat([s.gt_label.label.view(-1) for s in data_samples])
    return labels.to(device, non_blocking=True)
