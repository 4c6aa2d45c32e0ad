"""What this installation consists of, for logs and bug reports."""
import subprocess
from importlib.metadata import distributions
from pathlib import Path

import mmgen

MMCV_DISTRIBUTIONS = ('mmcv', 'mmcv-lite', 'mmcv-full')


def mmcv_distribution() -> str:
    """Which distribution gives ``import mmcv``, as ``name version``.

    ``mmcv`` and ``mmcv-lite`` install the same package and one may have
    written over the other, so both are named where both say they are there.
    """
    found = sorted({
        f'{dist.metadata["Name"]} {dist.version}'
        for dist in distributions()
        if dist.metadata['Name'] in MMCV_DISTRIBUTIONS
    })
    return ', '.join(found) or 'not installed as a distribution'


def mmgen_version() -> str:
    """The version, and the commit where mmgen runs from a git checkout."""
    root = Path(mmgen.__file__).parents[1]
    if not (root / '.git').exists():
        return mmgen.__version__
    try:
        commit = subprocess.run(
            ['git', '-C', str(root), 'rev-parse', '--short', 'HEAD'],
            capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        # No git program, no commit yet, or a checkout of another user.
        return mmgen.__version__
    return f'{mmgen.__version__}+{commit}'


def collect_env() -> dict[str, str]:
    """Versions of all that a result may depend on, and the devices.

    Returns:
        MMEngine's report (Python, compilers, CUDA and its devices, PyTorch,
        OpenCV, MMEngine) with mmcv and mmgen added.
    """
    # Here, as it imports torch, and --help of the tools would wait for that.
    from mmengine.utils.dl_utils import collect_env as collect_base_env
    report = dict(collect_base_env())
    del report['numpy_random_seed']  # a state of the moment, not a version
    report['mmcv'] = mmcv_distribution()
    report['mmgen'] = mmgen_version()
    return report
