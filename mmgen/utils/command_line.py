"""Options that training and test have in common.

Imports little, so that ``--help`` answers at once.
"""
import os
from argparse import ArgumentParser, Namespace

from mmengine.config import DictAction


def add_config_arguments(parser: ArgumentParser) -> None:
    """The config, and changes to it."""
    parser.add_argument('config', help='file of the config')
    parser.add_argument(
        '--cfg-options',
        nargs='+',
        action=DictAction,
        help='settings of the config to change, as key=value; a.b=1 for '
        'nested ones, k="[1,2]" for lists')


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
    parser.add_argument(
        '--trust-checkpoint',
        action='store_true',
        help='load checkpoints that hold more than tensors and plain values; '
        'they may run any code')
    parser.add_argument('--local_rank', '--local-rank', type=int, default=0)


def parse_run_arguments(parser: ArgumentParser) -> Namespace:
    """Parse, and pass on the rank that some launchers give as an option."""
    args = parser.parse_args()
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    return args
