"""How mmgen is packaged.

Two things here are not ordinary:

* ``mmcv`` comes in two distributions that install the same package: ``mmcv``
  (with compiled operators) and ``mmcv-lite`` (without; enough for mmgen). A
  requirement on either would write over the other, so ``mmcv-lite`` is
  required only where no mmcv lies beside this installation.
* ``mim`` looks for configs and tools in ``mmgen/.mim``: a wheel carries copies
  there, an editable installation links to the source tree.
"""
import os
import shutil
import site
import sysconfig
from importlib.metadata import distributions
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).resolve().parent
MIM_CONTENT = ('configs', 'tools', 'model-index.yml')


def read_requirements(name: str) -> list[str]:
    """The requirements of one file, without comments and empty lines."""
    lines = (ROOT / 'requirements' / f'{name}.txt').read_text().splitlines()
    return [line for line in lines if line and not line.startswith(('#', '-'))]


def read_version() -> str:
    scope: dict = {}
    exec((ROOT / 'mmgen' / 'version.py').read_text(), scope)
    return scope['__version__']


def has_own_mmcv() -> bool:
    """Whether another distribution than ``mmcv-lite`` gives ``import mmcv``.

    pip builds in an isolated environment, where ``import mmcv`` finds nothing;
    the folders of the interpreter that it installs into are still the ones
    that ``sysconfig`` names. ``MMGEN_OWN_MMCV=1`` says yes without looking,
    for a wheel that others will install.
    """
    if os.environ.get('MMGEN_OWN_MMCV') == '1':
        return True
    paths = [sysconfig.get_path('purelib'), sysconfig.get_path('platlib'),
             site.getusersitepackages()]
    names = {dist.metadata['Name'].lower().replace('_', '-')
             for dist in distributions(path=paths)}
    return any(name == 'mmcv-full' or name.endswith('mmcv') for name in names)


def runtime_requirements() -> list[str]:
    required = read_requirements('runtime')
    return required if has_own_mmcv() else [*required, 'mmcv-lite']


class BuildWithMim(build_py):
    """Puts configs, tools and the model index under ``mmgen/.mim``."""

    def run(self) -> None:
        super().run()
        if self.editable_mode:
            self._fill(ROOT / 'mmgen' / '.mim', self._link)
        else:
            self._fill(Path(self.build_lib) / 'mmgen' / '.mim', self._copy)

    def _fill(self, folder: Path, place) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in MIM_CONTENT:
            place(ROOT / name, folder / name)

    @staticmethod
    def _copy(source: Path, target: Path) -> None:
        if source.is_dir():
            shutil.copytree(
                source, target, ignore=shutil.ignore_patterns('__pycache__'))
        else:
            shutil.copy2(source, target)

    @classmethod
    def _link(cls, source: Path, target: Path) -> None:
        try:
            target.symlink_to(os.path.relpath(source, target.parent))
        except OSError:  # a file system or a user without symbolic links
            cls._copy(source, target)


setup(
    name='mmgen',
    version=read_version(),
    description='Train and evaluate generative adversarial networks from '
                'configs, on MMEngine',
    long_description=(ROOT / 'README.md').read_text(encoding='utf-8'),
    long_description_content_type='text/markdown',
    keywords=['computer vision', 'generative adversarial networks', 'GAN',
              'image generation'],
    license='Apache-2.0',
    classifiers=[
        'Development Status :: 3 - Alpha',
        'Operating System :: OS Independent',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Topic :: Scientific/Engineering :: Artificial Intelligence',
    ],
    packages=find_packages(include=['mmgen', 'mmgen.*']),
    package_data={'mmgen.visualization.report': ['assets/*']},
    python_requires='>=3.10',
    install_requires=runtime_requirements(),
    extras_require={
        name: read_requirements(name) for name in ('tests', 'optional', 'docs')
    },
    cmdclass={'build_py': BuildWithMim},
    zip_safe=False,
)
