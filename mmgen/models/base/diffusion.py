"""Diffusion models: one training step, and the way from noise to images.

Ho et al. 2020, arXiv:2006.11239; Nichol and Dhariwal 2021, arXiv:2102.09672;
Song et al. 2020, arXiv:2010.02502, for sampling in few steps. The formulas are
in `DiffusionProcess`.
"""
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from mmengine.model import BaseModel
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn

from mmgen.models.base.data_preprocessor import build_preprocessor
from mmgen.models.base.diffusion_process import DiffusionProcess, make_betas
from mmgen.models.base.ema import build_average, update_average
from mmgen.models.base.sampling import (batch_labels, chosen_model,
                                        image_sample)
from mmgen.models.base.updates import accumulation, updates_so_far
from mmgen.models.layers.noise_generator import resolve_labels, resolve_noise
from mmgen.models.losses import DDPMLoss
from mmgen.ops.precision import full_precision
from mmgen.registry import MODELS, MODULES
from mmgen.structures import GenDataSample
from mmgen.utils.unwrap import unwrap


@MODELS.register_module()
class BasicGaussianDiffusion(BaseModel):
    """A network that learns to take noise out of images, step by step.

    Args:
        denoising: The network or its config; it gets ``num_timesteps``. It
            has the attributes ``in_channels`` and ``image_size``, and where it
            takes classes ``num_classes``.
        betas_cfg: The schedule, see `make_betas`.
        num_timesteps: Steps ``T`` from an image to noise.
        timestep_sampler: Name, config or object that says which steps are
            trained.
        data_preprocessor: The preprocessor or its config; None for the
            default `GANDataPreprocessor`.
        ddpm_loss: Losses or their configs, one or several, called with what
            `training_outputs` returns; None for a model that only samples.
        ema_config: Config of the averaged network; None for no average.
            ``start_iter`` is the number of updates during which the average is
            a plain copy. Without a ``type`` it is an
            `ExponentialMovingAverage`.
        num_inference_steps: Steps in sampling; None for all.
        eta: See `DiffusionProcess.ddim_step`; None to sample as DDPM does.

    ``num_inference_steps`` and ``eta`` can be given for each call as well,
    among the ``sample_kwargs``.

    Raises:
        ValueError: Betas outside of (0, 1), a network for another number of
            steps, two losses of one name, or more steps than there are.
    """

    def __init__(self,
                 denoising: nn.Module | dict,
                 betas_cfg: dict,
                 num_timesteps: int = 1000,
                 timestep_sampler: str | dict | object =
                 'UniformTimeStepSampler',
                 data_preprocessor: nn.Module | dict | None = None,
                 ddpm_loss: nn.Module | dict | list | None = None,
                 ema_config: dict | None = None,
                 num_inference_steps: int | None = None,
                 eta: float | None = None) -> None:
        super().__init__(
            data_preprocessor=build_preprocessor(data_preprocessor))
        self.num_timesteps = num_timesteps
        self.denoising = _built(denoising, num_timesteps=num_timesteps)
        self._check_network(self.denoising)
        self.process = DiffusionProcess(
            make_betas(betas_cfg, num_timesteps),
            getattr(self.denoising, 'var_mode', 'fixed_small'))
        self.num_inference_steps = num_timesteps
        self.num_inference_steps = self._num_steps(num_inference_steps)
        self.process.respaced(self.num_inference_steps)  # or says why not
        self.eta = eta
        if isinstance(timestep_sampler, str):
            timestep_sampler = dict(type=timestep_sampler)
        self.sampler = _built(timestep_sampler, num_timesteps=num_timesteps)
        self.ddpm_loss = self._build_losses(ddpm_loss)
        self.ema_start = 0
        if ema_config is not None:
            self.denoising_ema, self.ema_start = build_average(
                ema_config, self.denoising)

    # ------------------------------------------------------------- assembly

    def _check_network(self, network: nn.Module) -> None:
        """Refuse a network whose timesteps mean something else."""
        theirs = getattr(network, 'num_timesteps', self.num_timesteps)
        if theirs != self.num_timesteps:
            raise ValueError(
                f'{type(self).__name__}: num_timesteps={self.num_timesteps}, '
                f'but the network has num_timesteps={theirs}. Give both the '
                'same number, or only the model.')

    def _build_losses(self, losses: nn.Module | dict | list | None
                      ) -> nn.ModuleList:
        """The losses; those that weigh timesteps get to know the sampler."""
        if losses is None:
            losses = []
        elif not isinstance(losses, (list, tuple)):
            losses = [losses]
        built = []
        for loss in losses:
            weighs = isinstance(loss, dict) and issubclass(
                MODULES.get(loss['type']), DDPMLoss)
            built.append(
                _built(loss, **dict(sampler=self.sampler) if weighs else {}))
        names = [loss.loss_name for loss in built]
        if len(set(names)) < len(names):
            raise ValueError(
                f'{type(self).__name__}: the losses are called '
                f'{", ".join(names)}. Give each a loss_name of its own.')
        return nn.ModuleList(built)

    @property
    def with_ema_gen(self) -> bool:
        """Whether there is an averaged network."""
        return hasattr(self, 'denoising_ema')

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return next(self.denoising.parameters()).device

    @property
    def num_classes(self) -> int:
        """Classes ``K`` of the network; 0 for none."""
        return getattr(unwrap(self.denoising), 'num_classes', 0)

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """``(C, H, W)`` of the images."""
        network = unwrap(self.denoising)
        return network.in_channels, network.image_size, network.image_size

    # ------------------------------------------------------------- training

    def train_step(self, data: dict,
                   optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """Train on one batch, each image at a timestep of its own.

        Args:
            data: A batch of the data loader.
            optim_wrapper: One optimiser under the key ``denoising``.

        Returns:
            Scalars to log: the losses of this step, and what they log.
        """
        if not self.ddpm_loss:
            raise RuntimeError(
                f'{type(self).__name__}: there is no ddpm_loss to train with. '
                "Set it in the model, for example dict(type='DDPMMSELoss').")
        data = self.data_preprocessor(data, True)
        labels = batch_labels(
            data['data_samples'], self.device, owner=type(self).__name__) \
            if self.num_classes else None
        optimizer = optim_wrapper['denoising']
        with optimizer.optim_context(self.denoising):
            outputs = self.training_outputs(data['inputs']['img'], labels)
            loss, log_vars = self.parse_losses({
                loss.loss_name: loss(outputs) for loss in self.ddpm_loss})
            optimizer.update_params(loss)
        for loss in self.ddpm_loss:
            if isinstance(loss, DDPMLoss):
                log_vars.update(loss.logs(outputs))
        self.update_ema(optimizer)
        return log_vars

    def training_outputs(self, real_imgs: Tensor,
                         labels: Tensor | None) -> dict[str, Tensor]:
        """What losses can be made of.

        Args:
            real_imgs: ``[N, C, H, W]``, [-1, 1].
            labels: Classes ``[N]``, or None.

        Returns:
            ``timesteps`` ``[N]``; and of the form of the images ``real_imgs``,
            ``noise``, ``x_t``, the outputs of the network, and those of
            `DiffusionProcess.p_mean_variance` (without clipping) and
            `DiffusionProcess.q_posterior`.
        """
        t = self.sampler.sample(len(real_imgs), real_imgs.device)
        noise = torch.randn_like(real_imgs)
        x_t = self.process.q_sample(real_imgs, t, noise)
        output = {
            key: full_precision(value) for key, value in self.denoising(
                x_t, t, **_conditions(labels)).items()
        }
        return dict(
            timesteps=t,
            real_imgs=real_imgs,
            noise=noise,
            x_t=x_t,
            **output | self.process.p_mean_variance(
                output, x_t, t, clip_denoised=False),
            **self.process.q_posterior(real_imgs, x_t, t))

    def update_ema(self, optimizer: OptimWrapper) -> None:
        """Take the network into its average if it has just been updated."""
        if self.with_ema_gen \
                and optimizer.inner_count % accumulation(optimizer) == 0:
            update_average(self.denoising_ema, unwrap(self.denoising),
                           updates_so_far(optimizer), self.ema_start)

    # ------------------------------------------------------------- sampling

    @torch.no_grad()
    def forward(self,
                inputs: dict | Tensor,
                data_samples: list | None = None,
                mode: str | None = None) -> list[GenDataSample]:
        """Make images.

        Args:
            inputs: The noise ``[N, C, H, W]``, or a dict with any of
                ``noise``, ``num_batches``, ``labels`` (with classes),
                ``sample_model`` (``'ema'``, ``'orig'`` or ``'ema/orig'``) and
                ``sample_kwargs``: arguments of `denoise`, and ``show_steps``,
                a number of images to show on the way, from the noise to the
                result, evenly spaced.
            data_samples: Samples whose metainfo is copied.
            mode: Unused; MMEngine hands it over.

        Returns:
            One sample for each image, with ``fake_img`` (float, [-1, 1] if
            clipped, ``[C, H, W]``), ``noise``, ``sample_model`` and
            ``sample_kwargs``. For ``'ema/orig'``, which start from the same
            noise and get the same on the way, it has ``ema`` and ``orig``,
            each a sample with its own ``fake_img``. With ``show_steps`` as
            many samples for each image, one after the other, with
            ``steps_done``.
        """
        inputs = dict(noise=inputs) if isinstance(inputs, Tensor) else inputs
        which = chosen_model(
            inputs.get('sample_model'), self.with_ema_gen,
            owner=type(self).__name__)
        noise = self.noise_fn(
            inputs.get('noise'), inputs.get('num_batches') or 0)
        labels = self.label_fn(inputs.get('labels'), len(noise)) \
            if self.num_classes else None
        sample_kwargs = inputs.get('sample_kwargs') or {}
        options = dict(sample_kwargs)
        show_steps = options.pop('show_steps', None)
        networks = {name: self._network(name) for name in which.split('/')}
        way = self.denoise(networks, noise, labels, **options)
        steps = self._num_steps(options.get('num_inference_steps'))
        stages = _shown(way, steps, show_steps)
        samples = []
        for index in range(len(noise)):
            for done, images in stages:
                sample = image_sample(
                    index, images, noise=noise[index], sample_model=which,
                    sample_kwargs=sample_kwargs)
                if labels is not None:
                    sample.set_gt_label(labels[index])
                if show_steps is not None:
                    sample.steps_done = done
                samples.append(sample)
        for sample, given in zip(samples, data_samples or []):
            sample.set_metainfo(given.metainfo)
        return samples

    def denoise(self,
                networks: dict[str, nn.Module],
                noise: Tensor,
                labels: Tensor | None = None,
                num_inference_steps: int | None = None,
                eta: float | None = None,
                timesteps_noise: Tensor | None = None,
                clip_denoised: bool = True) -> Iterator[dict[str, Tensor]]:
        """The way from noise to images, step by step.

        Args:
            networks: One or several, by name.
            noise: Where all of them start, ``[N, C, H, W]``.
            labels: Classes ``[N]``, or None.
            num_inference_steps: Steps ``K``; None for the model's number.
            eta: See `DiffusionProcess.ddim_step`; None for the model's.
            timesteps_noise: The noise of each step, ``[K, N, C, H, W]``, that
                of the last one, which is not used, first; None to draw it.
            clip_denoised: Whether each step keeps its guess at the images in
                [-1, 1].

        Yields:
            Images ``[N, C, H, W]`` by name: the noise, and those after each
            step.
        """
        eta = self.eta if eta is None else eta
        steps = self._num_steps(num_inference_steps)
        process = self.process.respaced(steps)
        if timesteps_noise is not None \
                and timesteps_noise.shape != (steps, *noise.shape):
            raise ValueError(
                f'{type(self).__name__}: timesteps_noise has shape '
                f'{list(timesteps_noise.shape)}, expected '
                f'{[steps, *noise.shape]}: one for each of {steps} steps.')
        images = dict.fromkeys(networks, noise)
        yield images
        for step in reversed(range(steps)):
            t = torch.full((len(noise), ), step, device=noise.device)
            added = None
            if eta != 0:
                added = torch.randn_like(noise) if timesteps_noise is None \
                    else timesteps_noise[step].to(noise)
            images = {
                name: self._step_back(process, network, images[name], t, added,
                                      labels, eta, clip_denoised)
                for name, network in networks.items()
            }
            yield images

    def _step_back(self, process: DiffusionProcess, network: nn.Module,
                   x_t: Tensor, t: Tensor, noise: Tensor | None,
                   labels: Tensor | None, eta: float | None,
                   clip_denoised: bool) -> Tensor:
        """Images one step nearer to the result, ``[N, C, H, W]``."""
        output = network(x_t, process.timesteps[t], **_conditions(labels))
        prediction = process.p_mean_variance(output, x_t, t, clip_denoised)
        if eta is None:
            return process.ddpm_step(prediction, t, noise)
        return process.ddim_step(prediction, x_t, t, noise, eta)

    def noise_fn(self, noise: Any = None, num_batches: int = 0) -> Tensor:
        """Noise as a tensor.

        Args:
            noise: A tensor ``[N, C, H, W]``, a function from its shape to it,
                or None to draw it.
            num_batches: How many, where ``noise`` does not say it.

        Returns:
            ``[N, C, H, W]`` on the model's device.
        """
        return resolve_noise(
            noise, num_batches, self.image_shape, self.device,
            owner=type(self).__name__)

    def label_fn(self, label: Any = None, num_batches: int = 0) -> Tensor:
        """Labels as a tensor ``[N]``; see `resolve_labels`."""
        return resolve_labels(
            label, num_batches, self.num_classes, self.device,
            owner=type(self).__name__)

    def _num_steps(self, given: int | None) -> int:
        """Steps in sampling; None for the model's number."""
        return self.num_inference_steps if given is None else given

    def _network(self, name: str) -> nn.Module:
        """The network called ``'ema'`` or ``'orig'``."""
        return self.denoising_ema if name == 'ema' else unwrap(self.denoising)

    def val_step(self, data: dict) -> list[GenDataSample]:
        """Make the images that ``data['inputs']`` asks for."""
        return self.test_step(data)

    def test_step(self, data: dict) -> list[GenDataSample]:
        """Make the images that ``data['inputs']`` asks for."""
        return self.forward(data['inputs'], data.get('data_samples'))

    # ---------------------------------------------------- formulas, as in 1.x

    def q_sample(self, x_0: Tensor, t: Tensor,
                 noise: Tensor | None = None) -> Tensor:
        """See `DiffusionProcess.q_sample`; noise is drawn if not given."""
        noise = torch.randn_like(x_0) if noise is None else noise
        return self.process.q_sample(x_0, t, noise)

    def q_mean_log_variance(self, x_0: Tensor,
                            t: Tensor) -> tuple[Tensor, Tensor]:
        """See `DiffusionProcess.q_mean_log_variance`."""
        return self.process.q_mean_log_variance(x_0, t)

    def q_posterior_mean_variance(self,
                                  x_0: Tensor,
                                  x_t: Tensor,
                                  t: Tensor,
                                  need_var: bool = True,
                                  logvar: bool = False
                                  ) -> dict[str, Tensor] | Tensor:
        """See `DiffusionProcess.q_posterior`.

        Args:
            x_0: Images.
            x_t: The same with the noise of step ``t``.
            t: Steps ``[N]``.
            need_var: Otherwise the mean alone is returned, as a tensor.
            logvar: Whether ``logvar_posterior`` is wanted as well.
        """
        found = self.process.q_posterior(x_0, x_t, t)
        if not need_var:
            return found['mean_posterior']
        if not logvar:
            del found['logvar_posterior']
        return found

    def pred_x_0_from_eps(self, eps: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """See `DiffusionProcess.pred_x_0_from_eps`."""
        return self.process.pred_x_0_from_eps(eps, x_t, t)

    def pred_x_0_from_x_tm1(self, x_tm1: Tensor, x_t: Tensor,
                            t: Tensor) -> Tensor:
        """See `DiffusionProcess.pred_x_0_from_x_tm1`."""
        return self.process.pred_x_0_from_x_tm1(x_tm1, x_t, t)

    def p_mean_variance(self,
                        denoising_output: dict[str, Tensor],
                        x_t: Tensor,
                        t: Tensor,
                        clip_denoised: bool = True) -> dict[str, Tensor]:
        """See `DiffusionProcess.p_mean_variance`."""
        return self.process.p_mean_variance(
            denoising_output, x_t, t, clip_denoised)

    def denoising_step(self,
                       model: nn.Module,
                       x_t: Tensor,
                       t: Tensor,
                       noise: Tensor | None = None,
                       label: Tensor | None = None,
                       clip_denoised: bool = True) -> Tensor:
        """One step of DDPM, each image from its own step ``t`` ``[N]``."""
        noise = torch.randn_like(x_t) if noise is None else noise
        return self._step_back(self.process, model, x_t, t, noise, label,
                               None, clip_denoised)

    def ddpm_sampling(self,
                      model: nn.Module,
                      noise: Any = None,
                      num_batches: int = 0,
                      label: Any = None,
                      **sample_kwargs: Any) -> Tensor:
        """Images ``[N, C, H, W]`` of ``model``; see `denoise` and `noise_fn`."""
        noise = self.noise_fn(noise, num_batches)
        labels = self.label_fn(label, len(noise)) if self.num_classes else None
        for images in self.denoise(
                dict(model=model), noise, labels, **sample_kwargs):
            pass
        return images['model']


def _built(part: Any, **defaults: Any) -> Any:
    """A part from its config, with ``defaults`` where that lacks them."""
    if not isinstance(part, dict):
        return part
    return MODULES.build({**defaults, **deepcopy(part)})


def _conditions(labels: Tensor | None) -> dict[str, Tensor]:
    """What the network is told beside image and timestep."""
    return {} if labels is None else dict(label=labels)


def _shown(way: Iterator[dict[str, Tensor]], num_steps: int,
           show_steps: int | None) -> list[tuple[int, dict[str, Tensor]]]:
    """The images of a way that are to be shown, with the steps before them.

    Args:
        way: What `BasicGaussianDiffusion.denoise` yields.
        num_steps: Steps of the way.
        show_steps: How many to show, from the noise to the result; None for
            the result.
    """
    first = num_steps if show_steps in (None, 1) else 0
    wanted = np.linspace(first, num_steps, show_steps or 1).round().tolist()
    kept = {done: images for done, images in enumerate(way) if done in wanted}
    return [(int(done), kept[done]) for done in wanted]
