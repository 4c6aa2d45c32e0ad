"""Numbers of a new config, against those computed by hand."""
import pytest

from mmgen.apis.new_config.growing import plan_growth
from mmgen.apis.new_config.residual_gans import HALF_LIFE
from mmgen.apis.new_config.rules import (Batch, amount, ema_kimg,
                                         evaluation_interval,
                                         half_life_in_updates, iterations,
                                         momentum, most_images,
                                         nearest_multiple, r1_gamma,
                                         split_batch, stylegan2_batch,
                                         stylegan2_rate)


@pytest.mark.parametrize('side, gpus, batch, gamma, half_life, rate', [
    (256, 8, 64, 0.2048, 20, 0.0025),
    (1024, 8, 32, 6.5536, 10, 0.002),
    (32, 1, 32, 0.0064, 10, 0.0025),
    (512, 2, 16, 3.2768, 5, 0.0025),
    (256, 1, 16, 0.8192, 5, 0.0025),
])
def test_automatic_settings_of_stylegan2(side, gpus, batch, gamma, half_life,
                                         rate):
    assert stylegan2_batch(side, gpus) == batch
    assert r1_gamma(side, batch) == pytest.approx(gamma)
    assert ema_kimg(batch) == half_life
    assert stylegan2_rate(side) == rate


def test_each_gpu_has_an_image_where_there_are_more_than_64():
    assert stylegan2_batch(256, 100) == 100


@pytest.mark.parametrize('total, gpus, most, per_gpu, times', [
    (64, 8, 16, 8, 1),
    (2048, 8, 32, 32, 8),   # BigGAN's on ImageNet
    (256, 1, 32, 32, 8),
    (63, 3, 16, 7, 3),
    (34, 1, 16, 2, 17),
    (128, 1, 128, 128, 1),
])
def test_a_batch_is_shared_out(total, gpus, most, per_gpu, times):
    batch = split_batch(total, gpus, most)
    assert batch == Batch(per_gpu, gpus, times)
    assert batch.total == total
    assert batch.per_iteration == per_gpu * gpus


def test_a_batch_that_the_gpus_cannot_share_is_refused():
    with pytest.raises(ValueError, match='64 images cannot be shared out over '
                       '3 GPUs, expected a multiple of 3. Take 63'):
        split_batch(64, 3, 16)
    assert nearest_multiple(2, 3) == 3


def test_a_gpu_holds_what_published_configs_give_it():
    assert [most_images(side) for side in (32, 64, 128, 256)] \
        == [128, 128, 64, 32]


def test_iterations_are_whole_updates():
    assert iterations(25000, Batch(8, 8, 1)) == 390625
    assert iterations(25000, Batch(32, 8, 8)) == 12208 * 8  # 12207.03 updates
    assert iterations(0.001, Batch(4, 1, 1)) == 1


def test_an_average_is_half_forgotten_after_its_half_life():
    assert (1 - momentum(100))**100 == pytest.approx(0.5)
    assert momentum(HALF_LIFE) == pytest.approx(0.0001)
    assert half_life_in_updates(HALF_LIFE, 1000000) == 6931
    assert half_life_in_updates(HALF_LIFE, 20000) == 1000
    assert half_life_in_updates(HALF_LIFE, 3) == 1


def test_evaluated_every_200_thousand_images_at_most_fifty_times():
    assert evaluation_interval(10**9, Batch(8, 8, 1), 5000) == 3125
    assert evaluation_interval(10**9, Batch(8, 8, 1), 25000) == 7812
    assert evaluation_interval(10**9, Batch(32, 1, 8), 5000) == 781 * 8
    assert evaluation_interval(50, Batch(8, 8, 1), 5000) == 50


def test_amounts_are_readable():
    assert amount(64) == '64 thousand images'
    assert amount(25000) == '25 million images'


def test_growth_has_the_published_lengths():
    growth = plan_growth(4, 32, 12000, 8)
    assert growth.kimgs == {4: 600, 8: 1200, 16: 1200, 32: 9000}
    assert growth.fade_kimg == 600
    assert growth.per_gpu == {4: 64, 8: 32, 16: 16, 32: 8}
    # 600000 / 512, 1200000 / 256, 1200000 / 128 and 9000000 / 64
    assert growth.max_iters == 1172 + 4688 + 9375 + 140625


def test_growth_is_at_most_half_of_a_short_run():
    growth = plan_growth(8, 32, 480, 1)
    assert growth.kimgs == {8: 120, 16: 120, 32: 240}
    assert growth.fade_kimg == 60
