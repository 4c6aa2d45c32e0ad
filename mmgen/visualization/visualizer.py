"""Generated samples to one picture, and everything to the backends."""
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from mmengine.dist import master_only
from mmengine.structures import BaseDataElement
from mmengine.visualization import LocalVisBackend, Visualizer
from torch import Tensor

from mmgen.registry import VISBACKENDS, VISUALIZERS
from mmgen.visualization.grid import as_rgb_picture, make_grid, to_uint8_rgb
from mmgen.visualization.vis_backends import plain_scalars

# Where the image of a sample is looked for when no key is named.
DEFAULT_KEYS = ('fake_img', 'ema.fake_img', 'orig.fake_img')


@VISUALIZERS.register_module()
class GenVisualizer(Visualizer):
    """Draws generated samples and hands scalars, pictures and the config on.

    Args:
        name: Name of this visualizer; one exists for each name.
        vis_backends: Backends or their configs, one or a list.
        save_dir: Folder under which the backends write (in ``vis_data``).
    """

    def __init__(self,
                 name: str = 'visualizer',
                 vis_backends: Sequence | dict | None = None,
                 save_dir: str | None = None) -> None:
        super().__init__(
            name=name,
            vis_backends=_with_classes(vis_backends),
            save_dir=save_dir)

    @master_only
    def add_datasample(self,
                       name: str,
                       gen_samples: Sequence[BaseDataElement],
                       target_keys: str | Sequence[str] | None = None,
                       n_row: int = 1,
                       color_order: str = 'bgr',
                       target_mean: float | Sequence[float] = 127.5,
                       target_std: float | Sequence[float] = 127.5,
                       show: bool = False,
                       wait_time: float = 0,
                       step: int = 0,
                       to_rgb: Callable[[Tensor], Tensor] | None = None,
                       **kwargs: Any) -> None:
        """Make one picture of many samples.

        The picture has ``n_row`` samples in a row. With several keys the
        images of one sample stand next to each other, in the order of the
        keys, before those of the next sample.

        Args:
            name: Name of the picture.
            gen_samples: Samples with images of ``[C, H, W]``.
            target_keys: Which images: a path in the sample such as
                ``'fake_img'``, ``'ema.fake_img'`` or, short for that,
                ``'ema'``; one or several. None for ``fake_img``, in the
                sample itself or in its ``ema`` and ``orig``.
            n_row: Samples in one row.
            color_order: ``'bgr'`` or ``'rgb'``, the order in the samples.
            target_mean: Added after ``target_std``.
            target_std: Factor that takes the images to [0, 255].
            show: Whether to open a window.
            wait_time: Seconds until the window closes; 0 for a key press.
            step: Iteration.
            to_rgb: A model's own way from float images ``[N, C, H, W]`` to
                uint8 RGB ones. With it, order, mean and std are used for
                uint8 images alone.
            **kwargs: Handed to the backends.

        Raises:
            ValueError: No samples, or images that are none.
            KeyError: A sample has no such image.
        """
        if not gen_samples:
            raise ValueError(
                f'GenVisualizer: no samples for the picture {name!r}, '
                'expected at least one.')
        keys = _keys_of(gen_samples[0], target_keys)
        images = [_image_of(s, key) for s in gen_samples for key in keys]

        def convert(batch: Tensor) -> Tensor:
            if to_rgb is not None and batch.is_floating_point():
                return to_rgb(batch).cpu()
            return to_uint8_rgb(batch, color_order, target_mean, target_std)

        picture = make_grid(_converted(images, convert), n_row * len(keys))
        if show:
            self.show(picture, win_name=name, wait_time=wait_time)
        self.add_image(name, picture, step, **kwargs)

    @master_only
    def add_image(self,
                  name: str,
                  image: np.ndarray,
                  step: int = 0,
                  **kwargs: Any) -> None:
        """Hand a picture to the backends.

        Args:
            name: Name of the picture.
            image: RGB ``[H, W, 3]`` or grey; uint8, or float in [0, 255].
            step: Iteration.
            **kwargs: Handed to the backends.
        """
        picture = as_rgb_picture(image, owner='GenVisualizer')
        for backend in self._vis_backends.values():
            backend.add_image(name, picture, step, **kwargs)

    @master_only
    def add_scalar(self,
                   name: str,
                   value: Any,
                   step: int = 0,
                   **kwargs: Any) -> None:
        """Hand one number to the backends; files take a string as well."""
        for backend in self._vis_backends.values():
            for plain in _scalars_for(backend, {name: value}).values():
                backend.add_scalar(name, plain, step, **kwargs)

    @master_only
    def add_scalars(self,
                    scalar_dict: dict,
                    step: int = 0,
                    file_path: str | None = None,
                    **kwargs: Any) -> None:
        """Hand numbers to the backends; files take strings as well.

        Args:
            scalar_dict: Names to numbers, one-element tensors or arrays.
            step: Iteration.
            file_path: Name of a second file, for backends that write files.
            **kwargs: Handed to the backends.
        """
        for backend in self._vis_backends.values():
            backend.add_scalars(
                _scalars_for(backend, scalar_dict), step, file_path, **kwargs)


def _with_classes(vis_backends: Any) -> Any:
    """The configs with mmgen's classes in the place of names.

    MMEngine looks names up in its own registry, which knows mmgen's backends
    only while mmgen is the default scope.
    """
    if isinstance(vis_backends, dict):
        vis_backends = [vis_backends]
    if not isinstance(vis_backends, (list, tuple)):
        return vis_backends
    resolved = []
    for backend in vis_backends:
        if isinstance(backend, dict) and isinstance(backend.get('type'), str):
            found = VISBACKENDS.get(backend['type'])
            if found is None:
                raise KeyError(
                    f'GenVisualizer: vis_backends has the type '
                    f'{backend["type"]!r}, which no registry knows. mmgen has '
                    f'{", ".join(sorted(VISBACKENDS.module_dict))}.')
            backend = dict(backend, type=found)
        resolved.append(backend)
    return resolved


def _scalars_for(backend: Any, scalars: dict) -> dict:
    """What of ``scalars`` the backend can take."""
    return plain_scalars(
        scalars, keep_text=isinstance(backend, LocalVisBackend))


def _keys_of(sample: BaseDataElement,
             target_keys: str | Sequence[str] | None) -> list[str]:
    """The paths of the images to draw."""
    if isinstance(target_keys, str):
        return [target_keys]
    if target_keys:
        return list(target_keys)
    found = [key for key in DEFAULT_KEYS if _look_up(sample, key) is not None]
    if not found:
        raise KeyError(
            'GenVisualizer: a sample has no fake_img; it has '
            f'{", ".join(sorted(sample.keys())) or "nothing"}. Name its image '
            'with target_keys.')
    return found


def _look_up(sample: BaseDataElement, path: str) -> Any:
    """What is at a dotted path, None where the path breaks off."""
    value = sample
    for part in path.split('.'):
        if not isinstance(value, BaseDataElement) or part not in value:
            return None
        value = value.get(part)
    return value


def _image_of(sample: BaseDataElement, path: str) -> Tensor:
    """The image ``[C, H, W]`` at a dotted path."""
    value = _look_up(sample, path)
    if isinstance(value, BaseDataElement) and 'fake_img' in value:
        value = value.fake_img
    if isinstance(value, BaseDataElement) and 'data' in value:
        value = value.data
    if value is None:
        raise KeyError(
            f'GenVisualizer: target_keys has {path!r}, but a sample has only '
            f'{", ".join(sorted(sample.keys())) or "nothing"}.')
    if not isinstance(value, (Tensor, np.ndarray)) or value.ndim not in (2, 3):
        raise ValueError(
            f'GenVisualizer: {path!r} of a sample is '
            f'{_description(value)}, expected an image [C, H, W].')
    value = torch.as_tensor(value)
    return value[None] if value.ndim == 2 else value


def _description(value: Any) -> str:
    if isinstance(value, (Tensor, np.ndarray)):
        return f'of shape {list(value.shape)}'
    return f'a {type(value).__name__}'


def _converted(images: list[Tensor],
               convert: Callable[[Tensor], Tensor]) -> list[Tensor]:
    """Convert images, all at once if they are alike."""
    if len({(image.shape, image.dtype) for image in images}) == 1:
        return list(convert(torch.stack(images)))
    return [convert(image[None])[0] for image in images]
