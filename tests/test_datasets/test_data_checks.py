"""Data that does not fit the model is refused before training, and what is
doubtful about its files is said."""
import logging
import re
import shutil

import numpy as np
import pytest
import torch
from PIL import Image, ImageCms

from mmgen.datasets import (ImageDataset, ImageNet, RepeatDataset,
                            SeededDataset, SubsetDataset,
                            UnconditionalImageDataset, UnpairedImageDataset,
                            check_training_data, file_check)
from mmgen.structures import GenDataSample


class Labelled(ImageDataset):
    """Images of some shape with the given labels."""

    def __init__(self, labels, shape=(3, 4, 4)):
        super().__init__()
        self._labels, self.shape = labels, shape

    @property
    def labels(self):
        return None if self._labels is None else np.array(self._labels)

    def __len__(self):
        return 4 if self._labels is None else len(self._labels)

    def read(self, index):
        sample = GenDataSample()
        if self._labels is not None:
            sample.set_gt_label(self._labels[index])
        np.random.random()
        return dict(
            inputs=dict(img=torch.zeros(self.shape, dtype=torch.uint8)),
            data_samples=sample)


@pytest.mark.parametrize('dataset, num_classes, channels', [
    (Labelled([0, 1, 2]), 3, 3),
    (Labelled([0, 1, 1]), 10, 3),
    (Labelled([0, 0]), 1, None),
    (Labelled([5, 5]), None, 3),
    (Labelled(None, shape=(1, 4, 4)), None, 1),
    (SeededDataset(Labelled([0, 1]), 0), 2, 3),
])
def test_fitting_data_passes(dataset, num_classes, channels):
    check_training_data(dataset, num_classes, channels)


@pytest.mark.parametrize('dataset, num_classes, channels, words', [
    (Labelled([]), None, 3, 'Labelled: the dataset is empty'),
    (Labelled(None), 10, 3, 'the model has 10 classes, but the samples have '
     'no gt_label'),
    (Labelled([2, 2, 2]), 10, 3, 'all 3 samples have the same label 2'),
    (Labelled([0, 10]), 10, 3, 'the labels go from 0 to 10, but the model has '
     r'10 classes \(0 to 9\). Set num_classes=11'),
    (Labelled([0, 1]), 2, 1, 'the images have 3 channels .*the model has 1'),
    (Labelled(None, shape=(1, 4, 4)), None, 3, 'the images have 1 channels'),
])
def test_other_data_is_refused(dataset, num_classes, channels, words):
    with pytest.raises(ValueError, match=words):
        check_training_data(dataset, num_classes, channels)


def test_asking_draws_nothing():
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    check_training_data(Labelled([0, 1]), 2, 3)
    assert np.random.random() == expected


# -------------------------------------------------------- a look at the files

LOAD = dict(type='LoadImageFromFile', key='img')
RESIZE = dict(type='Resize', scale=(8, 8))
PACK = dict(type='PackGenInputs')


def picture(seed, size=(8, 8), mode='RGB'):
    channels = len(mode) if mode != 'L' else 0
    shape = (*size[::-1], channels) if channels else size[::-1]
    draw = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    return Image.fromarray(draw, mode)


def folder_of(root, pictures, **options):
    root.mkdir(parents=True, exist_ok=True)
    for i, image in enumerate(pictures):
        image.save(root / f'{i:03d}.png', **options)
    return root


def messages(monkeypatch, dataset, num_classes=None, channels=3):
    """What is logged: the summary, and the warnings."""
    logged = {logging.INFO: [], logging.WARNING: []}
    monkeypatch.setattr(
        file_check, 'print_log',
        lambda text, logger, level=logging.INFO: logged[level].append(text))
    check_training_data(dataset, num_classes, channels)
    return logged[logging.INFO], logged[logging.WARNING]


@pytest.fixture
def look(monkeypatch, tmp_path):
    def look(pictures, pipeline=(LOAD, PACK), channels=3, **options):
        root = folder_of(tmp_path / 'in', pictures, **options)
        dataset = UnconditionalImageDataset(str(root), pipeline)
        return messages(monkeypatch, dataset, channels=channels)
    return look


PLAIN = picture(0)


def many(image=PLAIN, count=100):
    return [image] * count


def test_good_files_give_one_line(look):
    summary, warnings = look(many())
    assert summary == ['UnconditionalImageDataset: 100 samples; 100 files '
                       'looked at: all 8x8.']
    assert warnings == []


def only(warnings):
    assert len(warnings) == 1, warnings
    return warnings[0]


def test_few_images(look):
    text = only(look(many(count=99))[1])
    assert 'only 99 images' in text and 'disc_augment' in text


def test_images_smaller_than_the_models(look):
    summary, warnings = look(
        [*many(), picture(1, (7, 30))], (LOAD, RESIZE, PACK))
    assert '2 sizes, sides 7 to 30, most often 8x8 (100)' in summary[0]
    text = only(warnings)
    assert re.search(r'1 of 101 files looked at \(such as .*/in/100.png\) are '
                     'smaller than the 8x8', text)
    assert 'prepare.py IN OUT --resolution 8' in text


@pytest.mark.parametrize('other', [(8, 9), (16, 16)])
def test_sizes_that_stay_different(look, other):
    text = only(look([*many(), picture(1, other)])[1])
    assert 'leave the pipeline in different sizes' in text
    assert f'{other[0]}x{other[1]}' in text and 'Add Resize' in text
    assert look([*many(), picture(1, other)], (LOAD, RESIZE, PACK))[1] == []


def test_a_crop_that_does_not_fit_every_file(look):
    crop = dict(type='Crop', keys=['img'], crop_size=(8, 8))
    small = look([*many(), picture(1, (8, 6))], (LOAD, crop, PACK))[1]
    assert any('the pipeline cannot take every size: an image of 8x6 ends '
               'with "Crop: ' in text for text in small)


def test_clear_pixels(look):
    text = only(look([*many(), picture(1, mode='RGBA')])[1])
    assert 'clear pixels (alpha), such as ' in text and 'in/100.png' in text
    assert '--alpha white' in text


def test_alpha_that_is_not_in_use(look):
    opaque = picture(1, mode='RGBA')
    opaque.putalpha(255)
    assert look([*many(), opaque])[1] == []


def test_alpha_is_decoded_for_few_files(look, monkeypatch):
    decoded = []
    real = Image.Image.convert
    monkeypatch.setattr(
        Image.Image, 'convert',
        lambda image, *a, **k: decoded.append(1) or real(image, *a, **k))
    opaque = picture(1, mode='RGBA')
    opaque.putalpha(255)
    look(many(opaque))
    assert len(decoded) == file_check.MAX_DECODED


def test_rotation_that_is_not_applied(look):
    exif = Image.Exif()
    exif[0x0112] = 6
    load = dict(LOAD, flag='color_ignore_orientation')
    summary, warnings = look(many(), (load, PACK), exif=exif)
    assert '100 turned by EXIF' in summary[0]
    assert "flag='color_ignore_orientation' ignores" in only(warnings)


def test_rotation_that_is_applied(look):
    exif = Image.Exif()
    exif[0x0112] = 6
    summary, warnings = look(many(picture(0, (9, 8))), exif=exif)
    assert 'all 8x9, 100 turned by EXIF' in summary[0] and warnings == []


@pytest.mark.parametrize('count, words', [
    (1, r'1 of 101 files looked at \(.*/000.png\) are grey.*Take them out'),
    (100, "100 of 100 .*flag='grayscale'")])
def test_grey_files_in_a_model_of_colours(look, count, words):
    grey = many(picture(1, mode='L'), count)
    text = only(look(grey + (many() if count == 1 else []))[1])
    assert re.search(words, text)


def test_colours_in_a_grey_model(look):
    load = dict(LOAD, flag='grayscale')
    text = only(look(many(), (load, PACK), channels=1)[1])
    assert re.search(r'100 of 100 files looked at \(.*\) have colours', text)


@pytest.mark.parametrize('name, expected', [('sRGB', 0), ('LAB', 1)])
def test_colour_profiles(look, name, expected):
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile(name))
    warnings = look(many(), icc_profile=profile.tobytes())[1]
    assert len(warnings) == expected
    assert all('colour profile other than sRGB' in text for text in warnings)


def test_classes_that_are_uneven_or_missing(monkeypatch, tmp_path):
    for name, count in (('a', 11), ('b', 1), ('c', 100)):
        folder_of(tmp_path / name, many(count=count))
    dataset = ImageNet(str(tmp_path), pipeline=[LOAD, PACK])
    warnings = messages(monkeypatch, dataset, num_classes=5)[1]
    assert 'no image of class 3, 4' in warnings[0]
    assert '100 images of class 2, 1 of class 1' in warnings[1]
    assert messages(monkeypatch, dataset, num_classes=None)[1] == []


def test_archives_are_looked_into(monkeypatch, tmp_path):
    root = folder_of(tmp_path / 'in', [*many(), picture(1, mode='RGBA')])
    path = shutil.make_archive(tmp_path / 'in', 'zip', root)
    dataset = UnconditionalImageDataset(path, [LOAD, PACK])
    summary, warnings = messages(monkeypatch, dataset)
    assert '101 files looked at' in summary[0]
    assert 'in.zip/100.png' in only(warnings)


def test_wrapped_datasets_are_looked_into(monkeypatch, tmp_path):
    root = folder_of(tmp_path / 'in', many(count=300))
    picture(1, mode='L').save(root / '299.png')
    files = UnconditionalImageDataset(str(root), [LOAD, PACK])
    for wrapped, number in ((SeededDataset(files, 0), 300),
                            (RepeatDataset(files, 3), 900),
                            (SubsetDataset(files, 0.5), 150)):
        summary, _ = messages(monkeypatch, wrapped)
        assert f'{number} samples; {min(number, 256)} files' in summary[0]
    few = RepeatDataset(SubsetDataset(files, 0.1), 10)
    assert 'only 30 images' in only(messages(monkeypatch, few)[1])


def test_files_of_two_domains(monkeypatch, tmp_path):
    folder_of(tmp_path / 'trainA', many())
    folder_of(tmp_path / 'trainB', many(picture(1, mode='RGBA')))
    load = [dict(type='LoadImageFromFile', key=f'img_{d}') for d in 'xy']
    dataset = UnpairedImageDataset(
        str(tmp_path), [*load, dict(PACK, keys=['img_x', 'img_y'])],
        domain_a='x', domain_b='y')
    np.random.seed(0)
    expected = np.random.random()
    np.random.seed(0)
    summary, warnings = messages(monkeypatch, dataset)
    assert np.random.random() == expected
    assert '200 files looked at' in summary[0]
    assert 'clear pixels' in only(warnings)


def test_the_number_of_files_and_the_time_are_bounded(monkeypatch, look):
    summary, _ = look(many(count=600))
    assert '600 samples; 256 files looked at' in summary[0]
    monkeypatch.setattr(file_check, 'MAX_SECONDS', -1)
    assert look(many(count=600)) == ([], [])


def test_what_lies_elsewhere_is_not_fetched(monkeypatch, tmp_path):
    """Of a file backend one file is asked for, to know that it is one."""
    root = folder_of(tmp_path / 'in', many())
    content = (root / '000.png').read_bytes()
    dataset = UnconditionalImageDataset(str(root), [LOAD, PACK])
    reads = []

    def read(index):
        reads.append(index)
        return dict(img_path='s3://bucket/x.png', img_bytes=content,
                    sample_idx=index)

    monkeypatch.setattr(dataset, 'read', read)
    assert messages(monkeypatch, dataset) == ([], [])
    assert len(reads) == 2  # the sample, and one for the files


def test_broken_files_are_left_to_loading(look, tmp_path):
    folder_of(tmp_path / 'in', many())
    (tmp_path / 'in/050.txt').write_bytes(b'')
    (tmp_path / 'in/zzz.png').write_bytes(b'no image')
    summary, warnings = look(many())
    assert '101 samples; 100 files looked at' in summary[0]
    assert warnings == []


def test_other_processes_log_nothing(look, monkeypatch):
    monkeypatch.setattr(file_check, 'is_main_process', lambda: False)
    assert look(many(count=2)) == ([], [])
