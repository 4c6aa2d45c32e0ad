"""The mathematics of a Gaussian diffusion: no network, no training.

Letters as in Ho et al. 2020, arXiv:2006.11239: ``beta_t`` the noise added in
step ``t``, ``alpha_t = 1 - beta_t``, ``alpha_bar_t`` the product of the alphas
up to ``t``. Steps are counted from 0, and ``alpha_bar`` before step 0 is 1.
"""
import numpy as np
import torch
from torch import Tensor, nn

from mmgen.ops.precision import full_precision


def linear_betas(num_timesteps: int,
                 beta_0: float = 1e-4,
                 beta_T: float = 2e-2) -> np.ndarray:
    """Betas in equal steps, ``[T]``.

    Args:
        num_timesteps: ``T``.
        beta_0: The first beta for 1000 steps; for ``T`` steps it is
            ``1000 / T`` times as large, so that the same noise is added in
            all.
        beta_T: The last one, likewise.

    Source: Ho et al. 2020, arXiv:2006.11239, section 4.
    """
    scale = 1000 / num_timesteps
    return np.linspace(
        scale * beta_0, scale * beta_T, num_timesteps, dtype=np.float64)


def cosine_betas(num_timesteps: int,
                 max_beta: float = 0.999,
                 s: float = 0.008) -> np.ndarray:
    """Betas for which ``alpha_bar`` falls along a squared cosine, ``[T]``.

    Args:
        num_timesteps: ``T``.
        max_beta: Largest beta: the last ones would be near 1.
        s: Offset that keeps the first betas from being too small.

    Source: Nichol and Dhariwal 2021, arXiv:2102.09672, equation 17.
    """
    ends = np.arange(num_timesteps + 1, dtype=np.float64) / num_timesteps
    f = np.cos((ends + s) / (1 + s) * np.pi / 2)**2
    return np.minimum(1 - f[1:] / f[:-1], max_beta)


SCHEDULES = dict(linear=linear_betas, cosine=cosine_betas)


def make_betas(cfg: dict, num_timesteps: int) -> np.ndarray:
    """Betas from a config, ``[T]``.

    Args:
        cfg: ``type``, a key of `SCHEDULES`, and keywords of that function.
        num_timesteps: ``T``.

    Raises:
        ValueError: An unknown type, or betas outside of (0, 1).
    """
    settings = dict(cfg)
    name = settings.pop('type', None)
    if name not in SCHEDULES:
        raise ValueError(
            f'betas_cfg: type={name!r}, expected one of '
            f'{", ".join(map(repr, SCHEDULES))}.')
    betas = SCHEDULES[name](num_timesteps, **settings)
    if not (betas.min() > 0 and betas.max() < 1):
        raise ValueError(
            f'betas_cfg: {cfg} gives betas from {betas.min():.3g} to '
            f'{betas.max():.3g} for {num_timesteps} timesteps, expected '
            'numbers between 0 and 1. Take more timesteps, or another '
            'schedule.')
    return betas


class DiffusionProcess(nn.Module):
    """Adding noise in steps, and the formulas of the way back.

    The tables are computed in float64 (products of thousands of factors near
    1, and differences of numbers near each other) and used in float32, as the
    images are. They are buffers that follow from the arguments, so no
    checkpoint has them.

    Args:
        betas: ``[T]``.
        var_mode: ``'fixed_large'`` for ``beta`` as the variance of a step
            back whose variance is not learnt, else ``beta_tilde``, the
            smaller bound (Ho et al. 2020, section 3.2).
        timesteps: What the network takes for these steps, int64 ``[T]``; None
            for their numbers.
    """

    def __init__(self,
                 betas: np.ndarray,
                 var_mode: str = 'fixed_small',
                 timesteps: np.ndarray | None = None) -> None:
        super().__init__()
        self.betas_float64 = betas
        self.var_mode = var_mode
        self.num_timesteps = len(betas)
        if timesteps is None:
            timesteps = np.arange(len(betas))
        # from_numpy makes true tensors also where the default is the meta
        # device, so that a model built there can be used once it is loaded.
        self.register_buffer(
            'timesteps', torch.from_numpy(timesteps), persistent=False)
        for name, values in _tables(betas).items():
            self.register_buffer(
                name, torch.from_numpy(values).float(), persistent=False)

    def respaced(self, num_steps: int) -> 'DiffusionProcess':
        """The process that visits ``num_steps`` of these steps only.

        The steps are evenly spaced, with the first and the last (of one, the
        last); the betas are those that lead from one to the next.

        Source: Nichol and Dhariwal 2021, arXiv:2102.09672, section 4.
        """
        if num_steps == self.num_timesteps:
            return self
        if not 0 < num_steps < self.num_timesteps:
            raise ValueError(
                f'num_inference_steps={num_steps}, expected 1 to the '
                f'{self.num_timesteps} steps of the training.')
        last = self.num_timesteps - 1
        visited = np.linspace(last, 0, num_steps).round().astype(int)[::-1]
        alphas_bar = np.cumprod(1 - self.betas_float64)[visited]
        betas = 1 - alphas_bar / np.append(1.0, alphas_bar[:-1])
        timesteps = self.timesteps.cpu().numpy()[visited]
        process = DiffusionProcess(betas, self.var_mode, timesteps)
        return process.to(self.timesteps.device)

    # ------------------------------------------------------ towards the noise

    def q_sample(self, x_0: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """Images with the noise of step ``t`` (Ho et al. 2020, equation 4).

        Args:
            x_0: Images ``[N, C, H, W]``.
            t: Steps ``[N]``.
            noise: N(0, 1), ``[N, C, H, W]``.
        """
        return self._at('sqrt_alphas_bar', t, x_0) * x_0 \
            + self._at('sqrt_one_minus_alphas_bar', t, x_0) * noise

    def q_mean_log_variance(self, x_0: Tensor,
                            t: Tensor) -> tuple[Tensor, Tensor]:
        """Mean ``[N, C, H, W]``, and log of the variance ``[N, 1, 1, 1]``, of
        what `q_sample` makes."""
        return (self._at('sqrt_alphas_bar', t, x_0) * x_0,
                self._at('log_one_minus_alphas_bar', t, x_0))

    def q_posterior(self, x_0: Tensor, x_t: Tensor,
                    t: Tensor) -> dict[str, Tensor]:
        """The step before, if the image is known (Ho et al. 2020, equation 7).

        Args:
            x_0: Images ``[N, C, H, W]``.
            x_t: The same with the noise of step ``t``.
            t: Steps ``[N]``.

        Returns:
            ``mean_posterior``, ``[N, C, H, W]``; ``var_posterior`` and
            ``logvar_posterior``, ``[N, 1, 1, 1]``. The variance of step 0 is
            0; its log is that of step 1.
        """
        return dict(
            mean_posterior=self.posterior_mean(x_0, x_t, t),
            var_posterior=self._at('tilde_betas', t, x_t),
            logvar_posterior=self._at('log_tilde_betas_clipped', t, x_t))

    def posterior_mean(self, x_0: Tensor, x_t: Tensor, t: Tensor) -> Tensor:
        """The mean of `q_posterior` alone."""
        return self._at('tilde_mu_coef1', t, x_t) * x_0 \
            + self._at('tilde_mu_coef2', t, x_t) * x_t

    # -------------------------------------------------------- towards the image

    def pred_x_0_from_eps(self, eps: Tensor, x_t: Tensor,
                          t: Tensor) -> Tensor:
        """The image, if ``eps`` is the noise in ``x_t``."""
        return self._at('sqrt_recip_alphas_bar', t, x_t) * x_t \
            - self._at('sqrt_recipm1_alphas_bar', t, x_t) * eps

    def pred_x_0_from_x_tm1(self, x_tm1: Tensor, x_t: Tensor,
                            t: Tensor) -> Tensor:
        """The image, if ``x_tm1`` is the mean of `q_posterior`."""
        return (x_tm1 - self._at('tilde_mu_coef2', t, x_t) * x_t) \
            / self._at('tilde_mu_coef1', t, x_t)

    def pred_eps_from_x_0(self, x_0: Tensor, x_t: Tensor,
                          t: Tensor) -> Tensor:
        """The noise in ``x_t``, if ``x_0`` is the image."""
        return (self._at('sqrt_recip_alphas_bar', t, x_t) * x_t - x_0) \
            / self._at('sqrt_recipm1_alphas_bar', t, x_t)

    def p_mean_variance(self,
                        output: dict[str, Tensor],
                        x_t: Tensor,
                        t: Tensor,
                        clip_denoised: bool = True) -> dict[str, Tensor]:
        """The step before, as a network predicts it.

        Args:
            output: ``eps_t_pred``, ``x_0_pred`` or ``x_tm1_pred``; with a
                learnt variance also ``logvar``, or ``factor``: 0 for
                ``beta_tilde`` and 1 for ``beta``, between their logs (Nichol
                and Dhariwal 2021, equation 15).
            x_t: What the network was given, ``[N, C, H, W]``.
            t: Steps ``[N]``.
            clip_denoised: Whether to keep the image in [-1, 1].

        Returns:
            ``mean_pred`` and ``x_0_pred``, ``[N, C, H, W]``; ``var_pred`` and
            ``logvar_pred``, likewise or, if not learnt, ``[N, 1, 1, 1]``.
        """
        output = {key: full_precision(value) for key, value in output.items()}
        var, logvar = self._predicted_variance(output, t, x_t)
        if 'eps_t_pred' in output:
            x_0 = self.pred_x_0_from_eps(output['eps_t_pred'], x_t, t)
        elif 'x_0_pred' in output:
            x_0 = output['x_0_pred']
        else:
            x_0 = self.pred_x_0_from_x_tm1(output['x_tm1_pred'], x_t, t)
        if clip_denoised:
            x_0 = x_0.clamp(-1, 1)
        mean = output['x_tm1_pred'] if 'x_tm1_pred' in output \
            else self.posterior_mean(x_0, x_t, t)
        return dict(
            mean_pred=mean, var_pred=var, logvar_pred=logvar, x_0_pred=x_0)

    def ddpm_step(self, prediction: dict[str, Tensor], t: Tensor,
                  noise: Tensor) -> Tensor:
        """The step before, drawn from the prediction; at step 0 its mean.

        Args:
            prediction: What `p_mean_variance` returns.
            t: Steps ``[N]``.
            noise: N(0, 1), ``[N, C, H, W]``.

        Source: Ho et al. 2020, arXiv:2006.11239, algorithm 2.
        """
        std = torch.exp(0.5 * prediction['logvar_pred'])
        more = (t > 0).view(-1, *[1] * (noise.ndim - 1))
        return prediction['mean_pred'] + more * std * noise

    def ddim_step(self, prediction: dict[str, Tensor], x_t: Tensor, t: Tensor,
                  noise: Tensor | None, eta: float) -> Tensor:
        """The step before, of another process with the same ``q(x_t | x_0)``.

        Args:
            prediction: What `p_mean_variance` returns; its variance is not
                used.
            x_t: Images with the noise of step ``t``, ``[N, C, H, W]``.
            t: Steps ``[N]``.
            noise: N(0, 1), ``[N, C, H, W]``; None with ``eta=0``.
            eta: Share of ``sqrt(beta_tilde)`` that is drawn anew: 1 for all,
                0 for a way without chance.

        Source: Song et al. 2020, arXiv:2010.02502, equations 12 and 16.
        """
        x_0 = prediction['x_0_pred']
        eps = self.pred_eps_from_x_0(x_0, x_t, t)
        var = eta**2 * self._at('tilde_betas', t, x_t)
        left = self._at('one_minus_alphas_bar_before', t, x_t)
        mean = self._at('sqrt_alphas_bar_before', t, x_t) * x_0 \
            + (left - var).clamp(min=0).sqrt() * eps
        return mean if noise is None else mean + var.sqrt() * noise

    def _predicted_variance(self, output: dict[str, Tensor], t: Tensor,
                            x_t: Tensor) -> tuple[Tensor, Tensor]:
        """Variance of the step back and its log."""
        if 'logvar' in output:
            return output['logvar'].exp(), output['logvar']
        if 'factor' in output:
            upper = self._at('log_betas', t, x_t)
            lower = self._at('log_tilde_betas_clipped', t, x_t)
            logvar = lower + output['factor'] * (upper - lower)
            return logvar.exp(), logvar
        if self.var_mode == 'fixed_large':
            tables = 'large_vars', 'log_large_vars'
        else:
            tables = 'tilde_betas', 'log_tilde_betas_clipped'
        return tuple(self._at(table, t, x_t) for table in tables)

    def _at(self, table: str, t: Tensor, like: Tensor) -> Tensor:
        """Entries ``[N]`` of a table in a form for images, ``[N, 1, 1, 1]``."""
        values = getattr(self, table)[t]
        return values.view(-1, *[1] * (like.ndim - 1))


def _tables(betas: np.ndarray) -> dict[str, np.ndarray]:
    """All tables, float64 ``[T]``.

    ``tilde_betas`` and the two coefficients are those of Ho et al. 2020,
    equation 7. What the variance of step 0 would be is that of step 1 where
    its log, or a variance above 0, is needed: as in the authors' code.
    """
    alphas_bar = np.cumprod(1 - betas)
    before = np.append(1.0, alphas_bar[:-1])
    tilde_betas = betas * (1 - before) / (1 - alphas_bar)
    first = tilde_betas[1:2] if len(betas) > 1 else betas
    large = np.append(first, betas[1:])
    return dict(
        log_betas=np.log(betas),
        sqrt_alphas_bar=np.sqrt(alphas_bar),
        sqrt_one_minus_alphas_bar=np.sqrt(1 - alphas_bar),
        log_one_minus_alphas_bar=np.log(1 - alphas_bar),
        sqrt_recip_alphas_bar=np.sqrt(1 / alphas_bar),
        sqrt_recipm1_alphas_bar=np.sqrt(1 / alphas_bar - 1),
        sqrt_alphas_bar_before=np.sqrt(before),
        one_minus_alphas_bar_before=1 - before,
        tilde_mu_coef1=np.sqrt(before) * betas / (1 - alphas_bar),
        tilde_mu_coef2=np.sqrt(1 - betas) * (1 - before) / (1 - alphas_bar),
        tilde_betas=tilde_betas,
        log_tilde_betas_clipped=np.log(np.append(first, tilde_betas[1:])),
        large_vars=large,
        log_large_vars=np.log(large))
