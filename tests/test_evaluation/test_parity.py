"""mmgen's metrics against those of other programs, on the same images.

tools/misc/parity_table.py compares; it runs in a process of its own, because
the packages of requirements/parity.txt do not go with others.
"""
import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[2] / 'tools' / 'misc' / 'parity_table.py'
PACKAGES = ('torch_fidelity', 'cleanfid', 'pytorch_fid', 'torchvision')


def missing() -> list[str]:
    folder = os.environ.get('MMGEN_PARITY_PACKAGES')
    return [name for name in PACKAGES
            if not (folder and (Path(folder) / name).is_dir())
            and importlib.util.find_spec(name) is None]


@pytest.fixture(scope='module')
def module():
    spec = importlib.util.spec_from_file_location('parity_table', SCRIPT)
    found = importlib.util.module_from_spec(spec)
    sys.modules['parity_table'] = found
    spec.loader.exec_module(found)
    yield found
    del sys.modules['parity_table']


@pytest.mark.slow
@pytest.mark.skipif(bool(missing()), reason=(
    f'NO PARITY TEST: {", ".join(missing())} not found, so the metrics were '
    'not compared with other programs. Install requirements/parity.txt as it '
    'says, and set MMGEN_PARITY_PACKAGES.'))
def test_numbers_are_those_of_other_programs(tmp_path):
    out = tmp_path / 'rows.json'
    done = subprocess.run(
        [sys.executable, str(SCRIPT), '--json', str(out)],
        capture_output=True, text=True, timeout=600)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads(out.read_text())
    assert {row['program'] for row in rows} == {
        'pytorch-fid', 'clean-fid', 'torch-fidelity'}
    assert len(rows) == 11
    assert all(row['difference'] <= row['tolerance'] for row in rows)


def test_a_difference_is_relative_to_the_largest_number(module):
    row = module.compare('x', 'other', [1., -10.], [1.5, -10.], 0.04)
    assert (row.ours, row.theirs) == (-10, -10)
    assert row.difference == pytest.approx(0.05)
    assert not row.agrees
    assert module.compare('x', 'other', 2., 2., 0.).agrees


def test_table_of_the_docs_has_the_rows_of_the_script(module):
    """Numbers vary in their last digits; what is compared does not."""
    text = module.DOCUMENT.read_text()
    inside = text.split(module.BEGIN)[1].split(module.END)[0]
    rows = inside.strip().splitlines()
    row = module.Row('FID, 2048 features', 'torch-fidelity', 1, 1, 0, 1e-5)
    assert rows[:2] == module.table([row]).splitlines()[:2]
    assert len(rows) == 2 + 11
    for line in rows[2:]:
        difference, tolerance = line.split('|')[5:7]
        assert float(difference) <= float(tolerance)


def test_networks_classes_are_spread(module):
    """Else the Inception score of random weights would be 1 for all."""
    class Net:
        class fc:
            weight = module.torch.zeros(20, 6)

        def __call__(self, images):
            mean = images.mean(dim=(2, 3))
            return module.torch.cat([mean, mean.square() + 5], dim=1)

    net = Net()
    module.spread_classes(net)
    features = net(module.random_images(0, (299, 299)) / 127.5 - 1)
    logits = features @ net.fc.weight.T
    assert logits.mean(dim=0).abs().max() < 1e-3 * logits.abs().max()
    assert logits.std() == pytest.approx(2, rel=0.01)
