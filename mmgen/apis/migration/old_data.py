"""0.x data: loaders, datasets, pipelines and the preprocessor (section 8)."""
from typing import Any

from mmgen.apis.migration.losses import as_list
from mmgen.apis.migration.old_models import NewModel
from mmgen.apis.migration.report import Report
from mmgen.apis.migration.writing import Name

SECTION = 8
MEAN = 127.5

# Where a dataset of 0.x says which files there are.
FOLDERS = {'imgs_root': 'data_root', 'imgs_roots': 'data_roots',
           'dataroot': 'data_root', 'img_path': 'data_root'}
# Datasets that come as RGB; files are read as BGR.
RGB_DATASETS = ('CIFAR10', )
# Transforms whose work others do now.
TENSORS = ('ImageToTensor', 'ToTensor')
# Transforms that work on the one entry "img" now and took keys before.
SINGLE = ('Resize', 'FixedCrop', 'NumpyPad')
# Transforms that stay as they are.
SAME = ('Flip', 'Crop', 'CenterCropLongEdge', 'RandomCropLongEdge',
        'LoadPairedImageFromFile')


def translate_data(old: dict, new: dict, model: NewModel,
                   report: Report) -> None:
    """The three loaders; normalisation goes to the model's preprocessor."""
    data = old.pop('data', None)
    if not data:
        return
    data = dict(data)
    batch = data.pop('samples_per_gpu', None)
    workers = data.pop('workers_per_gpu', 0)
    datasets = {part: data.pop(part, None)
                for part in ('train', 'val', 'test')}
    for part, dataset in datasets.items():
        if not dataset:
            continue
        own = dict(data.pop(f'{part}_dataloader', None) or {})
        size = own.pop('samples_per_gpu', data.pop(
            f'{part}_samples_per_gpu', batch))
        threads = own.pop('workers_per_gpu', data.pop(
            f'{part}_workers_per_gpu', workers))
        pipelines = Pipelines(part, model, report)
        dataset = pipelines.dataset(dataset)
        if pipelines.steps is not None:
            new[f'{part}_pipeline'] = pipelines.steps
        loader = dict(
            batch_size=size,
            num_workers=threads,
            persistent_workers=bool(threads),
            sampler=dict(type='InfiniteSampler', shuffle=True)
            if part == 'train' else dict(
                type='DefaultSampler', shuffle=False),
            dataset=dataset)
        if part == 'train' and model.kind == 'singan':
            loader['sampler'] = None
        name = f'{part}_dataloader'
        same = next((other for other in ('val', ) if part == 'test'
                     and datasets.get(other) == datasets['test']
                     and new.get(f'{other}_dataloader', {}).get('batch_size')
                     == size), None)
        if same:
            new.pop(f'{part}_pipeline', None)
            new[name] = Name(f'{same}_dataloader')
        else:
            new[name] = loader
        report.done(SECTION, f'data.{part} became {name}, samples_per_gpu='
                    f'{size} its batch_size and workers_per_gpu={threads} its '
                    'num_workers.')
        if size is None and not same:
            report.look(SECTION, f'batch_size of {name} is not set, as '
                        'samples_per_gpu was not.', name)
        if own:
            report.rest(SECTION, f'data.{name}', own, name)
    for key in ('drop_last', 'persistent_workers', 'shuffle'):
        if key in data:
            report.left(SECTION, f'data.{key}={data.pop(key)}: training reads '
                        'an endless stream of whole batches.')
    at = next((name for name in new if name.endswith('_dataloader')), 'model')
    report.rest(SECTION, 'data', data, at)


class Pipelines:
    """The pipeline of one part of the data, and its dataset around it.

    Attributes:
        steps: The new pipeline; None if the dataset has none.
    """

    def __init__(self, part: str, model: NewModel, report: Report) -> None:
        self.part = part
        self.model = model
        self.report = report
        self.steps: list | None = None
        self.of_images = model.kind != 'translation'

    def dataset(self, dataset: Any) -> dict:
        """The dataset with its files and pipeline under their new names."""
        if not isinstance(dataset, dict):
            self.report.look(
                SECTION, f'data.{self.part} is a list of datasets, of which '
                'mmgen has no joined one. Only the first is taken.',
                f'{self.part}_dataloader')
            dataset = dataset[0]
        dataset = dict(dataset)
        if 'dataset' in dataset:
            return dict(dataset, dataset=self.dataset(dataset['dataset']))
        kind = dataset.pop('type')
        name = kind.removeprefix('mmcls.')
        if name != kind:
            self.report.done(
                0, f'{kind} became {name} of mmgen; mmcls is not needed.')
        renamed = {old: FOLDERS[old] for old in FOLDERS if old in dataset}
        if renamed:
            self.report.done(SECTION, f'data.{self.part}: ' + ', '.join(
                f'{old} became {new}' for old, new in renamed.items()) + '.')
        fields = {renamed.get(key, key): value
                  for key, value in dataset.items() if key != 'pipeline'}
        pipeline = dataset.get('pipeline')
        if name == 'SinGANDataset' and not pipeline:
            self.steps = [dict(type='PackGenInputs', pack_all=True)]
        elif pipeline is not None:
            self.steps = self.pipeline(pipeline, name)
        if self.steps is not None:
            fields['pipeline'] = Name(f'{self.part}_pipeline')
        return dict(type=name, **fields)

    # ------------------------------------------------------------- pipeline

    def pipeline(self, steps: list[dict], dataset: str) -> list[dict]:
        """The transforms, ending with PackGenInputs."""
        new: list[dict] = []
        pack = dict(type='PackGenInputs')
        gone = []
        for step in steps:
            step = self._renamed(dict(step))
            kind = step['type'].removeprefix('mmcls.')
            if kind == 'Normalize':
                self._normalize(step, dataset)
                gone.append(kind)
            elif kind in TENSORS:
                gone.append(kind)
            elif kind == 'Collect':
                pack.update(self._packed(step))
                gone.append(kind)
            else:
                self._transform(kind, step, new)
        self.report.done(
            SECTION, f'{self.part}_pipeline: {", ".join(gone)} became the '
            "model's data_preprocessor and PackGenInputs."
            if gone else f'{self.part}_pipeline ends with PackGenInputs.')
        return [*new, pack]

    def _renamed(self, step: dict) -> dict:
        """``real_img`` is ``img`` now."""
        if not self.of_images:
            return step
        for key in ('key', 'keys', 'meta_keys'):
            if key in step:
                value = step[key]
                step[key] = _image_key(value) if isinstance(value, str) \
                    else [_image_key(item) for item in value]
        return step

    def _packed(self, collect: dict) -> dict:
        keys = [key for key in as_list(collect.get('keys'))
                if key != 'gt_label']
        meta = as_list(collect.get('meta_keys'))
        found: dict[str, Any] = {}
        if keys:
            found['keys'] = keys
        if meta:
            found['meta_keys'] = meta
        return found

    def _normalize(self, step: dict, dataset: str) -> None:
        """Into the model's preprocessor, from the training pipeline."""
        mean, std = (list(step.get(key, [MEAN] * 3))
                     for key in ('mean', 'std'))
        swap = bool(step.get('to_rgb', True))
        settings: dict[str, Any] = {}
        if set(mean) != {MEAN} or set(std) != {MEAN}:
            settings.update(mean=mean, std=std)
        from_rgb = dataset in RGB_DATASETS
        if swap:
            settings['rgb_to_bgr' if from_rgb else 'bgr_to_rgb'] = True
        preprocessor = self.model.config['data_preprocessor']
        if self.part == 'train':
            preprocessor.update(settings)
            if from_rgb and not swap:
                self.report.look(
                    SECTION, f'{dataset} comes as RGB and Normalize left it '
                    'so: the model works in RGB, but is taken to make BGR. '
                    'Metrics and pictures have red and blue exchanged unless '
                    'rgb_to_bgr=True is set, which suits new trainings only.',
                    'model.data_preprocessor')
            return
        ours = {key: value for key, value in preprocessor.items()
                if key in ('mean', 'std', 'bgr_to_rgb', 'rgb_to_bgr')}
        if ours != settings:
            self.report.done(
                SECTION, f"{self.part}_pipeline: its own Normalize ({step}) "
                "gave way to the model's data_preprocessor; metrics bring "
                'images into their own order of colours.')

    def _transform(self, kind: str, step: dict, new: list[dict]) -> None:
        """One transform that stays one."""
        place = f'{self.part}_pipeline.{len(new)}'
        step['type'] = kind
        if kind == 'LoadImageFromFile':
            new.append(self._load(step))
        elif kind == 'RandomFlip':
            new.append(dict(
                type='Flip', keys=['img'],
                flip_ratio=step.pop('flip_prob', 0.5),
                direction=step.pop('direction', 'horizontal')))
            self._rest(step, place)
        elif kind == 'CenterCrop' or (
                kind == 'RandomCrop' and not step.get('padding')):
            size = step.pop('crop_size', step.pop('size', None))
            step.pop('padding', None)
            size = (size, size) if isinstance(size, int) else size
            new.append(dict(type='Crop', keys=['img'], crop_size=size,
                            random_crop=kind == 'RandomCrop'))
            self._rest(step, place)
        elif kind in SINGLE:
            self._single(step, new, place)
        else:
            if kind == 'LoadPairedImageFromFile':
                step = self._load(step)
            new.append(step)
            if kind not in SAME:
                self.report.look(
                    SECTION, f'{self.part}_pipeline: mmgen has no transform '
                    f'{kind}. It stands there as it was and has to be '
                    'replaced.', place)

    def _rest(self, step: dict, place: str) -> None:
        self.report.rest(SECTION, step.pop('type'), step, place)

    def _load(self, step: dict) -> dict:
        if step['type'] == 'LoadImageFromFile' and 'key' not in step:
            step['key'] = 'img'
        # What local files need neither then nor now.
        for key in ('io_backend', 'file_client_args'):
            value = step.get(key)
            if value in ('disk', dict(backend='disk')):
                del step[key]
        if 'file_client_args' in step:
            step['backend_args'] = step.pop('file_client_args')
        return step

    def _single(self, step: dict, new: list[dict], place: str) -> None:
        """Resize and the like, which were given keys."""
        keys = as_list(step.pop('keys', 'img'))
        if 'size' in step:  # mmcls: (height, width)
            size = step.pop('size')
            pair = (size, size) if isinstance(size, int) else tuple(size)
            step['scale'] = pair[::-1]
        scale = step.get('scale')
        if isinstance(scale, float):
            step['scale_factor'] = step.pop('scale')
        elif isinstance(scale, (list, tuple)):
            step['scale'] = tuple(scale)
            if min(scale) < 0:
                self.report.look(
                    SECTION, f'{self.part}_pipeline: Resize to {scale} meant '
                    'the shorter side; both sides are needed.', place)
        if step.get('interpolation') == 'pillow':
            step['backend'] = step.pop('interpolation')
        if keys == ['img']:
            new.append(step)
            return
        last = new[-1] if new else {}
        if last.get('type') == 'TransformBroadcaster' \
                and last['mapping']['img'] == keys:
            last['transforms'] = [*as_list(last['transforms']), step]
            return
        new.append(dict(
            type='TransformBroadcaster', mapping=dict(img=keys),
            auto_remap=True, share_random_params=True, transforms=[step]))
        self.report.done(
            SECTION, f'{self.part}_pipeline: {step["type"]} of '
            f'{", ".join(keys)} stands in a TransformBroadcaster.')


def _image_key(key: str) -> str:
    return 'img' + key[len('real_img'):] if key.startswith('real_img') \
        else key
