"""What the tools beside this file do with the images that they write."""
import hashlib
import sys
from pathlib import Path

import cv2
import numpy as np


def check_sha256(content: bytes, sha256: str, name: str, package: str) -> None:
    """End the program if the content is not the file with this checksum."""
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        sys.exit(f'{name} has the sha256 {found}, expected {sha256}. Use '
                 f'{package}.')


def are_complete(files: list[Path], count: int, size: int) -> bool:
    """Whether there are so many images, of this height and width."""
    if len(files) != count:
        return False
    sample = cv2.imread(str(files[0]), cv2.IMREAD_UNCHANGED)
    return sample is not None and sample.shape[:2] == (size, size)


def check_count(folder: Path, files: list[Path], count: int) -> None:
    """End the program if the folder holds more images than were written."""
    if len(files) != count:
        sys.exit(f'{folder} holds {len(files)} images, expected {count}: it '
                 'has files that do not belong there. Remove the folder and '
                 'start again.')


def write(path: Path, image: np.ndarray) -> None:
    """Write a PNG under another name first: a file there is a whole file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix('.part')
    draft.write_bytes(cv2.imencode('.png', image)[1].tobytes())
    draft.replace(path)
