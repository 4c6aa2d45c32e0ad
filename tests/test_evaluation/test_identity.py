import copy
import json

import pytest
import torch

from mmgen.evaluation import compare_results, difference_errors
from mmgen.evaluation.identity import make_card, result_lines, write_card

IDENTITY = dict(
    metric='FrechetInceptionDistance',
    features=dict(name='Tiny', weights_sha256='ab'),
    fake=dict(images=10, seed=0, sample_kwargs={}),
    reference=dict(images=21, sha256='cd'))


def card(value=1.5, **changes):
    identity = copy.deepcopy(IDENTITY)
    for path, new in changes.items():
        part, name = path.split('__')
        identity[part][name] = new
    return make_card({'FID/fid': value}, {'FID/fid': identity}, 100, None)


def test_differences_of_equal_identities(tmp_path):
    write_card(tmp_path / 'deep' / 'iter_100.json', card(2.0))
    path = tmp_path / 'deep' / 'iter_100.json'
    assert compare_results(card(1.5), path) == {'FID/fid': 0.5}
    assert compare_results(str(path), card(1.5)) == {'FID/fid': -0.5}


def with_beside(value, **beside):
    return make_card({'FID/fid': value, 'IS/is': 2.0},
                     {'FID/fid': IDENTITY, 'IS/is': IDENTITY}, 100, None,
                     {'FID/fid': beside})


def test_a_card_has_errors_and_floors_beside_the_numbers():
    card = with_beside(12.3456789, standard_error=0.123, floor=1.5)
    assert card['results']['FID/fid'] == dict(
        value=12.3456789, standard_error=0.123, floor=1.5, identity=IDENTITY)
    assert card['results']['IS/is'] == dict(value=2.0, identity=IDENTITY)
    assert result_lines(card) == [
        'FID/fid = 12.3457, standard error 0.12, floor 1.5 (two halves of '
        'the real images)']
    assert result_lines(with_beside(1.0, standard_error=0.25)) == [
        'FID/fid = 1, standard error 0.25']


def test_errors_of_differences(tmp_path):
    """Neither these nor the floor have to be equal to compare."""
    first = with_beside(12.0, standard_error=0.3, floor=1.0)
    second = with_beside(10.0, standard_error=0.4)
    write_card(tmp_path / 'second.json', second)
    assert compare_results(first, second) == {'FID/fid': -2.0, 'IS/is': 0.0}
    assert difference_errors(first, tmp_path / 'second.json') == {
        'FID/fid': pytest.approx(0.5)}
    assert difference_errors(first, with_beside(10.0)) == {}
    assert difference_errors(card(), with_beside(10.0)) == {}


def test_a_card_says_what_made_it():
    assert card()['torch'] == torch.__version__
    assert card()['iteration'] == 100
    assert json.loads(json.dumps(card())) == card()


def test_another_iteration_may_be_compared():
    later = dict(card(1.0), iteration=200)
    assert compare_results(card(3.0), later) == {'FID/fid': -2.0}


@pytest.mark.parametrize('changes, words', [
    (dict(features__name='Other'), "features.name is 'Tiny' in the first and "
     "'Other' in the second"),
    (dict(features__weights_sha256='xx'), "features.weights_sha256 is 'ab'"),
    (dict(fake__images=20), 'fake.images is 10 in the first and 20'),
    (dict(fake__seed=1), 'fake.seed is 0 in the first and 1'),
    (dict(fake__sample_kwargs=dict(truncation=0.7)),
     'fake.sample_kwargs.truncation is None in the first and 0.7'),
    (dict(reference__sha256='zz'), "reference.sha256 is 'cd' in the first"),
])
def test_other_identities_are_refused_by_field(changes, words):
    with pytest.raises(ValueError, match=f'FID/fid .*{words}'):
        compare_results(card(), card(**changes))


def test_nothing_in_common_is_refused():
    other = make_card({'IS/is': 1.0}, {'IS/is': {}}, None, None)
    with pytest.raises(ValueError, match='no result in common, got FID/fid '
                       'and IS/is'):
        compare_results(card(), other)


def test_another_file_is_refused(tmp_path):
    path = tmp_path / 'scalars.json'
    path.write_text('{"loss": 1}')
    with pytest.raises(ValueError, match='not an identity card'):
        compare_results(path, card())
