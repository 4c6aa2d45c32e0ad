"""Pixels: where they stand in a grid, and which value they have."""
import numpy as np
import pytest
import torch

from mmgen.visualization.grid import as_rgb_picture, make_grid, to_uint8_rgb


def plain_image(value: int, height: int = 2, width: int = 3) -> torch.Tensor:
    return torch.full((3, height, width), value, dtype=torch.uint8)


def test_an_image_stands_in_its_row_and_column():
    grid = make_grid([plain_image(v) for v in (10, 20, 30, 40, 50)], n_row=3)
    assert grid.shape == (2 * 4 + 2, 3 * 5 + 2, 3)
    expected = np.zeros_like(grid)
    for index, value in enumerate((10, 20, 30, 40, 50)):
        top, left = 2 + index // 3 * 4, 2 + index % 3 * 5
        expected[top:top + 2, left:left + 3] = value
    assert np.array_equal(grid, expected)


def test_images_of_unequal_size_share_the_largest_cell():
    grid = make_grid([plain_image(9, 4, 2), plain_image(7, 1, 5)], 2, 1)
    assert grid.shape == (6, 13, 3)
    assert grid[1:5, 1:3].min() == 9
    assert grid[1, 7:12].min() == 7
    assert grid.astype(int).sum() == 3 * (9 * 8 + 7 * 5)


def test_a_short_row_makes_a_narrow_grid():
    assert make_grid([plain_image(1)], n_row=8).shape == (6, 7, 3)


@pytest.mark.parametrize('images, n_row', [([], 1), ([plain_image(1)], 0)])
def test_an_empty_grid_is_refused(images, n_row):
    with pytest.raises(ValueError, match=f'{len(images)} images with '
                       f'n_row={n_row}, expected at least one image'):
        make_grid(images, n_row)


def test_floats_are_quantised_as_for_evaluation():
    values = torch.tensor([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
    image = values.view(1, 1, 1, 7)
    expected = (values * 127.5 + 128).clamp(0, 255).floor()
    assert to_uint8_rgb(image)[0, 0, 0].tolist() == expected.tolist()
    assert expected.tolist() == [0, 0, 64, 128, 191, 255, 255]


def test_every_uint8_value_survives_the_way_there_and_back():
    values = torch.arange(256.)
    image = (values.view(1, 1, 1, 256) - 127.5) / 127.5
    assert to_uint8_rgb(image)[0, 0, 0].tolist() == list(range(256))


def test_blue_first_becomes_red_first_and_grey_three_times_grey():
    bgr = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1)
    assert to_uint8_rgb(bgr, 'bgr', 0, 1).flatten().tolist() == [3, 2, 1]
    assert to_uint8_rgb(bgr, 'rgb', 0, 1).flatten().tolist() == [1, 2, 3]
    assert to_uint8_rgb(bgr.byte(), 'bgr').flatten().tolist() == [3, 2, 1]
    assert to_uint8_rgb(bgr[:, :1], 'bgr', 0, 9).flatten().tolist() == [9] * 3


def test_mean_and_std_may_differ_between_channels():
    bgr = torch.ones(1, 3, 1, 1)
    rgb = to_uint8_rgb(bgr, 'bgr', mean=[0, 10, 20], std=[1, 2, 3])
    assert rgb.flatten().tolist() == [23, 12, 1]


def test_a_diverged_image_is_black_where_it_is_no_number():
    image = torch.tensor([float('nan'), float('inf'), -float('inf'), 1.0])
    assert to_uint8_rgb(
        image.view(1, 1, 1, 4))[0, 0, 0].tolist() == [0, 255, 0, 255]


def test_other_channels_and_orders_are_refused():
    with pytest.raises(ValueError, match=r'shape \[1, 4, 2, 2\], expected '
                       r'\[N, C, H, W\] with C=1 \(grey\) or C=3'):
        to_uint8_rgb(torch.zeros(1, 4, 2, 2))
    with pytest.raises(ValueError, match="color_order='gbr', expected 'bgr'"):
        to_uint8_rgb(torch.zeros(1, 3, 2, 2), 'gbr')


def test_pictures_may_be_float_or_grey():
    floats = as_rgb_picture(np.array([[-3.0, 1.6, 300.0]]), 'X')
    assert floats.tolist() == [[[0] * 3, [2] * 3, [255] * 3]]
    assert as_rgb_picture(np.zeros((2, 2, 1), np.uint8), 'X').shape == (2, 2,
                                                                        3)
    with pytest.raises(TypeError, match='X: an image has dtype int64, '
                       'expected uint8'):
        as_rgb_picture(np.zeros((2, 2), np.int64), 'X')
    with pytest.raises(ValueError, match=r'X: an image has shape \[3, 2, 2\], '
                       r'expected \[H, W, 3\]'):
        as_rgb_picture(np.zeros((3, 2, 2)), 'X')
