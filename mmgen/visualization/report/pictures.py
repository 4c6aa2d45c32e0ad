"""Pictures as text inside a page, few and small enough to open fast."""
import base64
import io
from pathlib import Path

from PIL import Image

# Pixels. A grid of 8 x 8 samples of 128 with its lines is not resampled.
MAX_SIDE, MIN_SIDE = 1100, 128
JPEG_QUALITY = 88


def evenly(steps: list[int], count: int) -> list[int]:
    """At most ``count`` of the steps, with the first and the last."""
    if len(steps) <= count:
        return steps
    if count == 1:
        return steps[-1:]
    return [steps[index * (len(steps) - 1) // (count - 1)]
            for index in range(count)]


def data_uri(path: Path, limit: int) -> str:
    """A picture as an address that holds it.

    A PNG of no more than ``limit`` bytes and no large side is taken as it is,
    so that its pixels are the file's.

    Args:
        path: Of a PNG.
        limit: Bytes of the encoded picture; passed only where a side of
            ``MIN_SIDE`` is not small enough.

    Raises:
        OSError: It is no picture, or damaged.
        SyntaxError: As Pillow says of some damages.
    """
    content = path.read_bytes()
    with Image.open(io.BytesIO(content)) as picture:
        if len(content) <= limit and max(picture.size) <= MAX_SIDE:
            picture.verify()
            return _uri(content, 'png')
        picture = picture.convert('RGB')
    picture.thumbnail((MAX_SIDE, MAX_SIDE))
    content = _jpeg(picture)
    while len(content) > limit and (side := max(picture.size)) > MIN_SIDE:
        # Bytes go with the area, roughly, so rather a bit too small.
        side = max(MIN_SIDE, int(0.9 * side * (limit / len(content))**0.5))
        picture.thumbnail((side, side))
        content = _jpeg(picture)
    return _uri(content, 'jpeg')


def _jpeg(picture: Image.Image) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, 'JPEG', quality=JPEG_QUALITY)
    return stream.getvalue()


def _uri(content: bytes, form: str) -> str:
    return f'data:image/{form};base64,{base64.b64encode(content).decode()}'
