"""Images for networks that grow: which ones, and how many at a time."""
import os

from torch.utils.data import Dataset

from mmgen.datasets.image_dataset import Pipeline
from mmgen.datasets.unconditional_image_dataset import \
    UnconditionalImageDataset
from mmgen.registry import DATASETS


@DATASETS.register_module()
class GrowScaleImgDataset(Dataset):
    """Folders of images of several sizes, of which one is in use.

    At each side of the networks' images it gives those of the smallest folder
    that is large enough, and says how many make a batch. `PGGANFetchDataHook`
    tells it the side.

    Args:
        data_roots: For each side of images the folder, zip file or LMDB with
            them.
        pipeline: Transforms, or their configs.
        len_per_stage: Kept for configs, without effect: training reads the
            images endlessly.
        gpu_samples_per_scale: For each side of the networks' images, those in
            a batch of one process.
        gpu_samples_base: The same for sides that are not named.
        io_backend: See `UnconditionalImageDataset`.
        file_lists: For each side of images a text file with the names of
            those to take; None for all.
        test_mode: See `UnconditionalImageDataset`.

    Attributes:
        scale: Side of the networks' images; None before it is told.

    Raises:
        ValueError: ``data_roots`` is not set.
    """

    def __init__(self,
                 data_roots: dict[int | str, str],
                 pipeline: Pipeline,
                 len_per_stage: int = 1000000,
                 gpu_samples_per_scale: dict[int | str, int] | None = None,
                 gpu_samples_base: int = 32,
                 io_backend: str | None = None,
                 file_lists: dict[int | str, str] | None = None,
                 test_mode: bool = False) -> None:
        if not data_roots:
            raise ValueError(
                'GrowScaleImgDataset: data_roots is empty. Set the folder of '
                "images for each of their sides, for example {'128': PATH}.")
        lists = {int(side): path for side, path in (file_lists or {}).items()}
        self.folders = {
            side: UnconditionalImageDataset(
                os.fspath(root), pipeline, io_backend, lists.get(side),
                test_mode)
            for side, root in sorted(
                (int(side), root) for side, root in data_roots.items())
        }
        self.samples_per_scale = {
            int(side): count
            for side, count in (gpu_samples_per_scale or {}).items()
        }
        self.samples_base = gpu_samples_base
        self.scale: int | None = None

    @property
    def folder(self) -> UnconditionalImageDataset:
        """The smallest images that are large enough, or else the largest."""
        for side, folder in self.folders.items():
            if side >= (self.scale or 0):
                break
        return folder

    @property
    def batch_size(self) -> int:
        """Images in a batch of one process."""
        return self.samples_per_scale.get(self.scale, self.samples_base)

    def __len__(self) -> int:
        return len(self.folder)

    def __getitem__(self, index: int) -> dict:
        return self.folder[index]
