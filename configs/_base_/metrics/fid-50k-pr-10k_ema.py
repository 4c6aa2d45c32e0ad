# FID of 50000 images and precision and recall of 10000 of the averaged generator,
# against all real images.
metrics = [
    dict(
        type='FrechetInceptionDistance',
        prefix='FID-Full-50k',
        fake_nums=50000,
        inception_style='StyleGAN',
        sample_model='ema'),
    dict(
        type='PrecisionAndRecall',
        prefix='PR-10K',
        fake_nums=10000,
        k=3,
        sample_model='ema')
]
val_evaluator = dict(type='GenEvaluator', metrics=metrics)
test_evaluator = dict(type='GenEvaluator', metrics=metrics)
