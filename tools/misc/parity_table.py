#!/usr/bin/env python
"""Compare mmgen's metrics with those of other programs, on the same images.

    python tools/misc/parity_table.py             # prints the table
    python tools/misc/parity_table.py --write     # and puts it into the docs

The images are made here, and so are the weights of Inception, at random: what
is compared is the arithmetic, from the pixels to the number. Needs what
requirements/parity.txt lists, in the folder MMGEN_PARITY_PACKAGES.
"""
import argparse
import json
import os
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from mmgen.evaluation.features import InceptionPyTorch
from mmgen.evaluation.features.inception import InceptionV3
from mmgen.evaluation.features.resize import resize_images
from mmgen.evaluation.frechet import frechet_distance
from mmgen.evaluation.metrics.inception_score import (PredictionSums,
                                                      inception_score)
from mmgen.evaluation.metrics.kid import kernel_distance
from mmgen.evaluation.metrics.precision_recall import (neighbour_radii,
                                                       precision_recall)

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT = ROOT / 'docs' / 'metric_parity.md'
BEGIN = '<!-- parity: written by tools/misc/parity_table.py -->'
END = '<!-- end of parity -->'

IMAGES = 16  # of each kind
SIDES = (40, 56)  # pixels
# The programs that use sqrtm are compared on so many of the 2048 features,
# those that vary most: sqrtm takes a minute for all of them, and errs where
# there are fewer images than features.
FEW_FEATURES = 8
NEIGHBOURS = 1
SPLITS = 2
WEIGHTS_NAME = 'pt_inception-2015-12-05-6726825d.pth'
OPERATOR = '(Tensor dets, Tensor scores, float iou_threshold) -> Tensor'


@dataclass(frozen=True)
class Row:
    """One comparison.

    Attributes:
        what: What was compared.
        program: With which program.
        ours: Our number; the largest of several.
        theirs: The other's.
        difference: The largest difference, relative to ``ours``.
        tolerance: What it may be.
    """

    what: str
    program: str
    ours: float
    theirs: float
    difference: float
    tolerance: float

    @property
    def agrees(self) -> bool:
        return self.difference <= self.tolerance


def compare(what: str, program: str, ours, theirs, tolerance: float) -> Row:
    """Compare numbers, or arrays of them."""
    ours, theirs = (np.asarray(item, dtype=np.float64)
                    for item in (ours, theirs))
    assert ours.shape == theirs.shape, (what, ours.shape, theirs.shape)
    scale = np.abs(ours).max()
    difference = np.abs(ours - theirs).max() / max(scale, 1e-500)
    place = np.unravel_index(np.abs(ours).argmax(), ours.shape)
    return Row(what, program, float(ours[place]), float(theirs[place]),
               float(difference), tolerance)


def random_weights(folder: Path) -> Path:
    """A weights file under the published names, the numbers random."""
    torch.manual_seed(0)
    net = InceptionV3()
    for module in net.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)
        elif isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
            module.bias.data.normal_(0, 0.1)
    spread_classes(net.eval())
    # Where torch.hub, through which pytorch-fid loads, looks for it.
    path = folder / 'hub' / 'checkpoints' / WEIGHTS_NAME
    path.parent.mkdir(parents=True)
    torch.save(net.state_dict(), path)
    return path


def spread_classes(net: InceptionV3) -> None:
    """Let the images be of different classes: leave out of the logits what
    all of them have in common."""
    with torch.no_grad():
        features = net(random_images(0, (299, 299)) / 127.5 - 1)
        mean = features.mean(dim=0)
        weight = torch.randn_like(net.fc.weight)
        weight -= torch.outer(weight @ mean, mean) / mean.square().sum()
        net.fc.weight.copy_(weight * 2 / (features @ weight.T).std())


def random_images(seed: int, sides: tuple[int, int] = SIDES) -> Tensor:
    """Smooth colours with some noise, uint8 ``[N, 3, H, W]``."""
    rng = torch.Generator().manual_seed(seed)
    coarse = torch.rand(IMAGES, 3, 5, 5, generator=rng)
    smooth = nn.functional.interpolate(coarse, sides, mode='bicubic')
    noise = torch.randn(smooth.shape, generator=rng) * 0.03 * (1 + seed)
    return ((smooth + noise).clamp(0, 1) * 255).round().to(torch.uint8)


def import_others() -> None:
    """Make the other programs importable; torchvision needs help."""
    if os.environ.get('MMGEN_PARITY_PACKAGES'):
        # Behind what is installed: only what is missing comes from there.
        sys.path.append(os.environ['MMGEN_PARITY_PACKAGES'])
    # Without its compiled part, which is made for one build of torch, two of
    # its operators have to be known.
    library = torch.library.Library('torchvision', 'DEF')
    for name in ('nms', 'qnms'):
        library.define(name + OPERATOR)
    globals()['_library'] = library  # it lives as long as the operators


def pytorch_fid_rows(weights: Path, folder: Path) -> list[Row]:
    """FID as pytorch-fid computes it from folders of images."""
    from pytorch_fid import fid_score
    from pytorch_fid.inception import InceptionV3 as Other
    network, other = InceptionPyTorch(str(weights)), Other()
    features, activations = [], []
    for seed in (0, 1):
        images = random_images(seed)
        paths = write_images(images, folder / f'small{seed}')
        features.append(network(images).numpy())
        activations.append(fid_score.get_activations(
            paths, other.eval(), batch_size=8, num_workers=0))
    return [
        compare('Inception features, bilinear resize', 'pytorch-fid',
                features, activations, 1e-5),
        compare(f'FID, {FEW_FEATURES} features', 'pytorch-fid',
                fid_of(*few(features)), fid_score.calculate_frechet_distance(
                    *moments(few(activations)[0]),
                    *moments(few(activations)[1])), 1e-5)]


def clean_fid_rows(weights: Path, folder: Path) -> list[Row]:
    """FID and KID as clean-fid computes them, after its own resize."""
    from cleanfid import fid
    from cleanfid.resize import build_resizer
    from pytorch_fid.inception import InceptionV3 as Other
    network = InceptionPyTorch(str(weights), resize='clean')
    # clean-fid's own network is a download. Its resize, its reading of files
    # and its distances stand here, with pytorch-fid's network between them.
    other = Other(resize_input=False).eval()

    def extract(batch: Tensor) -> Tensor:
        return other(batch / 255)[0].flatten(1)

    features, others, resized = [], [], []
    for seed in (0, 1):
        images = random_images(seed)
        write_images(images, folder / f'clean{seed}')
        features.append(network(images).numpy())
        others.append(fid.get_folder_features(
            str(folder / f'clean{seed}'), extract, num_workers=0,
            batch_size=8, device=torch.device('cpu'), mode='clean',
            verbose=False))
        resizer = build_resizer('clean')
        resized.append(np.stack([resizer(image) for image in images.permute(
            0, 2, 3, 1).numpy()]).transpose(0, 3, 1, 2))
    own = [resize_images(random_images(seed), 299, 'clean').numpy()
           for seed in (0, 1)]
    return [
        compare("Resize 'clean', pixels", 'clean-fid', own, resized, 1e-5),
        compare("Inception features, resize 'clean'", 'clean-fid', features,
                others, 1e-5),
        compare(f"FID, {FEW_FEATURES} features, resize 'clean'", 'clean-fid',
                fid_of(*few(features)), fid.fid_from_feats(*few(others)),
                1e-5),
        compare("KID, resize 'clean'", 'clean-fid',
                kernel_distance(*map(torch.from_numpy, features)),
                fid.kernel_distance(*others, num_subsets=1,
                                    max_subset_size=IMAGES), 1e-5)]


def torch_fidelity_rows(weights: Path) -> list[Row]:
    """All of torch-fidelity's, which gives the network what TensorFlow did."""
    from torch_fidelity.feature_extractor_inceptionv3 import \
        FeatureExtractorInceptionV3
    from torch_fidelity.metric_fid import (fid_features_to_statistics,
                                           fid_statistics_to_metric)
    from torch_fidelity.metric_isc import isc_features_to_metric
    from torch_fidelity.metric_kid import kid_features_to_metric
    from torch_fidelity.metric_prc import prc_features_to_metric
    network = InceptionPyTorch(str(weights), resize='tensorflow')
    other = FeatureExtractorInceptionV3(
        'inception-v3-compat', ['2048', 'logits_unbiased'], str(weights))
    features, others, logits, probabilities = [], [], [], []
    for seed in (0, 1):
        images = random_images(seed)
        with torch.no_grad():
            both = [other(part) for part in images.split(8)]
        others.append(torch.cat([pair[0] for pair in both]))
        logits.append(torch.cat([pair[1] for pair in both]))
        features.append(network(images))
        probabilities.append(network.class_probabilities(images))
    fake, real = features
    sums = PredictionSums(IMAGES, SPLITS)
    sums.update(probabilities[0], 0)
    score = isc_features_to_metric(logits[0], splits=SPLITS, shuffle=False)
    distance = fid_statistics_to_metric(
        *map(fid_features_to_statistics, others), verbose=False)
    kernel = kid_features_to_metric(
        *others, kid_subsets=1, kid_subset_size=IMAGES, verbose=False)
    radii = [neighbour_radii(item, NEIGHBOURS) for item in (real, fake)]
    ours = precision_recall(real, fake, *radii, NEIGHBOURS)
    theirs = prc_features_to_metric(
        *others, prc_neighborhood=NEIGHBOURS, verbose=False)
    name = 'torch-fidelity'
    return [
        compare("Inception features, resize 'tensorflow'", name,
                torch.stack(features), torch.stack(others), 1e-5),
        compare('FID, 2048 features', name, fid_of(fake, real),
                distance['frechet_inception_distance'], 1e-5),
        compare('IS and its deviation', name,
                inception_score(sums.gather()),
                [score['inception_score_mean'], score['inception_score_std']],
                1e-5),
        compare('KID', name, kernel_distance(fake, real),
                kernel['kernel_inception_distance_mean'], 1e-5),
        compare('Precision and recall', name,
                [ours['precision'], ours['recall']],
                [theirs['precision'], theirs['recall']], 0)]


def write_images(images: Tensor, folder: Path) -> list[str]:
    """As PNG files; their paths in order."""
    folder.mkdir()
    paths = [str(folder / f'{index:03d}.png') for index in range(len(images))]
    for image, path in zip(images.permute(0, 2, 3, 1).numpy(), paths):
        Image.fromarray(image).save(path)
    return paths


def moments(features) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance."""
    features = np.asarray(features, dtype=np.float64)
    return features.mean(axis=0), np.cov(features, rowvar=False)


def fid_of(a, b) -> float:
    return frechet_distance(*moments(a), *moments(b))[0]


def few(sets: list[np.ndarray]) -> list[np.ndarray]:
    """The features that vary most in the first set."""
    columns = np.sort(sets[0].std(axis=0).argsort()[-FEW_FEATURES:])
    return [item[:, columns] for item in sets]


def all_rows(report: Callable[[str], None] = lambda text: None) -> list[Row]:
    """All comparisons; ``report`` is told what is being done."""
    import_others()
    with tempfile.TemporaryDirectory() as name, torch.no_grad():
        folder = Path(name)
        os.environ['TORCH_HOME'] = name
        weights = random_weights(folder)
        rows = []
        for program, make in (
                ('pytorch-fid', lambda: pytorch_fid_rows(weights, folder)),
                ('clean-fid', lambda: clean_fid_rows(weights, folder)),
                ('torch-fidelity', lambda: torch_fidelity_rows(weights))):
            report(f'{program} ...')
            rows += make()
    return rows


def table(rows: list[Row]) -> str:
    """The comparisons as a Markdown table."""
    lines = ['| number | program | mmgen | the other | relative difference | '
             'tolerance |', '| --- | --- | --- | --- | --- | --- |']
    lines += [f'| {row.what} | {row.program} | {row.ours:.7g} | '
              f'{row.theirs:.7g} | {row.difference:.1e} | '
              f'{row.tolerance:.0e} |' for row in rows]
    return '\n'.join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--write', action='store_true',
                        help=f'put the table into {DOCUMENT.relative_to(ROOT)}')
    parser.add_argument('--json', type=Path,
                        help='write the comparisons to this file')
    args = parser.parse_args()
    rows = all_rows(lambda text: print(text, file=sys.stderr))
    print(table(rows))
    if args.json:
        args.json.write_text(json.dumps(
            [dict(asdict(row), agrees=row.agrees) for row in rows]))
    if args.write:
        text = DOCUMENT.read_text()
        head, tail = text.split(BEGIN)[0], text.split(END)[1]
        DOCUMENT.write_text(f'{head}{BEGIN}\n{table(rows)}\n{END}{tail}')
    wrong = [row.what for row in rows if not row.agrees]
    if wrong:
        sys.exit(f'These differ by more than their tolerance: {wrong}')


if __name__ == '__main__':
    main()
