"""Running the tools that write a package's images, in the tests' process."""
import io
import runpy
import sys
import tarfile
import zipfile
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / 'tools/dataset'


class DataSetTool:
    """A tool as a namespace whose constants a test can change."""

    def __init__(self, name, monkeypatch):
        # As Python does for a script: what lies beside it can be imported.
        monkeypatch.syspath_prepend(FOLDER)
        self.monkeypatch = monkeypatch
        self.name = name
        self.names = runpy.run_path(str(FOLDER / name))
        self.scope = self.names['main'].__globals__

    def run(self, *args):
        self.monkeypatch.setattr(sys, 'argv', [self.name, *map(str, args)])
        self.names['main']()


def write_wheel(path, members):
    """A wheel with these files."""
    with zipfile.ZipFile(path, 'w') as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    return path


def write_npm_package(path, members):
    """A package with these files, as npm packs them."""
    with tarfile.open(path, 'w:gz') as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(f'package/{name}')
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
