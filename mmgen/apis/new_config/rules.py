"""Numbers of a training that follow from the data and the machine.

Those of StyleGAN2 are the automatic settings that come with Karras et al.
2020, "Training Generative Adversarial Networks with Limited Data",
arXiv:2006.06676.
"""
import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Batch:
    """How many images make one update.

    Attributes:
        per_gpu: Images that a process reads in an iteration.
        gpus: Processes.
        accumulation: Iterations whose gradients make one update.
    """

    per_gpu: int
    gpus: int
    accumulation: int

    @property
    def total(self) -> int:
        """Images of an update."""
        return self.per_gpu * self.gpus * self.accumulation

    @property
    def per_iteration(self) -> int:
        """Images of an iteration."""
        return self.per_gpu * self.gpus

    @property
    def text(self) -> str:
        """``8 GPUs x 8``, with the iterations if there are several."""
        gpus = f'{self.gpus} GPU' + 's' * (self.gpus > 1)
        more = f' x {self.accumulation} iterations' * (self.accumulation > 1)
        return f'{gpus} x {self.per_gpu} images{more}'


def split_batch(total: int, gpus: int, most_per_gpu: int) -> Batch:
    """Share a batch out, in several iterations where a GPU cannot hold it.

    Args:
        total: Images of an update, a multiple of ``gpus``.
        gpus: Processes.
        most_per_gpu: Images that a GPU holds.

    Raises:
        ValueError: ``total`` is no multiple of ``gpus``.
    """
    if total % gpus:
        raise ValueError(
            f'--batch: {total} images cannot be shared out over {gpus} GPUs, '
            f'expected a multiple of {gpus}. Take {nearest_multiple(total, gpus)}.')
    share = total // gpus
    times = next(times for times in range(1, share + 1)
                 if share % times == 0 and share // times <= most_per_gpu)
    return Batch(share // times, gpus, times)


def nearest_multiple(total: int, gpus: int) -> int:
    """The largest multiple of ``gpus`` up to ``total``, at least one."""
    return max(total // gpus, 1) * gpus


def most_images_of_stylegan(resolution: int) -> int:
    """Images of one update that a GPU holds, by the automatic settings."""
    return max(min(4096 // resolution, 32), 1)


def most_images(resolution: int) -> int:
    """The same for other families, as in the published configs.

    These have 128 images of 64x64 on a GPU (DCGAN), 64 of 128x128 (SAGAN) and
    32 of 256x256 (R3GAN): 8192 over the side.
    """
    return max(min(8192 // resolution, 128), 1)


def stylegan2_batch(resolution: int, gpus: int) -> int:
    """Images of an update: what the GPUs hold, at most 64.

    Source: the automatic settings of arXiv:2006.06676.
    """
    held = gpus * most_images_of_stylegan(resolution)
    return max(min(held, 64), gpus)


def r1_gamma(resolution: int, batch: int) -> float:
    """Strength of R1: ``0.0002 * pixels / batch``.

    Source: arXiv:2006.06676, appendix C.
    """
    return 0.0002 * resolution**2 / batch


def ema_kimg(batch: int) -> float:
    """Half-life of StyleGAN2's average in thousands of images.

    10 at batches of 32, in proportion; the automatic settings of
    arXiv:2006.06676.
    """
    return batch * 10 / 32


def stylegan2_rate(resolution: int) -> float:
    """Learning rate of both networks; automatic settings of 2006.06676."""
    return 0.002 if resolution >= 1024 else 0.0025


def amount(kimg: float) -> str:
    """``64 thousand images``, ``25 million images``."""
    return f'{kimg / 1000:g} million images' if kimg >= 1000 \
        else f'{kimg:g} thousand images'


def iterations(kimg: float, batch: Batch) -> int:
    """Iterations that show ``kimg`` thousand images, whole updates."""
    updates = max(1, math.ceil(1000 * kimg / batch.total))
    return updates * batch.accumulation


def half_life_in_updates(published: float, updates: int) -> int:
    """Half-life of an average, in updates of the generator.

    Args:
        published: That of the paper.
        updates: Updates of the run; the half-life is at most a twentieth of
            them, so that the last average has forgotten the first weights.
    """
    return max(1, round(min(published, updates / 20)))


def momentum(half_life: float) -> float:
    """Share of the new weights, for a half-life in updates."""
    return 1 - 0.5**(1 / half_life)


def evaluation_interval(max_iters: int, batch: Batch, kimg: float) -> int:
    """Iterations from one evaluation to the next.

    Every 200 thousand images as in arXiv:2006.06676's own runs, but at most
    fifty times in a run.
    """
    wanted = max(200.0, kimg / 50) * 1000 / batch.per_iteration
    steps = max(1, round(wanted / batch.accumulation)) * batch.accumulation
    return min(steps, max_iters)
