"""What the head of an image file says, without its pixels."""
import io
from pathlib import Path

from PIL import Image, ImageCms

# Formats that are opened. Not EPS and PDF, for which Pillow starts programs.
FORMATS = ('JPEG', 'MPO', 'PNG', 'WEBP', 'TIFF', 'BMP', 'GIF', 'PPM', 'AVIF',
           'TGA', 'JPEG2000')
_ORIENTATION = 0x0112  # EXIF 2.32, table 4
_GREY_MODES = ('1', 'L', 'LA', 'La', 'I', 'I;16', 'I;16L', 'I;16B', 'I;16N',
               'F')
_ALPHA_MODES = ('RGBA', 'RGBa', 'LA', 'La', 'PA')


def open_image(file: Path | io.BytesIO) -> Image.Image:
    """Read an image file's head; nothing is decoded.

    Raises:
        Exception: Pillow's readers raise whatever a damaged file leads them
            to: OSError, SyntaxError, struct.error, KeyError and others.
    """
    Image.init()
    return Image.open(file, formats=[f for f in FORMATS if f in Image.OPEN])


def orientation(image: Image.Image) -> int:
    """How the camera was held, 1 (upright) to 8, from EXIF."""
    # Asking a PNG without this would decode its pixels.
    if image.format == 'PNG' and 'exif' not in image.info:
        return 1
    try:
        value = image.getexif().get(_ORIENTATION, 1)
    except Exception:  # as open_image
        return 1
    return value if value in range(1, 9) else 1


def upright_size(image: Image.Image) -> tuple[int, int]:
    """Width and height as the image is shown, pixels."""
    # Of a TIFF file, Pillow says that from the start.
    turned = orientation(image) >= 5 and image.format != 'TIFF'
    return image.size[::-1] if turned else image.size


def has_alpha(image: Image.Image) -> bool:
    """Whether pixels can be clear; they need not be."""
    return image.mode in _ALPHA_MODES or 'transparency' in image.info


def is_grey(image: Image.Image) -> bool:
    """Whether the file has brightness only."""
    return image.mode in _GREY_MODES


def colour_profile(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """The ICC profile; None where there is none, or one that is damaged."""
    content = image.info.get('icc_profile')
    if not content:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(content))
    except (OSError, ImageCms.PyCMSError):
        return None


def profile_name(profile: ImageCms.ImageCmsProfile) -> str:
    """What a profile calls itself."""
    return (profile.profile.profile_description or 'without a name').strip()


def is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    """Whether a profile says that the pixels are sRGB, as they would be
    taken without one."""
    return profile_name(profile).lower().startswith('srgb')
