"""From a config and a checkpoint to images, by the functions of 1.x.

They answer tensors in the model's own range and order of channels, and draw
from the shared random state; `set_random_seed` sets it. `mmgen.apis.load`
gives pictures instead.
"""
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from mmcv.transforms import Compose
from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.runner import set_random_seed as set_mmengine_seed
from torch import Tensor, nn

from mmgen.apis.migration import Report, is_of_0x, migrate_state_dict
from mmgen.datasets.image_bytes import BrokenImageError
from mmgen.engine.checkpointing import load_weights
from mmgen.engine.launching import load_config
from mmgen.models.layers.noise_generator import LabelLike
from mmgen.registry import MODELS, TRANSFORMS
from mmgen.utils.checkpoint_file import local_checkpoint, read_checkpoint
from mmgen.utils.unwrap import unwrap

# A trained network and its average.
AVERAGES = (('generator', 'generator_ema'), ('denoising', 'denoising_ema'))


def set_random_seed(seed: int, deterministic: bool = False,
                    use_rank_shift: bool = True) -> None:
    """Seed Python, numpy and torch.

    Args:
        seed: 0 or more.
        deterministic: Whether cuDNN is held to algorithms that give the same
            numbers each time.
        use_rank_shift: Whether the number of the process is added.
    """
    set_mmengine_seed(seed, deterministic, use_rank_shift)


# ---------------------------------------------------------------- the model


def init_model(config: str | Path | Config,
               checkpoint: str | Path | None = None,
               device: str | torch.device = 'cuda:0',
               cfg_options: dict | None = None,
               trust_checkpoint: bool = False) -> nn.Module:
    """Build a model and load its weights.

    Args:
        config: A config or its file.
        checkpoint: A file or an address, of mmgen or MMGeneration; None to
            leave the weights as they are initialised.
        device: Where the model is wanted.
        cfg_options: Settings to change, by their path (``a.b.c``).
        trust_checkpoint: Let the file construct any object, which lets it run
            any code.

    Returns:
        The model in eval mode; its ``cfg`` is the config.

    Raises:
        ValueError: The config has no model.
        RuntimeError: The checkpoint is damaged, is that of another model, or
            needs to be trusted.
    """
    if isinstance(config, Config):
        config = config.copy()
        config.merge_from_dict(cfg_options or {})
    else:
        config = load_config(config, cfg_options)
    if 'model' not in config:
        raise ValueError(f'{config.filename or "The config"} has no model. '
                         'Is it a config of mmgen?')
    model = MODELS.build(config.model)
    if checkpoint is not None:
        file = local_checkpoint(checkpoint)
        weights = read_checkpoint(
            file, trust_checkpoint,
            'pass trust_checkpoint=True (--trust-checkpoint)')['state_dict']
        if is_of_0x(weights):
            weights = migrate_state_dict(weights, Report())
        load_weights(model, weights, False, file)
        fill_averages(model, weights)
    model.cfg = config
    return model.to(device).eval()


def fill_averages(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Give a network that a file lacks the weights of its average, or the
    average those of the network, which else would have random ones.

    Args:
        model: With the weights of the file.
        weights: The entries of the file.
    """
    for name, average in AVERAGES:
        if not hasattr(model, average):
            continue
        trained, averaged = (
            any(key.startswith(f'{part}.') for key in weights)
            for part in (name, average))
        network, ours = getattr(model, name), getattr(model, average)
        if trained and not averaged:
            ours.copy_weights(network)
            _say(f'The checkpoint has no {average}: it is a copy of {name}.')
        elif averaged and not trained:
            network.load_state_dict(ours.module.state_dict())
            _say(f'The checkpoint has no {name}: it is a copy of {average}.')


def _say(message: str) -> None:
    print_log(message, logger='current', level=30)


# ----------------------------------------------------------------- sampling


def sample_unconditional_model(model: nn.Module,
                               num_samples: int = 16,
                               num_batches: int = 4,
                               sample_model: str = 'ema',
                               **kwargs: Any) -> Tensor:
    """Make images.

    Args:
        model: What `init_model` gave.
        num_samples: How many.
        num_batches: Images at a time.
        sample_model: ``'ema'`` or ``'orig'``, the averaged generator or the
            trained one.
        **kwargs: ``noise``, a tensor with one row for each image or a
            function; ``sample_kwargs``, and whatever else there is: arguments
            of the generator.

    Returns:
        Float ``[num_samples, C, H, W]`` on the CPU, as the model makes them.
    """
    return _sampled(model, num_samples, num_batches, sample_model, kwargs)


def sample_conditional_model(model: nn.Module,
                             num_samples: int = 16,
                             num_batches: int = 4,
                             sample_model: str = 'ema',
                             label: LabelLike = None,
                             **kwargs: Any) -> Tensor:
    """Make images of classes.

    Args:
        model: See `sample_unconditional_model`.
        num_samples: Likewise.
        num_batches: Likewise.
        sample_model: Likewise.
        label: A class for all, a list or tensor with one for each image, or
            None to draw them evenly.
        **kwargs: See `sample_unconditional_model`.

    Returns:
        As there.

    Raises:
        ValueError: The model has no classes, or ``label`` another length.
    """
    if not getattr(model, 'num_classes', 0):
        raise ValueError(
            f'sample_conditional_model: this {type(model).__name__} has no '
            'classes. Use sample_unconditional_model.')
    labels = as_labels(label, num_samples, owner='sample_conditional_model')
    return _sampled(
        model, num_samples, num_batches, sample_model,
        dict(kwargs, labels=labels))


def as_labels(label: LabelLike, count: int, *,
              owner: str) -> Tensor | None:
    """The classes of ``count`` images, ``[N]``; None to have them drawn.

    Args:
        label: A class for all, or one for each.
        count: ``N``.
        owner: Who asks, for the message.

    Raises:
        ValueError: There are more or fewer classes than images.
    """
    if label is None:
        return None
    labels = torch.as_tensor(label)
    if labels.ndim == 0 or labels.shape == (1, ):
        labels = labels.expand(count)
    if labels.shape != (count, ):
        raise ValueError(
            f'{owner}: labels have shape {list(labels.shape)}, expected one '
            f'class, or {count}: one for each image.')
    return labels


def sample_ddpm_model(model: nn.Module,
                      num_samples: int = 16,
                      num_batches: int = 4,
                      sample_model: str = 'ema',
                      same_noise: bool = False,
                      save_intermedia: bool = False,
                      **kwargs: Any) -> Tensor | dict[int, Tensor]:
    """Make images with a diffusion model.

    Args:
        model: See `sample_unconditional_model`.
        num_samples: Likewise.
        num_batches: Likewise.
        sample_model: Likewise.
        same_noise: Whether all images start from the same noise and get the
            same on the way; without classes they are then equal.
        save_intermedia: Whether the images after each step are wanted.
        **kwargs: ``labels``, ``noise``; else arguments of the model's
            ``denoise``.

    Returns:
        As there; with ``save_intermedia`` by the number of steps still to
        come, from all of them to 0.

    Raises:
        TypeError: The model is no diffusion model.
    """
    if not hasattr(model, 'num_inference_steps'):
        raise TypeError(
            f'sample_ddpm_model: {type(model).__name__} does not take noise '
            'out step by step. Use sample_unconditional_model.')
    steps = kwargs.get('num_inference_steps') or model.num_inference_steps
    if same_noise:
        shape = model.image_shape
        kwargs['noise'] = torch.randn(1, *shape).expand(num_samples, *shape)
        on_the_way = torch.randn(steps, 1, *shape, device=model.device)
        kwargs['timesteps_noise'] = lambda size: on_the_way.expand(
            -1, size, *shape)
    if not save_intermedia:
        return _sampled(model, num_samples, num_batches, sample_model, kwargs)
    images = _sampled(model, num_samples, num_batches, sample_model,
                      dict(kwargs, show_steps=steps + 1))
    by_step = images.unflatten(0, (num_samples, steps + 1)).unbind(1)
    return {steps - done: batch for done, batch in enumerate(by_step)}


# What of the keywords is meant for the model, not for its generator.
FOR_THE_MODEL = ('noise', 'labels')


@torch.no_grad()
def _sampled(model: nn.Module, num_samples: int, batch_size: int,
             sample_model: str, options: dict) -> Tensor:
    """``[N, C, H, W]`` in batches; see `sample_unconditional_model`."""
    if num_samples < 1 or batch_size < 1:
        raise ValueError(
            f'num_samples={num_samples} and num_batches={batch_size} '
            '(images at a time), expected numbers of at least 1.')
    if sample_model not in ('ema', 'orig'):
        raise ValueError(
            f"sample_model={sample_model!r}, expected 'ema' or 'orig'. For "
            'both ask twice, with the same seed before each.')
    model.eval()
    given = {key: options[key] for key in FOR_THE_MODEL if key in options}
    rest = {key: value for key, value in options.items()
            if key not in (*FOR_THE_MODEL, 'sample_kwargs')}
    rest.update(options.get('sample_kwargs') or {})
    noise_on_the_way = rest.pop('timesteps_noise', None)
    images = []
    for start in range(0, num_samples, batch_size):
        part = slice(start, min(start + batch_size, num_samples))
        size = part.stop - part.start
        if noise_on_the_way is not None:
            rest['timesteps_noise'] = noise_on_the_way(size) if callable(
                noise_on_the_way) else noise_on_the_way[:, part]
        inputs = {key: value[part] if isinstance(value, Tensor) else value
                  for key, value in given.items()}
        samples = unwrap(model).test_step(
            dict(inputs=dict(num_batches=size, sample_model=sample_model,
                             sample_kwargs=dict(rest), **inputs)))
        images += [sample.fake_img.data.cpu() for sample in samples]
    return torch.stack(images)


# -------------------------------------------------------------- translation


@torch.no_grad()
def sample_img2img_model(model: nn.Module,
                         image_path: str | Path,
                         target_domain: str | None = None,
                         **kwargs: Any) -> Tensor:
    """Translate an image file.

    It is read and resized as the test data of the model's config is.

    Args:
        model: A translation model, what `init_model` gave.
        image_path: Of an image of a source domain.
        target_domain: Into which domain; None for the model's default.
        **kwargs: Arguments of the generator.

    Returns:
        Float ``[1, C, H, W]`` on the CPU, as the model makes it.

    Raises:
        TypeError: The model does not translate.
        ValueError: The domain is not one that it reaches.
    """
    if not hasattr(model, 'translation'):
        raise TypeError(
            f'sample_img2img_model: {type(model).__name__} does not '
            'translate. Use a translation model such as Pix2Pix.')
    model.eval()
    image = source_image(model, image_path, target_domain)
    return model.translation(image, target_domain, **kwargs).cpu()


def source_image(model: nn.Module, path: str | Path,
                 target_domain: str | None = None) -> Tensor:
    """An image file as the model takes it, ``[1, C, H, W]``.

    Args:
        model: A translation model with its ``cfg``.
        path: The file.
        target_domain: Into which it is to be translated.

    Raises:
        ValueError: The file is missing or no image.
    """
    target = target_domain or model.default_domain
    source, *_ = model.get_other_domains(target)
    loading, steps = _test_pipeline(model.cfg)
    load = TRANSFORMS.build(dict(loading, type='LoadImageFromFile', key='img'))
    try:
        image = load(dict(img_path=str(path)))['img']
    except BrokenImageError as error:
        raise ValueError(f'{error}. Give the file of an image.') from error
    # Transforms of pairs ask for all domains: each gets the same image.
    results = {f'img_{domain}': image for domain in model.related_domains}
    steps = [TRANSFORMS.build(dict(step)) for step in (
        *steps, dict(type='PackGenInputs', keys=list(results)))]
    packed = Compose(steps)(results)['inputs'][f'img_{source}']
    data = model.data_preprocessor(dict(inputs=dict(img=packed[None])), False)
    return data['inputs']['img']


LOADING = ('flag', 'channel_order', 'backend')


def _test_pipeline(cfg: Config) -> tuple[dict, Sequence[dict]]:
    """How test images are decoded, and what is done to them then."""
    loader = cfg.get('test_dataloader') or cfg.get('val_dataloader') or {}
    pipeline = loader.get('dataset', {}).get('pipeline', [])
    loading = {key: step[key] for step in pipeline for key in LOADING
               if step['type'].startswith('Load') and key in step}
    return loading, [
        step for step in pipeline
        if not step['type'].startswith(('Load', 'Pack', 'Flip'))
    ]
