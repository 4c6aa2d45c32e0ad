"""The step that all GANs share: who is updated, and when.

A family gives the losses (`BaseGAN.gan_type`, or `disc_loss` and `gen_loss`);
everything else is here: updates and their cadence, accumulation, the averaged
generator, augmentation, sampling.
"""
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import torch
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn

from mmgen.models.base.data_preprocessor import build_preprocessor
from mmgen.models.base.ema import build_average, update_average
from mmgen.models.base.sampling import chosen_model, image_sample
from mmgen.models.base.updates import accumulation, updates_so_far
from mmgen.models.layers.noise_generator import resolve_noise
from mmgen.models.losses import gan_loss
from mmgen.registry import MODELS
from mmgen.structures import GenDataSample
from mmgen.utils.unwrap import unwrap


@dataclass(frozen=True)
class DiscBatch:
    """A batch of the discriminator, for penalties.

    Attributes:
        update: Updates of the discriminator before this one.
        fake_imgs: ``[N, C, H, W]`` as the discriminator saw them, without a
            graph.
        real_imgs: Likewise.
        real_conditions: What it was told about the real ones.
    """

    update: int
    fake_imgs: Tensor
    real_imgs: Tensor
    real_conditions: dict[str, Tensor]


@dataclass(frozen=True)
class GenBatch:
    """A batch of the generator, for penalties.

    Attributes:
        update: Updates of the generator before this one.
        conditions: What the generator was given.
    """

    update: int
    conditions: dict[str, Tensor]


class BaseGAN(BaseModel):
    """A generator and a discriminator that are trained in turns.

    One `train_step` takes one batch to the discriminator. When the
    discriminator has been updated ``discriminator_steps`` times (each update
    after as many batches as its optimiser accumulates), the generator is
    updated ``generator_steps`` times, and the average of its weights once.

    Args:
        generator: The generator or its config.
        discriminator: The discriminator or its config; None for a model that
            only samples.
        data_preprocessor: The preprocessor or its config; None for the
            default `GANDataPreprocessor`.
        generator_steps: Consecutive updates of the generator.
        discriminator_steps: Consecutive updates of the discriminator.
        noise_size: Size ``Z`` of the noise; None for that of the generator.
        ema_config: Config of the averaged generator; None for no average.
            ``start_iter`` is the number of generator turns during which the
            average is a plain copy. Without a ``type`` it is an
            `ExponentialMovingAverage`.
        loss_config: Settings of the family's losses.
        disc_augment: A module, or its config, that augments all images that
            the discriminator sees, real and generated alike, and lets
            gradients through to the generator; None for none. One that adapts
            has a method ``observe``, see `show_answers`.

    Attributes:
        gan_type: The adversarial loss, a name that `gan_loss` knows; None in
            a class that overrides `disc_loss` and `gen_loss`.

    Raises:
        ValueError: A step count below 1, or a noise size that is not the
            generator's.
    """

    gan_type: str | None = None

    def __init__(self,
                 generator: nn.Module | dict,
                 discriminator: nn.Module | dict | None = None,
                 data_preprocessor: nn.Module | dict | None = None,
                 generator_steps: int = 1,
                 discriminator_steps: int = 1,
                 noise_size: int | None = None,
                 ema_config: dict | None = None,
                 loss_config: dict | None = None,
                 disc_augment: nn.Module | dict | None = None) -> None:
        super().__init__(
            data_preprocessor=build_preprocessor(data_preprocessor))
        for name, steps in (('generator_steps', generator_steps),
                            ('discriminator_steps', discriminator_steps)):
            if not isinstance(steps, int) or steps < 1:
                raise ValueError(
                    f'{type(self).__name__}: {name}={steps}, expected a '
                    'number of updates of at least 1.')
        self.generator_steps = generator_steps
        self.discriminator_steps = discriminator_steps
        self.loss_config = dict(loss_config or {})
        self.generator = self._build_network(generator, noise_size=noise_size)
        self.discriminator = self._build_network(discriminator)
        self.disc_augment = self._build_network(disc_augment)
        self.noise_size = self._agree(
            'noise_size', noise_size,
            getattr(self.generator, 'noise_size', None))
        self.ema_start = 0
        if ema_config is not None:
            self.generator_ema = self._build_ema(ema_config)

    # ------------------------------------------------------------- assembly

    def _build_network(self, network: nn.Module | dict | None,
                       **defaults: Any) -> nn.Module | None:
        """A network from its config, with ``defaults`` where both lack it."""
        if not isinstance(network, dict):
            return network
        network = deepcopy(network)
        for key, value in defaults.items():
            if value is not None:
                network.setdefault(key, value)
        return MODELS.build(network)

    def _agree(self, name: str, ours: int | None,
               networks: int | None) -> int | None:
        """The number that the model and its generator both go by."""
        if ours is not None and networks is not None and ours != networks:
            raise ValueError(
                f'{type(self).__name__}: {name}={ours}, but the generator has '
                f'{name}={networks}. Give both the same number.')
        return networks if ours is None else ours

    def _build_ema(self, ema_config: dict) -> nn.Module:
        """The averaged generator."""
        average, self.ema_start = build_average(ema_config, self.generator)
        return average

    @property
    def with_ema_gen(self) -> bool:
        """Whether there is an averaged generator."""
        return hasattr(self, 'generator_ema')

    @property
    def device(self) -> torch.device:
        """Where the generator is."""
        return next(self.generator.parameters()).device

    # ------------------------------------------------------------- training

    def train_step(self, data: dict,
                   optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """Train on one batch.

        Args:
            data: A batch of the data loader.
            optim_wrapper: One optimiser each under the keys ``generator``
                and ``discriminator``.

        Returns:
            Scalars to log: the losses of this step.
        """
        data = self.data_preprocessor(data, True)
        return self.take_turns(
            data['inputs'], data['data_samples'], optim_wrapper)

    def take_turns(self, inputs: dict, data_samples: list | None,
                   optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """The discriminator's turn, then the generator's if it is due."""
        log_vars = self.disc_turn(inputs, data_samples, optim_wrapper)
        if self.generator_is_due(optim_wrapper):
            log_vars.update(self.gen_turn(inputs, data_samples, optim_wrapper))
        return log_vars

    def disc_turn(self, inputs: dict, data_samples: list | None,
                  optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """One batch for the discriminator."""
        optimizer = optim_wrapper['discriminator']
        with optimizer.optim_context(self.discriminator):
            return self.train_discriminator(inputs, data_samples, optimizer)

    def gen_turn(self, inputs: dict, data_samples: list | None,
                 optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """All updates of the generator that are due, then its average."""
        optimizer = optim_wrapper['generator']
        self.discriminator.requires_grad_(False)
        logs = []
        for _ in range(self.generator_steps * accumulation(optimizer)):
            with optimizer.optim_context(self.generator):
                logs.append(
                    self.train_generator(inputs, data_samples, optimizer))
        self.discriminator.requires_grad_(True)
        if self.with_ema_gen:
            self.update_ema(optim_wrapper)
        return {
            key: torch.stack([torch.as_tensor(log[key]) for log in logs]).mean()
            for key in logs[0]
        }

    def generator_is_due(self, optim_wrapper: OptimWrapperDict) -> bool:
        """Whether the discriminator has had all its consecutive updates."""
        return optim_wrapper['discriminator'].inner_count \
            % self._batches_per_turn(optim_wrapper) == 0

    def _batches_per_turn(self, optim_wrapper: OptimWrapperDict) -> int:
        """Batches from one turn of the generator to the next."""
        return self.discriminator_steps * accumulation(
            optim_wrapper['discriminator'])

    def update_ema(self, optim_wrapper: OptimWrapperDict) -> None:
        """Take the generator into its average, or copy it before the start."""
        turns = optim_wrapper['discriminator'].inner_count \
            // self._batches_per_turn(optim_wrapper)
        update_average(self.generator_ema, unwrap(self.generator), turns,
                       self.ema_start)

    def train_discriminator(self, inputs: dict, data_samples: list | None,
                            optimizer_wrapper: OptimWrapper
                            ) -> dict[str, Tensor]:
        """Losses of the discriminator on one batch, and their backward pass.

        The fake images are made without a graph.
        """
        conditions = self.batch_conditions(inputs, data_samples)
        with torch.no_grad():
            fake_imgs = self.disc_fakes(conditions)
        fake_imgs = self.augment(fake_imgs)
        real_imgs = self.augment(inputs['img'])
        real_conditions = self.real_conditions(data_samples)
        fake_logits = self.discriminator(
            fake_imgs, **self.disc_conditions(conditions))
        real_logits = self.discriminator(real_imgs, **real_conditions)
        penalties = self.disc_penalties(
            DiscBatch(
                updates_so_far(optimizer_wrapper), fake_imgs, real_imgs,
                real_conditions))
        loss, log_vars = self._total(
            self.disc_loss(fake_logits, real_logits), penalties)
        log_vars.update(
            self.show_answers(real_logits, optimizer_wrapper.inner_count))
        optimizer_wrapper.update_params(loss)
        return log_vars

    def train_generator(self, inputs: dict, data_samples: list | None,
                        optimizer_wrapper: OptimWrapper) -> dict[str, Tensor]:
        """Loss of the generator on as many fakes as the batch has images.

        The discriminator's parameters are frozen, so it is called without
        its distributed wrapper.
        """
        conditions = self.batch_conditions(inputs, data_samples)
        fake_imgs = self.augment(self.generator(**conditions))
        fake_logits = unwrap(self.discriminator)(
            fake_imgs, **self.disc_conditions(conditions))
        penalties = self.gen_penalties(
            GenBatch(updates_so_far(optimizer_wrapper), conditions))
        loss, log_vars = self._total(
            self.batch_gen_loss(fake_logits, inputs, data_samples), penalties)
        log_vars.pop('loss', None)  # the log's is the discriminator's
        optimizer_wrapper.update_params(loss)
        return log_vars

    def disc_fakes(self, conditions: dict) -> Tensor:
        """The generator's images of the discriminator's turn."""
        return unwrap(self.generator)(**conditions)

    def augment(self, images: Tensor) -> Tensor:
        """The images ``[N, C, H, W]`` as the discriminator sees them."""
        return images if self.disc_augment is None \
            else self.disc_augment(images)

    def show_answers(self, real_logits: Tensor,
                     batch: int) -> dict[str, Tensor]:
        """Tell augmentations that adapt how the discriminator is doing.

        ``disc_augment``, and a discriminator that augments by itself, may
        have a method ``observe(real_logits, batch)``. It gets the logits of
        augmented real images, without a graph, and the number of batches
        before this one, and returns scalars to log.
        """
        log = {}
        for module in (self.disc_augment, unwrap(self.discriminator)):
            if hasattr(module, 'observe'):
                log.update(module.observe(real_logits.detach(), batch))
        return log

    def disc_loss(self, fake_logits: Tensor,
                  real_logits: Tensor) -> dict[str, Tensor]:
        """What the paper asks of the discriminator; names to scalars."""
        gan_type = self._gan_type('disc_loss')
        return dict(
            loss_disc_fake=gan_loss(fake_logits, gan_type, False, is_disc=True),
            loss_disc_real=gan_loss(real_logits, gan_type, True, is_disc=True))

    def gen_loss(self, fake_logits: Tensor) -> dict[str, Tensor]:
        """What the paper asks of the generator; names to scalars."""
        gan_type = self._gan_type('gen_loss')
        return dict(loss_gen=gan_loss(fake_logits, gan_type, True))

    def batch_gen_loss(self, fake_logits: Tensor, inputs: dict,
                       data_samples: list | None) -> dict[str, Tensor]:
        """`gen_loss`, for papers that compare with the real images."""
        return self.gen_loss(fake_logits)

    def _gan_type(self, wanted: str) -> str:
        """The adversarial loss of this class."""
        if self.gan_type is None:
            raise NotImplementedError(
                f'{type(self).__name__} has no {wanted}. Set gan_type in the '
                'class, or return the losses by name from disc_loss and '
                'gen_loss.')
        return self.gan_type

    def disc_penalties(self, batch: DiscBatch) -> dict[str, Tensor]:
        """What else the discriminator's turn minimises; names to scalars."""
        return {}

    def gen_penalties(self, batch: GenBatch) -> dict[str, Tensor]:
        """What else the generator's turn minimises; names to scalars."""
        return {}

    def _total(self, losses: dict | tuple,
               penalties: dict[str, Tensor]) -> tuple[Tensor, dict]:
        """The sum to differentiate, and all parts for the log.

        Losses of 1.x subclasses come with their sum.
        """
        if isinstance(losses, tuple) and not penalties:
            return losses
        return self.parse_losses({**losses, **penalties})

    def batch_conditions(self, inputs: dict,
                         data_samples: list | None) -> dict[str, Tensor]:
        """Arguments of the generator for as many images as a batch has."""
        return self.draw_conditions(len(inputs['img']))

    def draw_conditions(self, batch_size: int) -> dict[str, Tensor]:
        """Arguments of the generator for ``batch_size`` random images."""
        return dict(noise=self.noise_fn(num_batches=batch_size))

    def disc_conditions(self, conditions: dict) -> dict[str, Tensor]:
        """What of the generator's arguments the discriminator is told."""
        return {}

    def real_conditions(self, data_samples: list | None) -> dict[str, Tensor]:
        """What the discriminator is told about the real images."""
        return {}

    # ------------------------------------------------------------- sampling

    def noise_fn(self, noise: Any = None, num_batches: int = 0) -> Tensor:
        """Noise as a tensor.

        Args:
            noise: A tensor ``[N, Z]``, a function that makes one, or None to
                draw it.
            num_batches: How many, where ``noise`` does not say it.

        Returns:
            ``[N, Z]`` on the model's device.
        """
        return resolve_noise(
            noise,
            num_batches,
            self.noise_size,
            self.device,
            owner=type(self).__name__)

    @torch.no_grad()
    def forward(self,
                inputs: dict | Tensor,
                data_samples: list | None = None,
                mode: str | None = None) -> list[GenDataSample]:
        """Make images.

        Args:
            inputs: The noise, or a dict with any of ``noise``,
                ``num_batches``, ``labels`` (conditional models),
                ``sample_model`` (``'ema'``, ``'orig'`` or ``'ema/orig'``) and
                ``sample_kwargs`` (further arguments of the generator).
            data_samples: Samples to add the images to.
            mode: Unused; MMEngine hands it over.

        Returns:
            One sample for each image, with ``fake_img`` (float, [-1, 1],
            ``[C, H, W]``), ``noise``, ``sample_model`` and
            ``sample_kwargs``. For ``'ema/orig'`` it has ``ema`` and ``orig``,
            each a sample with its own ``fake_img``.
        """
        inputs = dict(noise=inputs) if isinstance(inputs, Tensor) else inputs
        which = self._chosen_model(inputs)
        conditions = self.given_conditions(inputs)
        sample_kwargs = inputs.get('sample_kwargs') or {}
        images = {
            name: self._network(name)(**conditions, **sample_kwargs)
            for name in which.split('/')
        }
        about = dict(sample_model=which, sample_kwargs=sample_kwargs)
        samples = [
            self._data_sample(index, images, conditions, about)
            for index in range(len(conditions['noise']))
        ]
        for sample, given in zip(samples, data_samples or []):
            sample.set_metainfo(given.metainfo)
        return samples

    def given_conditions(self, inputs: dict) -> dict[str, Tensor]:
        """Arguments of the generator from what a caller gave."""
        noise, count = inputs.get('noise'), inputs.get('num_batches') or 0
        if (inputs.get('sample_kwargs') or {}).get('input_is_latent'):
            return dict(noise=self._given_styles(noise, count))
        return dict(noise=self.noise_fn(noise, count))

    def _given_styles(self, styles: Any, count: int) -> Tensor:
        """Styles ``[N, D]``, which need not be as long as noise is.

        Args:
            styles: A tensor, or a function from the shape of the noise,
                ``(N, Z)``, to one.
            count: ``N``; 0 where the tensor says it.
        """
        if callable(styles) and not isinstance(styles, Tensor):
            styles = styles((count, self.noise_size))
        return resolve_noise(
            styles, count, None, self.device, owner=type(self).__name__)

    def _chosen_model(self, inputs: dict) -> str:
        """The value of ``sample_model``, by default the best there is."""
        return chosen_model(
            inputs.get('sample_model'), self.with_ema_gen,
            owner=type(self).__name__)

    def _network(self, name: str) -> nn.Module:
        """The generator called ``'ema'`` or ``'orig'``."""
        return self.generator_ema if name == 'ema' else unwrap(self.generator)

    def _data_sample(self, index: int, images: dict[str, Tensor],
                     conditions: dict[str, Tensor],
                     about: dict) -> GenDataSample:
        """The sample of the image ``index``."""
        return image_sample(
            index, images, noise=conditions['noise'][index], **about)

    def val_step(self, data: dict) -> list[GenDataSample]:
        """Make the images that ``data['inputs']`` asks for."""
        return self.test_step(data)

    def test_step(self, data: dict) -> list[GenDataSample]:
        """Make the images that ``data['inputs']`` asks for."""
        return self.forward(data['inputs'], data.get('data_samples'))
