"""Give a growing model the images, and the batch, of its size."""
from mmengine.hooks import Hook
from mmengine.runner import Runner

from mmgen.registry import HOOKS
from mmgen.utils.unwrap import unwrap


@HOOKS.register_module()
class PGGANFetchDataHook(Hook):
    """Change the training data when the model has grown.

    Works on a model that says its ``curr_scale`` and a `GrowScaleImgDataset`,
    in the loop `GenTrainLoop`.
    """

    def before_fetch(self, runner: Runner) -> None:
        """Called by the loop before it reads a batch.

        Raises:
            ValueError: The model or the dataset does not grow.
        """
        loop, model = runner.train_loop, unwrap(runner.model)
        dataset = loop.dataloader.dataset.dataset
        for thing, attribute in ((model, 'curr_scale'), (dataset, 'scale')):
            if not hasattr(thing, attribute):
                raise ValueError(
                    f'PGGANFetchDataHook: {type(thing).__name__} does not '
                    'grow. Use it with a growing model and a '
                    'GrowScaleImgDataset, or take it out of custom_hooks.')
        if dataset.scale != model.curr_scale:
            dataset.scale = model.curr_scale
            loop.change_data(dataset.batch_size)
