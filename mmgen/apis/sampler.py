"""The plain door: a run, or a config and a checkpoint, and then pictures."""
import inspect
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.logging import print_log
from torch import Tensor, nn

from mmgen.apis.draws import PerImageDraws
from mmgen.apis.inference import as_labels, init_model
from mmgen.apis.run_folder import run_checkpoint, run_config
from mmgen.evaluation.samplers import sampled_generator
from mmgen.models.base.sampling import chosen_model
from mmgen.models.layers.noise_generator import LabelLike
from mmgen.utils.randomness import (mix_seed, seed_everything,
                                    unchanged_random_state)


def load(config_or_run_dir: str | Path,
         checkpoint: str | Path | None = None,
         device: str | torch.device | None = None,
         cfg_options: dict | None = None,
         trust_checkpoint: bool = False) -> 'Sampler':
    """Load a trained model.

    Args:
        config_or_run_dir: File of a config, or work directory of a run.
        checkpoint: A file or an address; None for the best, else the newest
            of the work directory.
        device: Where the model is wanted; None for a GPU if there is one.
        cfg_options: See `init_model`.
        trust_checkpoint: See `init_model`.

    Raises:
        ValueError: A config without a checkpoint.
        FileNotFoundError: The work directory lacks one of the two.
        RuntimeError: See `init_model`.
    """
    config = Path(config_or_run_dir)
    if config.is_dir():
        checkpoint = checkpoint or run_checkpoint(config)
        config = run_config(config)
    elif checkpoint is None:
        raise ValueError(
            f'{config}: the config alone gives random weights. Give a '
            'checkpoint too, or the work directory of a run.')
    device = device or ('cuda' if torch.cuda.is_available() else 'cpu')
    return Sampler(
        init_model(config, checkpoint, device, cfg_options, trust_checkpoint))


class Sampler:
    """Makes pictures, the same ones for the same seed.

    All random numbers of an image (noise, a class that is not given, the
    noise that layers add, that of a diffusion's steps) follow from the seed
    and the image's place, see `PerImageDraws`. Where a network draws numbers
    for a whole batch at once, images are made one by one.

    With the default of one image at a time, pictures are the same to the bit
    however many are asked for. In batches, which are faster, the numbers
    drawn are the same, but convolutions sum in another order, and now and
    then a pixel differs by one level of 255.

    Args:
        model: In eval mode, with weights.

    Raises:
        TypeError: The model translates images.
    """

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.one_by_one = False

    def sample(self,
               n: int,
               seed: int = 0,
               labels: LabelLike = None,
               truncation: float = 1.0,
               batch_size: int = 1,
               sample_model: str | None = None,
               **sample_kwargs: Any) -> np.ndarray:
        """Make pictures.

        Args:
            n: How many.
            seed: 0 or more. The first pictures of a seed are the same however
                many are asked for.
            labels: A class for all, a list with one for each, or None to draw
                them evenly.
            truncation: 1 for none. Towards 0 images become more alike and
                better: a style is drawn to the mean one by this factor, noise
                of BigGAN is cut off at this value.
            batch_size: Images at a time.
            sample_model: ``'ema'`` or ``'orig'``; None for the averaged
                generator if there is one.
            **sample_kwargs: Further arguments of the generator.

        Returns:
            uint8 RGB, ``[n, H, W, 3]``.

        Raises:
            ValueError: A number out of range, labels or truncation for a
                model that knows none.
        """
        return np.concatenate(list(self.batches(
            n, seed, labels, truncation, batch_size, sample_model,
            **sample_kwargs)))

    def batches(self,
                n: int,
                seed: int = 0,
                labels: LabelLike = None,
                truncation: float = 1.0,
                batch_size: int = 1,
                sample_model: str | None = None,
                **sample_kwargs: Any) -> Iterator[np.ndarray]:
        """The pictures of `sample`, batch by batch."""
        self._check(n, seed, batch_size, sample_model, labels)
        options = dict(sample_kwargs, **self._truncation(truncation))
        labels = as_labels(labels, n, owner='sample')

        def make(part: slice) -> Tensor:
            inputs = dict(num_batches=part.stop - part.start,
                          sample_model=sample_model, sample_kwargs=options)
            if labels is not None:
                inputs['labels'] = labels[part]
            samples = self.model.test_step(dict(inputs=inputs))
            return torch.stack([sample.fake_img.data for sample in samples])

        seeds = [mix_seed(seed, place) for place in range(n)]
        yield from self._pictures(make, seeds, batch_size)

    def noise(self, n: int, seed: int = 0) -> Tensor:
        """The noise of `sample`'s pictures, ``[n, Z]``."""
        self._check(n, seed, 1, None, None)
        with PerImageDraws([mix_seed(seed, place) for place in range(n)]):
            return self.model.noise_fn(num_batches=n)

    def labels(self, label: LabelLike, n: int,
               seed: int = 0) -> Tensor | None:
        """The classes of ``n`` images, ``[n]``; None if there are none.

        Args:
            label: A class for all, or one for each; None to draw them.
            n: How many.
            seed: Of the classes that are drawn.

        Raises:
            ValueError: Another number of classes, or one for a model that
                has none.
        """
        self._check(n, seed, 1, None, label)
        if not getattr(self.model, 'num_classes', 0):
            return None
        given = as_labels(label, n, owner=type(self.model).__name__)
        # Other numbers than those of the noise.
        with PerImageDraws([mix_seed(seed, place, 1) for place in range(n)]):
            return self.model.label_fn(given, n)

    def styles(self, noise: Tensor, labels: Tensor | None = None,
               sample_model: str | None = None) -> Tensor:
        """The styles of noise, ``[N, D]`` or ``[N, L, D]``.

        Args:
            noise: ``[N, Z]``.
            labels: Classes ``[N]`` of a model that has some.
            sample_model: See `sample`.

        Raises:
            ValueError: The generator has no styles.
        """
        network = self.generator(sample_model)
        if not hasattr(network, 'map_noise'):
            raise ValueError(
                f'{type(network).__name__} has no styles (space w). Use the '
                'noise (space z), or a StyleGAN.')
        given = () if labels is None else (labels, )
        with torch.no_grad():
            return network.map_noise(noise, *given)

    def render(self,
               latents: Tensor,
               labels: Tensor | None = None,
               seed: int = 0,
               truncation: float = 1.0,
               batch_size: int = 1,
               sample_model: str | None = None,
               noises: Sequence[Tensor] = (),
               **kwargs: Any) -> Iterator[np.ndarray]:
        """Pictures of given latents, batch by batch.

        What is random beside is the same in all, so that they differ by their
        latents alone.

        Args:
            latents: Noise ``[N, Z]``; styles with ``input_is_latent=True``.
            labels: Classes ``[N]``, or embeddings ``[N, D]``.
            seed: Of what is random beside.
            truncation: See `sample`.
            batch_size: See `sample`.
            sample_model: See `sample`.
            noises: For each place where a StyleGAN adds noise, maps
                ``[N, 1, H, W]``; none to draw them.
            **kwargs: Further arguments of the generator.
        """
        self._check(len(latents), seed, batch_size, sample_model, labels)
        network = self.generator(sample_model)
        kwargs.update(self._truncation(truncation))

        def make(part: slice) -> Tensor:
            given = {} if labels is None else dict(label=labels[part])
            if noises:
                given['injected_noise'] = [maps[part] for maps in noises]
            return network(latents[part], **given, **kwargs)

        seeds = [mix_seed(seed)] * len(latents)
        yield from self._pictures(make, seeds, batch_size)

    def generator(self, sample_model: str | None = None) -> nn.Module:
        """The network that makes the images of a GAN.

        Args:
            sample_model: See `sample`.
        """
        which = chosen_model(sample_model, self.model.with_ema_gen,
                             owner=type(self.model).__name__)
        return sampled_generator(self.model, which)

    @torch.no_grad()
    def _pictures(self, make: Any, seeds: Sequence[int],
                  batch_size: int) -> Iterator[np.ndarray]:
        """uint8 RGB ``[N, H, W, 3]`` of consecutive places.

        Args:
            make: From places to images as the model makes them.
            seeds: One for each place.
            batch_size: Places at a time.
        """
        for start in range(0, len(seeds), batch_size):
            stop = min(start + batch_size, len(seeds))
            images = None
            if not self.one_by_one:
                images = self._drawn(make, slice(start, stop), seeds)
            if images is None:
                self.one_by_one = True
                images = torch.cat([
                    self._drawn(make, slice(place, place + 1), seeds)
                    for place in range(start, stop)
                ])
            pixels = self.model.data_preprocessor.to_uint8_rgb(images)
            yield pixels.permute(0, 2, 3, 1).contiguous().cpu().numpy()

    def _drawn(self, make: Any, part: slice,
               seeds: Sequence[int]) -> Tensor | None:
        """Images of their own random numbers; None if the batch shared any."""
        device = next(self.model.parameters()).device
        with unchanged_random_state():
            seed_everything(seeds[part.start])
            before = _shared_state(device)
            with PerImageDraws(seeds[part]):
                images = make(part)
            shared = not torch.equal(before, _shared_state(device))
        if not shared or part.stop - part.start == 1:
            return images
        print_log(
            f'{type(self.model).__name__} draws random numbers for a whole '
            'batch: images are made one by one, so that they do not depend '
            'on the batch size.',
            logger='current')
        return None

    def _truncation(self, truncation: float) -> dict[str, float]:
        """The argument of the generator, none where nothing is truncated."""
        if truncation == 1:
            return {}
        network = self.generator() if hasattr(self.model, 'generator') \
            else self.model
        if hasattr(network, 'get_mean_latent'):
            return dict(truncation=truncation)
        known = 'truncation' in inspect.signature(network.forward).parameters
        if known and truncation <= 0:
            raise ValueError(
                f'truncation={truncation}, but {type(network).__name__} cuts '
                'its noise off there: expected a number above 0.')
        if known:
            return dict(truncation=truncation)
        raise ValueError(
            f'truncation={truncation}, but {type(network).__name__} knows '
            'none. Leave it at 1.')

    def _check(self, n: int, seed: int, batch_size: int,
               sample_model: str | None, labels: LabelLike) -> None:
        """Refuse what cannot be."""
        name = type(self.model).__name__
        if hasattr(self.model, 'translation'):
            raise TypeError(
                f'{name} translates images and makes none of noise. Use '
                'mmgen.apis.sample_img2img_model(sampler.model, image_path).')
        if n < 1 or batch_size < 1 or seed < 0:
            raise ValueError(
                f'n={n}, batch_size={batch_size} and seed={seed}, expected '
                'at least 1 image, 1 at a time, and a seed of 0 or more.')
        if sample_model not in (None, 'ema', 'orig'):
            raise ValueError(
                f"sample_model={sample_model!r}, expected 'ema', 'orig' or "
                'None.')
        if labels is not None and not getattr(self.model, 'num_classes', 0):
            raise ValueError(
                f'labels are given, but this {name} has no classes. Leave '
                'them out.')


def _shared_state(device: torch.device) -> Tensor:
    """The random states that a network draws from on its own."""
    states = [torch.get_rng_state()]
    if device.type == 'cuda':
        states.append(torch.cuda.get_rng_state(device))
    return torch.cat(states)
