"""1.x configs with data types of mmcls run unchanged."""
import pytest
from mmengine.config import Config

from mmgen.engine.launching import load_config
from mmgen.engine.old_configs import replace_mmcls

OLD = '''
custom_imports = dict(
    imports=['mmcls.datasets.transforms'], allow_failed_imports=False)
pipeline = [
    dict(type='mmcls.LoadImageFromFile'),
    dict(type='CenterCropLongEdge', keys=['img']),
    dict(type='mmcls.PackClsInputs')
]
train_dataloader = dict(
    batch_size=2,
    dataset=dict(type='mmcls.ImageNet', data_root='d', pipeline=pipeline))
val_dataloader = dict(
    dataset=dict(
        type='RepeatDataset',
        times=2,
        dataset=dict(
            type='mmcls.CIFAR10',
            data_prefix='cifar10',
            pipeline=[dict(type='mmcls.PackClsInputs')])))
'''


def test_types_of_mmcls_become_ours(tmp_path):
    (tmp_path / 'old.py').write_text(OLD)
    cfg = load_config(tmp_path / 'old.py')
    dataset = cfg.train_dataloader.dataset
    assert dataset.type == 'ImageNet'
    assert dataset.data_root == 'd'
    assert [step.type for step in dataset.pipeline] == [
        'LoadImageFromFile', 'CenterCropLongEdge', 'PackGenInputs'
    ]
    assert dataset.pipeline[0].key == 'img'
    inner = cfg.val_dataloader.dataset.dataset
    assert inner.type == 'CIFAR10'
    assert inner.pipeline[0].type == 'PackGenInputs'


def test_other_imports_stay(tmp_path):
    (tmp_path / 'c.py').write_text(
        "custom_imports = dict(imports=['json', 'mmcls.models'])")
    cfg = load_config(tmp_path / 'c.py')
    assert cfg.custom_imports.imports == ['json']


def test_missing_import_is_still_an_error(tmp_path):
    (tmp_path / 'c.py').write_text(
        "custom_imports = dict(imports=['no_such_module_here'])")
    with pytest.raises(ImportError, match='no_such_module_here'):
        load_config(tmp_path / 'c.py')


def test_unknown_type_of_mmcls():
    cfg = Config(dict(train_dataloader=dict(dataset=dict(type='mmcls.CUB'))))
    with pytest.raises(ValueError, match='mmcls.CUB, which has no like'):
        replace_mmcls(cfg)
