"""A tiny GAN and a runner around it, for the tests of hooks and logs."""
import itertools
from pathlib import Path

import pytest
import torch
from mmengine.dataset import InfiniteSampler
from mmengine.hooks import Hook
from mmengine.model import BaseModel
from mmengine.runner import Runner
from mmengine.structures import BaseDataElement
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

_numbers = itertools.count()


class TinyGAN(BaseModel):
    """Images [3, 2, 2] from noise [3] and, with classes, the class."""

    def __init__(self, num_classes: int | None = None) -> None:
        super().__init__()
        self.noise_size = 3
        self.num_classes = num_classes
        self.generator = nn.Sequential(
            nn.Linear(3, 12), nn.BatchNorm1d(12), nn.Dropout(0.5), nn.Tanh())
        self.calls = []

    def forward(self, inputs: dict, data_samples: list | None = None) -> list:
        self.calls.append({**inputs, 'training': self.training})
        images = self.generator(inputs['noise']).view(-1, 3, 2, 2)
        samples = []
        for index, image in enumerate(images):
            if inputs.get('labels') is not None:
                image = torch.full_like(image, inputs['labels'][index] / 10)
            sample = BaseDataElement()
            sample.fake_img = image
            samples.append(sample)
        return samples

    def val_step(self, data: dict) -> list:
        return self.forward(data['inputs'])

    def train_step(self, data: Tensor, optim_wrapper) -> dict:
        fakes = self.generator(torch.randn(len(data), 3))
        loss = fakes.square().mean()
        optim_wrapper.update_params(loss)
        return dict(loss_disc=loss, loss_gen=2 * loss)


class Numbers(Dataset):
    """Sixteen vectors."""

    def __len__(self) -> int:
        return 16

    def __getitem__(self, index: int) -> Tensor:
        return torch.full((3, ), float(index))


def loader(batch_size: int = 4) -> DataLoader:
    data = Numbers()
    return DataLoader(
        data, batch_size=batch_size, sampler=InfiniteSampler(data, seed=0))


@pytest.fixture
def make_runner(tmp_path: Path):
    """A function that makes a runner of `TinyGAN`."""

    def make(*hooks: Hook | dict, max_iters: int = 4, seed: int = 1,
             num_classes: int | None = None, **kwargs) -> Runner:
        torch.manual_seed(0)
        settings = dict(
            model=TinyGAN(num_classes),
            work_dir=str(tmp_path),
            train_dataloader=loader(),
            train_cfg=dict(by_epoch=False, max_iters=max_iters),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.1)),
            default_hooks=dict(
                timer=dict(type='GenIterTimerHook'),
                logger=dict(
                    type='LoggerHook', interval=1, log_metric_by_epoch=False),
                checkpoint=None,
                sampler_seed=None),
            custom_hooks=list(hooks),
            log_processor=dict(type='GenLogProcessor', by_epoch=False),
            visualizer=dict(
                type='GenVisualizer', vis_backends=dict(type='GenVisBackend')),
            randomness=dict(seed=seed),
            default_scope='mmgen',
            experiment_name=f'{tmp_path.name}_{next(_numbers)}')
        return Runner(**{**settings, **kwargs})

    return make
