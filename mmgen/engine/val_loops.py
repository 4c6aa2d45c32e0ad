"""Validation and test of a generative model.

Not the data loader's batches are predicted, but as many images as the metrics
ask for are generated, or translated out of the loader's. Nothing of it is felt
by the training around: the random state is put back, and gradients are off.
"""
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import torch
from mmengine.dist import get_world_size, is_main_process
from mmengine.logging import print_log
from mmengine.runner.base_loop import BaseLoop
from torch import nn
from torch.utils.data import DataLoader

from mmgen.evaluation.evaluator import (GenEvaluator, SampleGroup,
                                        build_evaluator)
from mmgen.evaluation.identity import make_card, result_lines, write_card
from mmgen.ops.precision import without_tf32
from mmgen.registry import LOOPS
from mmgen.utils.progress import progress
from mmgen.utils.randomness import seed_everything, unchanged_random_state
from mmgen.utils.unwrap import unwrap


class _GenLoop(BaseLoop):
    """Generate, measure, report.

    Args:
        runner: The runner.
        dataloader: Loader of the real images; its batch size is that of the
            generated ones unless the evaluator has one.
        evaluator: Config of `GenEvaluator`, of a metric, or a list of
            either.
    """

    mode: str

    def __init__(self, runner, dataloader: DataLoader | dict,
                 evaluator: GenEvaluator | dict | list) -> None:
        super().__init__(runner, dataloader)
        self.evaluator = build_evaluator(evaluator)

    @property
    def total_length(self) -> int:
        """Iterations of this process in one run."""
        return sum(len(group.batches)
                   for group in self.evaluator.groups(self.dataloader))

    def result_keys(self) -> list[str]:
        """The keys that `run` will report."""
        return self.evaluator.result_keys()

    def run(self) -> dict[str, float]:
        """Evaluate the model as it is now; the results by key."""
        self._call_hook('before_{}')
        self._call_hook('before_{}_epoch')
        self.runner.model.eval()
        # Not inference_mode: what a model keeps of a forward pass would be
        # useless to the training that goes on. Feature networks, which keep
        # nothing, run under it (`ImageBatch`).
        with torch.no_grad(), unchanged_random_state():
            self.evaluator.prepare(unwrap(self.runner.model), self.dataloader)
            done = 0
            for group in self.evaluator.groups(self.dataloader):
                self._run_group(group, done)
                done += len(group.batches)
        results = self.evaluator.evaluate()
        if is_main_process():
            self._write_card(results)
        self._call_hook('after_{}_epoch', metrics=results)
        self._call_hook('after_{}')
        return results

    def _run_group(self, group: SampleGroup, done: int) -> None:
        """Generate the images of one group; ``done`` batches came before."""
        model = self.runner.model
        title = f'Generating ({group.request.sample_model})' \
            if group.request.sources is None else 'Translating'
        own = sum(batch.size for batch in group.batches)
        precise = without_tf32() if group.request.variants else nullcontext()
        with precise, progress(_of_this_process(title), own) as advance:
            batches = self.evaluator.batches_of(group, self.dataloader)
            for index, batch in enumerate(batches, start=done):
                self._call_hook('before_{}_iter', batch_idx=index,
                                data_batch=batch.data)
                seed_everything(group.request.seed, batch.index)
                outputs = model.test_step(batch.data)
                self.evaluator.process(group, batch, outputs, unwrap(model))
                self._call_hook('after_{}_iter', batch_idx=index,
                                data_batch=batch.data, outputs=outputs)
                advance(batch.size)

    def _call_hook(self, place: str, **kwargs) -> None:
        self.runner.call_hook(place.format(self.mode), **kwargs)

    def _write_card(self, results: dict[str, float]) -> None:
        """Write down what the numbers are, beside the log."""
        iteration = self._iteration()
        parts = [] if self.mode == 'val' else [self.mode]
        parts += [self.mode] if iteration is None else [f'iter_{iteration}']
        name = '_'.join(dict.fromkeys(parts)) + '.json'
        path = Path(self.runner.log_dir) / 'metrics_identity' / name
        card = make_card(results, self.evaluator.identities(), iteration,
                         self.runner.cfg.get('load_from'),
                         self.evaluator.beside)
        write_card(path, card)
        for line in result_lines(card):
            print_log(line, logger='current')
        print_log(f'What these numbers are: {path}', logger='current')

    def _iteration(self) -> int | None:
        """Of the training; asking the runner in a test would build one."""
        training = 'iter' in self.runner.message_hub.runtime_info
        return self.runner.iter if training else None


def _of_this_process(title: str) -> str:
    count = get_world_size()
    return title if count == 1 else f'{title}, 1 of {count} processes'


@LOOPS.register_module()
class GenValLoop(_GenLoop):
    """Validation of a generative model. Arguments as `_GenLoop`'s."""

    mode = 'val'


@LOOPS.register_module()
class GenTestLoop(_GenLoop):
    """Test of a generative model. Arguments as `_GenLoop`'s.

    Weights that the runner loads afterwards have to hold all of the
    generators whose images are measured.
    """

    mode = 'test'

    def __init__(self, runner, dataloader: DataLoader | dict,
                 evaluator: GenEvaluator | dict | list) -> None:
        super().__init__(runner, dataloader, evaluator)
        require_sampled_weights(unwrap(runner.model), self.evaluator)


def require_sampled_weights(model: nn.Module, evaluator: GenEvaluator) -> None:
    """Let ``model`` refuse weights without a generator that is measured.

    Loading that is not strict passes over what a file lacks, and the numbers
    would be those of a random generator. A file may lack anything else:
    published ones often have no discriminator.
    """
    sampled = sorted({metric.fake_request.sample_model
                      for metric in evaluator.metrics})

    def check(model: nn.Module, found: Any) -> None:
        for name in sampled:
            own = _weights_of(name, model.state_dict())
            missing = _weights_of(name, found.missing_keys)
            if missing:
                raise RuntimeError(
                    f'{type(model).__name__}: the file lacks {len(missing)} '
                    f'of {len(own)} weights of the generator that is '
                    f'measured (sample_model={name!r}), e.g. {missing[0]}. '
                    'Give a checkpoint of this model, or measure with '
                    'another sample_model.')

    model.register_load_state_dict_post_hook(check)


def _weights_of(sample_model: str, names: Iterable[str]) -> list[str]:
    """Those of a state's names that make a generator's images."""
    # Counters of batches and of averaged updates take no part.
    names = [name for name in names
             if not name.endswith('num_batches_tracked')]
    if sample_model == 'ema':
        return [name for name in names
                if name.startswith('generator_ema.module.')]
    return [name for name in names if name.startswith('generator')
            and not name.startswith('generator_ema.')]
