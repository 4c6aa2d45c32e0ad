"""Apply transforms of one image to several."""
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext

from mmcv.transforms import TransformBroadcaster as _TransformBroadcaster

from mmgen.registry import TRANSFORMS
from mmgen.utils.randomness import unchanged_random_state


@TRANSFORMS.register_module()
class TransformBroadcaster(_TransformBroadcaster):
    """mmcv's broadcaster, made to share what any transform draws.

    With ``share_random_params`` each item finds the random states of Python,
    numpy and torch as the first one did, so whatever a transform draws and
    however often, it draws the same for all: images of one size get the same
    crop and flip. mmcv instead keeps what methods return that are marked for
    it, which leaves other random transforms unshared, and a transform that
    was used cannot be sent to another process.

    Args:
        transforms: One transform or several, or their configs.
        mapping: For each key that the transforms know the keys in the results
            that take its place, one after the other, such as
            ``dict(img=['img_a', 'img_b'])``.
        remapping: Where what comes out goes, in the same form.
        auto_remap: Put it back where it came from; None to do so without
            ``remapping``.
        allow_nonexist_keys: Leave out keys that the results do not have.
        share_random_params: Whether all items get the same draws.
    """

    def __init__(self,
                 transforms: dict | Callable | Sequence[dict | Callable],
                 mapping: dict | None = None,
                 remapping: dict | None = None,
                 auto_remap: bool | None = None,
                 allow_nonexist_keys: bool = False,
                 share_random_params: bool = False):
        if not isinstance(transforms, Sequence):
            transforms = [transforms]
        # Names are looked up in mmgen first, whatever the default scope.
        transforms = [TRANSFORMS.build(transform) if isinstance(
            transform, dict) else transform for transform in transforms]
        super().__init__(transforms, mapping, remapping, auto_remap,
                         allow_nonexist_keys, share_random_params)

    def transform(self, results: dict) -> dict:
        self._check_keys(results)
        *others, last = self.scatter_sequence(
            self._map_input(results, self.mapping))
        outputs = []
        for item in others:
            with (unchanged_random_state()
                  if self.share_random_params else nullcontext()):
                outputs.append(self._apply_transforms(item))
        # Not reset after the last one: the next transform draws anew.
        outputs.append(self._apply_transforms(last))
        collected = {key: [output[key] for output in outputs]
                     for key in outputs[0]}
        results.update(self._map_output(collected, self.remapping))
        return results

    def _check_keys(self, results: dict) -> None:
        missing = [key for key in _outer_keys(self.mapping)
                   if key not in results]
        if missing and not self.allow_nonexist_keys:
            raise KeyError(
                f'TransformBroadcaster: no {", ".join(missing)} in the '
                f'results, they have {", ".join(results)}. Do the domains in '
                'mapping agree with those of the dataset and of the loading '
                'transform?')


def _outer_keys(mapping: object) -> Iterator[str]:
    """The keys in the results that a mapping names, at any depth."""
    if isinstance(mapping, str):
        yield mapping
    elif isinstance(mapping, dict):
        for value in mapping.values():
            yield from _outer_keys(value)
    elif isinstance(mapping, (list, tuple)):
        for value in mapping:
            yield from _outer_keys(value)
