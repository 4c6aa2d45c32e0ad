"""FID and Inception score of image translations.

The images are translations of those that the ``val_dataloader`` gives, each
once; the real ones are its images of the target domain.
"""
from dataclasses import replace
from typing import Any

from mmengine.model import BaseModel
from torch.utils.data import DataLoader

from mmgen.evaluation.features import FeatureNetwork
from mmgen.evaluation.metrics.base import GenMetric
from mmgen.evaluation.metrics.fid import FrechetInceptionDistance
from mmgen.evaluation.metrics.inception_score import InceptionScore
from mmgen.evaluation.samplers import FakeRequest
from mmgen.registry import METRICS

FAKE = 'fake_'


class TranslationMetric(GenMetric):
    """A metric that looks at translations of the loader's images.

    The target domain is that of ``fake_key`` (``'fake_winter'``); without it
    the model's ``default_domain``.
    """

    target_domain: str | None = None
    needs_model = 'it lets the model translate images'

    def ask_for_translations(self) -> None:
        """Want translations instead of images from noise.

        To be called when all else is set. Translation models have no averaged
        generator, so ``sample_model`` says nothing here; 1.x has ``'ema'``
        there by default.
        """
        self.fake_request = FakeRequest(
            'orig', {}, self.seed, sources=self.fake_nums)

    def meet(self, model: BaseModel, dataloader: DataLoader) -> None:
        target = getattr(model, 'default_domain', None)
        if target is None:
            raise TypeError(
                f'{self}: {type(model).__name__} has no default_domain, so it '
                'is no model that translates. Use FID or IS.')
        if self.fake_key is not None and self.fake_key.startswith(FAKE):
            target = self.fake_key.removeprefix(FAKE)
        dataset: Any = dataloader.dataset  # torch's type has no length
        available = len(dataset)
        if self.fake_nums > available:
            raise ValueError(
                f'{self}: fake_nums={self.fake_nums}, but the dataset of the '
                f'val_dataloader has {available} samples to translate, each '
                f'once. Use fake_nums={available}.')
        self.target_domain = target
        self.fake_key = self.fake_key or FAKE + target
        self.fake_request = replace(self.fake_request, target_domain=target)

    def identity(self) -> dict[str, Any]:
        identity = super().identity()
        identity['fake']['source'] = 'images of the val_dataloader'
        return identity


@METRICS.register_module()
class TransFID(TranslationMetric, FrechetInceptionDistance):
    """FID of translations.

    Args:
        fake_nums: Number of translated images, evenly spaced over the dataset
            of the ``val_dataloader``.
        real_nums: Number of real images; -1 for all.
        inception_style: See `FrechetInceptionDistance`.
        inception_path: Likewise.
        inception_pkl: Likewise.
        fake_key: Name of the image in the model's data samples,
            ``'fake_<domain>'``; None for the model's default domain.
        real_key: Name of the real image in a batch; ``'img'``, which no batch
            of translation data has, for ``'img_<domain>'`` of the same
            domain.
        sample_model: See `TranslationMetric.ask_for_translations`.
        collect_device: See `FrechetInceptionDistance`.
        prefix: Likewise.
        feature: Likewise.
        seed: Seed of what is random in the data pipeline and the model.
        resize: See `FrechetInceptionDistance`.
        floor: Likewise.
        standard_error: Likewise.
    """

    def __init__(self,
                 fake_nums: int | float,
                 real_nums: int | float = -1,
                 inception_style: str = 'StyleGAN',
                 inception_path: str | None = None,
                 inception_pkl: str | None = None,
                 fake_key: str | None = None,
                 real_key: str = 'img',
                 sample_model: str = 'ema',
                 collect_device: str = 'cpu',
                 prefix: str | None = None,
                 feature: str | dict | FeatureNetwork | None = None,
                 seed: int = 0,
                 resize: str = 'legacy',
                 floor: bool | None = None,
                 standard_error: bool = False) -> None:
        super().__init__(
            fake_nums, real_nums, inception_style, inception_path,
            inception_pkl, fake_key, real_key, sample_model, collect_device,
            prefix, feature, seed=seed, resize=resize, floor=floor,
            standard_error=standard_error)
        self.ask_for_translations()

    def meet(self, model: BaseModel, dataloader: DataLoader) -> None:
        super().meet(model, dataloader)
        if self.real_key == 'img':
            self.real_key = f'img_{self.target_domain}'


@METRICS.register_module()
class TransIS(TranslationMetric, InceptionScore):
    """Inception score of translations.

    Args:
        fake_nums: Number of translated images, evenly spaced over the dataset
            of the ``val_dataloader``.
        resize: See `InceptionScore`.
        splits: Likewise.
        inception_style: Likewise.
        inception_path: Likewise.
        resize_method: Likewise.
        use_pillow_resize: Likewise.
        fake_key: See `TransFID`.
        sample_model: See `TranslationMetric.ask_for_translations`.
        collect_device: See `InceptionScore`.
        prefix: Likewise.
        feature: Likewise.
        seed: Seed of what is random in the data pipeline and the model.
    """

    def __init__(self,
                 fake_nums: int | float = 50000,
                 resize: bool = True,
                 splits: int = 10,
                 inception_style: str = 'StyleGAN',
                 inception_path: str | None = None,
                 resize_method: str = 'bicubic',
                 use_pillow_resize: bool = True,
                 fake_key: str | None = None,
                 sample_model: str = 'ema',
                 collect_device: str = 'cpu',
                 prefix: str | None = None,
                 feature: str | dict | FeatureNetwork | None = None,
                 seed: int = 0) -> None:
        super().__init__(
            fake_nums, resize, splits, inception_style, inception_path,
            resize_method, use_pillow_resize, fake_key, sample_model,
            collect_device, prefix, feature, seed=seed)
        self.ask_for_translations()
