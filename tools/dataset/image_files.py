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


def are_complete(files: list[Path], count: int,
                 size: tuple[int, int]) -> bool:
    """Whether there are so many images, of this (height, width)."""
    if len(files) != count:
        return False
    sample = cv2.imread(str(files[0]), cv2.IMREAD_UNCHANGED)
    return sample is not None and sample.shape[:2] == size


def check_count(folder: Path, files: list[Path], count: int) -> None:
    """End the program if the folder holds more images than were written."""
    if len(files) != count:
        sys.exit(f'{folder} holds {len(files)} images, expected {count}: it '
                 'has files that do not belong there. Remove the folder and '
                 'start again.')


def fit(image: np.ndarray, size: int) -> np.ndarray:
    """Composite BGRA ``[H, H, 4]`` on white, scale down to ``size``: BGR."""
    color, opacity = image[..., :3].astype(np.float32), image[..., 3:] / 255
    on_white = (color * opacity + 255 * (1 - opacity)).astype(np.float32)
    # The mean over the area of each new pixel, which does not alias.
    scaled = cv2.resize(on_white, (size, size), interpolation=cv2.INTER_AREA)
    return scaled.round().astype(np.uint8)


def decode(packed: bytes) -> np.ndarray:
    """The pixels of an image file, uint8 BGR or BGRA."""
    return cv2.imdecode(np.frombuffer(packed, np.uint8), cv2.IMREAD_UNCHANGED)


def write(path: Path, image: np.ndarray) -> None:
    """Write a PNG under another name first: a file there is a whole file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix('.part')
    draft.write_bytes(cv2.imencode('.png', image)[1].tobytes())
    draft.replace(path)
