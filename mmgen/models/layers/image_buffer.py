"""A store of earlier fakes, so that a discriminator does not forget them.

Shrivastava et al. 2016, arXiv:1612.07828, section 2.3; Zhu et al. 2017,
arXiv:1703.10593, section 4, with 50 images.
"""
import torch
from torch import Tensor


class GANImageBuffer:
    """Gives back a mixture of new images and of earlier ones.

    Until it is full it keeps each image and gives it back. Then an image is,
    with the probability ``buffer_ratio``, exchanged for a random one of those
    kept; otherwise it is given back and not kept.

    Args:
        buffer_size: Images kept; 0 to give back what comes.
        buffer_ratio: Probability of an exchange.

    Attributes:
        images: Those kept, each ``[C, H, W]``; a list of this object alone.

    Raises:
        ValueError: A size below 0, or a ratio outside of [0, 1].
    """

    def __init__(self, buffer_size: int, buffer_ratio: float = 0.5) -> None:
        if buffer_size < 0 or not 0 <= buffer_ratio <= 1:
            raise ValueError(
                f'GANImageBuffer: buffer_size={buffer_size} and '
                f'buffer_ratio={buffer_ratio}, expected a number of images '
                'of at least 0 and a probability.')
        self.buffer_size = buffer_size
        self.buffer_ratio = buffer_ratio
        self.images: list[Tensor] = []

    def query(self, images: Tensor) -> Tensor:
        """Exchange some of a batch; draws from torch's global CPU generator.

        Args:
            images: ``[N, C, H, W]``.

        Returns:
            As many images, without a graph.

        Raises:
            ValueError: They differ in shape from those kept.
        """
        images = images.detach()
        if self.buffer_size == 0:
            return images
        if self.images and self.images[0].shape != images.shape[1:]:
            raise ValueError(
                f'GANImageBuffer: images of shape {list(images.shape[1:])} '
                f'after such of {list(self.images[0].shape)}. Resize or Crop '
                'all to one size in the data pipeline.')
        return torch.stack([self._exchange(image) for image in images])

    def _exchange(self, image: Tensor) -> Tensor:
        """What is given back for one image ``[C, H, W]``."""
        if len(self.images) < self.buffer_size:
            self.images.append(image.clone())
            return image
        if torch.rand(()).item() >= self.buffer_ratio:
            return image
        place = int(torch.randint(self.buffer_size, ()))
        old, self.images[place] = self.images[place], image.clone()
        return old.to(image)

    def state_dict(self) -> dict[str, Tensor]:
        """The images kept, ``[B, C, H, W]``, for a checkpoint; or nothing."""
        if not self.images:
            return {}
        return dict(images=torch.stack([item.cpu() for item in self.images]))

    def load_state_dict(self, state_dict: dict[str, Tensor]) -> None:
        """Undo `state_dict`."""
        self.images = list(state_dict.get('images', ()))[:self.buffer_size]
