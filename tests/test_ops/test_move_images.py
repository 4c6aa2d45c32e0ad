"""Translation and rotation of images: recorded numbers and plain cases."""
from math import pi

import pytest
import torch
from recorded_numbers import RecordedNumbers

from mmgen.ops.move_images import (filter_as_rotated, image_transform,
                                   rotate_images, rotation_filter,
                                   shift_by_pixels, shift_images)


@pytest.fixture(scope='module')
def recorded():
    return RecordedNumbers('sg3_equivariance_utils')


@pytest.mark.parametrize('name, function, movement', [
    ('int', shift_by_pixels, (0.125, -0.0625)),
    ('frac', shift_images, (0.03, -0.07)),
    ('rot', rotate_images, 0.4),
    ('pseudo', filter_as_rotated, 0.4),
])
def test_recorded_numbers(recorded, name, function, movement):
    x = recorded.input('x')
    moved, valid = function(x, movement)
    assert valid.dtype == torch.bool
    recorded.check(f'{name}_img', moved)
    recorded.check(f'{name}_mask', valid.float().expand(x.shape))


def waves(side=32, cycles=(2.0, -1.0), movement=torch.eye(3)):
    """A smooth image, seen through a transform."""
    axis = (torch.arange(side) + 0.5) / side - 0.5
    y, x = torch.meshgrid(axis, axis, indexing='ij')
    places = torch.stack([x, y, torch.ones_like(x)], 2) @ movement.T
    return torch.sin(2 * pi * (places[..., :2] @ torch.tensor(cycles)))[
        None, None]


def test_shifts_move_right_and_down():
    dot = torch.zeros(1, 1, 16, 16)
    dot[0, 0, 5, 6] = 1
    for move in (shift_by_pixels, shift_images):
        moved, valid = move(dot, (2 / 16, -3 / 16))
        expected = torch.zeros(1, 1, 16, 16)
        expected[0, 0, 2, 8] = 1
        torch.testing.assert_close(moved, expected, rtol=0, atol=1e-6)
        assert valid[:, 5:11].any() and not valid[:, :2].any()
        assert not valid[-3:].any()


def test_whole_pixels_are_the_nearest():
    x = torch.rand(1, 1, 16, 16)
    moved, valid = shift_by_pixels(x, (0.6 / 16, 0.4 / 16))
    assert torch.equal(moved[..., 1:], x[..., :-1])
    assert valid.sum() == 15 * 16


@pytest.mark.parametrize('shift', [(0.03, -0.07), (-0.11, 0.02), (0.2, 0.2)])
def test_shifted_waves_are_those_of_the_shifted_place(shift):
    moved, valid = shift_images(waves(), shift)
    expected = waves(movement=image_transform(shift=shift))
    assert valid.any()
    assert (moved - expected)[0, 0, valid].abs().max() < 0.02
    assert (moved - waves())[0, 0, valid].abs().max() > 0.2


@pytest.mark.parametrize('angle', [0.4, -1.3, 3.0])
def test_turned_waves_are_those_of_the_turned_place(angle):
    moved, valid = rotate_images(waves(), angle)
    made = waves(movement=image_transform(angle=angle))
    expected, unaffected = filter_as_rotated(made, angle)
    valid &= unaffected
    assert valid.sum() > 100
    assert (moved - expected)[0, 0, valid].abs().max() < 0.02
    assert (moved - waves())[0, 0, valid].abs().max() > 0.2


def test_positive_angles_turn_counterclockwise_as_seen():
    # Filters at a quarter turn are those of the grid: nothing is lost.
    x = waves(cycles=(1.0, 0.0))
    moved, valid = rotate_images(x, pi / 2)
    expected = torch.rot90(x, 1, (2, 3))
    assert (moved - expected)[0, 0, valid].abs().max() < 0.01


def test_rotation_takes_away_what_the_turned_grid_cannot_show():
    """A chequerboard has its frequency in a corner, beyond the other grid."""
    places = torch.arange(32)
    board = (-1.0)**(places[:, None] + places)[None, None]
    for angle, left in ((pi / 4, 0.0), (0.0, 1.0)):
        kept, valid = filter_as_rotated(board, angle)
        largest = kept[0, 0, valid].abs().max().item()
        assert largest == pytest.approx(left, abs=0.05)


@pytest.mark.parametrize('up', [1, 4])
@pytest.mark.parametrize('angle', [0.0, 0.4, 2.0])
def test_each_phase_of_the_filter_keeps_brightness(angle, up):
    kernel = rotation_filter(angle, up)
    assert kernel.shape == (12 * up - 1, 12 * up - 1)
    sums = torch.stack([kernel[row::up, column::up].sum()
                        for row in range(up) for column in range(up)])
    torch.testing.assert_close(sums * up**2, torch.ones_like(sums))
    # Both grids look the same from behind.
    torch.testing.assert_close(kernel, kernel.flip([0, 1]))


def test_brightness_stays():
    grey = torch.full((1, 3, 32, 32), 0.7)
    for moved, valid in (shift_images(grey, (0.03, -0.07)),
                         rotate_images(grey, 0.4),
                         filter_as_rotated(grey, 0.4)):
        torch.testing.assert_close(
            moved[:, :, valid], grey[:, :, valid], rtol=1e-3, atol=0)


def test_what_lies_beyond_the_border_changes_no_valid_pixel():
    """Ones and zeros around the same image."""
    torch.manual_seed(0)
    large = torch.zeros(1, 1, 64, 64)
    large[..., 16:48, 16:48] = torch.rand(32, 32)
    around = large + 1
    around[..., 16:48, 16:48] -= 1
    for function, movement in ((rotate_images, 0.4),
                               (filter_as_rotated, 0.4)):
        inner, valid = function(large[..., 16:48, 16:48], movement)
        outer, _ = function(around, movement)
        difference = outer[..., 16:48, 16:48] - inner
        assert difference[0, 0, valid].abs().max() < 1e-4
        assert difference.abs().max() > 0.05
