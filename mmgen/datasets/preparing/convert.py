"""From the bytes of any image file to a square of 8-bit RGB or grey."""
import io

import numpy as np
from PIL import Image, ImageCms

from mmgen.datasets.image_bytes import is_truncated
from mmgen.datasets.image_heads import (colour_profile, has_alpha, is_grey,
                                        is_srgb, open_image, orientation,
                                        profile_name, upright_size)
from mmgen.datasets.preparing.records import Record
from mmgen.datasets.preparing.settings import Settings

# EXIF 2.32, table 4: where row 0 and column 0 are, and what undoes it.
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# ICC's names of what a profile describes.
_PROFILE_SPACES = {'RGB': 'RGB', 'L': 'GRAY', 'CMYK': 'CMYK'}
_BACKGROUNDS = {'white': 255, 'black': 0, 'grey': 128}


class SkipImage(Exception):
    """A picture that is left out.

    Args:
        reason: Why, in two or three words, the same for all such pictures.
        detail: More about this one.
    """

    def __init__(self, reason: str, detail: str = ''):
        super().__init__(reason, detail)
        self.reason, self.detail = reason, detail


def square_image(content: bytes, settings: Settings,
                 record: Record) -> Image.Image:
    """The square of a picture that is to be scaled, in its final colours.

    Args:
        content: The image file.
        settings: What is asked for.
        record: What is found out is noted here.

    Returns:
        Mode RGB or L. With ``crop='none'`` as wide and high as the picture.

    Raises:
        SkipImage: It is not to be used.
    """
    image = _decode(content, settings, record)
    turn = _UPRIGHT.get(orientation(image))
    if turn is not None:
        image = image.transpose(turn)
    if settings.crop == 'centre':
        image = _centre_square(image)
    profile = colour_profile(image)
    image, alpha = _split_alpha(_to_8_bits(image))
    image = _to_srgb(image, profile)
    if alpha is not None:
        image = _on_background(image, alpha, settings.alpha, record)
    return _in_mode(image, 'L' if settings.channels == 'grey' else 'RGB')


def scale(image: Image.Image, resolution: int) -> Image.Image:
    """Scale both sides to ``resolution``.

    Lanczos' filter, widened by the factor of reduction as Pillow does it, so
    that fine patterns become grey and do not alias. Aliasing is learned by
    generators and moves metrics: Parmar et al. 2022, arXiv:2104.11222.
    """
    return image.resize((resolution, resolution), Image.Resampling.LANCZOS)


def png(image: Image.Image) -> bytes:
    """The image as a PNG file that has pixels only."""
    image.info = {}  # Pillow would write a colour profile that it finds here
    file = io.BytesIO()
    image.save(file, 'PNG')
    return file.getvalue()


def _decode(content: bytes, settings: Settings,
            record: Record) -> Image.Image:
    """The pixels as they are in the file, unless the head says to skip."""
    if not content:
        raise SkipImage('no image', 'the file is empty')
    try:
        image = open_image(io.BytesIO(content))
    except Image.DecompressionBombError as error:
        raise SkipImage('too many pixels', str(error)) from error
    except Exception as error:  # as open_image
        raise SkipImage('no image', 'not a known image format, or damaged '
                        'from the start') from error
    if is_truncated(content):
        raise SkipImage('truncated', f'{len(content)} bytes')
    _note_head(image, record)
    _check_size(record.size, settings)
    try:
        image.load()
    except Exception as error:  # as open_image
        raise SkipImage('damaged', f'{error}') from error
    # Some formats have EXIF behind the pixels.
    _note_head(image, record)
    return image


def _note_head(image: Image.Image, record: Record) -> None:
    record.format, record.mode = image.format, image.mode
    # Pillow turns a TIFF itself when it decodes, and then forgets.
    record.rotated = record.rotated or orientation(image) != 1
    record.size = upright_size(image)
    profile = colour_profile(image)
    if profile is not None:
        record.profile = profile_name(profile)
    elif image.info.get('icc_profile'):
        record.profile = 'damaged'
    # A phone's MPO file holds one photo and its previews.
    record.animated = image.format != 'MPO' and getattr(
        image, 'is_animated', False)


def _check_size(size: tuple[int, int], settings: Settings) -> None:
    wanted = settings.resolution
    if wanted and min(size) < wanted and not settings.upscale:
        raise SkipImage('too small',
                        f'{size[0]}x{size[1]}, expected at least {wanted}')


def _centre_square(image: Image.Image) -> Image.Image:
    side = min(image.size)
    left, top = ((length - side) // 2 for length in image.size)
    return image.crop((left, top, left + side, top + side))


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    """Converted if need be; Pillow copies in any case, which takes long."""
    return image if image.mode == mode else image.convert(mode)


def _to_8_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 bits with 8; others as they are."""
    if not image.mode.startswith(('I', 'F')):
        return image
    values = np.asarray(image)
    if image.mode == 'F' or values.min() < 0 or values.max() > 65535:
        raise SkipImage(
            'kind of pixels', 'numbers without a known range '
            f'(mode {image.mode}); save it with 8 or 16 bits')
    # In floating point, because 16 bits overflow and need rounding.
    eight = np.rint(values / 257).astype(np.uint8)  # 65535 / 255 = 257
    return Image.fromarray(eight)


def _split_alpha(
        image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Colours in mode L, RGB or CMYK, and opacity in mode L."""
    grey, alpha = is_grey(image), None
    try:
        if has_alpha(image):
            image = image.convert('RGBA')
            alpha = image.getchannel('A')
        if image.mode != 'CMYK':
            image = _in_mode(image, 'L' if grey else 'RGB')
    except ValueError as error:  # Pillow knows no way
        raise SkipImage('kind of pixels', str(error)) from error
    return image, alpha


def _to_srgb(image: Image.Image,
             profile: ImageCms.ImageCmsProfile | None) -> Image.Image:
    """Colours that a profile describes as sRGB, in mode RGB or L.

    A profile that does not fit the pixels is left out of account, as viewers
    do. The intent is perceptual, which keeps gradients of colours that sRGB
    lacks.

    Source: ICC.1:2022, which defines the intents.
    """
    if profile is not None and not is_srgb(profile) and _PROFILE_SPACES[
            image.mode] == profile.profile.xcolor_space.strip():
        try:
            return ImageCms.profileToProfile(
                image, profile, ImageCms.createProfile('sRGB'),
                ImageCms.Intent.PERCEPTUAL, outputMode='RGB')
        except ImageCms.PyCMSError:  # its tables are damaged
            pass
    return image.convert('RGB') if image.mode == 'CMYK' else image


def _on_background(image: Image.Image, alpha: Image.Image, background: str,
                   record: Record) -> Image.Image:
    if alpha.getextrema()[0] == 255:
        record.alpha = 'opaque'
        return image
    record.alpha = 'clear'
    if background == 'skip':
        raise SkipImage('clear pixels', 'alpha="skip"')
    image = image.convert('RGB')
    behind = Image.new('RGB', image.size, (_BACKGROUNDS[background], ) * 3)
    return Image.composite(image, behind, alpha)
