"""From the data loader's batch to what a model takes, and back to pixels."""
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from mmengine.model import BaseDataPreprocessor
from torch import Tensor, nn

from mmgen.registry import MODELS
from mmgen.structures import GenDataSample


@MODELS.register_module(name=['GANDataPreprocessor', 'GenDataPreprocessor'])
class GANDataPreprocessor(BaseDataPreprocessor):
    """Move a batch to the model's device and normalise its images there.

    Images cross as uint8; on the device they become ``(image - mean) / std``
    in float32, with the default values [-1, 1].

    An entry of the inputs is taken as images where it is a tensor
    ``[N, C, H, W]`` or a list of tensors ``[C, H, W]`` and its key is not in
    ``non_image_keys``. Lists of other tensors are stacked; anything else
    (numbers, functions, None) stays as it is.

    Args:
        mean: One number per channel, in the order that the model sees, or one
            for all; None together with ``std`` to leave the values as they
            are. Equal numbers serve any number of channels.
        std: Likewise.
        pad_size_divisor: Height and width are padded at the bottom and the
            right to multiples of this; above 1, images of different sizes are
            padded to the largest.
        pad_value: What is padded, after normalisation.
        bgr_to_rgb: The data is BGR, the model RGB.
        rgb_to_bgr: The data is RGB, the model BGR.
        non_image_keys: Further inputs that are not images; ``noise`` and
            ``labels`` never are.
        non_concentate_keys: Further inputs of which each sample has the same,
            so that the batch has it once; ``num_batches``, ``mode``,
            ``sample_kwargs`` and ``eq_cfg`` always are.
    """

    def __init__(self,
                 mean: Sequence[float] | None = (127.5, 127.5, 127.5),
                 std: Sequence[float] | None = (127.5, 127.5, 127.5),
                 pad_size_divisor: int = 1,
                 pad_value: float = 0,
                 bgr_to_rgb: bool = False,
                 rgb_to_bgr: bool = False,
                 non_image_keys: Sequence[str] | None = None,
                 non_concentate_keys: Sequence[str] | None = None):
        super().__init__()
        if bgr_to_rgb and rgb_to_bgr:
            raise ValueError('GANDataPreprocessor: bgr_to_rgb and rgb_to_bgr '
                             'are both set, which would do nothing.')
        mean, std = _checked_statistics(mean, std)
        self.register_buffer('mean', _per_channel(mean), persistent=False)
        self.register_buffer('std', _per_channel(std), persistent=False)
        self.pad_size_divisor = pad_size_divisor
        self.pad_value = pad_value
        self.swap_channels = bgr_to_rgb or rgb_to_bgr
        self.model_is_rgb = bgr_to_rgb
        self.non_image_keys = {'noise', 'labels', *(non_image_keys or ())}
        self.non_concentate_keys = {
            'num_batches', 'mode', 'sample_kwargs', 'eq_cfg',
            *(non_concentate_keys or ())
        }

    def forward(self, data: Mapping, training: bool = False) -> dict:
        """Prepare a batch.

        Args:
            data: ``inputs``, a tensor ``[N, C, H, W]``, a list of tensors
                ``[C, H, W]``, or a dict of such and of other inputs; and
                perhaps ``data_samples``.
            training: Nothing depends on it.

        Returns:
            ``dict(inputs=dict(img=float32 [N, C, H, W], ...),
            data_samples=list or None)``. The labels in the data samples are
            on the device.

        Raises:
            TypeError: The batch or its images have another form.
            ValueError: The images differ in size and are not to be padded, or
                their channels do not fit ``mean``.
        """
        if not isinstance(data, Mapping) or 'inputs' not in data:
            raise TypeError(
                f'GANDataPreprocessor: got a {type(data).__name__}, expected '
                'dict(inputs=..., data_samples=...). Does the pipeline end '
                'with PackGenInputs?')
        inputs = data['inputs']
        if not isinstance(inputs, Mapping):
            inputs = dict(img=inputs)
        return dict(
            inputs={key: self._prepare(key, value)
                    for key, value in inputs.items()},
            data_samples=self._move_samples(data.get('data_samples')))

    def to_uint8_rgb(self, images: Tensor) -> Tensor:
        """The way back: what the model makes as pixels.

        Values are rounded to the nearest of 0 to 255. A model is taken to
        live in BGR unless ``bgr_to_rgb`` is set. NaN counts as 0, which is
        mid-grey with the default mean, and infinities as the ends of the
        range: the same pixels on every device, from a model that diverged.

        Args:
            images: Float ``[N, C, H, W]`` as the model makes them, one or
                three channels.

        Returns:
            uint8 RGB, ``[N, 3, H, W]``; grey is repeated.
        """
        # Half a level is added, so cutting the fraction off rounds.
        levels = self._levels(images.float().nan_to_num(nan=0.0), 0.5)
        return self._as_rgb(levels.clamp_(0, 255).to(torch.uint8))

    def to_float_rgb(self, images: Tensor) -> Tensor:
        """What `to_uint8_rgb` rounds and cuts off to 0 to 255.

        For numbers about differences far below a level.

        Args:
            images: As there.

        Returns:
            float32 RGB, ``[N, 3, H, W]``; grey is repeated.
        """
        return self._as_rgb(self._levels(images.float(), 0.0))

    def _levels(self, images: Tensor, offset: float) -> Tensor:
        """From the model's range to that of pixels, plus ``offset``."""
        if images.ndim != 4 or images.shape[1] not in (1, 3):
            raise ValueError(
                'GANDataPreprocessor: images of the model have shape '
                f'{list(images.shape)}, expected [N, 1, H, W] or '
                '[N, 3, H, W].')
        if self.mean is None:
            return images + offset
        mean, std = self._statistics(images)
        device = images.device
        return images * std.to(device) + (mean.to(device) + offset)

    def _as_rgb(self, images: Tensor) -> Tensor:
        """``[N, 1, H, W]`` or ``[N, 3, H, W]`` in the model's order."""
        if images.shape[1] == 1:
            return images.repeat(1, 3, 1, 1)
        return images if self.model_is_rgb else images.flip(1)

    def _prepare(self, key: str, value: object) -> object:
        """One entry of the inputs."""
        if key in self.non_concentate_keys:
            return _the_same(key, value)
        if key not in self.non_image_keys and _is_images(key, value):
            return self._images(value)
        if _is_tensors(value) and len({item.shape for item in value}) == 1:
            value = torch.stack(tuple(value))
        return self._move(value) if isinstance(value, Tensor) else value

    def _images(self, images: Tensor | Sequence[Tensor]) -> Tensor:
        """Images as the model takes them, ``[N, C, H, W]``."""
        if isinstance(images, Tensor):
            return self._pad(self._normalize(self._move(images)))
        if len({image.shape for image in images}) == 1:
            return self._images(torch.stack(tuple(images)))
        return self._pad_to_largest(images)

    def _normalize(self, images: Tensor) -> Tensor:
        """``[N, C, H, W]`` of any type to float32 in the model's range."""
        channels = images.shape[1]
        if self.swap_channels and channels == 3:
            images = images.flip(1)
        elif self.swap_channels and channels != 1:
            raise ValueError(
                f'GANDataPreprocessor: images with {channels} channels '
                f'({list(images.shape)}) cannot change between BGR and RGB.')
        if self.mean is None:
            return images.float()
        mean, std = self._statistics(images)
        # Converts while it subtracts: one pass over the bytes, no copy.
        return torch.sub(images, mean).div_(std)

    def _statistics(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and std as ``[C, 1, 1]`` or ``[1, 1, 1]``."""
        channels = images.shape[1]
        if len(self.mean) in (1, channels):
            return self.mean, self.std
        raise ValueError(
            f'GANDataPreprocessor: images with {channels} channels '
            f'({list(images.shape)}), but mean={self.mean.flatten().tolist()}'
            f' and std={self.std.flatten().tolist()} are for '
            f'{len(self.mean)}. Give one number per channel.')

    def _pad(self, images: Tensor) -> Tensor:
        """Pad at the bottom and the right to whole multiples."""
        height, width = images.shape[-2:]
        down, right = -height % self.pad_size_divisor, \
            -width % self.pad_size_divisor
        if not (down or right):
            return images
        return F.pad(images, (0, right, 0, down), value=self.pad_value)

    def _pad_to_largest(self, images: Sequence[Tensor]) -> Tensor:
        """A batch of images of different sizes."""
        shapes = sorted({tuple(image.shape) for image in images})
        if self.pad_size_divisor == 1 or len({s[0] for s in shapes}) > 1:
            raise ValueError(
                'GANDataPreprocessor: the images of a batch have different '
                f'shapes {shapes}. Resize or Crop them in the pipeline' +
                (', or set pad_size_divisor to pad them.' if
                 self.pad_size_divisor == 1 else '.'))
        height = max(shape[1] for shape in shapes)
        width = max(shape[2] for shape in shapes)
        padded = [
            F.pad(
                self._normalize(self._move(image)[None]),
                (0, width - image.shape[2], 0, height - image.shape[1]),
                value=self.pad_value) for image in images
        ]
        return self._pad(torch.cat(padded))

    def _move(self, tensor: Tensor) -> Tensor:
        """To the device; without waiting where that is safe."""
        return tensor.to(
            self.device, non_blocking=self.device.type != 'cpu')

    def _move_samples(
        self, samples: Sequence[GenDataSample] | None
    ) -> list[GenDataSample] | None:
        """The same samples, their labels on the device after one copy."""
        if samples is None:
            return None
        labels = [sample.gt_label for sample in samples
                  if 'gt_label' in sample]
        if labels and labels[0].label.device != self.device:
            joint = self._move(torch.cat([label.label for label in labels]))
            counts = [len(label.label) for label in labels]
            for label, moved in zip(labels, joint.split(counts)):
                label.label = moved
        return list(samples)


def build_preprocessor(
        preprocessor: nn.Module | dict | None) -> nn.Module:
    """The preprocessor of a model: built, from its config, or the default."""
    if preprocessor is None:
        preprocessor = dict(type='GANDataPreprocessor')
    if isinstance(preprocessor, dict):
        preprocessor = MODELS.build(preprocessor)
    return preprocessor


def _checked_statistics(
    mean: Sequence[float] | None, std: Sequence[float] | None
) -> tuple[Sequence[float] | None, Sequence[float] | None]:
    """Mean and std as given, or one number each where all are equal."""
    if mean is None and std is None:
        return None, None
    if mean is None or std is None or len(mean) != len(std):
        raise ValueError(
            f'GANDataPreprocessor: mean={mean} and std={std}, expected as '
            'many numbers in both, or None for both.')
    if any(number <= 0 for number in std):
        raise ValueError(
            f'GANDataPreprocessor: std={std}, expected numbers above 0.')
    if len(set(mean)) == len(set(std)) == 1:
        return mean[:1], std[:1]
    return mean, std


def _per_channel(numbers: Sequence[float] | None) -> Tensor | None:
    """``[C, 1, 1]``."""
    if numbers is None:
        return None
    return torch.tensor(numbers, dtype=torch.float32).view(-1, 1, 1)


def _is_tensors(value: object) -> bool:
    return (isinstance(value, Sequence) and len(value) > 0
            and all(isinstance(item, Tensor) for item in value))


def _is_images(key: str, value: object) -> bool:
    """Whether an input is a batch of images; ``img`` has to be one."""
    found = (value.ndim == 4 if isinstance(value, Tensor) else
             _is_tensors(value) and all(item.ndim == 3 for item in value))
    if key == 'img' and not found:
        what = (f'a tensor of shape {list(value.shape)}' if isinstance(
            value, Tensor) else f'a {type(value).__name__}')
        raise TypeError(
            f'GANDataPreprocessor: the images are {what}, expected a tensor '
            '[N, C, H, W] or a list of tensors [C, H, W].')
    return found


def _the_same(key: str, value: object) -> object:
    """What all samples of a batch have in common."""
    if not isinstance(value, (list, tuple)):
        return value
    if any(item != value[0] for item in value):
        raise ValueError(
            f'GANDataPreprocessor: the samples of a batch have different '
            f'{key}: {value}.')
    return value[0]
