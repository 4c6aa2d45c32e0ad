#!/usr/bin/env python
"""Write the tables of models in configs/*/README.md from the metafiles.

A table stands between the two marks; what is outside stays as it is.
"""
import argparse
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
BEGIN = '<!-- models: written by tools/misc/model_tables.py -->'
END = '<!-- end of models -->'


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--check', action='store_true',
                        help='change nothing, fail where a table is outdated')
    parser.add_argument('--root', type=Path, default=ROOT,
                        help="the project's folder")
    return parser.parse_args()


def metric_names(models: list[dict]) -> list[str]:
    """Names of all metrics in the order in which they first appear."""
    names: dict[str, None] = {}
    for model in models:
        for result in model.get('Results', []):
            names.update(dict.fromkeys(result['Metrics']))
    return list(names)


def row(model: dict, metrics: list[str]) -> list[str]:
    """The cells of one model; empty where nothing was published."""
    config = Path(model['Config']).name
    result, = model.get('Results') or [dict(Metrics={})]
    weights = model.get('Weights')
    name = model['Metadata'].get('Checkpoint', 'weights')
    return [
        f'[{config}]({config})',
        model['Metadata']['Training Data'],
        *(str(result['Metrics'].get(metric, '')) for metric in metrics),
        f'[{name}]({weights})' if weights else '',
    ]


def table(models: list[dict]) -> str:
    """The models as a Markdown table."""
    metrics = metric_names(models)
    head = ['Config', 'Data', *metrics, 'Weights']
    rows = [head, ['---'] * len(head), *(row(m, metrics) for m in models)]
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in rows)


def with_table(readme: str, models: list[dict]) -> str:
    """The README with its table made anew.

    Raises:
        ValueError: The marks are missing.
    """
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f'needs the lines "{BEGIN}" and "{END}"')
    return f'{before}{BEGIN}\n\n{table(models)}\n\n{END}{after}'


def missing_files(root: Path, models: list[dict]) -> list[str]:
    """Configs that a metafile names and that are not there."""
    return [model['Config'] for model in models
            if not (root / model['Config']).is_file()]


def imported(root: Path) -> set[str]:
    """The metafiles that model-index.yml lists."""
    return set(yaml.safe_load((root / 'model-index.yml').read_text())['Import'])


def main() -> None:
    """Write or check every table; say what is wrong."""
    args = parse_args()
    wrong = []
    metafiles = sorted(args.root.glob('configs/*/metafile.yml'))
    found = {str(path.relative_to(args.root)) for path in metafiles}
    for name in sorted(found ^ imported(args.root)):
        wrong.append(f'{name}: in model-index.yml or on the disk, not in both')
    for metafile in metafiles:
        models = yaml.safe_load(metafile.read_text())['Models']
        wrong += [f'{metafile}: no such config: {name}'
                  for name in missing_files(args.root, models)]
        readme = metafile.with_name('README.md')
        try:
            updated = with_table(readme.read_text(), models)
        except (OSError, ValueError) as error:
            wrong.append(f'{readme}: {error}')
            continue
        if args.check and updated != readme.read_text():
            wrong.append(f'{readme}: its table is not what metafile.yml says; '
                         'run python tools/misc/model_tables.py')
        if not args.check:
            readme.write_text(updated)
    if wrong:
        sys.exit('\n'.join(wrong))
    print(f'{len(metafiles)} tables '
          f'{"agree with" if args.check else "were written from"} their '
          'metafiles.')


if __name__ == '__main__':
    main()
