"""The store of earlier fakes."""
import pytest
import torch

from mmgen.models.layers import GANImageBuffer


def numbered(*numbers):
    """Images ``[1, 2, 2]`` that each hold a number."""
    return torch.tensor(numbers).float().view(-1, 1, 1, 1).expand(-1, 1, 2, 2)


def numbers(images):
    return [image.mean().item() for image in images]


def test_fills_up_before_it_exchanges():
    buffer = GANImageBuffer(4)
    assert numbers(buffer.query(numbered(0, 1, 2))) == [0, 1, 2]
    assert numbers(buffer.query(numbered(3))) == [3]
    assert numbers(buffer.images) == [0, 1, 2, 3]


def test_ratio_one_gives_back_earlier_images_each_once():
    buffer = GANImageBuffer(3, buffer_ratio=1.0)
    buffer.query(numbered(0, 1, 2))
    given = numbers(buffer.query(numbered(*range(3, 60))))
    kept = numbers(buffer.images)
    assert sorted(given + kept) == list(range(60))  # nothing lost or doubled
    assert all(old != new for old, new in zip(given, range(3, 60)))


def test_ratio_zero_gives_back_the_new_ones_and_keeps_the_first():
    buffer = GANImageBuffer(3, buffer_ratio=0.0)
    buffer.query(numbered(0, 1, 2))
    assert numbers(buffer.query(numbered(7, 8))) == [7, 8]
    assert numbers(buffer.images) == [0, 1, 2]


def test_half_are_exchanged_and_each_place_as_often():
    buffer = GANImageBuffer(4)
    buffer.query(numbered(0, 1, 2, 3))
    exchanged = 0
    places = [0] * 4
    for number in range(4, 2004):
        before = numbers(buffer.images)
        given, = numbers(buffer.query(numbered(number)))
        if given != number:
            exchanged += 1
            places[before.index(given)] += 1
    assert exchanged == pytest.approx(1000, abs=100)
    assert all(count == pytest.approx(exchanged / 4, abs=60)
               for count in places)


def test_size_zero_keeps_nothing():
    buffer = GANImageBuffer(0)
    assert numbers(buffer.query(numbered(1, 2))) == [1, 2]
    assert buffer.images == []


def test_no_graph_and_no_alias():
    buffer = GANImageBuffer(2)
    image = torch.zeros(1, 1, 2, 2, requires_grad=True)
    given = buffer.query(image * 1)
    assert not given.requires_grad
    given += 5
    assert numbers(buffer.images) == [0]


def test_each_object_has_its_own_images():
    GANImageBuffer(2).query(numbered(1))
    assert GANImageBuffer(2).images == []


def test_goes_on_after_its_state_was_saved():
    buffer = GANImageBuffer(3)
    buffer.query(numbered(0, 1, 2))
    other = GANImageBuffer(3)
    other.load_state_dict(buffer.state_dict())
    answers = []
    for each in (buffer, other):
        torch.manual_seed(1)
        answers.append(each.query(numbered(*range(3, 20))))
    assert torch.equal(*answers)
    empty = GANImageBuffer(3)
    empty.load_state_dict(GANImageBuffer(3).state_dict())
    assert empty.images == []


def test_a_smaller_buffer_takes_what_fits():
    buffer = GANImageBuffer(3)
    buffer.query(numbered(0, 1, 2))
    other = GANImageBuffer(2)
    other.load_state_dict(buffer.state_dict())
    assert numbers(other.images) == [0, 1]


def test_nonsense_is_refused():
    with pytest.raises(ValueError, match='buffer_size=-1'):
        GANImageBuffer(-1)
    with pytest.raises(ValueError, match='buffer_ratio=2, expected'):
        GANImageBuffer(3, buffer_ratio=2)
    buffer = GANImageBuffer(3)
    buffer.query(numbered(0))
    with pytest.raises(ValueError, match=r'images of shape \[1, 4, 4\] after '
                       r'such of \[1, 2, 2\]'):
        buffer.query(torch.zeros(1, 1, 4, 4))
