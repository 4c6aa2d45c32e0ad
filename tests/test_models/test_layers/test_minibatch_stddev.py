"""The batch statistic against recorded numbers and by hand."""
import pytest
import torch
from recorded_numbers import RecordedNumbers

from mmgen.models.layers.minibatch_stddev import (MiniBatchStddevLayer,
                                                  minibatch_stddev)

NUMBERS = RecordedNumbers('resample_ops')


@pytest.mark.parametrize('size', [2, 4, 8])
def test_recorded_numbers(size):
    out = minibatch_stddev(NUMBERS.input('y'), size)
    NUMBERS.check(f'mbstd_pggan_g{size}', out)
    NUMBERS.check(f'mbstd_sg2_g{size}', out)


def test_recorded_channel_groups():
    layer = MiniBatchStddevLayer(group_size=4, channel_groups=2)
    NUMBERS.check('mbstd_sg2_cg2', layer(NUMBERS.input('y10')))


def test_by_hand():
    """Images 0 and 2 are a group, and so are 1 and 3."""
    x = torch.tensor([1.0, 10.0, 3.0, 10.0]).view(4, 1, 1, 1)
    out = minibatch_stddev(x, group_size=2)
    torch.testing.assert_close(out[:, :1], x)
    assert out[:, 1].flatten().tolist() == pytest.approx(
        [1, 1e-4, 1, 1e-4], rel=1e-3)


def test_memory_format_does_not_matter():
    x = torch.randn(4, 6, 4, 4)
    torch.testing.assert_close(
        minibatch_stddev(x.to(memory_format=torch.channels_last)),
        minibatch_stddev(x))


def test_smaller_batch_is_one_group():
    x = torch.randn(3, 2, 2, 2)
    torch.testing.assert_close(
        minibatch_stddev(x, 4), minibatch_stddev(x, 3))


def test_what_cannot_be_divided_is_refused():
    with pytest.raises(ValueError, match='6 images .* group_size=4'):
        minibatch_stddev(torch.zeros(6, 2, 2, 2), 4)
    with pytest.raises(ValueError, match='gather_all_batch=True is not'):
        MiniBatchStddevLayer(gather_all_batch=True)
