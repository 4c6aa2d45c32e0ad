"""How far images are from what a text says, as CLIP sees it.

Radford et al. 2021, arXiv:2103.00020 (CLIP); Patashnik et al. 2021,
arXiv:2103.17249 (StyleCLIP), section 4: the loss, and in the authors' code how
images are resized for it.
"""
import os
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.models.losses.frozen_network import FrozenNetwork
from mmgen.models.losses.loss_from_outputs import LossFromOutputs
from mmgen.registry import MODULES
from mmgen.utils.checkpoint_file import local_checkpoint


@MODULES.register_module()
class CLIPLoss(LossFromOutputs):
    """``1 - cos(image, text)`` of CLIP's features, averaged over the images.

    The formula's arguments are ``image``, ``[N, 3, H, W]``, float, [-1, 1],
    RGB, and ``text``: one text, one for each image, or such texts as tokens
    ``[1 or N, 77]``.

    Args:
        loss_weight: Factor of the loss.
        data_info: See `LossFromOutputs`.
        clip_model: Arguments of `CLIPSimilarity`; it needs ``weights``.
        loss_name: See `LossFromOutputs`.
    """

    def __init__(self,
                 loss_weight: float = 1.0,
                 data_info: dict[str, str] | None = None,
                 clip_model: dict = dict(),
                 loss_name: str = 'loss_clip') -> None:
        super().__init__(loss_weight, data_info, loss_name)
        self.similarity = FrozenNetwork(CLIPSimilarity(**clip_model))

    def formula(self, image: Tensor,
                text: str | Sequence[str] | Tensor) -> Tensor:
        return (1 - self.similarity(image, text)).mean()


class CLIPSimilarity(nn.Module):
    """CLIP's cosine similarity of images and texts.

    CLIP gets the images in the range in which they are, without its own mean
    and deviation, as StyleCLIP does it.

    Args:
        in_size: Side of the images, pixels.
        scale_factor: See `resize_weights`.
        pool_size: Side of CLIP's images, pixels.
        clip_type: OpenAI's name of the network, for ``weights='openai'``.
        weights: Path or address of a file with OpenAI's weights, for instance
            ViT-B-32.pt; ``'openai'`` lets open_clip fetch those of
            ``clip_type``.

    Raises:
        FileNotFoundError: There is no such file.
        ImportError: open_clip is not installed.
        ValueError: No weights, or sizes that do not fit each other.
    """

    def __init__(self,
                 in_size: int = 1024,
                 scale_factor: int = 7,
                 pool_size: int = 224,
                 clip_type: str = 'ViT-B/32',
                 weights: str | None = None) -> None:
        super().__init__()
        if weights is None:
            raise ValueError(
                'CLIPLoss: clip_model has no weights. Give the path of a file '
                f'with those of {clip_type} as clip_model=dict(weights=...), '
                "or weights='openai' to have them fetched.")
        try:
            import open_clip
        except ImportError as error:
            raise ImportError(
                'CLIPLoss needs the package "open_clip", which is not '
                'installed: pip install open-clip-torch') from error
        self.in_size = in_size
        self.register_buffer(
            'resize', resize_weights(in_size, scale_factor, pool_size))
        self.tokenize = open_clip.tokenize
        source = clip_type.replace('/', '-') if weights == 'openai' \
            else _local_file(weights)
        self.clip = open_clip.load_openai_model(
            source, precision='fp32', device='cpu')

    def forward(self, images: Tensor,
                text: str | Sequence[str] | Tensor) -> Tensor:
        """Similarities ``[N]`` of images ``[N, 3, H, W]`` and their texts."""
        expected = (3, self.in_size, self.in_size)
        if images.ndim != 4 or images.shape[1:] != expected:
            raise ValueError(
                f'CLIPLoss: images have shape {list(images.shape)}, expected '
                f'[N, 3, {self.in_size}, {self.in_size}]. Set in_size in '
                'clip_model.')
        tokens = text if isinstance(text, Tensor) else self.tokenize(text)
        if len(tokens) not in (1, len(images)):
            raise ValueError(
                f'CLIPLoss: {len(tokens)} texts for {len(images)} images, '
                'expected one for all or one for each.')
        with torch.no_grad():
            text_features = self.clip.encode_text(tokens.to(images.device))
        small = self.resize @ images.to(self.resize.dtype) @ self.resize.T
        image_features = self.clip.encode_image(small)
        return F.cosine_similarity(
            image_features.float(), text_features.float())


def _local_file(weights: str) -> str:
    """The path of the weights, fetched first if they are an address."""
    path = str(local_checkpoint(weights))
    if not os.path.isfile(path):
        # open_clip would take the name of a network as a wish to fetch it.
        raise FileNotFoundError(f'CLIPLoss: there is no file {path}.')
    return path


def resize_weights(in_size: int, scale_factor: int, pool_size: int) -> Tensor:
    """One axis of the resizing from ``in_size`` to ``pool_size`` pixels.

    The image is enlarged ``scale_factor`` times by repeating its pixels, then
    as many of these as make ``pool_size`` are averaged.

    Returns:
        ``[pool_size, in_size]``; an image is multiplied by it from the left
        and by its transpose from the right.
    """
    if in_size * scale_factor % pool_size:
        raise ValueError(
            f'CLIPLoss: in_size={in_size} enlarged by scale_factor='
            f'{scale_factor} is no multiple of pool_size={pool_size}. With 7 '
            'and 224 in_size is a multiple of 32.')
    repeated = torch.eye(in_size).repeat_interleave(scale_factor, 0)
    return repeated.unflatten(0, (pool_size, -1)).mean(1)
