"""FID within each class, for models that are told one.

Miyato and Koyama 2018, arXiv:1802.05637, section 4: "intra FID", the mean over
the classes of the FID between generated and real images of a class. FID itself
does not see whether images show the class that was asked for.
"""
from collections.abc import Sequence
from dataclasses import replace

from mmengine.model import BaseModel
from torch.utils.data import DataLoader

from mmgen.evaluation.features import FeatureNetwork, Gaussian
from mmgen.evaluation.features.statistics import join_statistics
from mmgen.evaluation.frechet import gaussian_distance
from mmgen.evaluation.metrics.base import whole_number
from mmgen.evaluation.metrics.fid import (FrechetInceptionDistance,
                                          distance_error)
from mmgen.evaluation.reference import ReferenceRequest
from mmgen.evaluation.standard_error import JACKKNIFE_GROUPS
from mmgen.registry import METRICS


@METRICS.register_module()
class IntraFID(FrechetInceptionDistance):
    """Mean of the classes' FIDs, and the ``worst`` of them.

    With Inception's features 67 MB are kept for each class, so look at some
    of ImageNet's.

    Args:
        fake_nums: Number of generated images, as many of each class.
        real_nums: Number of real images, evenly spaced over the dataset of
            the ``val_dataloader``, of all classes together; -1 for all.
        classes: Which classes; None for all that the model knows.
        per_class: Report the FID of each class ``k`` as ``class_k`` as well.
        inception_style: See `FrechetInceptionDistance`.
        inception_path: Likewise.
        fake_key: Likewise.
        real_key: Likewise.
        sample_model: Likewise.
        collect_device: Likewise.
        prefix: First part of the result keys, by default ``IntraFID``; with
            another ``feature`` than Inception ``IntraFID-`` and its name.
        feature: See `FrechetInceptionDistance`.
        sample_kwargs: Likewise.
        seed: Likewise.
        resize: Likewise.
        standard_error: Whether to measure how far the distances stray, see
            `FrechetInceptionDistance`; of their mean it is that of
            independent numbers. 34 MB more are kept for each class and
            group.
    """

    default_prefix = 'IntraFID'
    distance_prefix = 'Intra'
    needs_model = 'it asks the model for images of each class'

    def __init__(self,
                 fake_nums: int | float,
                 real_nums: int | float = -1,
                 classes: Sequence[int] | None = None,
                 per_class: bool = False,
                 inception_style: str = 'StyleGAN',
                 inception_path: str | None = None,
                 fake_key: str | None = None,
                 real_key: str = 'img',
                 sample_model: str = 'orig',
                 collect_device: str = 'cpu',
                 prefix: str | None = None,
                 feature: str | dict | FeatureNetwork | None = None,
                 sample_kwargs: dict | None = None,
                 seed: int = 0,
                 resize: str = 'legacy',
                 standard_error: bool = False) -> None:
        super().__init__(
            fake_nums, real_nums, inception_style, inception_path, None,
            fake_key, real_key, sample_model, collect_device, prefix, feature,
            sample_kwargs, seed, resize, floor=False)
        self.groups_per_class = JACKKNIFE_GROUPS if standard_error else 1
        # Those of the model are known when it is met.
        self.classes = [whole_number(self, 'classes', label, least=0)
                        for label in classes or []]
        if classes is not None and (
                not classes or len(set(classes)) < len(classes)):
            raise ValueError(f'{self}: classes={classes!r}, expected at least '
                             'one, each once.')
        self.result_names = ('fid', 'worst')
        if per_class:
            if classes is None:
                raise ValueError(
                    f'{self}: per_class=True needs to know the classes. Set '
                    'classes, e.g. classes=range(10).')
            self.result_names += tuple(
                f'class_{label}' for label in self.classes)

    def meet(self, model: BaseModel, dataloader: DataLoader) -> None:
        known = getattr(model, 'num_classes', None)
        if not known:
            raise TypeError(
                f'{self}: {type(model).__name__} has no num_classes, so it '
                'makes no images of a class. Use FID, or a conditional '
                'model.')
        self.classes = self.classes or list(range(known))
        if max(self.classes) >= known:
            raise ValueError(
                f'{self}: classes={self.classes}, but {type(model).__name__} '
                f'has num_classes={known}. Take classes from 0 to '
                f'{known - 1}.')
        count, least = len(self.classes), 2 * self.groups_per_class
        if self.fake_nums % count or self.fake_nums < least * count:
            raise ValueError(
                f'{self}: fake_nums={self.fake_nums} for {count} classes, '
                f'expected as many images of each, at least {least}. Use a '
                f'multiple of {count}.')
        self.fake_request = replace(
            self.fake_request, labels=tuple(self.classes))
        # Image i is of the class i % K, and so is its group.
        self.groups = count * self.groups_per_class

    @property
    def images_per_distance(self) -> int:
        return self.fake_nums // len(self.classes)

    def reference_request(self) -> None:
        return None

    def part_requests(self) -> list[ReferenceRequest]:
        if self.parts:
            return []
        return [ReferenceRequest(str(self), self.network, self.real_nums,
                                 self.real_key, self.seed, self.sums_device,
                                 label=label) for label in self.classes]

    def _fakes_of_classes(self) -> list[list[Gaussian]]:
        """The groups of each class."""
        count = len(self.classes)
        return [self.fakes[place::count] for place in range(count)]

    def compute(self) -> dict[str, float]:
        distances = [
            gaussian_distance(join_statistics(groups), real)[0]
            for groups, real in zip(self._fakes_of_classes(), self.parts)]
        return dict(
            self._by_class(distances),
            fid=sum(distances) / len(distances),
            worst=max(distances))

    def beside(self) -> dict[str, dict[str, float]]:
        if self.groups_per_class == 1:
            return {}
        errors = [distance_error(groups, real) for groups, real in zip(
            self._fakes_of_classes(), self.parts)]
        of_mean = sum(error**2 for error in errors)**0.5 / len(errors)
        found = dict(self._by_class(errors), fid=of_mean)
        return {name: dict(standard_error=error)
                for name, error in found.items() if name in self.result_names}

    def _by_class(self, values: list[float]) -> dict[str, float]:
        """Names of the classes' results and their values."""
        return {f'class_{label}': value
                for label, value in zip(self.classes, values)}

    def reference_identity(self) -> dict:
        return dict(
            images=sum(part.count for part in self.parts),
            selection=self.selection,
            classes=self.classes,
            sha256=[part.sha256 for part in self.parts])
