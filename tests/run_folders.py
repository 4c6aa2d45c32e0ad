"""Small work directories as training leaves them, for the report's tests."""
import json
from pathlib import Path

import numpy as np
from PIL import Image

CONFIG = """default_hooks = dict(checkpoint=dict(save_best='FID/fid'))
model = dict(type='TinyGAN', generator=dict(noise_size=8))
train_cfg = dict(by_epoch=False, max_iters=100)
train_dataloader = dict(batch_size=4, dataset=dict(type='Images'))
work_dir = 'anywhere'
"""
ENVIRONMENT = [
    'INFO - ', '-' * 60, 'System environment:', '    sys.platform: linux',
    '    CUDA available: False', '    PyTorch: 2.13.0',
    '    PyTorch compiling details: built with:', '  - GCC 13.3', '',
    'Runtime environment:', '    seed: 1', '    GPU number: 2', '-' * 60
]


def identity(**changes) -> dict:
    """What determines a FID of the tests."""
    return dict(metric='FID', features=dict(name='tiny'),
                fake=dict(images=50), **changes)


def training_row(step: int, **values) -> dict:
    """A line of numbers of the training."""
    return {'generator.lr': 0.5, 'loss_gen': step / 10, 'time': 0.5,
            'data_time': 0.05, **values, 'iter': step, 'step': step}


def validation_row(step: int, fid: float) -> dict:
    """A line of numbers of a validation."""
    return {'FID/fid': fid, 'data_time': 0.1, 'time': 0.2, 'step': step}


def write_start(folder: Path,
                name: str,
                rows: list[dict],
                log: list[str] = (),
                config: str = CONFIG,
                pictures: dict[str, int] | None = None,
                cards: dict[int, dict] | None = None) -> Path:
    """What one start of a training leaves.

    Args:
        folder: The work directory.
        name: Of the start, a time as ``20260131_120000``.
        rows: Lines of numbers.
        log: Entries without their time, one second after the other; those
            that name no level go on with the one before.
        config: Its config.
        pictures: Names to grey values of a picture.
        cards: Identity cards' results by iteration.
    """
    start = folder / name
    (start / 'vis_data' / 'vis_image').mkdir(parents=True)
    (folder / 'tiny.py').write_text(config)
    (start / 'vis_data' / 'config.py').write_text(config)
    (start / 'vis_data' / 'scalars.json').write_text(
        ''.join(json.dumps(row) + '\n' for row in rows))
    lines, second = [], 0
    for line in [*ENVIRONMENT, 'INFO - Checkpoints go to here.', *log]:
        if line.split(' - ')[0] in ('INFO', 'WARNING', 'ERROR'):
            time = f'2026/01/31 {name[9:11]}:00:{second:02d}'
            line = f'{time} - mmengine - {line}'
            second += 1
        lines.append(line)
    (start / f'{name}.log').write_text('\n'.join(lines) + '\n')
    for picture, grey in (pictures or {}).items():
        write_picture(start / 'vis_data' / 'vis_image' / f'{picture}.png',
                      np.full((8, 8, 3), grey, np.uint8))
    for iteration, results in (cards or {}).items():
        path = start / 'metrics_identity' / f'iter_{iteration}.json'
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(dict(results=results)))
    return start


def write_picture(path: Path, pixels: np.ndarray) -> None:
    """A PNG."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)


def write_run(folder: Path, config: str = CONFIG, fid: float = 20.0,
              **changes) -> Path:
    """A finished run of 100 iterations with three pictures and two FIDs.

    Args:
        folder: The work directory.
        config: Its config.
        fid: The last value; the first is 90.
        **changes: Of the identity of the metric.
    """
    cards = {step: {'FID/fid': dict(value=value, identity=identity(**changes))}
             for step, value in ((50, 90.0), (100, fid))}
    rows = [training_row(step) for step in range(10, 101, 10)]
    rows[5:5] = [validation_row(50, 90.0)]
    rows.append(validation_row(100, fid))
    write_start(
        folder, '20260131_120000', rows, config=config, cards=cards,
        log=['INFO - Saving checkpoint at 100 iterations',
             f'INFO - FID/fid = {fid:.4f} is the best so far: saved as '
             'best_FID_fid_iter_100.pth'],
        pictures=dict(fake_img_10=0, fake_img_50=100, fake_img_100=250))
    for name in ('iter_100.pth', 'best_FID_fid_iter_100.pth'):
        (folder / name).write_bytes(b'')
    return folder
