import copy
import json

import pytest
import torch

from mmgen.evaluation import compare_results
from mmgen.evaluation.identity import make_card, write_card

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
