"""Affine maps and the resampling: recorded numbers and single movements."""
import pytest
import torch
from recorded_numbers import RecordedNumbers
from torch.autograd import gradcheck, gradgradcheck

from mmgen.models.layers.ada.geometry import inverse_map, margins, transform
from mmgen.models.layers.ada.wavelets import low_pass

NUMBERS = RecordedNumbers('ada_pipe')
TAPS = torch.tensor(low_pass()).float()


def make_map(size, count=1, **given):
    """The map with these parameters; the others are 0."""
    parameters = dict(
        flip=torch.zeros(count),
        quarters=torch.zeros(count),
        whole_shift=torch.zeros(count, 2),
        log2_scale=torch.zeros(count),
        turn_before=torch.zeros(count),
        log2_stretch=torch.zeros(count),
        turn_after=torch.zeros(count),
        shift=torch.zeros(count, 2))
    for name, value in given.items():
        parameters[name] = torch.as_tensor(value).expand_as(parameters[name])
    return inverse_map(size, **parameters)


def smooth(height=32, width=24):
    """One image without high frequencies, different in all its parts."""
    y = torch.linspace(0, 2, height)[:, None]
    x = torch.linspace(0, 2, width)
    return ((y + 0.3).sin() + (2 * x).cos() * y)[None, None]


@pytest.mark.parametrize('u', [0.2, 0.7])
def test_recorded_numbers(u):
    n = torch.erfinv(torch.tensor(2 * u - 1)).item()
    inverse = make_map(
        (32, 32), 4, flip=float(int(2 * u)), quarters=float(int(4 * u)),
        whole_shift=0.125 * (2 * u - 1), log2_scale=0.2 * n,
        turn_before=2 * u - 1, log2_stretch=0.2 * n, shift=0.125 * n)
    NUMBERS.check(f'geom_u{u}', transform(NUMBERS.input('x'), inverse, TAPS))


def test_nothing_happens_without_parameters():
    x = torch.rand(2, 3, 16, 20)
    torch.testing.assert_close(
        transform(x, make_map((16, 20), 2), TAPS), x, rtol=0, atol=1e-5)


@pytest.mark.parametrize('given, expected', [
    (dict(flip=1.0), lambda x: x.flip(3)),
    (dict(quarters=2.0), lambda x: x.flip(2, 3)),
    (dict(turn_before=1.0), lambda x: x.flip(2, 3)),
    (dict(turn_after=-1.0), lambda x: x.flip(2, 3)),
    (dict(flip=1.0, turn_after=1.0), lambda x: x.flip(2)),
])
def test_symmetries_of_a_rectangle(given, expected):
    """Nearly, since the filter is not quite symmetric."""
    x = smooth()
    moved = transform(x, make_map((32, 24), **given), TAPS)
    torch.testing.assert_close(moved, expected(x), rtol=0, atol=0.05)


@pytest.mark.parametrize('given', [
    dict(quarters=1.0), dict(turn_before=0.5), dict(turn_after=0.5)])
def test_quarters_of_a_turn_go_one_way(given):
    x = smooth(32, 32)
    moved = transform(x, make_map((32, 32), **given), TAPS)
    torch.testing.assert_close(
        moved, x.rot90(1, (2, 3)), rtol=0, atol=0.05)


@pytest.mark.parametrize('given', [
    dict(whole_shift=[0.13, -0.24]), dict(shift=[0.125, -0.25])])
def test_shifts_are_parts_of_width_and_height(given):
    """Three columns of 24 to the right, four rows of 16 up."""
    x = torch.rand(1, 1, 16, 24)
    moved = transform(x, make_map((16, 24), **given), TAPS)
    torch.testing.assert_close(
        moved[:, :, :-4, 3:], x[:, :, 4:, :-3], rtol=0, atol=1e-4)
    # What comes in is reflected.
    torch.testing.assert_close(
        moved[:, :, :-4, :3], x[:, :, 4:, 1:4].flip(3), rtol=0, atol=1e-4)


@pytest.mark.parametrize('given, zoom', [
    (dict(log2_scale=1.0), (2, 2)), (dict(log2_stretch=1.0), (0.5, 2))])
def test_scales_in_y_and_x(given, zoom):
    """A pixel ``d`` from the centre goes to ``zoom * d``."""
    x = smooth(33, 33)
    moved = transform(x, make_map((33, 33), **given), TAPS)
    for dy, dx in ((4, 0), (0, 4), (-4, 4)):
        y_to, x_to = int(16 + zoom[0] * dy), int(16 + zoom[1] * dx)
        assert moved[0, 0, y_to, x_to].item() == pytest.approx(
            x[0, 0, 16 + dy, 16 + dx].item(), abs=0.01)


def test_order():
    """Turned by a quarter before it is stretched, and before it is shifted."""
    together = make_map((8, 8), quarters=1.0, log2_stretch=1.0, shift=0.25)
    alone = [make_map((8, 8), quarters=1.0), make_map((8, 8), log2_stretch=1.0),
             make_map((8, 8), shift=0.25)]
    torch.testing.assert_close(together, alone[0] @ alone[1] @ alone[2])
    assert not torch.allclose(together, alone[1] @ alone[0] @ alone[2])


def test_each_image_has_its_own_map():
    x = torch.rand(2, 3, 16, 16)
    inverse = make_map((16, 16), 2, log2_scale=torch.tensor([0.0, 0.3]))
    both = transform(x, inverse, TAPS)
    torch.testing.assert_close(both[:1], x[:1], rtol=0, atol=1e-4)
    torch.testing.assert_close(
        both[1:], transform(x[1:], inverse[1:], TAPS), rtol=0, atol=1e-4)


def test_margins_cover_what_is_seen():
    """Six pixels for the filters, the shift, and not more than a mirror."""
    size = (16, 24)
    assert margins(make_map(size), size, 6) == (6, 6, 6, 6)
    moved = make_map(size, shift=[0.125, -0.25])  # 3 right, 4 up
    assert margins(moved, size, 6) == (9, 3, 2, 10)
    assert margins(make_map(size, log2_scale=-3.0), size, 6) == (23, 23, 15, 15)
    # The corner of a square is sqrt(2) as far from the centre as its side.
    turned = make_map((16, 16), turn_before=0.25)
    assert margins(turned, (16, 16), 6) == (10, 10, 10, 10)


def test_wider_margins_change_nothing(monkeypatch):
    x, inverse = torch.rand(1, 3, 32, 32), make_map((32, 32), turn_after=0.1)
    expected = transform(x, inverse, TAPS)
    monkeypatch.setattr('mmgen.models.layers.ada.geometry.margins',
                        lambda *args: (20, 17, 25, 30))
    torch.testing.assert_close(
        transform(x, inverse, TAPS), expected, rtol=0, atol=1e-4)


def test_two_derivatives():
    x = torch.rand(1, 1, 8, 6, dtype=torch.double, requires_grad=True)
    inverse = make_map((8, 6), turn_before=0.2, log2_scale=0.3).double()

    def moved(x):
        return transform(x, inverse, TAPS.double()).sin()

    assert gradcheck(moved, x)
    assert gradgradcheck(moved, x)
