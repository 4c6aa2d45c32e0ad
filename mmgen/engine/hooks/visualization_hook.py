"""Pictures of what the model makes, during training and test."""
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields
from typing import Any

import torch
from mmengine.dist import is_main_process
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from mmgen.engine.hooks.visualization_inputs import VIS_INPUTS, Picture
from mmgen.registry import HOOKS
from mmgen.utils.randomness import (mix_seed, seed_everything,
                                    unchanged_random_state)
from mmgen.utils.unwrap import unwrap
from mmgen.visualization import GenVisualizer

PICTURE_KEYS = tuple(field.name for field in fields(Picture))
HUB_KEYS = ('key', 'name', 'n_samples', 'n_row')


@HOOKS.register_module()
class GenVisualizationHook(Hook):
    """Draws samples every ``interval`` iterations and after the last one.

    Only the first process draws, with the model free of distributed
    wrappers, in eval mode and with a random state of its own: training goes
    on as if nothing had been drawn.

    Args:
        interval: Iterations between two pictures.
        vis_kwargs_list: What to draw, a dict or a list of dicts, with the
            keys of `Picture`: ``type`` (``'GAN'``, ``'Noise'`` or
            ``'SinGAN'``: from noise, with one class in each row for
            conditional models; ``'DDPMDenoising'``: in each row the way of a
            diffusion model from noise to an image; ``'Data'``: from the
            validation data; ``'Translation'``, ``'TranslationVal'`` and
            ``'TranslationTest'``: translations of training, validation and
            test data; ``'Arguments'``: from ``forward_kwargs``), ``name``,
            ``target_keys``, ``sample_model``, ``sample_kwargs``, ..., and
            those that override the hook's own: ``n_samples``, ``n_row``,
            ``fixed_input``.
        fixed_input: Whether a picture is made from the same input each time,
            also after a resume. The input follows from the run's seed.
        n_samples: Samples in a picture.
        n_row: Samples in one row.
        message_hub_vis_kwargs: Images to draw that the model has put into
            the message hub (with ``update_info(key, images,
            resumed=False)``), ``[N, C, H, W]``, or a dict of such: a key, a
            dict with ``key``, ``name``, ``n_samples`` and ``n_row``, or a
            list of them.
        save_at_test: Whether to draw the samples of a test, one by one.
        test_vis_keys: Images of a sample to draw in a test, one key or
            several; None for ``fake_img``, also that of ``ema`` and
            ``orig``, or the model's ``shown_images``.
        show: Whether to open a window for each picture.
        wait_time: Seconds until the window closes; 0 for a key press.
        max_save_at_test: Samples of a test that are drawn; None for all.

    Raises:
        ValueError: An entry of ``vis_kwargs_list`` is not understood.
        TypeError: The runner's visualizer is no `GenVisualizer`.
    """

    priority = 'NORMAL'

    def __init__(self,
                 interval: int = 1000,
                 vis_kwargs_list: dict | Sequence[dict] | None = None,
                 fixed_input: bool = True,
                 n_samples: int = 64,
                 n_row: int = 8,
                 message_hub_vis_kwargs: str | dict | Sequence | None = None,
                 save_at_test: bool = True,
                 test_vis_keys: str | Sequence[str] | None = None,
                 show: bool = False,
                 wait_time: float = 0,
                 max_save_at_test: int | None = 100) -> None:
        self.interval = interval
        defaults = dict(
            fixed_input=fixed_input, n_samples=n_samples, n_row=n_row)
        self.pictures = [
            _picture(entry, defaults) for entry in _as_list(vis_kwargs_list)
        ]
        self.hub_pictures = [
            _hub_picture(entry, n_samples, n_row)
            for entry in _as_list(message_hub_vis_kwargs)
        ]
        _refuse_same_names([p.name for p in self.pictures] +
                           [p['name'] for p in self.hub_pictures])
        self.save_at_test = save_at_test
        self.test_vis_keys = _as_list(test_vis_keys) or [None]
        self.max_save_at_test = max_save_at_test
        self.show_kwargs = dict(show=show, wait_time=wait_time)
        self._n_saved = 0

    def before_run(self, runner: Any) -> None:
        if not isinstance(runner.visualizer, GenVisualizer):
            raise TypeError(
                'GenVisualizationHook: the visualizer is a '
                f'{type(runner.visualizer).__name__}, expected a '
                "GenVisualizer. Set visualizer=dict(type='GenVisualizer', "
                "vis_backends=[dict(type='GenVisBackend')]) in the config.")

    def before_train(self, runner: Any) -> None:
        """Open the test data where it is drawn: the processes have to do so
        together."""
        if any(p.type == 'TranslationTest' for p in self.pictures):
            runner.test_loop  # is built when it is first asked for

    def after_train_iter(self, runner: Any, batch_idx: int,
                         data_batch: Any = None, outputs: Any = None) -> None:
        due = self.every_n_train_iters(runner, self.interval) \
            or self.is_last_train_iter(runner)
        if not due or not is_main_process():
            return
        for picture in self.pictures:
            self._draw(runner, picture)
        for picture in self.hub_pictures:
            self._draw_from_hub(runner, picture)

    def before_test(self, runner: Any) -> None:
        self._n_saved = 0

    def after_test_iter(self, runner: Any, batch_idx: int,
                        data_batch: Any = None, outputs: Any = None) -> None:
        if not self.save_at_test or not is_main_process():
            return
        model = unwrap(runner.model)
        to_rgb = _to_rgb(model)
        for sample in outputs or []:
            if self._n_saved == self.max_save_at_test:
                return
            for key in self.test_vis_keys:
                name = (key or 'fake_img').replace('.', '_')
                runner.visualizer.add_datasample(
                    f'test_{name}', [sample],
                    target_keys=key or _own_choice(model),
                    step=self._n_saved, to_rgb=to_rgb, **self.show_kwargs)
            self._n_saved += 1

    def _draw(self, runner: Any, picture: Picture) -> None:
        """Have the model make the samples of one picture, and draw them."""
        model = unwrap(runner.model)
        seed = _seed(runner, picture.fixed_input)
        with _aside(model, seed):
            samples = _samples(picture, runner, model, seed)
        runner.visualizer.add_datasample(
            picture.name,
            samples,
            target_keys=picture.target_keys or _own_choice(model),
            n_row=picture.n_row,
            step=runner.iter + 1,
            to_rgb=_to_rgb(model),
            **self.show_kwargs)

    def _draw_from_hub(self, runner: Any, picture: dict) -> None:
        """Draw what the model has put into the message hub."""
        infos = runner.message_hub.runtime_info
        if picture['key'] not in infos:
            raise KeyError(
                'GenVisualizationHook: message_hub_vis_kwargs has the key '
                f'{picture["key"]!r}, but the message hub holds '
                f'{", ".join(sorted(infos))}.')
        value = infos[picture['key']]
        parts = value if isinstance(value, dict) else {'': value}
        for part, images in parts.items():
            name = '_'.join(filter(None, (picture['name'], part)))
            runner.visualizer.add_datasample(
                name,
                _wrapped(images, picture),
                n_row=picture['n_row'],
                step=runner.iter + 1,
                to_rgb=_to_rgb(unwrap(runner.model)),
                **self.show_kwargs)


# ------------------------------------------------------------ the arguments


def _as_list(value: Any) -> list:
    """None, one or several things as a list."""
    if value is None:
        return []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _picture(entry: dict, defaults: dict) -> Picture:
    """An entry of ``vis_kwargs_list``, checked and filled up."""
    if not isinstance(entry, dict):
        raise TypeError(
            'GenVisualizationHook: vis_kwargs_list has a '
            f'{type(entry).__name__}, expected dicts with a type.')
    if entry.get('type') not in VIS_INPUTS:
        raise ValueError(
            f'GenVisualizationHook: type={entry.get("type")!r} in '
            f'vis_kwargs_list, known: {", ".join(VIS_INPUTS)}.')
    unknown = sorted(set(entry) - set(PICTURE_KEYS))
    if unknown:
        raise ValueError(
            f'GenVisualizationHook: {", ".join(unknown)} in vis_kwargs_list, '
            f'known: {", ".join(PICTURE_KEYS)}.')
    entry = {'name': entry['type'].lower(), **defaults, **entry}
    entry['vis_mode'] = entry.get('vis_mode') or 'image'
    picture = Picture(**entry)
    if picture.vis_mode != 'image':
        raise ValueError(
            f'GenVisualizationHook: vis_mode={picture.vis_mode!r} of '
            f"{picture.name}, expected 'image'.")
    _refuse_empty(picture.name, picture.n_samples, picture.n_row)
    return picture


def _hub_picture(entry: str | dict, n_samples: int, n_row: int) -> dict:
    """An entry of ``message_hub_vis_kwargs``, checked and filled up."""
    if isinstance(entry, str):
        entry = dict(key=entry)
    if not isinstance(entry, dict) or 'key' not in entry \
            or set(entry) - set(HUB_KEYS):
        raise ValueError(
            f'GenVisualizationHook: message_hub_vis_kwargs has {entry!r}, '
            f'expected a key or a dict with key and any of '
            f'{", ".join(HUB_KEYS[1:])}.')
    picture = dict(
        name=entry['key'].replace('/', '_'), n_samples=n_samples, n_row=n_row)
    picture.update(entry)
    _refuse_empty(picture['name'], picture['n_samples'], picture['n_row'])
    return picture


def _refuse_empty(name: str, n_samples: int, n_row: int) -> None:
    if n_samples < 1 or n_row < 1:
        raise ValueError(
            f'GenVisualizationHook: {name} has n_samples={n_samples} and '
            f'n_row={n_row}, expected both to be at least 1.')


def _refuse_same_names(names: list[str]) -> None:
    """Pictures of one name would overwrite each other."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f'GenVisualizationHook: {", ".join(twice)} names more than one '
            'picture. Give each entry a name of its own.')


# -------------------------------------------------------------- the samples


def _to_rgb(model: nn.Module) -> Any:
    """The model's own way to uint8 RGB, None if it has none."""
    preprocessor = getattr(model, 'data_preprocessor', None)
    return getattr(preprocessor, 'to_uint8_rgb', None)


def _own_choice(model: nn.Module) -> list[str] | None:
    """The images that a model wants side by side; None for ``fake_img``."""
    return getattr(model, 'shown_images', None)


def _seed(runner: Any, fixed_input: bool) -> int:
    """A seed from the run's one, and from the iteration if it may change."""
    if fixed_input:
        return mix_seed(runner.seed)
    return mix_seed(runner.seed, runner.iter + 1)


def _samples(picture: Picture, runner: Any, model: nn.Module,
             seed: int) -> list[BaseDataElement]:
    """The samples of a picture."""
    generator = torch.Generator().manual_seed(seed)
    samples = []
    for data in VIS_INPUTS[picture.type](picture, runner, model, generator):
        samples += model.val_step(data)
        if len(samples) >= picture.n_samples:
            break
    return samples[:picture.n_samples]


def _wrapped(images: Any, picture: dict) -> list[BaseDataElement]:
    """Images from the message hub as samples."""
    if not isinstance(images, (list, tuple)) and not (
            isinstance(images, Tensor) and images.ndim == 4):
        raise TypeError(
            f'GenVisualizationHook: {picture["key"]!r} of the message hub is '
            f'a {type(images).__name__}, expected images [N, C, H, W], a list '
            'of images [C, H, W], or a dict of such.')
    samples = []
    for image in images[:picture['n_samples']]:
        sample = BaseDataElement()
        sample.fake_img = image
        samples.append(sample)
    return samples


@contextmanager
def _aside(model: nn.Module, seed: int) -> Iterator[None]:
    """Evaluate a model without a trace in its training.

    Inside: eval mode, no gradients, parts free of distributed wrappers (a
    wrapper called on one process alone may wait for the others for ever),
    and random states seeded with ``seed``.
    """
    training = {module: module.training for module in model.modules()}
    wrapped = {
        name: part
        for name, part in model.named_children() if is_model_wrapper(part)
    }
    try:
        for name, part in wrapped.items():
            setattr(model, name, unwrap(part))
        model.eval()
        with torch.no_grad(), unchanged_random_state():
            seed_everything(seed)
            yield
    finally:
        for name, part in wrapped.items():
            setattr(model, name, part)
        for module, mode in training.items():
            module.training = mode
