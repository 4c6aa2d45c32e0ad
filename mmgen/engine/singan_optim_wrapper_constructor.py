"""An optimiser for each scale of a SinGAN."""
from mmengine.optim import OptimWrapperDict
from torch import nn

from mmgen.engine.optim_wrapper_constructor import GenOptimWrapperConstructor
from mmgen.registry import OPTIM_WRAPPER_CONSTRUCTORS
from mmgen.utils.unwrap import unwrap


@OPTIM_WRAPPER_CONSTRUCTORS.register_module()
class SinGANOptimWrapperConstructor(GenOptimWrapperConstructor):
    """One wrapper per scale: ``generator_0``, ``discriminator_0``, and so on.

    Example::

        optim_wrapper = dict(
            constructor='SinGANOptimWrapperConstructor',
            generator=dict(optimizer=dict(type='Adam', lr=5e-4)),
            discriminator=dict(optimizer=dict(type='Adam', lr=5e-4)))

    All are there from the start, so a checkpoint has the same entries
    whatever the scale. The parameter groups keep the rate that the config
    says as ``base_lr``; the model sets ``lr`` from it.

    Args:
        optim_wrapper_cfg: For each sub-module the wrapper of each of its
            ``blocks``; see `GenOptimWrapperConstructor`.
        paramwise_cfg: As there.

    Raises:
        ValueError: A sub-module has no ``blocks``, or a wrapper accumulates.
    """

    def __call__(self, model: nn.Module) -> OptimWrapperDict:
        model = unwrap(model)
        children = {
            name: unwrap(child)
            for name, child in model.named_children()
        }
        self._check(model, children)
        wrappers = {}
        for name, cfg in self.optim_wrapper_cfg.items():
            self._check_scales(name, children[name], cfg)
            for scale, block in enumerate(children[name].blocks):
                key = f'{name}_{scale}'
                wrappers[key] = self._build_wrapper(key, block, cfg)
                for group in wrappers[key].param_groups:
                    group['base_lr'] = group['lr']
        return OptimWrapperDict(**wrappers)

    @staticmethod
    def _check_scales(name: str, child: nn.Module, cfg: dict) -> None:
        """Refuse what has no scales, and updates that could span two."""
        if not hasattr(child, 'blocks'):
            raise ValueError(
                f'SinGANOptimWrapperConstructor: "{name}" is a '
                f'{type(child).__name__}, which has no blocks, one for each '
                'scale. Use GenOptimWrapperConstructor.')
        count = cfg.get('accumulative_counts', 1)
        if count != 1:
            raise ValueError(
                f'SinGANOptimWrapperConstructor: "{name}" has '
                f'accumulative_counts={count}, expected 1: all batches are '
                'the same image.')
