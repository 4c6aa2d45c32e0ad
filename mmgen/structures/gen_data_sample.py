"""What is known about one image: given to a model and returned by it."""
from collections.abc import Sequence

import numpy as np
import torch
from mmengine.structures import BaseDataElement

from mmgen.structures.label_data import LabelData
from mmgen.structures.pixel_data import PixelData


class GenDataSample(BaseDataElement):
    """One sample: its label and image, or what was generated for it.

    Fields with a fixed type:

    - ``gt_label``: :class:`LabelData`, its ``label`` int64 ``[1]``; set it
      with :meth:`set_gt_label`.
    - ``gt_img``, ``fake_img``: :class:`PixelData`, its ``data`` ``[C, H, W]``.
    - ``noise``: the input of the generator, ``[Z]``; ``latent``: a mapped one.
    - ``ema``, ``orig``: a :class:`GenDataSample` with the ``fake_img`` of the
      averaged and of the trained generator.
    - ``sample_model``: ``'ema'``, ``'orig'`` or ``'ema/orig'``;
      ``sample_kwargs``: what else the generator was given.
    - ``num_classes``: how many classes ``gt_label`` is out of.

    Any other field may be added. The metainfo says where the image came from
    (``img_path`` and the like).
    """

    def set_field(self,
                  value: object,
                  name: str,
                  dtype: type | None = None,
                  field_type: str = 'data') -> None:
        """Store a field, checking the type of those that have a fixed one.

        Raises:
            TypeError: The value has another type than its field.
        """
        expected = _FIELD_TYPES.get(name)
        if (field_type == 'data' and expected is not None
                and not isinstance(value, expected)):
            raise TypeError(
                f'GenDataSample: {name} is a {type(value).__name__}, expected '
                f'a {expected.__name__}.{_ADVICE.get(name, "")}')
        super().set_field(value, name, dtype=dtype, field_type=field_type)

    def set_gt_label(
            self, value: int | Sequence | np.ndarray | torch.Tensor
    ) -> 'GenDataSample':
        """Store the class index.

        Args:
            value: One class index, or an array or sequence that holds it.

        Returns:
            The sample itself.

        Raises:
            TypeError: The value is not made of whole numbers.
            ValueError: The label is negative, or not below ``num_classes``
                where the sample knows it.
        """
        label = _label_tensor(value)
        values = label.tolist()
        num_classes = self.get('num_classes')
        if any(value < 0 or (num_classes and value >= num_classes)
               for value in values):
            raise ValueError(
                f'GenDataSample: gt_label is {values}, expected '
                f'0 to {num_classes - 1 if num_classes else "K - 1"}.')
        self.gt_label = LabelData(label=label)
        return self


_FIELD_TYPES = dict(
    gt_label=LabelData,
    gt_img=PixelData,
    fake_img=PixelData,
    noise=torch.Tensor,
    latent=torch.Tensor,
    ema=GenDataSample,
    orig=GenDataSample,
    sample_model=str,
    sample_kwargs=dict)

_ADVICE = dict(
    gt_label=' Use set_gt_label(value).',
    gt_img=' Use PixelData(data=image).',
    fake_img=' Use PixelData(data=image).')


def _label_tensor(value: object) -> torch.Tensor:
    """``value`` as int64 ``[K]``, a single number as ``[1]``."""
    if isinstance(value, int):
        return torch.tensor([int(value)])
    try:
        label = torch.as_tensor(value)
    except (TypeError, ValueError, RuntimeError):
        label = None
    if (label is None or label.is_floating_point() or label.is_complex()
            or label.ndim > 1):
        raise TypeError(
            f'GenDataSample: gt_label is {value!r}, expected a class index '
            '(an int, or a Tensor, array or sequence of whole numbers).')
    return label.to(torch.int64).reshape(-1)
