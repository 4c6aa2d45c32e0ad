#!/usr/bin/env python
"""Make a file of statistics of real images, for FID's inception_pkl.

    python tools/utils/inception_stat.py --images DIR --size 256 stats.npz
    python tools/utils/inception_stat.py --config CONFIG stats.npz

The images are those of a folder, a .zip or an .npz, or of the val_dataloader
of a config, through its pipeline.
"""
import argparse
import sys
from pathlib import Path

from mmgen.utils.command_line import add_feature_arguments, one_sentence


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('out', type=Path, help='the .npz to write')
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument('--images', metavar='DIR|ZIP|NPZ')
    source.add_argument(
        '--config', help='file of a config; its pipeline says the size')
    parser.add_argument(
        '--size', type=int, metavar='PIXELS',
        help='width and height that --images have to have')
    parser.add_argument(
        '--resize', action='store_true',
        help="bring --images to --size, with Pillow's bicubic filter")
    parser.add_argument(
        '--num-images', type=int, default=-1,
        help='evenly spaced over all of them (default: -1, all)')
    add_feature_arguments(parser)
    parser.add_argument(
        '--clean', action='store_true',
        help="for FID with resize='clean', as clean-fid resizes for Inception")
    args = parser.parse_args()
    if args.images and args.size is None:
        parser.error('--images needs --size, the size that they have.')
    if args.config and (args.size is not None or args.resize):
        parser.error("--size and --resize go with --images; a config's "
                     'pipeline says the size.')
    if args.feature and (args.clean or args.inception_path
                         or args.inception_style):
        parser.error('--clean and --inception-... go without --feature.')
    if args.out.suffix != '.npz':
        parser.error(f'{args.out}: expected a name that ends in .npz.')
    return args


def main() -> None:
    """Compute and write."""
    args = parse_args()
    with one_sentence():
        from mmgen.evaluation.standalone import (feature_network,
                                                 make_statistics)
        loader, preprocessor = open_config(args) if args.config \
            else open_folder(args)
        network = feature_network(args.feature, args.inception_style,
                                  args.inception_path,
                                  'clean' if args.clean else 'legacy')
        statistics = make_statistics(loader, preprocessor, network, args.out,
                                     args.num_images, args.batch_size,
                                     args.device)
    print(f'{args.out}: {len(statistics.mean)} features ({network.name}) of '
          f'{statistics.count} images.')


def open_folder(args: argparse.Namespace) -> tuple:
    """Loader of the images, and what checks their size."""
    from mmgen.evaluation.stored_images import (StoredPixels, image_loader,
                                                open_images)
    images = open_images(args.images, args.size if args.resize else None)
    loader = image_loader(images, args.batch_size, args.num_workers)
    return loader, StoredPixels((args.size, args.size), 'as --size says')


def open_config(args: argparse.Namespace) -> tuple:
    """Loader of the config's real images, and its data preprocessor."""
    from mmengine.registry import init_default_scope
    from mmengine.runner import Runner

    from mmgen.engine.launching import load_config
    from mmgen.registry import MODELS
    cfg = load_config(args.config)
    if cfg.get('val_dataloader') is None:
        sys.exit(f'{args.config} has no val_dataloader. Give its images with '
                 '--images.')
    init_default_scope('mmgen')
    preprocessor = cfg.model.get('data_preprocessor') or dict(
        type='GANDataPreprocessor')
    loader = dict(cfg.val_dataloader, num_workers=args.num_workers,
                  persistent_workers=False)
    return Runner.build_dataloader(loader), MODELS.build(preprocessor)


if __name__ == '__main__':
    main()
