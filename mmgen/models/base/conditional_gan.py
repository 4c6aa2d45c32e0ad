"""GANs that are told a class: the labels around the common step."""
from typing import Any

from torch import Tensor, nn

from mmgen.models.base.gan import BaseGAN
from mmgen.models.base.sampling import batch_labels
from mmgen.models.layers.noise_generator import resolve_labels


class BaseConditionalGAN(BaseGAN):
    """A GAN whose networks are given class labels.

    Args:
        num_classes: Number ``K`` of classes, which networks built from a
            config get as well unless they set it; None for that of the
            generator. With neither, or 0, the model trains without labels.

    The other arguments are those of `BaseGAN`.
    """

    def __init__(self,
                 generator: nn.Module | dict,
                 discriminator: nn.Module | dict | None = None,
                 data_preprocessor: nn.Module | dict | None = None,
                 generator_steps: int = 1,
                 discriminator_steps: int = 1,
                 noise_size: int | None = None,
                 num_classes: int | None = None,
                 ema_config: dict | None = None,
                 loss_config: dict | None = None,
                 disc_augment: nn.Module | dict | None = None) -> None:
        generator, discriminator = (
            self._with_classes(network, num_classes)
            for network in (generator, discriminator))
        super().__init__(
            generator,
            discriminator,
            data_preprocessor,
            generator_steps,
            discriminator_steps,
            noise_size,
            ema_config=ema_config,
            loss_config=loss_config,
            disc_augment=disc_augment)
        self.num_classes = self._agree(
            'num_classes', num_classes,
            getattr(self.generator, 'num_classes', None))

    @staticmethod
    def _with_classes(network: nn.Module | dict | None,
                      num_classes: int | None) -> nn.Module | dict | None:
        """The config of a network, told the model's number of classes."""
        if not isinstance(network, dict) or not num_classes:
            return network
        return {'num_classes': num_classes, **network}

    def label_fn(self, label: Any = None, num_batches: int = 0) -> Tensor:
        """Labels as a tensor.

        Args:
            label: A class, a list or tensor of them, a function that makes
                a tensor, or None to draw them evenly.
            num_batches: How many, where ``label`` does not say it.

        Returns:
            ``[N]``, int64, on the model's device.
        """
        return resolve_labels(
            label,
            num_batches,
            self.num_classes,
            self.device,
            owner=type(self).__name__)

    def draw_conditions(self, batch_size: int) -> dict[str, Tensor]:
        conditions = super().draw_conditions(batch_size)
        if self.num_classes:
            conditions['label'] = self.label_fn(num_batches=batch_size)
        return conditions

    def disc_conditions(self, conditions: dict) -> dict[str, Tensor]:
        return {key: conditions[key] for key in conditions if key == 'label'}

    def real_conditions(self, data_samples: list | None) -> dict[str, Tensor]:
        if not self.num_classes:
            return {}
        return dict(label=self.data_sample_to_label(data_samples))

    def data_sample_to_label(self, data_samples: list | None) -> Tensor:
        """Labels of a batch of the data loader.

        Returns:
            ``[N]``, int64, on the model's device.

        Raises:
            ValueError: A sample has no label.
        """
        return batch_labels(
            data_samples, self.device, owner=type(self).__name__)

    def given_conditions(self, inputs: dict) -> dict[str, Tensor]:
        if 'label' in inputs:  # the generator's word: not to be passed over
            raise ValueError(
                f'{type(self).__name__}: the inputs have label, expected '
                'labels.')
        conditions = super().given_conditions(inputs)
        if self.num_classes:
            conditions['label'] = self.label_fn(
                inputs.get('labels'), len(conditions['noise']))
        return conditions

    def _data_sample(self, index, images, conditions, about):
        sample = super()._data_sample(index, images, conditions, about)
        if 'label' in conditions and conditions['label'].ndim == 1:
            sample.set_gt_label(conditions['label'][index])
        return sample
