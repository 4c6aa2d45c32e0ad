"""Images out of a model's answer or a loader's batch, ready for features."""
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn


def fake_images(samples: Sequence, sample_model: str,
                fake_key: str | None) -> Tensor:
    """Generated images out of a model's answer.

    Args:
        samples: Data samples with ``fake_img``, or with ``ema`` or ``orig``
            that hold it.
        sample_model: Which of the two is wanted.
        fake_key: Name of the image in a sample; ``None`` is ``fake_img``.

    Returns:
        Float, in the model's range and order, ``[N, C, H, W]``.
    """
    key = fake_key or 'fake_img'
    images = [_image_of(sample, sample_model, key) for sample in samples]
    batch = torch.stack(images)
    if not torch.isfinite(batch).all():
        raise ValueError(
            'GenEvaluator: the generated images hold NaN or infinity. The '
            'training has diverged, or the checkpoint is damaged.')
    return batch


def _image_of(sample: Any, sample_model: str, key: str) -> Tensor:
    nested = {name: getattr(sample, name, None) for name in ('ema', 'orig')}
    if any(item is not None for item in nested.values()):
        sample = nested[sample_model]
    image = getattr(sample, key, None)
    if image is None:
        raise ValueError(
            f'GenEvaluator: the model answered without {key!r} of '
            f'sample_model={sample_model!r}. Check fake_key and '
            'sample_model of the metric.')
    return image.data


def real_images(module: nn.Module, batch: Any, real_key: str) -> Tensor:
    """A batch of the data loader as uint8 RGB images, ``[N, 3, H, W]``."""
    data = module.data_preprocessor(batch, False)
    inputs = data['inputs']
    if not isinstance(inputs, dict) or real_key not in inputs:
        found = ', '.join(inputs) if isinstance(inputs, dict) else 'a tensor'
        raise ValueError(
            f'GenEvaluator: no {real_key!r} in the images of the '
            f'val_dataloader, found {found}. Set real_key of the metric.')
    return to_uint8_rgb(module, inputs[real_key])


def real_labels(batch: Any, asker: str) -> Tensor:
    """Classes of a batch of the data loader, int64 ``[N]``.

    Args:
        batch: What the loader gave.
        asker: Who asks, for the error message.
    """
    samples = batch.get('data_samples')
    if not samples or any(getattr(sample, 'gt_label', None) is None
                          for sample in samples):
        raise ValueError(
            f'{asker}: the images of the val_dataloader have no gt_label, '
            'expected one class each. Use a dataset with classes.')
    return torch.cat([sample.gt_label.label.view(-1).cpu()
                      for sample in samples])


def to_uint8_rgb(module: nn.Module, images: Tensor) -> Tensor:
    """Images of the model as evaluation and pictures see them."""
    return _convert(module, 'to_uint8_rgb', images)


def to_float_rgb(module: nn.Module, images: Tensor) -> Tensor:
    """The same before they are rounded and cut off to 0 to 255."""
    return _convert(module, 'to_float_rgb', images)


def _convert(module: nn.Module, name: str, images: Tensor) -> Tensor:
    """Let the data preprocessor of the model convert its images."""
    convert = getattr(module.data_preprocessor, name, None)
    if convert is None:
        raise TypeError(
            f'{type(module).__name__}: its data_preprocessor '
            f'{type(module.data_preprocessor).__name__} has no {name}. '
            "Use data_preprocessor=dict(type='GANDataPreprocessor').")
    return convert(images)
