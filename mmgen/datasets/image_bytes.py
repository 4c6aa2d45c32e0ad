"""From the bytes of an image file to pixels, refusing what is broken."""
import re

import cv2
import mmcv
import numpy as np
from PIL import Image

# After an FF byte in JPEG's coded data, 00 is stuffing and D0 to D7 are
# restart markers; anything else (bar fill bytes, FF) starts a new segment.
_JPEG_MARKER = re.compile(rb'\xff[^\x00\xd0-\xd7\xff]')
_JPEG_END = 0xD9
_PNG_END = b'IEND\xaeB`\x82'  # the last chunk's name and checksum

_DECODER_ERRORS = (cv2.error, OSError, ValueError, SyntaxError,
                   Image.DecompressionBombError)


class BrokenImageError(Exception):
    """An image that cannot be read: missing, empty, truncated or garbage."""


def decode_image(content: bytes, path: str, flag: str, channel_order: str,
                 backend: str | None) -> np.ndarray:
    """Decode an image file.

    Args:
        content: The file's bytes.
        path: Where they are from, for the message.
        flag: ``'color'``, ``'grayscale'``, ``'unchanged'``, or another of
            :func:`mmcv.imfrombytes`.
        channel_order: ``'bgr'`` or ``'rgb'``.
        backend: ``'cv2'``, ``'pillow'``, or None for mmcv's current one.

    Returns:
        ``[H, W, C]``, or ``[H, W]`` where the flag makes it grey.

    Raises:
        BrokenImageError: The bytes are no whole image.
    """
    if not content:
        raise BrokenImageError(f'{path}: the file is empty')
    # Depending on its version, OpenCV fills what is missing with grey
    # and says nothing, so this is not left to the decoder.
    if is_truncated(content):
        raise BrokenImageError(
            f'{path}: the image is truncated ({len(content)} bytes)')
    try:
        image = mmcv.imfrombytes(
            content, flag=flag, channel_order=channel_order, backend=backend)
    except _DECODER_ERRORS as error:
        raise BrokenImageError(f'{path}: {error}') from error
    if image is None:
        raise BrokenImageError(f'{path}: not an image, or a damaged one')
    return image


def is_truncated(content: bytes) -> bool:
    """Whether a JPEG, PNG or WebP file stops before its end mark.

    Other formats are left to their decoder.
    """
    if content.startswith(b'\xff\xd8'):
        return not _jpeg_ends(content)
    if content.startswith(b'\x89PNG'):
        return content.rfind(_PNG_END) < 0
    if content.startswith(b'RIFF') and content[8:12] == b'WEBP':
        return len(content) < 8 + int.from_bytes(content[4:8], 'little')
    return False


def _jpeg_ends(content: bytes) -> bool:
    """Walk a JPEG's segments to its end mark.

    A plain search would find the end mark of an embedded thumbnail.
    """
    position = 2
    while (marker := _JPEG_MARKER.search(content, position)) is not None:
        position = marker.end()
        code = content[position - 1]
        if code == _JPEG_END:
            return True
        # The length counts its own two bytes. After a scan's header comes
        # coded data, which the search runs through.
        position += int.from_bytes(content[position:position + 2], 'big')
    return False
