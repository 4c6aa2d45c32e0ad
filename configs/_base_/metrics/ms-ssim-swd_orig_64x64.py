# MS-SSIM of 10000 images, and SWD of 16384 images against as many real ones, of
# the generator itself, at 64x64.
metrics = [
    dict(
        type='MS_SSIM', prefix='ms-ssim', fake_nums=10000, sample_model='orig'),
    dict(
        type='SWD',
        prefix='swd',
        fake_nums=16384,
        image_shape=(3, 64, 64),
        sample_model='orig')
]
val_evaluator = dict(type='GenEvaluator', metrics=metrics)
test_evaluator = dict(type='GenEvaluator', metrics=metrics)
