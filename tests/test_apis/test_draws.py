"""Each image of a batch draws for itself, whatever it is drawn with."""
import pytest
import torch

from mmgen.apis.draws import PerImageDraws

LIKE = torch.zeros(3, 2, 5, dtype=torch.float64)
DRAWS = dict(
    randn=lambda n: torch.randn(n, 4),
    randn_tuple=lambda n: torch.randn((n, 4), dtype=torch.float64),
    randn_size=lambda n: torch.randn(size=(n, 4), device='cpu'),
    rand=lambda n: torch.rand(n, 1, 8, 8),
    randn_like=lambda n: torch.randn_like(LIKE[:n]),
    rand_like=lambda n: torch.rand_like(LIKE[:n], dtype=torch.float32),
    randint=lambda n: torch.randint(1000, (n, )),
    randint_from=lambda n: torch.randint(500, 1000, (n, 4)),
    randint_named=lambda n: torch.randint(low=5, high=1000, size=(n, 4)))


@pytest.mark.parametrize('draw', DRAWS.values(), ids=DRAWS)
def test_a_row_depends_on_its_seed_alone(draw):
    with PerImageDraws([7, 8, 9]):
        three = [draw(3), draw(3)]
    with PerImageDraws([8]):
        one = [draw(1), draw(1)]
    for batch, row in zip(three, one):
        assert torch.equal(batch[1:2], row)
    assert not torch.equal(*three) and not torch.equal(three[0][0],
                                                       three[0][1])


@pytest.mark.parametrize('draw', DRAWS.values(), ids=DRAWS)
def test_form_is_that_of_torch(draw):
    plain = draw(3)
    with PerImageDraws([0, 1, 2]):
        ours = draw(3)
    assert (ours.shape, ours.dtype) == (plain.shape, plain.dtype)
    assert not torch.equal(ours, plain)


def test_a_row_is_what_a_generator_of_its_seed_draws():
    with PerImageDraws([0, 5]):
        noise, labels = torch.randn(2, 6), torch.randint(3, 9, (2, 50))
    draws = torch.Generator().manual_seed(5)
    assert torch.equal(noise[1:], torch.randn(1, 6, generator=draws))
    assert torch.equal(
        labels[1:], torch.randint(3, 9, (1, 50), generator=draws))
    assert labels.min() >= 3 and labels.max() < 9


def test_draws_for_no_image_use_the_shared_state():
    torch.manual_seed(3)
    expected = torch.rand(()), torch.randn(7, 2)
    torch.manual_seed(3)
    with PerImageDraws([0, 1]):
        got = torch.rand(()), torch.randn(7, 2)
    assert all(torch.equal(*pair) for pair in zip(expected, got))


def test_a_given_generator_is_used():
    with PerImageDraws([0, 1]):
        got = torch.randn(2, 3, generator=torch.Generator().manual_seed(4))
    assert torch.equal(
        got, torch.randn(2, 3, generator=torch.Generator().manual_seed(4)))
