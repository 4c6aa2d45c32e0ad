"""What a model is given so that it makes the samples of a picture.

One function for each ``type`` of a picture, entered in `VIS_INPUTS`. Each
yields what ``model.val_step`` takes, batch after batch, and draws random
numbers from the given generator alone (or, through the data loader, from the
global state, which the caller has seeded).
"""
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from mmgen.datasets.loading import SeededDataset
from mmgen.evaluation.samplers import loader_batch_size


@dataclass(frozen=True)
class Picture:
    """One entry of ``vis_kwargs_list``.

    Attributes:
        type: A name in `VIS_INPUTS`.
        name: Name of the picture.
        n_samples: Samples in it.
        n_row: Samples in one row.
        fixed_input: Whether it is made from the same input each time.
        target_keys: Which images of a sample; see `GenVisualizer`.
        vis_mode: ``'image'``, the only mode so far.
        sample_model: ``'ema'``, ``'orig'`` or ``'ema/orig'``; None for the
            model's choice.
        sample_kwargs: Further arguments of the generator.
        labels: Classes of the samples, one or ``n_samples``; None for one
            class in each row.
        forward_kwargs: The inputs of a picture of the type ``Arguments``.
    """
    type: str
    name: str
    n_samples: int
    n_row: int
    fixed_input: bool = True
    target_keys: str | list[str] | None = None
    vis_mode: str = 'image'
    sample_model: str | None = None
    sample_kwargs: dict | None = None
    labels: int | list[int] | None = None
    forward_kwargs: dict | None = None


def sampling_options(picture: Picture) -> dict:
    """The inputs that say how to sample, as far as the picture sets them."""
    options = dict(
        sample_model=picture.sample_model, sample_kwargs=picture.sample_kwargs)
    return {key: value for key, value in options.items() if value is not None}


def row_labels(n_samples: int, n_row: int, num_classes: int) -> Tensor:
    """One class in each row, spread evenly over all classes.

    With as many rows as classes row ``r`` is class ``r``; with more rows a
    class has several rows below each other.

    Returns:
        int64, ``[n_samples]``.
    """
    rows = -(-n_samples // n_row)
    row = torch.arange(n_samples) // n_row
    return row * num_classes // rows


def labels_of(picture: Picture, model: nn.Module) -> Tensor | None:
    """The classes of a picture's samples, None if the model has none."""
    num_classes = getattr(model, 'num_classes', None)
    if not num_classes:
        return None
    if picture.labels is None:
        return row_labels(picture.n_samples, picture.n_row, num_classes)
    labels = torch.as_tensor(picture.labels, dtype=torch.int64)
    if labels.ndim == 1 and len(labels) != picture.n_samples:
        raise ValueError(
            f'GenVisualizationHook: {picture.name} has {len(labels)} labels '
            f'for n_samples={picture.n_samples}. Give one for all or one for '
            'each sample.')
    return labels.expand(picture.n_samples)


def batch_size_of(runner: Any, n_samples: int) -> int:
    """A batch that surely fits on the device: as large as in training."""
    return getattr(runner.train_dataloader, 'batch_size', None) or n_samples


def noise_inputs(picture: Picture, runner: Any, model: nn.Module,
                 generator: torch.Generator) -> Iterator[dict]:
    """Noise, and labels for a conditional model.

    The noise of all samples is drawn at once, so it does not depend on the
    batch size. A model without a ``noise_size`` draws its own.
    """
    device = next(model.parameters()).device
    inputs = {}
    noise_size = getattr(model, 'noise_size', None)
    if isinstance(noise_size, int):
        inputs['noise'] = torch.randn(
            picture.n_samples, noise_size, generator=generator).to(device)
    labels = labels_of(picture, model)
    if labels is not None:
        inputs['labels'] = labels.to(device)
    options = sampling_options(picture)
    size = batch_size_of(runner, picture.n_samples)
    for start in range(0, picture.n_samples, size):
        stop = min(start + size, picture.n_samples)
        batch = {key: value[start:stop] for key, value in inputs.items()}
        yield dict(inputs=dict(num_batches=stop - start, **batch, **options))


def denoising_inputs(picture: Picture, runner: Any, model: nn.Module,
                     generator: torch.Generator) -> Iterator[dict]:
    """Noise of a diffusion model that shows its way: one image in each row.

    The first of a row is the noise, the last the result. A conditional model
    makes one class in each row.
    """
    rows = -(-picture.n_samples // picture.n_row)
    device = next(model.parameters()).device
    inputs = dict(noise=torch.randn(
        rows, *model.image_shape, generator=generator).to(device))
    labels = labels_of(picture, model)
    if labels is not None:
        inputs['labels'] = labels[::picture.n_row].to(device)
    options = sampling_options(picture)
    options['sample_kwargs'] = dict(
        options.get('sample_kwargs', {}), show_steps=picture.n_row)
    size = batch_size_of(runner, rows)
    for start in range(0, rows, size):
        batch = {
            key: value[start:start + size] for key, value in inputs.items()
        }
        yield dict(inputs={**batch, **options})


def data_inputs(picture: Picture, runner: Any, model: nn.Module,
                generator: torch.Generator) -> Iterator[dict]:
    """The first batches of the validation data."""
    _require(runner.val_loop, picture, 'val', 'validation')
    yield from runner.val_dataloader


def training_sources(picture: Picture, runner: Any, model: nn.Module,
                     generator: torch.Generator) -> Iterator[dict]:
    """Samples of the training data, to be translated."""
    yield from _drawn_samples(picture, runner.train_dataloader, generator)


def validation_sources(picture: Picture, runner: Any, model: nn.Module,
                       generator: torch.Generator) -> Iterator[dict]:
    """Samples of the validation data, to be translated."""
    _require(runner.val_loop, picture, 'val', 'validation')
    yield from _drawn_samples(picture, runner.val_dataloader, generator)


def test_sources(picture: Picture, runner: Any, model: nn.Module,
                 generator: torch.Generator) -> Iterator[dict]:
    """Samples of the test data, to be translated."""
    _require(runner.test_loop, picture, 'test', 'test')
    yield from _drawn_samples(picture, runner.test_dataloader, generator)


def _require(loop: Any, picture: Picture, key: str, part: str) -> None:
    """Refuse a picture of data that the config does not have."""
    if loop is None:
        raise RuntimeError(
            f'GenVisualizationHook: {picture.name} has the type '
            f'{picture.type}, but the config has no {part} data. Set '
            f'{key}_dataloader, {key}_cfg and {key}_evaluator, or use '
            'another type.')


def _drawn_samples(picture: Picture, dataloader: DataLoader,
                   generator: torch.Generator) -> Iterator[dict]:
    """Random samples of a loader's dataset, in batches of the loader's size.

    The loader itself stays where it is.
    """
    dataset = dataloader.dataset
    if isinstance(dataset, SeededDataset):
        dataset = dataset.dataset
    order = torch.randperm(len(dataset), generator=generator)
    chosen = order[:picture.n_samples].tolist()
    size = loader_batch_size(dataloader)
    for start in range(0, len(chosen), size):
        yield dataloader.collate_fn(
            [dataset[index] for index in chosen[start:start + size]])


def argument_inputs(picture: Picture, runner: Any, model: nn.Module,
                    generator: torch.Generator) -> Iterator[dict]:
    """The inputs as the config gives them, in one batch."""
    if picture.forward_kwargs is None:
        raise ValueError(
            f'GenVisualizationHook: {picture.name} has the type Arguments but '
            "no forward_kwargs. Set it to the inputs of the model's val_step.")
    inputs = dict(num_batches=picture.n_samples, **sampling_options(picture))
    yield dict(inputs={**inputs, **picture.forward_kwargs})


InputMaker = Callable[[Picture, Any, nn.Module, torch.Generator],
                      Iterator[dict]]

VIS_INPUTS: dict[str, InputMaker] = {
    'GAN': noise_inputs,
    'Noise': noise_inputs,
    'SinGAN': noise_inputs,
    'DDPMDenoising': denoising_inputs,
    'Data': data_inputs,
    'Translation': training_sources,
    'TranslationTest': test_sources,
    'TranslationVal': validation_sources,
    'Arguments': argument_inputs,
}
