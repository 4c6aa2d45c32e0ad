"""The statistic, and what becomes of the probability."""
import copy

import ada_worker
import pytest
import torch
import torch.multiprocessing as mp
from families import FAMILIES
from golden_numbers import GoldenCase
from mmengine.optim import OptimWrapper, OptimWrapperDict

from mmgen.engine.distributed import MMSeparateDistributedDataParallel
from mmgen.models.layers import ADAAug
from mmgen.registry import MODELS, MODULES

PIPELINE = dict(xflip=1, scale=1, brightness=1)


def p_of(ada):
    return ada.aug_pipeline.p.item()


def observe(ada, batches, start=0):
    """The probability after each batch of logits."""
    return [
        ada.observe(torch.as_tensor(logits), start + index)['augment_p'].item()
        for index, logits in enumerate(batches)
    ]


def test_recorded_numbers():
    case = GoldenCase('ada_pipe')
    ada = MODULES.build(case.meta['modules']['ada']['cfg'])
    case.check('p0', ada.aug_pipeline(case.input('x')), rtol=1e-4)
    state = ada.state_dict()
    case.check('Hz_geom', state['aug_pipeline.Hz_geom'], rtol=1e-5)
    case.check('Hz_fbank', state['aug_pipeline.Hz_fbank'], rtol=1e-5)


def test_published_keys():
    state = ADAAug(PIPELINE).state_dict()
    assert {key: list(value.shape) for key, value in state.items()} == {
        'log_buffer': [2],
        'aug_pipeline.p': [],
        'aug_pipeline.Hz_geom': [12],
        'aug_pipeline.Hz_fbank': [4, 43],
    }


def test_forward_is_the_pipeline_at_its_probability():
    ada = ADAAug(PIPELINE, augment_initial_p=0.25)
    assert p_of(ada) == 0.25
    x = torch.rand(4, 3, 16, 16)
    torch.manual_seed(0)
    out = ada(x)
    torch.manual_seed(0)
    assert torch.equal(out, ada.aug_pipeline(x))


def test_probability_by_hand():
    """Steps of 2 batches with 4 images: 8 of 1000 images, that is 0.008."""
    ada = ADAAug(PIPELINE, update_interval=2, ada_target=0.6, ada_kimg=1)
    sure, unsure = [5.0, 0.1, 2.0, 3.0], [1.0, 1.0, 1.0, -7.0]
    # Means of the signs over two batches: 1, 0.75, 0.5.
    found = observe(ada, [sure, sure, sure, unsure, unsure, unsure])
    assert found == pytest.approx([0, 0.008, 0.008, 0.016, 0.016, 0.008])


def test_probability_is_never_negative_and_may_rise_on():
    ada = ADAAug(PIPELINE, update_interval=1, ada_kimg=0.01)  # 0.2 a step
    assert observe(ada, [[-1.0, -1.0]]) == [0]
    assert observe(ada, [[1.0, 1.0]] * 7)[-1] == pytest.approx(1.4)
    assert ada(torch.rand(2, 3, 16, 16)).isfinite().all()


def test_speed_follows_the_images():
    """Half a million images raise it from 0 to 1, as the paper has it."""
    ada = ADAAug(PIPELINE)
    batch = torch.ones(5000)
    observe(ada, [batch] * 100)
    assert p_of(ada) == pytest.approx(1)


def test_at_the_target_nothing_changes():
    ada = ADAAug(PIPELINE, update_interval=1, ada_target=0.5, ada_kimg=1,
                 augment_initial_p=0.3)
    assert observe(ada, [[1.0, 1.0, 1.0, -1.0]]) == pytest.approx([0.3])


def test_due_batches_are_counted_from_outside():
    """A resumed run goes on in the middle of an interval."""
    ada = ADAAug(PIPELINE, update_interval=4, ada_kimg=1)
    changes = [p > 0 for p in observe(ada, [[1.0]] * 3, start=5)]
    assert changes == [False, False, True]  # batches 5, 6 and 7


def test_each_image_counts_once():
    """A patch discriminator's answers are averaged over the image."""
    ada = ADAAug(PIPELINE, ada_kimg=1)
    logits = torch.ones(2, 1, 4, 4)
    logits[0, 0, 0] = -1
    observe(ada, [logits])
    assert ada.log_buffer.tolist() == [2, 1.5]


def test_logits_that_are_no_numbers_count_for_neither_side():
    ada = ADAAug(PIPELINE, update_interval=1)
    observe(ada, [torch.tensor([float('nan'), 1.0, float('inf')]).half()])
    assert 0 < p_of(ada) < 1


def test_resumed_equals_uninterrupted():
    draws = torch.Generator().manual_seed(0)
    batches = torch.randn(14, 4, generator=draws) + 0.7
    settings = dict(aug_pipeline=PIPELINE, ada_target=0.0, ada_kimg=0.05)
    straight, first = ADAAug(**settings), ADAAug(**settings)
    expected = observe(straight, batches)
    observe(first, batches[:6])
    resumed = ADAAug(**settings)
    resumed.load_state_dict(copy.deepcopy(first.state_dict()))
    assert observe(resumed, batches[6:], start=6) == expected[6:]
    assert len(set(expected)) == 4
    for key, value in straight.state_dict().items():
        assert torch.equal(value, resumed.state_dict()[key])


def test_two_processes_know_the_joint_batch(tmp_path):
    """Unequal parts; either process alone would go the other way or stay."""
    batches = [torch.tensor([1.0, 1, 1, -1, -1, -1, -1]),
               torch.tensor([1.0, 1, 1, 1, 1, 1, -1])]
    settings = dict(aug_pipeline=PIPELINE, update_interval=2, ada_target=0.2,
                    ada_kimg=1, augment_initial_p=0.5)
    torch.save(dict(batches=batches, sizes=[3, 4], settings=settings),
               tmp_path / 'case.pt')
    mp.spawn(ada_worker.run, (str(tmp_path), ), nprocs=2)
    one = ADAAug(**settings)
    expected = observe(one, batches[:1])
    middle = copy.deepcopy(one.state_dict())
    expected += observe(one, batches[1:], start=1)
    for rank in range(2):
        found = torch.load(tmp_path / f'rank{rank}.pt')
        assert found['p'] == expected
        for key, value in middle.items():
            assert torch.equal(found['middle'][key], value)


@pytest.mark.parametrize('change', [
    dict(update_interval=0), dict(ada_kimg=0), dict(augment_initial_p=-0.1)])
def test_nonsense_is_refused(change):
    name, value = next(iter(change.items()))
    with pytest.raises(ValueError, match=f'ADAAug: .*{name}={value}'):
        ADAAug(PIPELINE, **change)


# ----------------------------------------------------------------- in a GAN


def dcgan():
    torch.manual_seed(0)
    cfg = copy.deepcopy(FAMILIES['dcgan'])
    return MODELS.build(dict(cfg, disc_augment=dict(
        type='ADAAug', aug_pipeline=PIPELINE, update_interval=2,
        ada_target=-1.1, ada_kimg=0.04)))  # 0.2 in each interval


def train(model, networks, count):
    """The logs of ``count`` steps with batches of 4."""
    optimizers = OptimWrapperDict(**{
        name: OptimWrapper(
            torch.optim.SGD(getattr(networks, name).parameters(), lr=0.01))
        for name in ('generator', 'discriminator')
    })
    torch.manual_seed(1)
    return [
        model.train_step(
            dict(inputs=dict(img=torch.randint(
                0, 256, (4, 3, 16, 16), dtype=torch.uint8))), optimizers)
        for _ in range(count)
    ]


def test_a_gan_trains_through_it():
    model = dcgan()
    before = copy.deepcopy(model.generator.state_dict())
    logs = train(model, model, 4)
    assert [log['augment_p'].item() for log in logs] == pytest.approx(
        [0, 0.2, 0.2, 0.4])
    for name, weight in model.generator.named_parameters():
        assert not torch.equal(weight, before[name]), name


def test_state_is_saved_and_loaded_through_the_distributed_wrapper(
        process_group):
    wrapped = MMSeparateDistributedDataParallel(dcgan())
    assert isinstance(wrapped.module.disc_augment, ADAAug)
    train(wrapped, wrapped.module, 3)
    state = wrapped.module.state_dict()
    assert state['disc_augment.aug_pipeline.p'].item() == pytest.approx(0.2)
    assert state['disc_augment.log_buffer'].tolist()[0] == 4

    alone = dcgan()
    assert set(alone.state_dict()) == set(state)
    alone.load_state_dict(copy.deepcopy(state))
    again = MMSeparateDistributedDataParallel(dcgan())
    again.module.load_state_dict(copy.deepcopy(state))
    for model in (alone, again.module):
        assert p_of(model.disc_augment) == pytest.approx(0.2)
        assert torch.equal(model.disc_augment.log_buffer,
                           state['disc_augment.log_buffer'])
