# FID, precision and recall of 50000 images of the averaged generator against all
# real images.
metrics = [
    dict(
        type='FrechetInceptionDistance',
        prefix='FID-Full-50k',
        fake_nums=50000,
        inception_style='StyleGAN',
        sample_model='ema'),
    dict(
        type='PrecisionAndRecall',
        prefix='PR-50K',
        fake_nums=50000,
        k=3,
        sample_model='ema')
]
val_evaluator = dict(type='GenEvaluator', metrics=metrics)
test_evaluator = dict(type='GenEvaluator', metrics=metrics)
