"""Options that several tools have in common.

Imports little, so that ``--help`` answers at once.
"""
import os
import re
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager

from mmengine.config import DictAction


# What is raised where the user gave something wrong, or something is not there.
MISTAKES = (ValueError, TypeError, RuntimeError, OSError, ImportError,
            SyntaxError)  # the last: of a config


@contextmanager
def one_sentence() -> Iterator[None]:
    """End the program with the message of a mistake, without its traceback.

    The message goes to stderr, and the exit code is 1. For work whose errors
    say what to do; of any other error the traceback is worth more.
    """
    try:
        yield
    except MISTAKES as error:
        sys.exit(_message(str(error)))


def _message(text: str) -> str:
    """An error's message; that of a loader's worker follows its traceback."""
    if 'Original Traceback' not in text:
        return text
    return re.split(r'\n(?:\w+\.)*\w+Error: ', text)[-1].strip()


def add_config_arguments(parser: ArgumentParser) -> None:
    """The config, and changes to it."""
    parser.add_argument('config', help='file of the config')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='settings of the config to change, as key=value; a.b=1 for '
        'nested ones, k="[1,2]" for lists')


def add_trust_argument(parser: ArgumentParser) -> None:
    """Whether a checkpoint may hold anything."""
    parser.add_argument(
        '--trust-checkpoint',
        action='store_true',
        help='load checkpoints that hold more than tensors and plain values; '
        'they may run any code')


def add_run_arguments(parser: ArgumentParser) -> None:
    """The config, and what every run of one may be told."""
    add_config_arguments(parser)
    parser.add_argument(
        '--work-dir',
        help='where logs, pictures and all else that is written go; by '
        'default work_dirs/NAME_OF_THE_CONFIG')
    parser.add_argument(
        '--launcher',
        choices=['none', 'pytorch', 'slurm', 'mpi'],
        default='none',
        help='what started the processes')
    add_trust_argument(parser)
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def add_feature_arguments(parser: ArgumentParser) -> None:
    """Which network makes features of images, and how it is fed."""
    parser.add_argument(
        '--feature',
        help='another feature network than Inception, e.g. EfficientNetLite0')
    parser.add_argument(
        '--inception-style',
        choices=['StyleGAN', 'PyTorch'],
        help="which of Inception's two weights files; by default StyleGAN")
    parser.add_argument(
        '--inception-path',
        metavar='FILE',
        help='the weights file; by default the cache is searched, then it is '
        'downloaded')
    parser.add_argument(
        '--batch-size', type=int, default=32,
        help='images at a time (default: %(default)s)')
    parser.add_argument(
        '--num-workers', type=int, default=2,
        help='processes that read images (default: %(default)s)')
    parser.add_argument(
        '--device', default='cpu', help='cpu or cuda (default: %(default)s)')


def parse_run_arguments(parser: ArgumentParser) -> Namespace:
    """Parse, and pass on the rank that some launchers give as an option."""
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args


def add_model_arguments(parser: ArgumentParser) -> None:
    """A trained model, for scripts that make pictures with it."""
    parser.add_argument(
        'config', help='file of the config, or work directory of a run')
    parser.add_argument(
        'checkpoint',
        nargs='?',
        help='file of the checkpoint; by default the best, else the newest of '
        'the work directory')
    parser.add_argument(
        '--device', help='cpu or cuda; by default cuda if there is one')
    parser.add_argument(
        '--seed', type=int, default=2021, help='seed (default: %(default)s)')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='settings of the config to change, as key=value')
    add_trust_argument(parser)


def add_sampling_arguments(parser: ArgumentParser, save_path: str,
                           num_samples: int = 12) -> None:
    """How many pictures are made, how, and where they go.

    Args:
        parser: To add to.
        save_path: Default of the file.
        num_samples: Default of their number.
    """
    parser.add_argument(
        '--save-path', default=save_path,
        help='file to write (default: %(default)s)')
    parser.add_argument(
        '--num-samples', type=int, default=num_samples,
        help='pictures (default: %(default)s)')
    parser.add_argument(
        '--num-batches', type=int, default=4,
        help='pictures at a time (default: %(default)s)')
    _add_generator_arguments(parser)


def _add_generator_arguments(parser: ArgumentParser) -> None:
    """Which generator makes the pictures, and what it is told."""
    parser.add_argument(
        '--sample-model', choices=['ema', 'orig'],
        help='the averaged or the trained generator; by default the averaged '
        'one if there is one')
    parser.add_argument(
        '--sample-cfg', nargs='+', action=DictAction, default={},
        help='further arguments of the generator, as key=value, such as '
        'truncation=0.7')


def add_interpolation_arguments(parser: ArgumentParser) -> None:
    """A way through latents, and where its frames go."""
    parser.add_argument(
        '--samples-path', default='work_dirs/demos',
        help='folder to write to (default: %(default)s)')
    parser.add_argument(
        '--export-video', nargs='?', choices=['gif', 'mp4'], const='gif',
        help='write a film (gif unless mp4 is said), not a picture')
    parser.add_argument(
        '--show-mode', choices=['group', 'sequence'], default='sequence',
        help='from each endpoint to the next, or in pairs, one in a row '
        '(default: %(default)s)')
    parser.add_argument(
        '--interp-mode', choices=['lerp', 'slerp'], default='lerp',
        help='straight, or around the origin (default: %(default)s)')
    parser.add_argument(
        '--endpoint', type=int, default=2,
        help='number of endpoints (default: %(default)s)')
    parser.add_argument(
        '--interval', type=int, default=10,
        help='frames from one endpoint to the next, or of each pair '
        '(default: %(default)s)')
    parser.add_argument(
        '--space', choices=['z', 'w'], default='z',
        help='between noises or between styles (default: %(default)s)')
    parser.add_argument(
        '--batch-size', type=int, default=4,
        help='frames at a time (default: %(default)s)')
    _add_generator_arguments(parser)
