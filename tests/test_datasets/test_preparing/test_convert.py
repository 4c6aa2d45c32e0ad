"""Each kind of picture becomes the colours that a viewer shows."""
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms

from mmgen.datasets.preparing.convert import (SkipImage, png, scale,
                                              square_image)
from mmgen.datasets.preparing.records import Record
from mmgen.datasets.preparing.settings import Settings


def packed(image, form='PNG', **options):
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def converted(content, **settings):
    """Pixels, and what was found out."""
    record = Record(0, 'a')
    image = square_image(content, Settings(None, **settings), record)
    return np.asarray(image).astype(int), record


def picture(height, width, channels=3, seed=0):
    shape = (height, width, channels) if channels > 1 else (height, width)
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def test_plain_colours_stay():
    pixels = picture(5, 5)
    out, record = converted(packed(Image.fromarray(pixels)))
    assert np.array_equal(out, pixels)
    assert (record.format, record.mode, record.size) == ('PNG', 'RGB', (5, 5))
    assert (record.alpha, record.rotated, record.profile) == ('none', False,
                                                              None)


# EXIF 2.32, table 4: where the row 0 and the column 0 of the file are shown.
# Each entry makes out of the upright picture what the camera stores.
STORED = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],                       # top, right
    3: lambda a: a[::-1, ::-1],                    # bottom, right
    4: lambda a: a[::-1],                          # bottom, left
    5: lambda a: a.transpose(1, 0, 2),             # left, top
    6: lambda a: np.rot90(a, 1),                   # right, top
    7: lambda a: a[::-1, ::-1].transpose(1, 0, 2),  # right, bottom
    8: lambda a: np.rot90(a, -1),                  # left, bottom
}


@pytest.mark.parametrize('orientation', STORED)
@pytest.mark.parametrize('form', ['PNG', 'TIFF'])
def test_exif_rotation_is_undone(orientation, form):
    upright = picture(4, 6)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(
        np.ascontiguousarray(STORED[orientation](upright)))
    out, record = converted(packed(stored, form, exif=exif), crop='none')
    assert np.array_equal(out, upright)
    assert record.size == (6, 4)
    assert record.rotated == (orientation != 1)


def p3_like():
    """A profile with other primaries than sRGB: those of ProPhoto, made of
    sRGB's by turning the first two."""
    content = bytearray(
        ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB')).tobytes())
    for i in range(struct.unpack('>I', content[128:132])[0]):
        entry = 132 + 12 * i
        names = {b'rXYZ': b'gXYZ', b'gXYZ': b'rXYZ'}
        name = bytes(content[entry:entry + 4])
        content[entry:entry + 4] = names.get(name, name)
        if name == b'desc':
            start, size = struct.unpack('>II', content[entry + 4:entry + 12])
            text = 'sRGB'.encode('utf-16-be')
            place = content.find(text, start, start + size)
            assert place > 0
            content[place:place + 8] = 'Turn'.encode('utf-16-be')
    return bytes(content)


def test_colour_profiles_become_srgb():
    """With the primaries of red and green exchanged, red is green."""
    red = Image.new('RGB', (4, 4), (255, 0, 0))
    out, record = converted(packed(red, icc_profile=p3_like()))
    assert np.abs(out - [0, 255, 0]).max() <= 2
    assert record.profile.startswith('Turn')


def test_clear_pixels_keep_their_opacity_with_a_profile():
    red = Image.new('RGBA', (4, 4), (255, 0, 0, 51))
    out, _ = converted(packed(red, icc_profile=p3_like()), alpha='black')
    assert np.abs(out - [0, 51, 0]).max() <= 2


def test_srgb_is_not_converted_to_itself():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile('sRGB'))
    pixels = picture(4, 4)
    out, record = converted(
        packed(Image.fromarray(pixels), icc_profile=profile.tobytes()))
    assert np.array_equal(out, pixels)
    assert record.profile.startswith('sRGB')


@pytest.mark.parametrize('image, profile, name', [
    (Image.new('RGB', (2, 2), (9, 8, 7)), b'no profile', 'damaged'),
    # A profile of colours at a grey picture.
    (Image.new('L', (2, 2), 9), p3_like(), 'Turn'),
])
def test_profiles_of_no_use_are_noted_and_left_out(image, profile, name):
    out, record = converted(packed(image, icc_profile=profile))
    assert np.array_equal(out, np.asarray(image.convert('RGB')))
    assert record.profile.startswith(name)


@pytest.mark.parametrize('background, value', [
    ('white', 255), ('black', 0), ('grey', 128)])
def test_clear_pixels_show_the_background(background, value):
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[..., 0] = 200
    pixels[0, 0, 3], pixels[0, 1, 3], pixels[1, :, 3] = 0, 51, 255
    out, record = converted(packed(Image.fromarray(pixels)), alpha=background)
    assert out[0, 0].tolist() == [value] * 3
    assert np.abs(out[0, 1] - [(200 + 4 * value) / 5, value * 4 / 5,
                               value * 4 / 5]).max() <= 1
    assert np.array_equal(out[1], [[200, 0, 0]] * 2)
    assert record.alpha == 'clear'


def test_opaque_alpha_is_dropped_without_a_word():
    pixels = picture(3, 3, 4)
    pixels[..., 3] = 255
    out, record = converted(packed(Image.fromarray(pixels)), alpha='skip')
    assert np.array_equal(out, pixels[..., :3])
    assert record.alpha == 'opaque'


def test_clear_pixels_can_be_refused():
    content = packed(Image.new('RGBA', (2, 2)))
    with pytest.raises(SkipImage) as skip:
        converted(content, alpha='skip')
    assert skip.value.reason == 'clear pixels'


def palette_with_clear():
    image = Image.new('P', (2, 2), 0)
    image.putpalette([10, 20, 30, 40, 50, 60])
    image.putpixel((1, 1), 1)
    return packed(image, transparency=0)


def test_a_palettes_clear_colour_shows_the_background():
    out, record = converted(palette_with_clear())
    assert out.tolist() == [[[255] * 3, [255] * 3],
                            [[255] * 3, [40, 50, 60]]]
    assert (record.mode, record.alpha) == ('P', 'clear')


def test_grey_with_alpha():
    pixels = np.array([[[100, 255], [100, 0]]] * 2, np.uint8)
    out, _ = converted(packed(Image.fromarray(pixels, 'LA')),
                       channels='grey', alpha='white')
    assert out.tolist() == [[100, 255]] * 2


def test_16_bits_are_scaled_not_cut():
    values = np.array([[0, 128, 129], [65535, 32896, 257], [1, 2, 3]],
                      np.uint16)
    out, record = converted(packed(Image.fromarray(values)), channels='grey')
    assert out.tolist() == [[0, 0, 1], [255, 128, 1], [0, 0, 0]]
    assert record.mode.startswith('I')


def png_of_48_bits(pixel):
    """A PNG of one pixel of 16 bits for each colour, which Pillow does not
    write."""
    def chunk(name, content):
        return (struct.pack('>I', len(content)) + name + content +
                struct.pack('>I', zlib.crc32(name + content)))
    return b'\x89PNG\r\n\x1a\n' + chunk(
        b'IHDR', struct.pack('>IIBBBBB', 1, 1, 16, 2, 0, 0, 0)) + chunk(
            b'IDAT', zlib.compress(b'\0' + struct.pack('>HHH', *pixel))
        ) + chunk(b'IEND', b'')


def test_colours_of_16_bits():
    out, _ = converted(png_of_48_bits((65535, 32896, 257)))
    assert out.tolist() == [[[255, 128, 1]]]


def test_floating_point_pixels_are_skipped_with_a_remedy():
    content = packed(Image.fromarray(np.ones((2, 2), np.float32)), 'TIFF')
    with pytest.raises(SkipImage) as skip:
        converted(content)
    assert skip.value.reason == 'kind of pixels'
    assert 'save it with 8 or 16 bits' in skip.value.detail


def test_cmyk():
    """No ink is white, all of one is its colour."""
    inks = np.zeros((1, 2, 4), np.uint8)
    inks[0, 1, 0] = 255
    image = Image.frombytes('CMYK', (2, 1), inks.tobytes())
    out, record = converted(packed(image, 'TIFF'), crop='none')
    assert out.tolist() == [[[255, 255, 255], [0, 255, 255]]]
    assert record.mode == 'CMYK'


def test_black_and_white():
    image = Image.fromarray(np.array([[True, False]] * 2))
    out, _ = converted(packed(image), channels='grey')
    assert out.tolist() == [[255, 0]] * 2


def test_grey_is_the_luma_of_colours():
    """ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B."""
    pixels = picture(4, 4)
    out, _ = converted(packed(Image.fromarray(pixels)), channels='grey')
    assert np.abs(out - pixels @ [0.299, 0.587, 0.114]).max() <= 1


def test_grey_becomes_colours():
    pixels = picture(4, 4, 1)
    out, _ = converted(packed(Image.fromarray(pixels)))
    assert np.array_equal(out, np.stack([pixels] * 3, axis=-1))


@pytest.mark.parametrize('height, width, rows, columns', [
    (4, 8, slice(0, 4), slice(2, 6)),
    (7, 4, slice(1, 5), slice(0, 4)),
])
def test_the_square_in_the_middle_is_cut(height, width, rows, columns):
    pixels = picture(height, width)
    out, _ = converted(packed(Image.fromarray(pixels)))
    assert np.array_equal(out, pixels[rows, columns])


def test_without_crop_the_sides_are_scaled_each_on_its_own():
    pixels = np.zeros((20, 80, 3), np.uint8)
    pixels[:, 40:] = 255
    whole, _ = converted(packed(Image.fromarray(pixels)), crop='none')
    assert whole.shape == (20, 80, 3)
    out = np.asarray(scale(Image.fromarray(whole.astype(np.uint8)), 20))
    assert out.shape == (20, 20, 3)
    assert (out[:, :7] == 0).all() and (out[:, 13:] == 255).all()


def test_scaling_down_does_not_alias():
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    inside = np.asarray(scale(Image.fromarray(stripes), 16))[:, 2:-2]
    assert np.abs(inside.astype(int) - 127.5).max() < 2


def test_animations_give_their_first_frame():
    red, blue = (Image.new('RGB', (4, 4), c) for c in ('red', 'blue'))
    content = packed(red, 'GIF', save_all=True, append_images=[blue])
    out, record = converted(content)
    assert np.array_equal(out[0, 0], [255, 0, 0])
    assert record.animated


NOISE = packed(Image.fromarray(picture(32, 32)), 'JPEG')


@pytest.mark.parametrize('content, reason', [
    (b'', 'no image'),
    (b'hello', 'no image'),
    (b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n', 'no image'),
    (NOISE[:len(NOISE) // 2], 'truncated'),
    (packed(Image.fromarray(picture(32, 32)))[:600], 'truncated'),
    (packed(Image.fromarray(picture(32, 32)), 'BMP')[:600], 'damaged'),
    # A head that promises more than any picture has.
    (packed(Image.new('1', (8, 8)), 'PPM').replace(b'8 8', b'99999 99999'),
     'too many pixels'),
])
def test_what_is_no_whole_image_is_skipped(content, reason):
    with pytest.raises(SkipImage) as skip:
        converted(content)
    assert skip.value.reason == reason


def test_small_pictures_are_skipped_or_enlarged():
    content = packed(Image.fromarray(picture(16, 40)))
    with pytest.raises(SkipImage) as skip:
        square_image(content, Settings(17), Record(0, 'a'))
    assert skip.value.reason == 'too small'
    assert skip.value.detail == '40x16, expected at least 17'
    square_image(content, Settings(16), Record(0, 'a'))
    image = square_image(content, Settings(17, upscale=True), Record(0, 'a'))
    assert scale(image, 17).size == (17, 17)


def test_what_is_written_has_pixels_only():
    """A profile that stays would be applied a second time by viewers."""
    exif = Image.Exif()
    exif[0x0112] = 3
    content = packed(Image.new('RGB', (4, 4)), exif=exif,
                     icc_profile=p3_like(), dpi=(72, 72))
    record = Record(0, 'a')
    image = scale(square_image(content, Settings(2), record), 2)
    written = Image.open(io.BytesIO(png(image)))
    written.load()
    assert not written.info and written.mode == 'RGB'


def test_a_resolution_below_one_is_refused():
    with pytest.raises(ValueError, match='resolution=0, expected'):
        Settings(0)
