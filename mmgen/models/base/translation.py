"""The step that models share which turn images of one domain into another's.

A domain is a kind of image with a name, such as ``photo``; a batch has its
images under ``img_photo``, an answer its translations under ``fake_photo``.
"""
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from typing import Any

import torch
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn

from mmgen.models.base.data_preprocessor import build_preprocessor
from mmgen.models.base.updates import accumulation
from mmgen.models.layers import load_pretrained
from mmgen.models.losses import gan_loss
from mmgen.registry import MODELS
from mmgen.structures import GenDataSample, PixelData
from mmgen.utils.unwrap import unwrap

# Isola et al. 2016, arXiv:1611.07004, section 3.3, and Zhu et al. 2017,
# arXiv:1703.10593, section 7.1: the discriminator's objective is halved, so
# that it learns more slowly than the generator.
DISC_SHARE = 0.5


@MODELS.register_module()
class BaseTranslationModel(BaseModel):
    """Which domains there are, and how a model is asked for a translation.

    A subclass has `translate_to`, which does it.

    Args:
        default_domain: Target where the caller names none.
        reachable_domains: Targets, domains that the model makes images of.
        related_domains: All domains that it knows. The source of a target is
            another of them.
        discriminator_steps: Consecutive updates of the discriminators.
        disc_init_steps: Updates of the discriminators before the first one of
            the generators.
        real_img_key: Known from 1.x. Real images are found by their domain's
            name, so nothing depends on it.
        data_preprocessor: The preprocessor or its config; None for the
            default `GANDataPreprocessor`.

    Raises:
        ValueError: Domains that contradict each other, or a step count that
            cannot be.
    """

    with_ema_gen = False  # translation models have no averaged generator

    def __init__(self,
                 default_domain: str,
                 reachable_domains: Sequence[str],
                 related_domains: Sequence[str],
                 discriminator_steps: int = 1,
                 disc_init_steps: int = 0,
                 real_img_key: str = 'real_img',
                 data_preprocessor: nn.Module | dict | None = None) -> None:
        super().__init__(
            data_preprocessor=build_preprocessor(data_preprocessor))
        self.default_domain = default_domain
        self.reachable_domains = list(reachable_domains)
        self.related_domains = list(related_domains)
        self.discriminator_steps = discriminator_steps
        self.disc_init_steps = disc_init_steps
        self._check_settings()

    def _check_settings(self) -> None:
        """Refuse what cannot be, with the reason."""
        name = type(self).__name__
        if not set(self.reachable_domains) <= set(self.related_domains) \
                or len(set(self.related_domains)) < 2:
            raise ValueError(
                f'{name}: reachable_domains={self.reachable_domains} and '
                f'related_domains={self.related_domains}, expected at least '
                'two related domains, the reachable ones among them.')
        if self.default_domain not in self.reachable_domains:
            raise ValueError(
                f'{name}: default_domain={self.default_domain!r}, expected '
                f'one of reachable_domains={self.reachable_domains}.')
        if self.discriminator_steps < 1 or self.disc_init_steps < 0:
            raise ValueError(
                f'{name}: discriminator_steps={self.discriminator_steps} and '
                f'disc_init_steps={self.disc_init_steps}, expected numbers of '
                'updates of at least 1 and at least 0.')

    # -------------------------------------------------------------- domains

    def is_domain_reachable(self, domain: str) -> bool:
        """Whether the model makes images of ``domain``."""
        return domain in self.reachable_domains

    def get_other_domains(self, domain: str) -> list[str]:
        """All domains but ``domain``: where its images may come from."""
        return [other for other in self.related_domains if other != domain]

    @property
    def shown_images(self) -> list[str]:
        """The images of an answer that belong side by side in a picture."""
        source, *_ = self.get_other_domains(self.default_domain)
        return [f'img_{source}', f'fake_{self.default_domain}']

    # ---------------------------------------------------------- translation

    def translate_to(self, target: str, images: Tensor,
                     **kwargs: Any) -> Tensor:
        """Images ``[N, C, H, W]`` as images of the domain ``target``."""
        raise NotImplementedError(
            f'{type(self).__name__} has no translate_to. Derive from '
            'StaticTranslationGAN, or translate there.')

    def translation(self,
                    image: Tensor,
                    target_domain: str | None = None,
                    **kwargs: Any) -> Tensor:
        """Translate images.

        Args:
            image: Of a source domain, ``[N, C, H, W]``, as normalised by the
                preprocessor.
            target_domain: One of `reachable_domains`; None for the default.
            **kwargs: For the generator.

        Returns:
            ``[N, C, H, W]`` in the model's range.

        Raises:
            ValueError: The target is not reachable.
        """
        return self.translate_to(self._target(target_domain), image, **kwargs)

    def _target(self, domain: str | None) -> str:
        """The domain that is asked for."""
        if domain is None:
            return self.default_domain
        if not self.is_domain_reachable(domain):
            raise ValueError(
                f'{type(self).__name__}: target_domain={domain!r}, expected '
                f'one of reachable_domains={self.reachable_domains}.')
        return domain

    @torch.no_grad()
    def forward(self,
                inputs: dict | Tensor,
                data_samples: list | None = None,
                mode: str | None = None) -> list[GenDataSample]:
        """Translate a batch.

        Args:
            inputs: Normalised images ``[N, C, H, W]`` of a source domain; or
                a dict with ``img_<domain>`` and perhaps ``target_domain``.
            data_samples: Whose metainfo the answers take over.
            mode: Unused; MMEngine hands it over.

        Returns:
            One sample for each image, with ``img_<source>``,
            ``fake_<target>``, and ``img_<target>`` where the batch has it;
            each float, in the model's range, ``[C, H, W]``.

        Raises:
            ValueError: No image of a source domain, or an unknown target.
        """
        if isinstance(inputs, Tensor):
            source, *_ = self.get_other_domains(self.default_domain)
            inputs = {f'img_{source}': inputs}
        target = self._target(inputs.get('target_domain'))
        source = self._source(inputs, target)
        images = {
            f'img_{source}': inputs[f'img_{source}'],
            f'fake_{target}': self.translation(inputs[f'img_{source}'], target)
        }
        if f'img_{target}' in inputs:
            images[f'img_{target}'] = inputs[f'img_{target}']
        samples = [
            GenDataSample(**{
                name: PixelData(data=batch[index])
                for name, batch in images.items()
            }) for index in range(len(inputs[f'img_{source}']))
        ]
        for sample, given in zip(samples, data_samples or []):
            sample.set_metainfo(given.metainfo)
        return samples

    def _source(self, inputs: dict, target: str) -> str:
        """The first domain from which ``target`` can be made."""
        others = self.get_other_domains(target)
        for domain in others:
            if f'img_{domain}' in inputs:
                return domain
        raise ValueError(
            f'{type(self).__name__}: to make images of {target!r} the inputs '
            f'need img_{" or img_".join(others)}, got '
            f'{", ".join(inputs) or "nothing"}. Give source images; metrics '
            'of translations are TransFID and TransIS.')

    def val_step(self, data: dict) -> list[GenDataSample]:
        """Translate a batch of the data loader, see `forward`."""
        return self.test_step(data)

    def test_step(self, data: dict) -> list[GenDataSample]:
        """Translate a batch of the data loader, see `forward`."""
        data = self.data_preprocessor(data, False)
        return self.forward(data['inputs'], data['data_samples'])


def loss_weights(given: dict, defaults: dict, *, owner: str) -> dict:
    """The weights of a config, with defaults for those that it leaves out.

    Args:
        given: ``loss_config``.
        defaults: All weights that there are.
        owner: Who asks, for the message.

    Raises:
        ValueError: An unknown weight.
    """
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        raise ValueError(f'{owner}: loss_config has {", ".join(unknown)}, '
                         f'known: {", ".join(defaults)}.')
    return {**defaults, **given}


@contextmanager
def updating(optimizer: OptimWrapper,
             networks: nn.ModuleDict) -> Iterator[None]:
    """The optimiser's context for several networks that it updates.

    Autocast, and while it accumulates no exchange of gradients in any of
    them.
    """
    with ExitStack() as stack:
        for network in networks.values():
            stack.enter_context(optimizer.optim_context(network))
        yield


@MODELS.register_module()
class StaticTranslationGAN(BaseTranslationModel):
    """A generator and a discriminator for each target domain.

    One `train_step` takes one batch to the discriminators. The generators are
    updated once each time the discriminators have had their
    ``discriminator_steps`` updates, on the last batches before that: as many
    as their optimiser accumulates. They translate a batch once for both.

    A subclass names the adversarial loss, `gan_type`, and has what its paper
    adds in `further_gen_losses`.

    Args:
        generator: Config of the generators, or one that is built and is
            copied for each target.
        discriminator: Likewise of the discriminators; None for a model that
            only translates.
        pretrained: Checkpoint of all networks, see `load_pretrained`.
        data_preprocessor: See `BaseTranslationModel`.
        **kwargs: For `BaseTranslationModel`.

    Attributes:
        gan_type: The adversarial loss, a name that `gan_loss` knows.
        generators: By target domain.
        discriminators: By target domain; None without.
    """

    gan_type: str

    def __init__(self,
                 generator: nn.Module | dict,
                 discriminator: nn.Module | dict | None = None,
                 pretrained: str | dict | None = None,
                 data_preprocessor: nn.Module | dict | None = None,
                 **kwargs: Any) -> None:
        super().__init__(data_preprocessor=data_preprocessor, **kwargs)
        self.generators = self._one_for_each_target(generator)
        self.discriminators = None if discriminator is None \
            else self._one_for_each_target(discriminator)
        load_pretrained(self, pretrained)

    def _one_for_each_target(self,
                             network: nn.Module | dict) -> nn.ModuleDict:
        """Networks that share nothing."""
        return nn.ModuleDict({
            domain: MODELS.build(deepcopy(network))
            if isinstance(network, dict) else deepcopy(network)
            for domain in self.reachable_domains
        })

    def translate_to(self, target: str, images: Tensor,
                     **kwargs: Any) -> Tensor:
        return unwrap(self.generators[target])(images, **kwargs)

    # ------------------------------------------------------------- training

    def train_step(self, data: dict,
                   optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """Train on one batch.

        Args:
            data: A batch of the data loader with ``img_<domain>`` of each of
                `related_domains`.
            optim_wrapper: One optimiser each under the keys ``generators``
                and ``discriminators``.

        Returns:
            Scalars to log: the losses of this step. ``loss`` is that of the
            discriminators.
        """
        data = self.data_preprocessor(data, True)
        images = self._images(data['inputs'])
        due = self.generators_are_due(optim_wrapper)
        fakes = self.make_fakes(images, optim_wrapper, with_graph=due)
        log_vars = self.train_discriminators(
            images, {domain: fake.detach() for domain, fake in fakes.items()},
            optim_wrapper['discriminators'])
        if due:
            log_vars.update(
                self.train_generators(
                    images, fakes, optim_wrapper['generators']))
        return log_vars

    def _images(self, inputs: dict) -> dict[str, Tensor]:
        """The real images of a batch by domain."""
        missing = [domain for domain in self.related_domains
                   if f'img_{domain}' not in inputs]
        if missing:
            raise ValueError(
                f'{type(self).__name__}: the batch has no img_{missing[0]}, '
                f'only {", ".join(inputs)}. Training needs an image of each '
                f'of related_domains={self.related_domains}: name them in '
                'the dataset and in PackGenInputs.')
        return {domain: inputs[f'img_{domain}']
                for domain in self.related_domains}

    def generators_are_due(self, optim_wrapper: OptimWrapperDict) -> bool:
        """Whether the coming batch is for the generators too."""
        discs, gens = (optim_wrapper[name]
                       for name in ('discriminators', 'generators'))
        batches = self.discriminator_steps * accumulation(discs)
        turn, place = divmod(discs.inner_count, batches)
        if turn * self.discriminator_steps < self.disc_init_steps:
            return False
        return batches - place <= accumulation(gens)

    def make_fakes(self, images: dict[str, Tensor],
                   optim_wrapper: OptimWrapperDict,
                   with_graph: bool) -> dict[str, Tensor]:
        """A translation into each target domain.

        Without a graph the generators are called without their distributed
        wrappers, which would prepare for gradients that never come.
        """
        sources = {domain: images[self.get_other_domains(domain)[0]]
                   for domain in self.reachable_domains}
        optimizer = optim_wrapper['generators']
        with updating(optimizer, self.generators), \
                torch.set_grad_enabled(with_graph):
            return {
                domain: (self.generators[domain] if with_graph else unwrap(
                    self.generators[domain]))(source)
                for domain, source in sources.items()
            }

    def train_discriminators(self, images: dict[str, Tensor],
                             fakes: dict[str, Tensor],
                             optimizer: OptimWrapper) -> dict[str, Tensor]:
        """Losses of the discriminators on one batch, and their backward pass.

        Args:
            images: Real images by domain.
            fakes: Translations by target domain, without a graph.
            optimizer: That of the discriminators.
        """
        losses = {}
        with updating(optimizer, self.discriminators):
            for domain, fake in fakes.items():
                discriminator = self.discriminators[domain]
                fake_logits = discriminator(
                    self.judged(domain, self.remembered(domain, fake), images))
                real_logits = discriminator(
                    self.judged(domain, images[domain], images))
                for name, logits, is_real in (
                        ('fake', fake_logits, False),
                        ('real', real_logits, True)):
                    losses[f'loss_disc_{name}_{domain}'] = \
                        DISC_SHARE * gan_loss(
                            logits, self.gan_type, is_real, is_disc=True)
            loss, log_vars = self.parse_losses(losses)
            optimizer.update_params(loss)
        return log_vars

    def train_generators(self, images: dict[str, Tensor],
                         fakes: dict[str, Tensor],
                         optimizer: OptimWrapper) -> dict[str, Tensor]:
        """Loss of all generators on one batch, and its backward pass.

        The discriminators' parameters are frozen, so they are called without
        their distributed wrappers.

        Args:
            images: Real images by domain.
            fakes: Translations by target domain, with their graph.
            optimizer: That of the generators.
        """
        self.discriminators.requires_grad_(False)
        with updating(optimizer, self.generators):
            losses = {}
            for domain, fake in fakes.items():
                logits = unwrap(self.discriminators[domain])(
                    self.judged(domain, fake, images))
                losses[f'loss_gen_{domain}'] = gan_loss(
                    logits, self.gan_type, True)
            losses.update(self.further_gen_losses(images, fakes))
            loss, log_vars = self.parse_losses(losses)
            optimizer.update_params(loss)
        self.discriminators.requires_grad_(True)
        log_vars.pop('loss')  # the log's is the discriminators'
        return log_vars

    def judged(self, domain: str, candidates: Tensor,
               images: dict[str, Tensor]) -> Tensor:
        """What a discriminator is shown of images that may be fakes.

        Args:
            domain: Target domain, whose discriminator is asked.
            candidates: Real or translated images of it.
            images: Real images of the batch by domain.
        """
        return candidates

    def remembered(self, domain: str, fakes: Tensor) -> Tensor:
        """The fakes on which the discriminator of ``domain`` is trained."""
        return fakes

    def further_gen_losses(self, images: dict[str, Tensor],
                           fakes: dict[str, Tensor]) -> dict[str, Tensor]:
        """What the generators minimise beside the adversarial loss.

        Args:
            images: Real images by domain.
            fakes: Translations by target domain.

        Returns:
            Weighted scalars by name.
        """
        return {}
