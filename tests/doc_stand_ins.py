"""Small stand-ins for what the guides speak of, made in the current folder.

Run by tools/misc/doc_commands.py in a copy of the project: images where a guide
says that images are, runs where it says that a model was trained.
"""
import copy
import shutil
from pathlib import Path

import torch
import tiny_singan
from families import FAMILIES
from mmengine.config import Config
from PIL import Image
from tiny_checkpoints import write_run
from tiny_diffusion import DIFFUSION
from tiny_runs import tiny_config, train, write_images
from tiny_translation import TRANSLATIONS

STAND_INS = Path('stand_ins')
OLD_CONFIG = """
model = dict(
    type='StaticUnconditionalGAN',
    generator=dict(type='DCGANGenerator', output_scale=16, base_channels=8,
                   noise_size=10),
    discriminator=dict(type='DCGANDiscriminator', input_scale=16,
                       output_scale=4, out_channels=1),
    gan_loss=dict(type='GANLoss', gan_type='vanilla'))
train_cfg = None
optimizer = dict(
    generator=dict(type='Adam', lr=0.0002, betas=(0, 0.99)),
    discriminator=dict(type='Adam', lr=0.0002, betas=(0, 0.99)))
total_iters = 1000
"""


def with_classes(model: dict, num_classes: int) -> dict:
    """A model for that many classes."""
    model = copy.deepcopy(model)
    for part in (model, model['generator'], model['discriminator']):
        part['num_classes'] = num_classes
    return model


def run_config(family: str, work_dir: Path, num_classes: int) -> dict:
    """The config of a run of two iterations, on random images of classes."""
    images = STAND_INS / f'images_{num_classes}'
    if not images.is_dir():
        write_images(images, num_classes)
    cfg = tiny_config(images.resolve(), work_dir, family, max_iters=2)
    cfg['custom_imports'] = dict(imports=['tiny_features'])
    cfg['train_cfg']['val_interval'] = 2
    cfg['default_hooks']['checkpoint']['interval'] = 1
    cfg['default_hooks']['logger']['interval'] = 1
    cfg['optim_wrapper']['discriminator']['accumulative_counts'] = 1
    if 'num_classes' in cfg['model']:
        cfg['model'] = with_classes(cfg['model'], num_classes)
    return cfg


def write_config_and_run() -> None:
    """CONFIG, CHECKPOINT, and the records of two evaluations."""
    cfg = run_config('biggan', STAND_INS / 'run', num_classes=3)
    Config(copy.deepcopy(cfg)).dump(STAND_INS / 'config.py')
    assert train(cfg, 1) == [0]
    record, = STAND_INS.glob('run/*/metrics_identity/*.json')
    Path('metrics_identity').mkdir()
    for name in ('iter_1000', 'iter_2000'):
        shutil.copy(record, f'metrics_identity/{name}.json')
    Path('work_dirs/run').mkdir(parents=True)
    shutil.copy(STAND_INS / 'run/iter_2.pth', 'work_dirs/run/iter_500000.pth')


def write_old_files() -> None:
    """OLD.py and OLD.pth."""
    (STAND_INS / 'old.py').write_text(OLD_CONFIG)
    networks = Config.fromstring(OLD_CONFIG, '.py').model
    run = write_run(STAND_INS / 'old', dict(
        type='DCGAN', noise_size=10, generator=networks.generator,
        discriminator=networks.discriminator))
    shutil.copy(run / 'iter_3.pth', STAND_INS / 'old.pth')


def write_runs() -> None:
    """Work directories of trained models, by the names in the guides."""
    for family in ('sagan', 'wgangp'):
        cfg = run_config(
            family, Path(f'work_dirs/{family}_animals-32x32'), num_classes=10)
        assert train(cfg, 1) == [0]
    diffusion = dict(DIFFUSION, num_timesteps=60)
    for name, model in {
            'stylegan2': FAMILIES['stylegan2'],
            'stylegan2-ada_emoji-64x64': FAMILIES['stylegan2'],
            'biggan': FAMILIES['biggan_ajbrock'],
            'cyclegan': TRANSLATIONS['cyclegan'],
            'cyclegan_emoji-styles-64x64': TRANSLATIONS['cyclegan'],
            'ddpm': diffusion,
            'ddpm_mnist-32x32': diffusion}.items():
        write_run(Path('work_dirs') / name, model)


def write_singan_run() -> None:
    """The run of configs/quickstart/singan_rocket-96.py."""
    folder = Path('work_dirs/singan_rocket-96')
    folder.mkdir()
    cfg = tiny_singan.run_config(
        tiny_singan.write_photo(folder).resolve(), folder)
    assert train(cfg, 1) == [0]
    cfg['model']['test_pkl_data'] = None
    Config(cfg).dump(folder / 'singan_rocket-96.py')
    shutil.copy(folder / 'iter_12.pth', folder / 'iter_5250.pth')


def write_pictures() -> None:
    """Folders of pictures, and single ones that guides name."""
    write_images(STAND_INS / 'spots', classes=1, per_class=36, side=6)
    for folder, side in (('photos', 260), ('data/my_images', 64),
                         ('data/emoji', 64)):
        Path(folder).mkdir(parents=True)
        for path in STAND_INS.glob('spots/*/*.png'):
            Image.open(path).resize((side, side)).save(f'{folder}/{path.name}')
    picture = Image.open('data/emoji/0.png')
    for name in ('photo.png', 'data/emoji_styles/testA/1f602.png',
                 'data/emoji/1f468-1f3fb-200d-1f33e.png'):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        picture.save(name)


def main() -> None:
    """Make them all."""
    torch.set_num_threads(1)
    write_config_and_run()
    write_old_files()
    write_runs()
    write_singan_run()
    write_pictures()


if __name__ == '__main__':
    main()
