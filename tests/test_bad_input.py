"""Wrong configs, data, checkpoints and command lines, and what they are told.

Every case is refused before the first step of training.
"""
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from mmengine.config import Config
from PIL import Image
from tiny_runs import tiny_config, write_images

from mmgen.engine.amp import convert_to_amp
from mmgen.engine.launching import launch_config
from mmgen.engine.runner import build_runner

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope='module')
def data_root(tmp_path_factory):
    return write_images(tmp_path_factory.mktemp('images'))


@pytest.fixture
def start(data_root, tmp_path):
    """Start a training of a tiny config with one thing changed."""

    def run(change, family='dcgan'):
        cfg = tiny_config(data_root, tmp_path / 'run', family)
        change(cfg, tmp_path)
        build_runner(Config(cfg)).train()
        pytest.fail('nothing was refused')

    return run


def put(path, value):
    """A change that sets one nested entry of the config."""

    def change(cfg, _):
        *parents, last = path.split('.')
        for key in parents:
            cfg = cfg[int(key) if key.isdigit() else key]
        cfg[last] = value

    return change


def drop(path):
    """A change that removes one nested entry of the config."""

    def change(cfg, _):
        *parents, last = path.split('.')
        for key in parents:
            cfg = cfg[key]
        del cfg[last]

    return change


CONFIG_CASES = {
    'training by epochs': (
        put('train_cfg', dict(by_epoch=True, max_epochs=3)), ValueError,
        'GANs are trained by iterations. Set by_epoch=False and max_iters'),
    'no iterations': (
        put('train_cfg.max_iters', 0), ValueError,
        'train_cfg: max_iters=0, expected a number of iterations'),
    'part of an iteration': (
        put('train_cfg.max_iters', 2.5), ValueError, 'max_iters=2.5'),
    'validation interval of zero': (
        put('train_cfg.val_interval', 0), ValueError, 'val_interval=0'),
    'no batch size': (
        drop('train_dataloader.batch_size'), ValueError,
        'train_dataloader: batch_size is missing'),
    'sampler without a position': (
        put('train_dataloader.sampler', dict(type='SequentialSampler')),
        ValueError, 'the sampler SequentialSampler cannot be put'),
    'unknown model': (
        put('model.type', 'DCGGAN'), KeyError, 'DCGGAN is not in'),
    'unknown argument of a model': (
        put('model.nosie_size', 3), TypeError, 'nosie_size'),
    'noise sizes that differ': (
        put('model.generator.noise_size', 5), ValueError,
        'noise_size=8, but the generator has noise_size=5'),
    'no discriminator steps': (
        put('model.discriminator_steps', 0), ValueError,
        'discriminator_steps=0, expected a number of updates'),
    'momentum of the average': (
        put('model.ema_config', dict(
            type='ExponentialMovingAverage', momentum=1.5)), ValueError,
        r'momentum=1.5 is outside of \(0, 1\)'),
    'optimiser for no network': (
        put('optim_wrapper.generater', dict(optimizer=dict(type='Adam'))),
        ValueError, 'has no sub-module "generater" to optimize'),
    'network without optimiser': (
        drop('optim_wrapper.discriminator'), ValueError,
        '"discriminator" of DCGAN has parameters to train, but'),
    'unknown optimiser': (
        put('optim_wrapper.generator.optimizer.type', 'Adamm'), ValueError,
        "type 'Adamm', which is not known"),
    'schedule for no optimiser': (
        put('param_scheduler', dict(generater=dict(
            type='ConstantLR', factor=1.0))), ValueError,
        'param_scheduler: there is no optimizer "generater"'),
    'schedule that ends before it begins': (
        put('param_scheduler.end', 3), ValueError,
        'LinearLrInterval: end=3 is not after begin=5'),
    'best of an unknown metric': (
        put('default_hooks.checkpoint', dict(
            type='CheckpointHook', save_best='FID/fid', rule='less')),
        ValueError, 'save_best names FID/fid, but val_evaluator reports'),
    'best of a metric without a rule': (
        put('default_hooks.checkpoint', dict(
            type='CheckpointHook', save_best='beauty')), ValueError,
        'Cannot infer the rule for key beauty'),
    'one image for FID': (
        put('val_evaluator.metrics.0.fake_nums', 1), ValueError, 'fake_nums=1'),
    'foreign features called FID': (
        put('val_evaluator.metrics.0.prefix', 'FID-50k'), ValueError,
        'FID-50k'),
    'unknown feature network': (
        put('val_evaluator.metrics.0.feature', 'Inceptoin'), ValueError,
        "'Inceptoin' is not a registered feature network"),
}


@pytest.mark.parametrize('case', CONFIG_CASES)
def test_wrong_config(case, start):
    change, error, words = CONFIG_CASES[case]
    with pytest.raises(error, match=words):
        start(change)


def no_folder(cfg, tmp_path):
    cfg['train_dataloader']['dataset']['data_root'] = str(tmp_path / 'gone')


def empty_folder(cfg, tmp_path):
    (tmp_path / 'empty').mkdir()
    cfg['train_dataloader']['dataset']['data_root'] = str(tmp_path / 'empty')


def one_class(cfg, tmp_path):
    root = write_images(tmp_path / 'one', classes=1)
    cfg['train_dataloader']['dataset']['data_root'] = str(root)


def too_many_classes(cfg, tmp_path):
    root = write_images(tmp_path / 'many', classes=5)
    cfg['train_dataloader']['dataset']['data_root'] = str(root)


def no_labels(cfg, tmp_path):
    cfg['train_dataloader']['dataset']['type'] = 'UnconditionalImageDataset'


def grey_images(cfg, tmp_path):
    cfg['train_dataloader']['dataset']['pipeline'][0]['flag'] = 'grayscale'


def another_size(cfg, tmp_path):
    cfg['train_dataloader']['dataset']['pipeline'][1]['scale'] = (20, 20)


def broken_images(cfg, tmp_path):
    root = write_images(tmp_path / 'broken')
    for path in list(root.glob('*/*.png'))[:10]:
        path.write_bytes(b'')
    cfg['train_dataloader']['dataset']['data_root'] = str(root)


def colour_images(cfg, tmp_path):
    cfg['model']['generator']['out_channels'] = 1
    cfg['model']['discriminator']['in_channels'] = 1


def no_lmdb(cfg, tmp_path):
    cfg['train_dataloader']['dataset'].update(
        data_root=str(tmp_path / 'gone.lmdb'), io_backend='lmdb')


def damaged_zip(cfg, tmp_path):
    with zipfile.ZipFile(tmp_path / 'all.zip', 'w') as archive:
        archive.writestr('0.png', b'')
    content = (tmp_path / 'all.zip').read_bytes()
    (tmp_path / 'all.zip').write_bytes(content[:-30])
    cfg['train_dataloader']['dataset']['data_root'] = str(tmp_path / 'all.zip')


def annotations(text):
    """A change to an ``ann_file`` with ``text``; None for a missing one."""

    def change(cfg, tmp_path):
        if text is not None:
            (tmp_path / 'ann.txt').write_text(text)
        cfg['train_dataloader']['dataset']['ann_file'] = str(
            tmp_path / 'ann.txt')

    return change


def no_packing(cfg, tmp_path):
    del cfg['train_dataloader']['dataset']['pipeline'][-1]


def no_resizing(cfg, tmp_path):
    for side in range(16, 24):
        write_images(tmp_path / 'mixed' / str(side), 1, 1, side)
    dataset = cfg['train_dataloader']['dataset']
    dataset['data_root'] = str(tmp_path / 'mixed')
    del dataset['pipeline'][1]


DATASET = 'train_dataloader.dataset'
DATA_CASES = {
    'no folder': (no_folder, FileNotFoundError,
                  'no such folder of images: .*gone$', 'dcgan'),
    'no images': (empty_folder, ValueError,
                  'UnconditionalImageDataset: no image in .*empty; looked for '
                  '.jpg, ', 'dcgan'),
    'no data_root': (put(f'{DATASET}.data_root', None), ValueError,
                     'data_root is None. Set data_root of each', 'dcgan'),
    'no LMDB': (no_lmdb, FileNotFoundError,
                'no such LMDB of images: .*gone.lmdb$', 'dcgan'),
    'damaged zip file': (damaged_zip, ValueError,
                         'all.zip is damaged or no zip file: .* Fetch or pack '
                         'it again', 'dcgan'),
    'all of one class': (one_class, ValueError,
                         'ImageNet: all 7 samples have the same label 0, but '
                         'the model has 3 classes', 'biggan'),
    'more classes than the model': (
        too_many_classes, ValueError,
        r'the labels go from 0 to 4, but the model has 3 classes \(0 to 2\). '
        'Set num_classes=5', 'biggan'),
    'no classes': (no_labels, ValueError,
                   'the model has 3 classes, but the samples have no gt_label',
                   'biggan'),
    'no ann_file': (annotations(None), FileNotFoundError,
                    'ImageNet: there is no ann_file .*ann.txt', 'biggan'),
    'line without a label': (
        annotations('class_0/0.png 0\nclass_0/1.png\n'), ValueError,
        "line 2 of .*ann.txt is 'class_0/1.png', expected \"path label\"",
        'biggan'),
    'ann_file names images that are not there': (
        annotations('class_0/0.png 0\nx/gone.png 1\nx/lost.png 2\n'),
        RuntimeError, r'2 broken images among [23] read so far \(3 in all\), '
        r'max_broken_share=0.01 allows 1.*(\n.*x/(gone|lost).png: .*No such '
        'file.*){2}', 'biggan'),
    'grey images for a colour model': (
        grey_images, ValueError,
        r'the images have 1 channels \(\[1, 16, 16\]\), but the model has 3. '
        'Set the flag of LoadImageFromFile', 'dcgan'),
    'colour images for a grey model': (
        colour_images, ValueError,
        r'the images have 3 channels \(\[3, 16, 16\]\), but the model has 1. '
        'Set the flag of LoadImageFromFile', 'dcgan'),
    'images of another size': (
        another_size, ValueError,
        r'DCGANDiscriminator: images have shape \[4, 3, 20, 20\], expected '
        r'\[N, 3, 16, 16\]', 'dcgan'),
    'images of mixed sizes': (
        no_resizing, ValueError,
        'GANDataPreprocessor: the images of a batch have different shapes .*'
        'Resize or Crop them in the pipeline', 'dcgan'),
    'no packing': (no_packing, ValueError,
                   'a sample has no inputs, it has img_path, .* End the '
                   'pipeline with PackGenInputs', 'dcgan'),
    'wrong flag': (put(f'{DATASET}.pipeline.0.flag', 'colour'), ValueError,
                   "LoadImageFromFile: flag='colour', expected one of "
                   r"\('color', 'grayscale'", 'dcgan'),
    'wrong key': (put(f'{DATASET}.pipeline.0.key', 'gt'), KeyError,
                  'LoadImageFromFile: no gt_path in the results, they have '
                  'img_path', 'dcgan'),
    'unknown transform': (put(f'{DATASET}.pipeline.1.type', 'Resise'),
                          KeyError, 'Resise is not in the mmgen::transform',
                          'dcgan'),
    'many broken images': (
        broken_images, RuntimeError,
        r'2 broken images among \d+ read so far \(21 in all\), '
        'max_broken_share=0.01 allows 1. Mend or remove them', 'dcgan'),
}


@pytest.mark.parametrize('case', DATA_CASES)
def test_wrong_data(case, start):
    change, error, words, family = DATA_CASES[case]
    with pytest.raises(error, match=words):
        start(change, family)


# -------------------------------------------------------------- checkpoints


def resume_from(content):
    """A change that resumes a file with ``content``."""

    def change(cfg, tmp_path):
        path = tmp_path / 'given.pth'
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content is not None:
            torch.save(content, path)
        cfg.update(resume=True, load_from=str(path))

    return change


class Foreign:
    """A class that a checkpoint of somebody else holds."""


CHECKPOINT_CASES = {
    'not there': (None, FileNotFoundError, 'There is no checkpoint'),
    'cut off': (b'PK\x03\x04half', RuntimeError, 'damaged or no checkpoint'),
    'of another model': (dict(state_dict=dict(a=torch.ones(1)), meta={}),
                         RuntimeError, 'none of its 1 entries belongs'),
    'with foreign objects': (dict(state_dict={}, meta=Foreign()),
                             RuntimeError, 'pass --trust-checkpoint'),
    'no dict': ([1], RuntimeError, 'holds a list, expected a dict'),
}


@pytest.mark.parametrize('case', CHECKPOINT_CASES)
def test_wrong_checkpoint(case, start):
    content, error, words = CHECKPOINT_CASES[case]
    with pytest.raises(error, match=words):
        start(resume_from(content))


def test_weights_alone_cannot_be_resumed(start, data_root, tmp_path):
    model = build_runner(
        Config(tiny_config(data_root, tmp_path / 'run'))).model
    with pytest.raises(RuntimeError, match='holds weights only and cannot'):
        start(resume_from(dict(state_dict=model.state_dict(), meta={})))


def test_checkpoint_of_a_wider_model(start, data_root, tmp_path):
    cfg = tiny_config(data_root, tmp_path / 'run')
    cfg['model']['generator']['base_channels'] = 32
    model = build_runner(Config(cfg)).model
    with pytest.raises(RuntimeError, match='does not fit this DCGAN'):
        start(resume_from(dict(state_dict=model.state_dict(), meta={})))


# ------------------------------------------------------------- command lines


def test_missing_config_file():
    with pytest.raises(FileNotFoundError, match='no config gone.py'):
        launch_config('gone.py')


def test_misspelt_option(tmp_path):
    (tmp_path / 'c.py').write_text('optim_wrapper = dict(a=1)\n')
    with pytest.raises(
            ValueError,
            match='no setting is called "optim_wraper".*Did you mean '
            '"optim_wrapper"'):
        launch_config(tmp_path / 'c.py', options={'optim_wraper.a': 2})


def test_amp_for_a_foreign_wrapper():
    with pytest.raises(ValueError, match='--amp: generator uses the optimizer '
                       'wrapper ApexOptimWrapper'):
        convert_to_amp(
            dict(generator=dict(type='ApexOptimWrapper', optimizer={})))


def command(*args, **env):
    """Exit code and what a tool says on stderr."""
    done = subprocess.run(
        [sys.executable, *args],
        cwd=ROOT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, 'PYTHONPATH': str(ROOT), **env})
    return done.returncode, done.stderr


@pytest.mark.slow
def test_training_a_config_for_testing_only(tmp_path):
    (tmp_path / 'c.py').write_text('model = dict(type="DCGAN")\n')
    code, said = command('tools/train.py', str(tmp_path / 'c.py'))
    assert code == 1
    assert 'has no train_cfg' in said and 'Use tools/test.py' in said


@pytest.mark.slow
def test_testing_without_metrics(tmp_path):
    (tmp_path / 'c.py').write_text('model = dict(type="DCGAN")\n')
    code, said = command('tools/test.py', str(tmp_path / 'c.py'), 'x.pth')
    assert code == 1
    assert 'has no test_evaluator' in said


@pytest.mark.slow
def test_launcher_without_its_environment(data_root, tmp_path):
    cfg = Config(tiny_config(data_root, tmp_path / 'run'))
    cfg.dump(str(tmp_path / 'c.py'))
    code, said = command('tools/train.py', str(tmp_path / 'c.py'),
                         '--launcher', 'pytorch')
    assert code == 1
    assert '--launcher pytorch: the environment variable' in said


@pytest.mark.slow
def test_unknown_precision(tmp_path):
    (tmp_path / 'c.py').write_text('')
    code, said = command('tools/train.py', str(tmp_path / 'c.py'), '--amp',
                         'float8')
    assert code == 2
    assert "invalid choice: 'float8'" in said


def test_array_image_of_four_channels_is_said(tmp_path, start):
    """RGBA files are read as colour; the model sees three channels."""

    def rgba(cfg, path):
        root = path / 'rgba'
        root.mkdir()
        pixels = np.zeros((16, 16, 4), np.uint8)
        for index in range(4):
            Image.fromarray(pixels).save(root / f'{index}.png')
        dataset = cfg['train_dataloader']['dataset']
        dataset['data_root'] = str(root)
        dataset['pipeline'][0]['flag'] = 'unchanged'

    with pytest.raises(
            ValueError,
            match=r'the images have 4 channels \(\[4, 16, 16\]\), but the '
            'model has 3'):
        start(rgba)
