"""SinGAN: one scale after the other, from a single image.

Rott Shaham, Dekel and Michaeli 2019, arXiv:1905.01164, section 3. Numbers that
the paper does not give are those of the authors' code.
"""
from functools import partial
from typing import Any

import torch
from mmengine.dist import broadcast
from mmengine.optim import OptimWrapper, OptimWrapperDict
from torch import Tensor, nn

from mmgen.models.base import BaseGAN, DiscBatch
from mmgen.models.losses.gradient_penalty import gradient_penalty_loss
from mmgen.models.losses.pixelwise import mse_loss
from mmgen.models.singan.networks import upsample
from mmgen.models.singan.pyramid import Pyramid
from mmgen.ops.precision import full_precision
from mmgen.registry import MODELS
from mmgen.structures import GenDataSample, PixelData
from mmgen.utils.unwrap import unwrap

GRADIENT_WEIGHT = 0.1  # the authors' code; its norm is that of each pixel
RECON_WEIGHT = 10.0  # alpha of equation 4, supplementary material

# What inputs may hold for sampling beside, or in, sample_kwargs.
OPTIONS = ('curr_scale', 'rand_mode', 'get_prev_res', 'size')


@MODELS.register_module()
class SinGAN(BaseGAN):
    """A pyramid of GANs that learns the patches of one image.

    A scale is trained for ``iters_per_scale`` rounds of
    ``discriminator_steps`` updates of D and ``generator_steps`` of G, which is
    ``iters_per_scale * discriminator_steps`` iterations; then it is fixed
    and the next one starts from its weights. D minimises
    ``D(fake) - D(real) + 0.1 (|grad D(x)| - 1)^2``, G
    ``-D(fake) + 10 |rec - real|^2``, where ``rec`` is made from a noise that is
    drawn once at the first scale and 0 at the others (equations 4 and 5).

    Fixed scales normalise with their running statistics, as they do when
    images are sampled.

    Args:
        generator: The generator or its config.
        discriminator: The discriminator or its config; None for a model that
            only samples.
        data_preprocessor: See `BaseGAN`. Images come as ``real_scale0``,
            ``real_scale1``, ..., see `SinGANDataset`.
        generator_steps: Updates of the generator in a round.
        discriminator_steps: Updates of the discriminator in a round.
        num_scales: Number of the finest scale; None for that of the
            generator.
        iters_per_scale: Rounds at each scale.
        noise_weight_init: A scale's noise is this times the root mean square
            error of the reconstruction that it gets from below.
        lr_scheduler_args: ``milestones``, rounds of a scale after which the
            rates fall, and ``gamma``, the factor, 0.1 if it is missing;
            None for constant rates.
        test_pkl_data: File of `PickleDataHook` with what sampling needs, for
            weights of 1.x; mmgen's own checkpoints hold it.
        ema_confg: Config of the averaged generator, see `BaseGAN`; the
            spelling is that of 1.x. The average starts anew at each scale.

    Raises:
        ValueError: The networks differ in ``num_scales``, or settings are not
            understood.
    """

    gan_type = 'wgan'
    first_fixed_noises_ch = 1

    def __init__(self,
                 generator: nn.Module | dict,
                 discriminator: nn.Module | dict | None = None,
                 data_preprocessor: nn.Module | dict | None = None,
                 generator_steps: int = 1,
                 discriminator_steps: int = 1,
                 num_scales: int | None = None,
                 iters_per_scale: int = 2000,
                 noise_weight_init: float = 0.1,
                 lr_scheduler_args: dict | None = None,
                 test_pkl_data: str | None = None,
                 ema_confg: dict | None = None) -> None:
        super().__init__(
            generator,
            discriminator,
            data_preprocessor,
            generator_steps,
            discriminator_steps,
            ema_config=ema_confg)
        self.num_scales = self._agree('num_scales', num_scales,
                                      self.generator.num_scales)
        if self.discriminator is not None:
            self._agree('num_scales', self.discriminator.num_scales,
                        self.num_scales)
        self.noise_weight_init = noise_weight_init
        self.lr_scheduler_args = self._checked_schedule(lr_scheduler_args)
        self.pyramid = Pyramid(self.num_scales,
                               iters_per_scale * discriminator_steps)
        if test_pkl_data is not None:
            self.pyramid.load_file(test_pkl_data)

    def _checked_schedule(self, args: dict | None) -> dict:
        """The milestones and the factor."""
        schedule = {'milestones': [], 'gamma': 0.1, **(args or {})}
        if len(schedule) > 2:
            raise ValueError(
                f'{type(self).__name__}: lr_scheduler_args has '
                f'{", ".join(schedule)}, expected only milestones and gamma. '
                'Take the other out.')
        return schedule

    # What PickleDataHook saves, by the names of 1.x.

    @property
    def curr_stage(self) -> int:
        """The finest scale that training has reached; -1 before it began."""
        return self.pyramid.trained_stage

    @property
    def fixed_noises(self) -> list[Tensor]:
        """The noise of the reconstruction at each scale."""
        return self.pyramid.fixed_noises

    @property
    def noise_weights(self) -> Tensor:
        """Factors of the noise, ``[S]``."""
        return self.pyramid.noise_weights

    # ------------------------------------------------------------- training

    def take_turns(self, inputs: dict, data_samples: list | None,
                   optim_wrapper: OptimWrapperDict) -> dict[str, Tensor]:
        """Both turns at the current scale, with its optimisers.

        Logs ``curr_stage`` and ``noise_weight`` beside the losses.
        """
        stage = self.pyramid.stage
        self.train_only(stage)
        if self.pyramid.iters_of_stage == 0:
            self.enter_stage(stage, inputs)
        optimizers = {
            name: self.optimizer_of(optim_wrapper, f'{name}_{stage}')
            for name in ('generator', 'discriminator')
        }
        log_vars = super().take_turns(
            {**inputs, 'img': inputs[f'real_scale{stage}']}, data_samples,
            optimizers)
        self.pyramid.trained_iters += 1
        log_vars.update(
            curr_stage=torch.tensor(float(stage)),
            noise_weight=self.noise_weights[stage].clone())
        return log_vars

    def train_only(self, stage: int) -> None:
        """Fix the generators of all scales but one."""
        for scale, block in enumerate(unwrap(self.generator).blocks):
            block.requires_grad_(scale == stage)
            block.train(scale == stage)

    def optimizer_of(self, optim_wrapper: OptimWrapperDict,
                     name: str) -> OptimWrapper:
        """The optimiser of a scale, its rates set for this round."""
        if name not in optim_wrapper:
            raise ValueError(
                f'{type(self).__name__}: optim_wrapper has '
                f'{", ".join(optim_wrapper.keys())}, but no {name}. Set '
                "constructor='SinGANOptimWrapperConstructor' in it.")
        optimizer, schedule = optim_wrapper[name], self.lr_scheduler_args
        if schedule['milestones']:
            rounds = self.pyramid.iters_of_stage // self.discriminator_steps
            passed = sum(rounds >= at for at in schedule['milestones'])
            for group in optimizer.param_groups:
                group['lr'] = group['base_lr'] * schedule['gamma']**passed
        return optimizer

    @torch.no_grad()
    def enter_stage(self, stage: int, inputs: dict) -> None:
        """Make ready what a scale starts from, the same in all processes."""
        if stage == 0:
            self.pyramid.set_noises(self.construct_fixed_noises(inputs))
            broadcast(self.fixed_noises[0])
            self.noise_weights[0] = 1
            return
        for network in (unwrap(self.generator), unwrap(self.discriminator)):
            for buffer in network.blocks[stage - 1].buffers():
                broadcast(buffer)
            copy_block(network.blocks, stage)
        real = inputs[f'real_scale{stage}']
        recon = self.reconstruct(stage - 1, len(real))
        error = mse_loss(upsample(recon, real.shape[2:]), real).sqrt()
        self.noise_weights[stage] = self.noise_weight_init * error
        broadcast(self.noise_weights)
        if self.with_ema_gen:
            self.generator_ema.copy_weights(unwrap(self.generator))

    def construct_fixed_noises(self, inputs: dict) -> list[Tensor]:
        """The noise of the reconstruction: z* at scale 0, then zeros."""
        names = [name for name in inputs if name.startswith('real_scale')]
        if len(names) != self.num_scales + 1:
            raise ValueError(
                f'{type(self).__name__}: the networks have num_scales='
                f'{self.num_scales}, expected {self.num_scales + 1} images '
                f'real_scale0 to real_scale{self.num_scales} in a batch, got '
                f'{len(names)}. Set num_scales={len(names) - 1} in the model '
                'and both networks, or other sizes in the dataset.')
        border = unwrap(self.generator).noise_border
        like = self.noise_weights
        sizes = [[side + border for side in inputs[name].shape[2:]]
                 for name in sorted(names, key=_scale_of)]
        first = torch.randn(
            1, self.first_fixed_noises_ch, *sizes[0], device=like.device)
        return [first, *(like.new_zeros(1, 1, *size) for size in sizes[1:])]

    def reconstruct(self, scale: int, batch_size: int) -> Tensor:
        """The image that the fixed noise becomes, ``[N, C, H, W]``.

        The generator is called without its distributed wrapper; gradients of
        its parameters are exchanged all the same.
        """
        return unwrap(self.generator)(
            **self.generator_inputs(scale, batch_size, 'recon'))

    def generator_inputs(self, scale: int, batch_size: int,
                         rand_mode: str) -> dict[str, Any]:
        """All that the generator is given."""
        return dict(
            input_sample=None,
            fixed_noises=self.fixed_noises,
            noise_weights=self.noise_weights,
            rand_mode=rand_mode,
            curr_scale=scale,
            num_batches=batch_size)

    def draw_conditions(self, batch_size: int) -> dict[str, Any]:
        return self.generator_inputs(self.pyramid.stage, batch_size, 'rand')

    def disc_conditions(self, conditions: dict) -> dict[str, int]:
        return dict(curr_scale=conditions['curr_scale'])

    def real_conditions(self, data_samples: list | None) -> dict[str, int]:
        return dict(curr_scale=self.pyramid.stage)

    def disc_penalties(self, batch: DiscBatch) -> dict[str, Tensor]:
        """The gradient penalty; D is called as in `WGANGP`."""
        return dict(
            loss_gp=gradient_penalty_loss(
                partial(unwrap(self.discriminator), **batch.real_conditions),
                batch.real_imgs,
                batch.fake_imgs,
                norm_mode='pixel',
                weight=GRADIENT_WEIGHT))

    def batch_gen_loss(self, fake_logits: Tensor, inputs: dict,
                       data_samples: list | None) -> dict[str, Tensor]:
        """The adversarial loss and that of the reconstruction."""
        real = inputs['img']
        recon = self.reconstruct(self.pyramid.stage, len(real))
        return dict(
            self.gen_loss(fake_logits),
            loss_recon=RECON_WEIGHT * mse_loss(full_precision(recon), real))

    # ------------------------------------------------------------- sampling

    @torch.no_grad()
    def forward(self,
                inputs: dict,
                data_samples: list | None = None,
                mode: str | None = None) -> list[GenDataSample]:
        """Make images with the scales trained so far.

        Args:
            inputs: A dict with any of ``num_batches`` (1 if it is missing),
                ``sample_model`` and ``sample_kwargs``: arguments of the
                generator such as ``curr_scale``, ``rand_mode`` (``'rand'`` or
                ``'recon'``) and ``get_prev_res``, and ``size``, the height
                and the width of random images.
            data_samples: Samples to take over the metainfo of.
            mode: Unused; MMEngine hands it over.

        Returns:
            One sample for each image as in `BaseGAN`, without ``noise``. With
            ``get_prev_res`` the one that has ``fake_img`` also has
            ``prev_res_list``, the images ``[C, H, W]`` of the scales before.
        """
        which = self._chosen_model(inputs)
        options = {key: inputs[key] for key in OPTIONS if key in inputs}
        options.update(inputs.get('sample_kwargs') or {})
        about = dict(sample_model=which, sample_kwargs=dict(options))
        call = self.sampling_inputs(inputs.get('num_batches') or 1, options)
        results = {
            name: self._network(name)(**call) for name in which.split('/')
        }
        samples = []
        for index in range(call['num_batches']):
            parts = {
                name: _sample(result, index)
                for name, result in results.items()
            }
            sample = parts[which] if len(parts) == 1 else GenDataSample(**parts)
            for key, value in about.items():
                sample.set_field(value, key)
            samples.append(sample)
        for sample, given in zip(samples, data_samples or []):
            sample.set_metainfo(given.metainfo)
        return samples

    def sampling_inputs(self, batch_size: int, options: dict) -> dict:
        """The generator's arguments, with the noise already drawn.

        So the averaged and the trained generator get the same.
        """
        options = dict(options)
        scale = options.pop('curr_scale', self.curr_stage)
        self._check_trained(scale)
        call = self.generator_inputs(scale, batch_size,
                                     options.pop('rand_mode', 'rand'))
        size = options.pop('size', None)
        call.update(options)
        if size is not None:
            call['fixed_noises'] = self._resized(call, size)
        generator = unwrap(self.generator)
        call['fixed_noises'] = generator.choose_noises(
            call['fixed_noises'], call.pop('rand_mode'), scale, batch_size)
        return dict(call, rand_mode='recon')

    def _check_trained(self, scale: int) -> None:
        """Refuse scales that are not there yet."""
        if self.curr_stage < 0:
            raise RuntimeError(
                f'{type(self).__name__}: no scale has been trained, so there '
                'is nothing to sample. Load a checkpoint; for one of 1.x set '
                'test_pkl_data to the .pkl file that belongs to it.')
        if not 0 <= scale <= self.curr_stage:
            raise ValueError(
                f'{type(self).__name__}: curr_scale={scale}, but training has '
                f'reached scale {self.curr_stage}. Ask for 0 to '
                f'{self.curr_stage}.')

    def _resized(self, call: dict, size: tuple[int, int]) -> list[Tensor]:
        """Stand-ins for noises, whose shapes belong to images of ``size``."""
        if call['rand_mode'] != 'rand':
            raise ValueError(
                f'{type(self).__name__}: size={tuple(size)} with rand_mode='
                f"{call['rand_mode']!r}, but the fixed noise has the size of "
                "the image. Use rand_mode='rand'.")
        generator, noises = unwrap(self.generator), call['fixed_noises']
        now = generator.image_size(noises[call['curr_scale']])
        factors = [new / old for new, old in zip(size, now)]
        resized = []
        for noise in noises:
            height, width = (
                max(round(side * factor), 1) + generator.noise_border
                for side, factor in zip(generator.image_size(noise), factors))
            resized.append(noise.new_empty(1).expand(
                1, noise.shape[1], height, width))
        return resized


@MODELS.register_module()
class PESinGAN(SinGAN):
    """SinGAN with `SinGANMSGeneratorPE`.

    Args:
        fixed_noise_with_pad: Whether the fixed noise is as large as padded
            images: the same as the generator's ``noise_with_pad``.
        first_fixed_noises_ch: Channels of the noise at the first scale.

    The other arguments are those of `SinGAN`.

    Raises:
        ValueError: ``fixed_noise_with_pad`` differs from the generator's.

    Source: Xu et al. 2020, arXiv:2012.05217, section 4.1.
    """

    def __init__(self,
                 generator: nn.Module | dict,
                 discriminator: nn.Module | dict | None,
                 data_preprocessor: nn.Module | dict | None = None,
                 generator_steps: int = 1,
                 discriminator_steps: int = 1,
                 num_scales: int | None = None,
                 fixed_noise_with_pad: bool = False,
                 first_fixed_noises_ch: int = 1,
                 iters_per_scale: int = 200,
                 noise_weight_init: float = 0.1,
                 lr_scheduler_args: dict | None = None,
                 test_pkl_data: str | None = None,
                 ema_confg: dict | None = None) -> None:
        super().__init__(generator, discriminator, data_preprocessor,
                         generator_steps, discriminator_steps, num_scales,
                         iters_per_scale, noise_weight_init,
                         lr_scheduler_args, test_pkl_data, ema_confg)
        self.first_fixed_noises_ch = first_fixed_noises_ch
        if fixed_noise_with_pad != self.generator.noise_with_pad:
            raise ValueError(
                f'{type(self).__name__}: fixed_noise_with_pad='
                f'{fixed_noise_with_pad}, but the generator has '
                f'noise_with_pad={self.generator.noise_with_pad}. Give both '
                'the same value.')


def copy_block(blocks: nn.ModuleList, stage: int) -> None:
    """Let a scale start from the one below, where their shapes are equal."""
    new, below = blocks[stage].state_dict(), blocks[stage - 1].state_dict()
    if all(value.shape == new[name].shape for name, value in below.items()):
        blocks[stage].load_state_dict(below)


def _scale_of(name: str) -> int:
    """``real_scale10`` to 10."""
    return int(name.removeprefix('real_scale'))


def _sample(result: Tensor | dict, index: int) -> GenDataSample:
    """The sample of one image of what a generator returned."""
    result = result if isinstance(result, dict) else dict(fake_img=result)
    sample = GenDataSample(fake_img=PixelData(data=result['fake_img'][index]))
    if 'prev_res_list' in result:
        sample.prev_res_list = [
            images[index] for images in result['prev_res_list']
        ]
    return sample
