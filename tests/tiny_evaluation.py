"""A generator, data and a feature network for tests of the evaluation."""
import random
from pathlib import Path

import numpy as np
import torch
from mmengine.model import BaseDataPreprocessor, BaseModel
from mmengine.structures import BaseDataElement
from PIL import Image
from tiny_features import TinyFeatures
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

from mmgen.datasets import UnconditionalImageDataset
from mmgen.datasets.loading import stack_collate
from mmgen.evaluation import GenEvaluator
from mmgen.registry import FEATURES
from mmgen.structures import GenDataSample
from mmgen.utils.randomness import seed_everything, unchanged_random_state


@FEATURES.register_module(force=True)
class TinyClasses(TinyFeatures):
    """Tiny features that count as Inception and know five classes."""

    name = 'TinyClasses'
    is_inception = True

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, images: Tensor) -> Tensor:
        self.calls += 1
        return super().__call__(images)

    def class_probabilities(self, images: Tensor) -> Tensor:
        return super().__call__(images)[:, :5].softmax(dim=1)


class TinyPreprocessor(BaseDataPreprocessor):
    """uint8 RGB to [-1, 1] and back."""

    def __init__(self, scale: float = 127.5) -> None:
        super().__init__()
        self.scale = scale

    def forward(self, data: dict, training: bool = False) -> dict:
        images = self.cast_data(data['inputs']['img']).float()
        return dict(inputs=dict(img=images / self.scale - 1))

    def to_uint8_rgb(self, images: Tensor) -> Tensor:
        return (images * self.scale + 128).clamp(0, 255).to(torch.uint8)

    def to_float_rgb(self, images: Tensor) -> Tensor:
        return images * self.scale + 127.5


class TinyGAN(BaseModel):
    """Noise, coloured. Notes what it was asked for."""

    with_ema_gen = True

    def __init__(self, side: int = 8) -> None:
        super().__init__(TinyPreprocessor())
        self.side = side
        self.gain = nn.Parameter(torch.tensor([0.5, 1.0, 2.0]))
        self.asked: list[dict] = []

    def forward(self, inputs: dict, data_samples=None, mode='tensor') -> list:
        return self.test_step(dict(inputs=inputs))

    def val_step(self, data: dict) -> list:
        return self.test_step(data)

    def test_step(self, data: dict) -> list:
        inputs = data['inputs']
        self.asked.append(inputs)
        noise = torch.randn(inputs['num_batches'], 3, self.side, self.side)
        noise += random.random() + np.random.rand()
        images = torch.tanh(self.gain.view(3, 1, 1) * noise.mean(
            dim=1, keepdim=True) + 0.1 * noise)
        if inputs['sample_model'] == 'ema':
            images = images / 2
        return [BaseDataElement(fake_img=BaseDataElement(data=image))
                for image in images]

    @property
    def images_made(self) -> int:
        return sum(inputs['num_batches'] for inputs in self.asked)

    def train_step(self, data: dict, optim_wrapper) -> dict:
        loss = self.gain.square().sum() * torch.rand(())
        optim_wrapper.update_params(loss)
        return dict(loss=loss.detach())


class TinyConditionalGAN(TinyGAN):
    """Two classes, of which the second is darker."""

    num_classes = 2

    def test_step(self, data: dict) -> list:
        samples = super().test_step(data)
        for label, sample in zip(data['inputs'].get('labels', []), samples):
            sample.fake_img.data = sample.fake_img.data - 0.5 * label
        return samples


class TinyImages(Dataset):
    """Random images in memory."""

    def __init__(self, size: int = 21, side: int = 8, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.images = rng.integers(0, 256, (size, 3, side, side), np.uint8)
        self.read: list[int] = []

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> dict:
        self.read.append(index)
        return dict(inputs=dict(img=torch.from_numpy(self.images[index])))


class TinyClassImages(TinyImages):
    """With classes in turn: the images 1, 3, 5, ... are of class 1."""

    def __getitem__(self, index: int) -> dict:
        sample = GenDataSample().set_gt_label(index % 2)
        return dict(super().__getitem__(index), data_samples=sample)


class BrightImages(TinyImages):
    """Images as bright as those of `TinyGAN`."""

    def __init__(self) -> None:
        super().__init__()
        levels = np.random.default_rng(1).integers(150, 240, (21, 3, 1, 1))
        self.images = (levels + self.images // 16).astype(np.uint8)


def loader(dataset: Dataset | None = None, batch_size: int = 4,
           **kwargs) -> DataLoader:
    return DataLoader(
        TinyImages() if dataset is None else dataset, batch_size,
        collate_fn=stack_collate, **kwargs)


def run(evaluator: GenEvaluator, model: TinyGAN | None = None,
        loading: DataLoader | None = None) -> dict[str, float]:
    """What a loop does."""
    model, loading = model or TinyGAN(), loading or loader()
    with torch.no_grad(), unchanged_random_state():
        evaluator.prepare(model, loading)
        for group in evaluator.groups(loading):
            for batch in group.batches:
                seed_everything(group.request.seed, batch.index)
                evaluator.process(group, batch, model.test_step(batch.data),
                                  model)
    return evaluator.evaluate()


def image_folder(root: Path, size: int = 6) -> UnconditionalImageDataset:
    """A dataset of PNG files."""
    rng = np.random.default_rng(0)
    root.mkdir(exist_ok=True)
    for index in range(size):
        pixels = rng.integers(0, 256, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(root / f'{index}.png')
    return open_folder(root)


def open_folder(root: Path, **flip) -> UnconditionalImageDataset:
    return UnconditionalImageDataset(str(root), [
        dict(type='LoadImageFromFile', key='img'),
        dict(type='Flip', keys=['img'], **flip),
        dict(type='PackGenInputs', keys=['img'])])


def fid(**kwargs) -> dict:
    """A metric that runs in milliseconds."""
    return dict(dict(type='FID', fake_nums=10, feature='TinyFeatures'),
                **kwargs)
