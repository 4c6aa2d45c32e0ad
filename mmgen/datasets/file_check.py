"""Do the image files suit the training? A look at some of their heads."""
import io
import logging
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from mmengine.dist import is_main_process
from mmengine.logging import print_log
from torch import Tensor
from torch.utils.data import Dataset

from mmgen.datasets.image_dataset import ImageDataset
from mmgen.datasets.image_heads import (colour_profile, has_alpha, is_grey,
                                        is_srgb, open_image, orientation,
                                        upright_size)
from mmgen.datasets.loading.seeded import SeededDataset
from mmgen.datasets.repeat_dataset import RepeatDataset
from mmgen.datasets.subset_dataset import SubsetDataset
from mmgen.datasets.transforms import LoadImageFromFile
from mmgen.utils.randomness import unchanged_random_state

MAX_FILES = 256
MAX_SECONDS = 0.7  # then what was seen has to do
MAX_DECODED = 4  # of the files with alpha, to see if it is in use,
MAX_PIXELS = 2**22  # and of no more pixels each
FEW_IMAGES = 100  # published limits of training are above that
UNEVEN = 10  # times as many images in one class as in another
PREPARE = 'python tools/dataset/prepare.py'


@dataclass(frozen=True)
class Head:
    """What one image file says of itself.

    Args:
        path: Where it is.
        index: The sample that it belongs to, in the dataset of files.
        size: Width and height when upright, pixels.
        grey: Whether it has brightness only.
        alpha: Whether its pixels can be clear.
        clear: Whether some are; False where that was not looked at.
        rotated: Whether EXIF says that it has to be turned.
        foreign: Whether its colours are of another space than sRGB.
    """
    path: str
    index: int
    size: tuple[int, int]
    grey: bool
    alpha: bool
    clear: bool
    rotated: bool
    foreign: bool


def advise_on_files(dataset: Dataset, sample: Mapping,
                    num_classes: int | None, channels: int | None) -> None:
    """Log a line on the dataset's files, and a warning for each doubt.

    Looks at the heads of a bounded number of files, evenly spread, on the main
    process only. Datasets without files on this machine are passed over. The
    random states are left as found.

    Args:
        dataset: What the model is trained on.
        sample: One of its samples.
        num_classes: The classes of a conditional model; None for others.
        channels: The channels of the model's images; None if unknown.
    """
    if not is_main_process():
        return
    files, indices = _dataset_of_files(dataset)
    if not isinstance(files, ImageDataset):
        return
    with unchanged_random_state():
        heads = _some_heads(files, indices)
        if not heads:
            return
        lines = [*_about_number(len(np.unique(indices)), files),
                 *_about_classes(dataset, num_classes),
                 *_about_sizes(files, heads, sample),
                 *_about_pixels(files, heads, channels)]
    name = type(files).__name__
    print_log(f'{name}: {_summary(len(dataset), heads)}', logger='current')
    for line in lines:
        print_log(f'{name}: {line}', logger='current', level=logging.WARNING)


def _dataset_of_files(dataset: Dataset) -> tuple[Dataset, np.ndarray]:
    """The dataset inside all wrappers, and which of its samples are used."""
    indices = np.arange(len(dataset))
    while isinstance(dataset, (SeededDataset, RepeatDataset, SubsetDataset)):
        if isinstance(dataset, SubsetDataset):
            indices = dataset.indices[indices]
        dataset = dataset.dataset
        indices = indices % len(dataset)
    return dataset, indices


# ------------------------------------------------------------ what is looked at


def _some_heads(dataset: ImageDataset, indices: np.ndarray) -> list[Head]:
    """Heads of files, evenly spread; none if they are not at hand."""
    indices = np.unique(indices)
    count = min(len(indices), MAX_FILES)
    chosen = indices[np.arange(count) * len(indices) // count]
    heads, decoded = [], 0
    end = time.monotonic() + MAX_SECONDS
    # In an order that is spread evenly wherever it ends.
    for index in np.random.default_rng(0).permutation(chosen).tolist():
        if time.monotonic() > end:
            break
        try:
            results = dataset.read(index)
            for path, file in _files(results):
                head = _head(path, file, index, decoded < MAX_DECODED)
                decoded += head.alpha
                heads.append(head)
        except Exception:  # broken: loading says so, and counts them
            continue
        if not heads:
            return []
    return sorted(heads, key=lambda head: head.index)


def _files(results: dict) -> Iterator[tuple[Path, Path | io.BytesIO]]:
    """The image files of a sample that are on this machine, with paths."""
    for key in [key for key in results if key.endswith('_path')]:
        path = Path(results[key])
        content = results.get(f'{key.removesuffix("_path")}_bytes')
        if content is None and path.is_file():
            yield path, path
        elif content is not None and any(
                parent.is_file() or (parent / 'data.mdb').is_file()
                for parent in path.parents):
            yield path, io.BytesIO(content)


def _head(path: Path, file: Path | io.BytesIO, index: int,
          decode: bool) -> Head:
    with open_image(file) as image:
        size, profile = upright_size(image), colour_profile(image)
        alpha, rotated = has_alpha(image), orientation(image) != 1
        grey = is_grey(image)
        foreign = profile is not None and not is_srgb(profile)
        # Only pixels tell whether alpha is in use.
        decode = decode and alpha and size[0] * size[1] <= MAX_PIXELS
        clear = decode and image.convert('RGBA').getextrema()[3][0] < 255
    return Head(str(path), index, size, grey, alpha, clear, rotated, foreign)


# ----------------------------------------------------------- what is said of it


def _summary(total: int, heads: list[Head]) -> str:
    sizes = Counter(head.size for head in heads)
    (width, height), count = sizes.most_common(1)[0]
    text = f'{total} samples; {len(heads)} files looked at: '
    if len(sizes) == 1:
        text += f'all {width}x{height}'
    else:
        sides = [side for size in sizes for side in size]
        text += (f'{len(sizes)} sizes, sides {min(sides)} to {max(sides)}, '
                 f'most often {width}x{height} ({count})')
    for word, number in (('grey', sum(head.grey for head in heads)),
                         ('turned by EXIF',
                          sum(head.rotated for head in heads))):
        text += f', {number} {word}' if number else ''
    return f'{text}.'


def _about_number(count: int, dataset: ImageDataset) -> Iterator[str]:
    if count < FEW_IMAGES:
        yield (f'only {count} images: a GAN learns them by heart. Add some, '
               'and see that the discriminator has an augmentation '
               '(disc_augment).')


def _about_classes(dataset: Dataset,
                   num_classes: int | None) -> Iterator[str]:
    labels = getattr(dataset, 'labels', None)
    if not num_classes or labels is None:
        return
    counts = np.bincount(labels, minlength=num_classes)
    missing = np.flatnonzero(counts == 0).tolist()
    if missing:
        yield (f'no image of class {_some(missing)}: the model learns nothing '
               f'of {"it" if len(missing) == 1 else "them"}. Add some, or '
               'lower num_classes.')
    most, least = counts.argmax(), np.where(counts, counts, len(labels)
                                            ).argmin()
    if counts[most] > UNEVEN * counts[least]:
        yield (f'uneven classes: {counts[most]} images of class {most}, '
               f'{counts[least]} of class {least}, which is learned worse. '
               'Add some, or join classes.')


def _about_sizes(dataset: ImageDataset, heads: list[Head],
                 sample: Mapping) -> Iterator[str]:
    sizes = {head.size for head in heads}
    shapes = _shapes(sample)
    if not shapes:
        return
    height, width = next(iter(shapes.values()))[1:]
    small = [head for head in heads if min(head.size) < min(height, width)]
    if small:
        yield (f'{_share(small, heads)} are smaller than the {height}x{width} '
               'that the model is given: enlarged, they teach it blur. Leave '
               f'them out: {PREPARE} IN OUT --resolution {height}')
    if len(sizes) > 1:
        yield from _about_results(dataset, heads, height)


def _about_results(dataset: ImageDataset, heads: list[Head],
                   side: int) -> Iterator[str]:
    """Whether files of different sizes leave the pipeline in one size."""
    by_ratio = sorted(heads, key=lambda head: head.size[0] / head.size[1])
    by_area = sorted(heads, key=lambda head: head.size[0] * head.size[1])
    chosen = {head.index: head.size for head in (
        by_ratio[0], by_ratio[-1], by_area[0], by_area[-1])}
    found = {}
    for index, size in chosen.items():
        try:
            found[size] = _shapes(dataset[index])
        except Exception as error:  # whatever a transform raises
            yield (f'the pipeline cannot take every size: an image of '
                   f'{size[0]}x{size[1]} ends with "{error}" Bring all files '
                   f'to one size: {PREPARE} IN OUT --resolution {side}')
            return
    (first, shape), *others = found.items()
    other = next((size for size, s in others if s != shape), None)
    if other is not None:
        yield (f'files of {first[0]}x{first[1]} and of {other[0]}x{other[1]} '
               'leave the pipeline in different sizes, which make no batch. '
               'Add Resize (and a crop for other proportions), or bring all '
               f'files to one size: {PREPARE} IN OUT --resolution {side}')


def _about_pixels(dataset: ImageDataset, heads: list[Head],
                  channels: int | None) -> Iterator[str]:
    flags = {transform.flag for transform in dataset.pipeline.transforms
             if isinstance(transform, LoadImageFromFile)}
    clear = [head for head in heads if head.clear]
    if clear and 'unchanged' not in flags:
        yield (f'some files have clear pixels (alpha), such as '
               f'{clear[0].path}: loading drops alpha, and whatever colours '
               'lie under it show. Put them on a background: '
               f'{PREPARE} IN OUT --resolution SIDE --alpha white')
    rotated = [head for head in heads if head.rotated]
    ignored = [flag for flag in flags
               if flag == 'unchanged' or flag.endswith('ignore_orientation')]
    if rotated and ignored:
        yield (f'{_share(rotated, heads)} are turned by EXIF, which '
               f'flag={ignored[0]!r} ignores: they lie on their side. Use '
               "flag='color', or turn the files: "
               f'{PREPARE} IN OUT --resolution SIDE')
    foreign = [head for head in heads if head.foreign]
    if foreign:
        yield (f'{_share(foreign, heads)} have a colour profile other than '
               'sRGB, which loading ignores: their colours are off. Convert '
               f'them: {PREPARE} IN OUT --resolution SIDE')
    grey = [head for head in heads if head.grey]
    if channels == 3 and grey:
        yield (f'{_share(grey, heads)} are grey, and the model makes colours: '
               'it learns to make grey ones too. '
               + ('Take them out, if that is not meant.'
                  if len(grey) < len(heads) else
                  "With flag='grayscale' and a model of one channel the work "
                  'is less.'))
    if channels == 1 and len(grey) < len(heads):
        colour = [head for head in heads if not head.grey]
        yield (f'{_share(colour, heads)} have colours, of which the model '
               'with one channel sees the brightness only. Give the model '
               'three channels, if that is not meant.')


def _shapes(sample: Mapping) -> dict[str, tuple[int, ...]]:
    """The shapes ``[C, H, W]`` of a sample's images."""
    inputs = sample['inputs']
    images = inputs if isinstance(inputs, Mapping) else {'img': inputs}
    return {key: tuple(image.shape) for key, image in images.items()
            if isinstance(image, Tensor) and image.ndim == 3}


def _share(some: list[Head], heads: list[Head]) -> str:
    return (f'{len(some)} of {len(heads)} files looked at (such as '
            f'{some[0].path})')


def _some(numbers: list[int]) -> str:
    more = ', ...' if len(numbers) > 5 else ''
    return ', '.join(map(str, numbers[:5])) + more
