"""mmgen: train and evaluate generative adversarial networks from configs."""
from importlib.util import find_spec

from .version import __version__

_COMMANDS = {
    'torch': 'pip install torch',
    'mmengine': 'pip install mmengine',
    'mmcv': 'pip install mmcv-lite',
}


def _refuse_missing_packages() -> None:
    """Say which command to run where a package is missing.

    Looks the packages up without importing them, so that ``import mmgen``
    stays light.

    Raises:
        ImportError: One of the packages is not installed.
    """
    for package, command in _COMMANDS.items():
        if find_spec(package) is None:
            raise ImportError(
                f'mmgen needs the package "{package}", which is not '
                f'installed: {command}')


_refuse_missing_packages()

__all__ = ['__version__']
