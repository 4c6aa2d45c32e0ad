"""Pictures during training and test: what is drawn, when, and without trace."""
import random
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from mmengine.hooks import Hook
from mmengine.model import MMDistributedDataParallel
from mmengine.registry import MODEL_WRAPPERS
from mmengine.structures import BaseDataElement
from torch import nn
from torch.utils.data import DataLoader

from mmgen.engine.hooks import GenVisualizationHook
from mmgen.engine.hooks.visualization_inputs import VIS_INPUTS, row_labels
from mmgen.utils.randomness import mix_seed

GAN = dict(type='GAN', name='fake_img')


def small(vis_kwargs_list=GAN, **kwargs) -> GenVisualizationHook:
    settings = dict(interval=2, n_samples=4, n_row=2)
    return GenVisualizationHook(
        vis_kwargs_list=vis_kwargs_list, **{**settings, **kwargs})


def pictures(runner) -> dict[str, np.ndarray]:
    """The written pictures, RGB, by name."""
    folder = Path(runner.log_dir, 'vis_data', 'vis_image')
    return {
        path.stem: cv2.imread(str(path))[..., ::-1]
        for path in sorted(folder.glob('*.png'))
    }


def noises(runner) -> list[torch.Tensor]:
    return [call['noise'] for call in runner.model.calls]


# ---------------------------------------------------------------- schedule


def test_a_picture_every_interval_and_at_the_end(make_runner):
    runner = make_runner(small(), max_iters=5)
    runner.train()
    assert list(pictures(runner)) == ['fake_img_2', 'fake_img_4', 'fake_img_5']


def test_other_processes_draw_nothing(make_runner, monkeypatch):
    monkeypatch.setattr(
        'mmgen.engine.hooks.visualization_hook.is_main_process', lambda: False)
    runner = make_runner(small())
    runner.train()
    assert runner.model.calls == []


# ------------------------------------------------------------------ inputs


def test_the_picture_shows_the_models_images(make_runner):
    runner = make_runner(small(), max_iters=1)
    runner.train()
    model = runner.model.eval()
    with torch.no_grad():
        images = model.generator(noises(runner)[0]).view(4, 3, 2, 2)
    levels = (images * 127.5 + 128).clamp(0, 255).byte().numpy()
    shown = pictures(runner)['fake_img_1']
    assert shown.shape == (10, 10, 3)
    for index in range(4):
        top, left = 2 + index // 2 * 4, 2 + index % 2 * 4
        cell = shown[top:top + 2, left:left + 2].transpose(2, 0, 1)
        assert np.array_equal(cell[::-1], levels[index])  # BGR in the model


def test_a_preprocessors_own_way_to_rgb_is_taken(make_runner):
    runner = make_runner(small(), max_iters=1)
    runner.model.data_preprocessor.to_uint8_rgb = \
        lambda images: torch.full_like(images, 77, dtype=torch.uint8)
    runner.train()
    assert set(pictures(runner)['fake_img_1'].flatten()) == {0, 77}


def test_fixed_input_is_the_same_always_and_after_a_resume(make_runner):
    first = make_runner(small(), max_iters=4, seed=5)
    first.train()
    resumed = make_runner(small(), max_iters=6, seed=5)
    resumed.train_loop._iter = 4
    torch.randn(100)  # another global state than in the first run
    resumed.train()
    seen = noises(first) + noises(resumed)
    assert len(seen) == 3
    assert all(torch.equal(noise, seen[0]) for noise in seen)
    other = make_runner(small(), max_iters=1, seed=6)
    other.train()
    assert not torch.equal(noises(other)[0], seen[0])


def test_other_input_differs_but_follows_from_seed_and_iteration(make_runner):
    runs = []
    for _ in range(2):
        runner = make_runner(small(fixed_input=False), max_iters=4)
        runner.train()
        runs.append(noises(runner))
    assert not torch.equal(runs[0][0], runs[0][1])
    assert all(map(torch.equal, *runs))


def test_noise_is_independent_of_the_batch_size(make_runner):
    hook = small(n_samples=10, n_row=5)
    runner = make_runner(hook, max_iters=1)  # batches of four
    runner.train()
    assert [len(noise) for noise in noises(runner)] == [4, 4, 2]
    seed = mix_seed(1)
    expected = torch.randn(
        10, 3, generator=torch.Generator().manual_seed(seed))
    assert torch.equal(torch.cat(noises(runner)), expected)
    assert pictures(runner)['fake_img_1'].shape == (10, 22, 3)


@pytest.mark.parametrize('n_samples, n_row, classes, expected', [
    (6, 2, 3, [0, 0, 1, 1, 2, 2]),
    (4, 1, 2, [0, 0, 1, 1]),
    (4, 2, 10, [0, 0, 5, 5]),
    (5, 2, 3, [0, 0, 1, 1, 2]),
])
def test_a_row_is_a_class(n_samples, n_row, classes, expected):
    assert row_labels(n_samples, n_row, classes).tolist() == expected


def test_rows_of_the_picture_are_classes(make_runner):
    hook = small(n_samples=6, n_row=3)
    runner = make_runner(hook, max_iters=1, num_classes=2)
    runner.train()
    labels = torch.cat([call['labels'] for call in runner.model.calls])
    assert labels.tolist() == [0, 0, 0, 1, 1, 1]
    shown = pictures(runner)['fake_img_1']
    assert set(shown[2:4, 2:4].flatten()) == {128}  # class 0 is drawn as 0.0
    assert set(shown[6:8, 2:4].flatten()) == {140}  # class 1 is drawn as 0.1


def test_labels_can_be_given(make_runner):
    hook = small([dict(GAN, labels=1), dict(GAN, name='x', labels=[1, 0, 1,
                                                                   1])])
    runner = make_runner(hook, max_iters=1, num_classes=2)
    runner.train()
    assert [call['labels'].tolist() for call in runner.model.calls] == [
        [1, 1, 1, 1], [1, 0, 1, 1]]
    wrong = make_runner(small(dict(GAN, labels=[1])), num_classes=2)
    with pytest.raises(ValueError, match='fake_img has 1 labels for '
                       'n_samples=4'):
        wrong.train()


def test_options_reach_the_model_only_if_set(make_runner):
    hook = small([
        GAN,
        dict(type='Noise', name='cut', sample_model='orig', n_samples=2,
             n_row=1, sample_kwargs=dict(truncation=0.5)),
    ])
    runner = make_runner(hook, max_iters=1)
    runner.train()
    plain, cut = runner.model.calls
    assert sorted(plain) == ['noise', 'num_batches', 'training']
    assert cut['sample_model'] == 'orig'
    assert cut['sample_kwargs'] == dict(truncation=0.5)
    assert cut['num_batches'] == 2
    assert pictures(runner)['cut_1'].shape == (10, 6, 3)


def test_arguments_are_given_as_they_are(make_runner):
    noise = torch.zeros(2, 3)
    hook = small(dict(type='Arguments', forward_kwargs=dict(noise=noise)))
    runner = make_runner(hook, max_iters=1)
    runner.train()
    assert runner.model.calls[0]['noise'] is noise
    assert list(pictures(runner)) == ['arguments_1']
    with pytest.raises(ValueError, match='has the type Arguments but no '
                       'forward_kwargs'):
        make_runner(small(dict(type='Arguments')), max_iters=1).train()


def test_data_are_the_first_images_of_the_validation(make_runner):
    runner = make_runner(
        small(dict(type='Data', name='real'), n_samples=3, n_row=3),
        max_iters=2,
        val_cfg=dict(type='mmengine.ValLoop'),
        val_dataloader=DataLoader(
            [torch.full((3, ), float(i)) for i in range(9)], batch_size=2,
            collate_fn=lambda items: dict(
                inputs=dict(noise=torch.stack(items)))),
        val_evaluator=dict(type='mmengine.Evaluator', metrics=[]))
    runner.train_loop.val_begin = 99
    runner.train()
    assert [noise[0, 0].item() for noise in noises(runner)] == [0, 2]
    assert pictures(runner)['real_2'].shape == (6, 14, 3)
    with pytest.raises(RuntimeError, match='real has the type Data, but the '
                       'config has no validation data'):
        make_runner(small(dict(type='Data', name='real'))).train()


def test_a_type_can_be_added_as_an_entry(make_runner, monkeypatch):
    def ones(picture, runner, model, generator):
        yield dict(inputs=dict(noise=torch.ones(picture.n_samples, 3)))

    monkeypatch.setitem(VIS_INPUTS, 'Ones', ones)
    runner = make_runner(small(dict(type='Ones')), max_iters=1)
    runner.train()
    assert noises(runner)[0].tolist() == [[1.0] * 3] * 4


# ---------------------------------------------------------------- no trace


class Draws(Hook):
    """Notes what the global random states give after each iteration."""
    priority = 'LOWEST'

    def __init__(self) -> None:
        self.numbers = []

    def after_train_iter(self, runner, batch_idx, data_batch=None,
                         outputs=None) -> None:
        self.numbers.append(
            (torch.rand(1).item(), np.random.rand(), random.random(),
             outputs['loss_disc'].item()))


def test_training_is_the_same_with_and_without_pictures(make_runner):
    numbers = []
    for hooks in ([], [small([GAN, dict(GAN, name='b')], interval=1)]):
        notes = Draws()
        runner = make_runner(*hooks, notes, max_iters=4)
        runner.train()
        numbers.append((notes.numbers, runner.model.state_dict()))
    assert numbers[0][0] == numbers[1][0]
    for key, value in numbers[0][1].items():
        assert torch.equal(value, numbers[1][1][key])


def test_the_model_is_in_eval_mode_and_gets_each_mode_back(make_runner):
    runner = make_runner(small(), max_iters=1)
    train_step, modes = runner.model.train_step, []

    def frozen_step(*args, **kwargs):
        runner.model.generator[1].eval()  # a part that is kept out of it
        return train_step(*args, **kwargs)

    runner.model.train_step = frozen_step
    runner.train()
    modes = [module.training for module in runner.model.generator]
    assert [call['training'] for call in runner.model.calls] == [False]
    assert runner.model.training
    assert modes == [True, False, True, True]


def test_modes_come_back_when_drawing_fails(make_runner):
    runner = make_runner(small(dict(GAN, target_keys='ema')), max_iters=1)
    with pytest.raises(KeyError, match="target_keys has 'ema'"):
        runner.train()
    assert runner.model.training
    assert all(module.training for module in runner.model.modules())


@MODEL_WRAPPERS.register_module()
class NeverAlone(nn.Module):
    """A wrapper whose forward would wait for the other processes."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, *args, **kwargs):
        raise RuntimeError('waits for ever')


def test_wrappers_are_not_called(make_runner):
    runner = make_runner(small(), max_iters=1)
    generator = runner.model.generator
    train_step = runner.model.train_step

    def wrapped_step(*args, **kwargs):
        logs = train_step(*args, **kwargs)
        runner.model.generator = NeverAlone(generator)
        return logs

    runner.model.train_step = wrapped_step
    runner.train()
    assert list(pictures(runner)) == ['fake_img_1']
    assert isinstance(runner.model.generator, NeverAlone)
    assert not issubclass(NeverAlone, MMDistributedDataParallel)


# -------------------------------------------------------- message hub, test


class RealImages(Hook):
    """Puts images into the message hub, as a model may."""
    priority = 'HIGH'

    def __init__(self, value) -> None:
        self.value = value

    def after_train_iter(self, runner, batch_idx, data_batch=None,
                         outputs=None) -> None:
        runner.message_hub.update_info('vis/real', self.value, resumed=False)


def test_images_of_the_message_hub_are_drawn(make_runner):
    images = torch.zeros(5, 3, 2, 2)
    images[1, 0] = 1.0  # blue
    runner = make_runner(
        RealImages(images),
        small(None, message_hub_vis_kwargs='vis/real'), max_iters=1)
    runner.train()
    shown = pictures(runner)['vis_real_1']
    assert shown.shape == (10, 10, 3)
    assert shown[2, 2].tolist() == [128, 128, 128]
    assert shown[2, 6].tolist() == [128, 128, 255]


def test_a_dict_of_the_message_hub_gives_a_picture_each(make_runner):
    images = dict(a=torch.zeros(3, 3, 2, 2), b=[torch.zeros(1, 4, 4)])
    entry = dict(key='vis/real', name='real', n_samples=2, n_row=1)
    runner = make_runner(
        RealImages(images), small(None, message_hub_vis_kwargs=[entry]),
        max_iters=1)
    runner.train()
    assert {name: shown.shape for name, shown in pictures(runner).items()} \
        == dict(real_a_1=(10, 6, 3), real_b_1=(8, 8, 3))


def test_what_the_message_hub_lacks_is_named(make_runner):
    runner = make_runner(small(None, message_hub_vis_kwargs='vis/fake'))
    with pytest.raises(KeyError, match="has the key 'vis/fake', but the "
                       'message hub holds .*max_iters'):
        runner.train()
    runner = make_runner(
        RealImages(3), small(None, message_hub_vis_kwargs='vis/real'))
    with pytest.raises(TypeError, match="'vis/real' of the message hub is a "
                       r'int, expected images \[N, C, H, W\]'):
        runner.train()


def made(count: int) -> list[BaseDataElement]:
    samples = []
    for index in range(count):
        sample = BaseDataElement()
        sample.fake_img = torch.full((3, 2, 2), index / 10)
        sample.gt_img = torch.zeros(3, 1, 1)
        samples.append(sample)
    return samples


def test_the_samples_of_a_test_are_drawn_one_by_one(make_runner):
    hook = small(None, test_vis_keys=['fake_img', 'gt_img'],
                 max_save_at_test=3)
    runner = make_runner(hook)
    for _ in range(2):  # a second test starts anew
        hook.before_test(runner)
        hook.after_test_iter(runner, 0, outputs=made(2))
        hook.after_test_iter(runner, 1, outputs=made(2))
    assert sorted(pictures(runner)) == [
        'test_fake_img_0', 'test_fake_img_1', 'test_fake_img_2',
        'test_gt_img_0', 'test_gt_img_1', 'test_gt_img_2']
    assert pictures(runner)['test_fake_img_1'][2, 2].tolist() == [140] * 3


@pytest.mark.parametrize('settings, count', [
    (dict(save_at_test=False), 0), (dict(max_save_at_test=None), 5),
    (dict(max_save_at_test=0), 0)])
def test_how_much_of_a_test_is_drawn(make_runner, settings, count):
    hook = small(None, **settings)
    runner = make_runner(hook)
    hook.before_test(runner)
    hook.after_test_iter(runner, 0, outputs=made(5))
    assert len(pictures(runner)) == count


# ------------------------------------------------------------------ refusals


@pytest.mark.parametrize('entry, words', [
    (dict(type='Gan', name='x'), "type='Gan' in vis_kwargs_list, known: GAN, "
     'Noise, SinGAN, .*Arguments'),
    (dict(GAN, n_rows=3), 'n_rows in vis_kwargs_list, known: type, name'),
    (dict(GAN, vis_mode='gif'), "vis_mode='gif' of fake_img, expected "
     "'image'"),
    (dict(GAN, n_samples=0), 'fake_img has n_samples=0 and n_row=2, expected'),
    ([GAN, GAN], 'fake_img names more than one picture'),
])
def test_entries_that_are_not_understood(entry, words):
    with pytest.raises(ValueError, match='GenVisualizationHook: ' + words):
        small(entry)


def test_message_hub_entries_that_are_not_understood():
    with pytest.raises(ValueError, match="message_hub_vis_kwargs has "
                       r"\{'name': 'x'\}, expected a key or a dict with key"):
        small(None, message_hub_vis_kwargs=dict(name='x'))


def test_another_visualizer_is_refused_before_training(make_runner):
    runner = make_runner(
        small(), visualizer=dict(type='mmengine.Visualizer'))
    with pytest.raises(TypeError, match='the visualizer is a Visualizer, '
                       'expected a GenVisualizer. Set visualizer='):
        runner.train()
    assert runner.model.calls == []
