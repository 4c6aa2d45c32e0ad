#!/usr/bin/env python
"""Make a checkpoint small and ready to hand out.

Keeps the weights, those of the averaged generator too, the config and the
versions; leaves out what only resuming needs. The first eight digits of the
file's sha256 become part of its name.
"""
import argparse
from pathlib import Path

from mmgen.engine.checkpointing import plain, write_checkpoint
from mmgen.utils.checkpoint_file import read_checkpoint
from mmgen.utils.file_hash import file_hash

# What a reader of the weights may want to know. The rest of the meta data is
# about the machine and the hour.
KEPT_META = ('cfg', 'iter', 'seed', 'dataset_meta', 'mmgen_version',
             'mmengine_version', 'torch_version')


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('input', type=Path, help='a checkpoint')
    parser.add_argument(
        'output', type=Path,
        help='NAME.pth; the file written is NAME-HASH.pth')
    parser.add_argument(
        '--trust-checkpoint',
        action='store_true',
        help='take a checkpoint that holds more than tensors and plain '
        'values; it may run any code')
    return parser.parse_args()


def publish(source: Path, target: Path, trust: bool) -> Path:
    """Write the published form of ``source`` beside ``target``.

    Args:
        source: A checkpoint.
        target: The name to write, yet without the hash.
        trust: Let ``source`` construct any object.

    Returns:
        The file that was written: ``target`` with the hash in its name.
    """
    checkpoint = read_checkpoint(source, trust)
    meta = checkpoint.get('meta', {})
    published = dict(
        meta=plain({key: meta[key] for key in KEPT_META if key in meta}),
        state_dict=plain(dict(checkpoint['state_dict'])))
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix('.draft')
    write_checkpoint(published, draft)
    final = target.with_name(f'{target.stem}-{file_hash(draft)[:8]}.pth')
    draft.replace(final)
    return final


def main() -> None:
    """Publish and say where."""
    args = parse_args()
    final = publish(args.input, args.output, args.trust_checkpoint)
    before, after = (p.stat().st_size / 2**20 for p in (args.input, final))
    print(f'{final} ({after:.1f} MiB; {args.input} has {before:.1f} MiB)')


if __name__ == '__main__':
    main()
