"""Which type a computation has."""
import pytest
import torch

from mmgen.ops.precision import (autocast_dtype, explicit_precision,
                                 full_precision, without_tf32)


def test_half_becomes_single_and_double_stays():
    for dtype, expected in ((torch.float16, torch.float32),
                            (torch.bfloat16, torch.float32),
                            (torch.float32, torch.float32),
                            (torch.float64, torch.float64)):
        assert full_precision(torch.zeros(2, dtype=dtype)).dtype == expected


def test_autocast_is_asked_where_it_is_on():
    x = torch.zeros(2, dtype=torch.float64)
    assert autocast_dtype(x) == torch.float64
    with torch.autocast('cpu', torch.bfloat16):
        assert autocast_dtype(x) == torch.bfloat16
        with explicit_precision(x):
            assert autocast_dtype(x) == torch.float64


@pytest.mark.parametrize('before', [True, False])
def test_without_tf32_puts_back_what_was_set(before):
    backends = torch.backends.cudnn, torch.backends.cuda.matmul
    found = [backend.allow_tf32 for backend in backends]
    try:
        for backend in backends:
            backend.allow_tf32 = before
        with pytest.raises(KeyError), without_tf32():
            assert not any(backend.allow_tf32 for backend in backends)
            raise KeyError
        assert all(backend.allow_tf32 == before for backend in backends)
    finally:
        for backend, allowed in zip(backends, found):
            backend.allow_tf32 = allowed
