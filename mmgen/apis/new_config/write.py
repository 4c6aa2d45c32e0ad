"""From images, a family and a machine to a config."""
import os
import textwrap
from dataclasses import dataclass
from pathlib import Path

import mmgen
from mmgen.apis.new_config.data_settings import set_data
from mmgen.apis.new_config.families import FAMILIES, Family, find_family
from mmgen.apis.new_config.found import SPLITS, Found, look_at
from mmgen.apis.new_config.growing import plan_growth
from mmgen.apis.new_config.recipe import Recipe, Task
from mmgen.apis.new_config.rules import (Batch, amount, iterations, nearest_multiple,
                                         split_batch)
from mmgen.apis.new_config.run_settings import (set_hooks, set_length,
                                                set_metric)
from mmgen.datasets.preparing.writing import IMAGES
from mmgen.evaluation.features.inception import STYLEGAN_FILE
from mmgen.utils.cache_dir import cache_dir
from mmgen.utils.whole_file import whole_file

# Images may be enlarged to the next resolution if they are nearly as large.
MOST_ENLARGED = 1.15
CPU_KIMG = 64


@dataclass(frozen=True)
class Wish:
    """What the user asks for; None where the tool decides.

    Attributes:
        data: A folder, a zip file or an LMDB.
        family: One of ``FAMILIES``.
        gpus: Processes that train.
        labels: See `look_at`.
        kimg: Thousands of images of the training.
        batch: Images of an update.
        resolution: Side of the model's images, pixels.
        channels: 1 or 3.
        metric: One of ``METRICS``.
        offline: Whether nothing can be downloaded.
        on_cpu: Whether the networks are to be small enough for a CPU.
        mirror: Whether images are mirrored at random.
    """

    data: Path
    family: str
    gpus: int = 1
    labels: str = 'auto'
    kimg: float | None = None
    batch: int | None = None
    resolution: int | None = None
    channels: int | None = None
    metric: str | None = None
    offline: bool = False
    on_cpu: bool = False
    mirror: bool = False


def write_new_config(wish: Wish, out: Path | None = None,
                     force: bool = False) -> str:
    """Write a config, and say what was found and decided.

    Args:
        wish: What it is for.
        out: The file; None for a name made of family, data and resolution in
            the current folder.
        force: Whether it may take the place of a file.

    Returns:
        A few lines for the user.

    Raises:
        FileExistsError: The file is there.
        FileNotFoundError: The data or mmgen's own configs are not.
        ValueError: The wishes do not go together, or not with the data.
    """
    name = find_family(wish.family)
    family = FAMILIES[name]
    found = look_at(wish.data, wish.labels)
    task = plan(wish, name, family, found)
    if out is None:
        out = Path(f'{name}_{data_name(wish.data)}-'
                   f'{task.resolution}x{task.resolution}.py')
    if out.exists() and not force:
        raise FileExistsError(
            f'--out: {out} is there already. Give another name, or --force to '
            'replace it.')
    if task.batch.gpus > 1:
        command = f'bash tools/dist_train.sh {out} {task.batch.gpus}'
    else:
        command = f'python tools/train.py {out}'
    recipe = compose(wish, family, task, base_paths(family, task, out))
    out.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(out) as file:
        file.write(recipe.text(head(family, task, command)).encode())
    return '\n'.join([*report(name, family, task), f'Wrote {out}. Next:',
                      f'  {command}'])


def plan(wish: Wish, name: str, family: Family, found: Found) -> Task:
    """The decisions that others follow from."""
    if wish.gpus < 1:
        raise ValueError(f'--gpus: got {wish.gpus}, expected 1 or more.')
    if wish.on_cpu and wish.gpus > 1:
        raise ValueError(f'--cpu trains in one process, but --gpus is '
                         f'{wish.gpus}. Leave one of them out.')
    if wish.kimg is not None and wish.kimg <= 0:
        raise ValueError(f'--kimg: got {wish.kimg:g}, expected the thousands '
                         'of images of the training, more than 0.')
    resolution = choose_resolution(name, family, found, wish.resolution)
    channels = choose_channels(name, family, found, wish.channels)
    classes = choose_classes(name, family, found, wish.labels)
    batch = choose_batch(wish, family, resolution, found.count)
    kimg = wish.kimg or (CPU_KIMG if wish.on_cpu else family.kimg(resolution))
    if family.first_side:
        max_iters = plan_growth(
            family.first_side, resolution, kimg, wish.gpus).max_iters
    else:
        max_iters = iterations(kimg, batch)
    return Task(found, resolution, channels, classes, batch, kimg, max_iters,
                wish.on_cpu, wish.mirror)


def choose_resolution(name: str, family: Family, found: Found,
                      wanted: int | None) -> int:
    """The largest that the family has and the images fill.

    Raises:
        ValueError: There is none, or not the wanted one.
    """
    known = ', '.join(map(str, family.resolutions))
    if wanted is not None:
        if wanted not in family.resolutions:
            raise ValueError(
                f'--resolution: {name} has no network for {wanted} pixels; '
                f'known: {known}.')
        return wanted
    reached = [side for side in family.resolutions
               if side <= found.side * MOST_ENLARGED]
    if not reached:
        raise ValueError(
            f'--data: the images have {found.size_text} pixels, and the '
            f'smallest that {name} makes have {family.resolutions[0]}. Use '
            f'larger images, or --resolution {family.resolutions[0]} to have '
            'them enlarged.')
    return reached[-1]


def choose_channels(name: str, family: Family, found: Found,
                    wanted: int | None) -> int:
    """Those of the data, unless another number is wanted.

    Raises:
        ValueError: The family has no networks for them.
    """
    channels = wanted or found.channels
    if channels == 1 and not family.takes_grey:
        able = ', '.join(key for key, other in FAMILIES.items()
                         if other.takes_grey)
        raise ValueError(
            f'--data: the images are grey, and {name} makes three channels. '
            f'Give --channels 3 to have them read as colours, or take {able}.'
            if wanted is None else
            f'--channels: {name} makes three channels, not 1. Take {able}.')
    return channels


def choose_classes(name: str, family: Family, found: Found,
                   labels: str) -> int:
    """How many there are, 0 where the family has no use for them.

    Raises:
        ValueError: Classes were asked for and the family takes none.
    """
    if not found.classes or family.takes_classes:
        return len(found.classes)
    if labels not in ('auto', 'none'):
        able = ', '.join(key for key, other in FAMILIES.items()
                         if other.takes_classes)
        raise ValueError(
            f'--labels: {name} learns without classes. Leave --labels out, '
            f'or take {able}.')
    return 0


def choose_batch(wish: Wish, family: Family, resolution: int,
                 count: int) -> Batch:
    """The wanted batch, or the family's, shared out over the GPUs."""
    most = family.most(resolution)
    if wish.batch is not None and family.first_side:
        raise ValueError(
            f'--batch: the batch of {wish.family} gets smaller as its images '
            'grow. Leave --batch out, and change gpu_samples_per_scale in the '
            'config.')
    if wish.batch is not None:
        if wish.batch < wish.gpus:
            raise ValueError(
                f'--batch: got {wish.batch}, expected at least one image for '
                f'each of {wish.gpus} GPU(s).')
        return split_batch(wish.batch, wish.gpus, most)
    if wish.on_cpu and family.cpu_batch:
        return Batch(family.cpu_batch, 1, 1)
    total = family.batch(resolution, wish.gpus, count)
    return split_batch(nearest_multiple(total, wish.gpus), wish.gpus, most)


def compose(wish: Wish, family: Family, task: Task,
            bases: list[str]) -> Recipe:
    """All settings, in the order of the file."""
    recipe = Recipe()
    recipe.set('_base_', bases, 'What this begins with: the model, and what '
               'every run shares. This file says the rest.')
    family.write(recipe, task)
    growing = bool(family.first_side)
    interval = set_length(
        recipe, task, length_reason(wish, family), growing)
    set_data(recipe, task, batch_reason(wish, family), family.first_side)
    set_metric(recipe, task, choose_metric(wish), family.fake_nums,
               'ema' if family.averages else 'orig')
    set_hooks(recipe, task, interval, growing,
              is_diffusion='denoising' in recipe.settings['optim_wrapper'])
    return recipe


def length_reason(wish: Wish, family: Family) -> str:
    """Why the training is as long as it is."""
    if wish.kimg is not None:
        return 'as --kimg asks'
    if wish.on_cpu:
        return ('about as long as configs/quickstart, whose runs take '
                'minutes at 32 pixels and an hour at 64')
    return family.kimg_reason


def batch_reason(wish: Wish, family: Family) -> str:
    """Why a batch is as large as it is."""
    if wish.batch is not None:
        return 'as --batch asks'
    if wish.on_cpu and family.cpu_batch:
        return 'small, so that a CPU makes many updates'
    return family.batch_reason


def choose_metric(wish: Wish) -> str:
    """FID, unless a CPU has to compute it or its weights are out of reach."""
    if wish.metric is not None:
        return wish.metric
    cached = (cache_dir() / STYLEGAN_FILE.filename).is_file()
    if wish.on_cpu or (wish.offline and not cached):
        return 'fid-efflite0'
    return 'fid'


def base_paths(family: Family, task: Task, out: Path) -> list[str]:
    """``_base_`` of a config at ``out``.

    Relative beside mmgen's own configs in a checkout; elsewhere the whole
    path, since MMEngine's way of naming a package needs setuptools.
    """
    folder = configs_folder()
    names = [f'_base_/models/{family.base(task.resolution)}',
             '_base_/default_runtime.py']
    home = out.resolve().parent
    if home.is_relative_to(folder.parent):
        folder = Path(os.path.relpath(folder, home))
    return [(folder / name).as_posix() for name in names]


def configs_folder() -> Path:
    """Where mmgen's own configs are.

    Raises:
        FileNotFoundError: They are not where an installation has them.
    """
    package = Path(mmgen.__file__).resolve().parent
    for folder in (package / '.mim' / 'configs', package.parent / 'configs'):
        if (folder / '_base_').is_dir():
            return folder.resolve()
    raise FileNotFoundError(
        f'mmgen: there are no configs in {package / ".mim"}. Install mmgen '
        'anew.')


def data_name(data: Path) -> str:
    """``emoji`` of data/emoji, data/emoji/train and data/emoji/images.zip."""
    data = data.resolve()
    if data.name in SPLITS or data.name in IMAGES.values():
        data = data.parent
    return data.stem.lower().replace('_', '-').replace(' ', '-')


def head(family: Family, task: Task, command: str) -> str:
    """The first lines of the file."""
    found = task.found
    side = task.resolution
    size = ', small,' if task.on_cpu else ''
    lines = [
        f'{family.title}{size} on {found.root.as_posix()} at {side}x{side}.',
        '',
        'Written by tools/new_config.py; above each setting is its reason.',
        '',
        f'Paper: {family.paper}',
        f'Data: {data_line(task)}.',
        'Result: none yet.',
        f'Cost: not measured; {task.max_iters} iterations, '
        f'{amount(task.kimg)}.'
    ]
    wrapped = [line for text in lines for line in textwrap.wrap(
        text, 79, subsequent_indent='    ', break_long_words=False,
        break_on_hyphens=False) or ['']]
    return '\n'.join([*wrapped, f'Command: {command}'])


def data_line(task: Task) -> str:
    """The data in one line."""
    found = task.found
    classes = f'{task.num_classes} classes' if task.num_classes \
        else 'no classes'
    return (f'{found.root.as_posix()}: {found.count} images, '
            f'{found.colour_text}, {found.size_text} pixels, {classes}')


def report(name: str, family: Family, task: Task) -> list[str]:
    """What was found and decided."""
    found = task.found
    lines = [f'Found in {data_line(task)}.', *found.notes]
    if found.broken:
        lines.append(f'{found.broken} images cannot be read; '
                     'tools/dataset/prepare.py --check lists them.')
    if found.classes and not task.num_classes:
        lines.append(f'{name} has no classes: the {len(found.classes)} of the '
                     'data are not used.')
    if not found.is_square or found.side != task.resolution:
        lines.append(
            f'While training, images are made {task.resolution}x'
            f'{task.resolution}; tools/dataset/prepare.py does it once, which '
            'makes reading them faster.')
    lines.append(
        f'{family.title} at {task.resolution}x{task.resolution}: '
        f'{task.batch.text} an update, {task.max_iters} iterations for '
        f'{amount(task.kimg)}.')
    return lines
