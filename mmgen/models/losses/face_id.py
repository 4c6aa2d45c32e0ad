"""Whether two images show the same face."""
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from mmgen.models.losses.frozen_network import FrozenNetwork
from mmgen.models.losses.ir_se50 import IN_SIZE, IRSE50
from mmgen.models.losses.loss_from_outputs import LossFromOutputs
from mmgen.registry import MODULES
from mmgen.utils.checkpoint_file import local_checkpoint, read_checkpoint

# Of an image aligned as FFHQ is, this part of 256x256 pixels is the face.
ALIGNED_SIZE = 256
FACE_ROWS = slice(35, 223)
FACE_COLUMNS = slice(32, 220)


@MODULES.register_module()
class FaceIdLoss(LossFromOutputs):
    """``1 - <R(pred), R(gt)>`` of a face network's features, averaged.

    The formula's arguments are ``pred``, which gets gradients, and ``gt``,
    which does not: ``[N, 3, H, W]``, float, [-1, 1], RGB, aligned as FFHQ.

    Args:
        loss_weight: Factor of the loss.
        data_info: See `LossFromOutputs`.
        facenet: Config of the network ``R``, images to features of length 1.
        loss_name: See `LossFromOutputs`.

    Source: Richardson et al. 2020, arXiv:2008.00951.
    """

    def __init__(self,
                 loss_weight: float = 1.0,
                 data_info: dict[str, str] | None = None,
                 facenet: dict = dict(
                     type='ArcFace', ir_se50_weights=None, device='cuda'),
                 loss_name: str = 'loss_id') -> None:
        super().__init__(loss_weight, data_info, loss_name)
        self.facenet = FrozenNetwork(MODULES.build(facenet))

    def formula(self, pred: Tensor, gt: Tensor) -> Tensor:
        with torch.no_grad():
            wanted = self.facenet(gt).float()
        return (1 - (self.facenet(pred).float() * wanted).sum(1)).mean()


@MODULES.register_module()
class ArcFace(nn.Module):
    """`IRSE50` with its published weights, for aligned faces of any size.

    Args:
        ir_se50_weights: Path or address of model_ir_se50.pth.
        device: Kept for configs of 1.x, without effect: `FaceIdLoss` moves the
            network to the images.

    Raises:
        ValueError: No weights.

    Source: Deng et al. 2018, arXiv:1801.07698; the crop as in Richardson et
    al. 2020, arXiv:2008.00951.
    """

    def __init__(self,
                 ir_se50_weights: str | None = None,
                 device: str = 'cuda') -> None:
        super().__init__()
        if ir_se50_weights is None:
            raise ValueError(
                'ArcFace: ir_se50_weights is None, but an untrained network '
                'tells no faces apart. Give the path of model_ir_se50.pth, '
                "for instance facenet=dict(type='ArcFace', "
                'ir_se50_weights=PATH).')
        self.network = IRSE50()
        weights = read_checkpoint(
            local_checkpoint(ir_se50_weights),
            remedy='save its state dict alone')
        self.network.load_state_dict(weights['state_dict'])

    def forward(self, images: Tensor) -> Tensor:
        """Images ``[N, 3, H, W]`` to features of length 1, ``[N, 512]``."""
        return self.network(face_region(images))


def face_region(images: Tensor) -> Tensor:
    """The face out of aligned images, ``[N, 3, 112, 112]``."""
    if images.shape[2:] != (ALIGNED_SIZE, ALIGNED_SIZE):
        images = F.adaptive_avg_pool2d(images, ALIGNED_SIZE)
    return F.adaptive_avg_pool2d(
        images[:, :, FACE_ROWS, FACE_COLUMNS], IN_SIZE)
