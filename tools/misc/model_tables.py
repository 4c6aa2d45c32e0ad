#!/usr/bin/env python
"""Write what the metafiles of the configs say about models where people look.

These are the tables in configs/*/README.md (between two marks; what is outside
stays as it is), docs/model_zoo.md and model-index.yml.
"""
import argparse
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
BEGIN = '<!-- models: written by tools/misc/model_tables.py -->'
END = '<!-- end of models -->'

ZOO_HEAD = """\
<!-- Written by tools/misc/model_tables.py from configs/*/metafile.yml. -->

# Model zoo

Weights and their results were published by MMGeneration 1.x, unless a family's
page says otherwise, and were not measured again. Download the file, then
`python tools/test.py CONFIG FILE`, or [take pictures of it](inference.md).
"""
ZOO_END = """
```{toctree}
:hidden:
:glob:

../configs/*/README
```
"""


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--check', action='store_true',
                        help='change nothing, fail where a file is outdated')
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


def row(model: dict, metrics: list[str], folder: str) -> list[str]:
    """The cells of one model; empty where nothing was published."""
    config = Path(model['Config'])
    result, = model.get('Results') or [dict(Metrics={})]
    weights = model.get('Weights')
    name = model['Metadata'].get('Checkpoint', 'weights')
    return [
        f'[{config.name}]({folder}{config.name})',
        model['Metadata']['Training Data'],
        *(str(result['Metrics'].get(metric, '')) for metric in metrics),
        f'[{name}]({weights})' if weights else '',
    ]


def markdown_table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown, without a line end after it."""
    lines = [head, ['---'] * len(head), *rows]
    return '\n'.join(f'| {" | ".join(cells)} |' for cells in lines)


def model_table(models: list[dict], folder: str = '') -> str:
    """The models as a table, with configs in ``folder`` or beside it."""
    metrics = metric_names(models)
    return markdown_table(
        ['Config', 'Data', *metrics, 'Weights'],
        [row(model, metrics, folder) for model in models])


def with_table(readme: Path, models: list[dict]) -> str:
    """The README with its table made anew.

    Raises:
        ValueError: The marks are missing.
    """
    before, begin, rest = readme.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f'needs the lines "{BEGIN}" and "{END}"')
    return f'{before}{BEGIN}\n\n{model_table(models)}\n\n{END}{after}'


def zoo_section(name: str, metafile: dict) -> str:
    """A family's paper, page and models. ``name`` is its folder's."""
    family, = metafile['Collections']
    folder = f'../configs/{name}/'
    return (f'\n## {family["Name"]}\n\n'
            f'[{family["Paper"]["Title"]}]({family["Paper"]["URL"]}); '
            f'[about these configs]({folder}README.md)\n\n'
            f'{model_table(metafile["Models"], folder)}\n')


def zoo(root: Path, metafiles: dict[str, dict]) -> str:
    """docs/model_zoo.md: every family, then the folders without weights.

    Args:
        root: The project's folder.
        metafiles: By the name of the folder.
    """
    sections = [zoo_section(*item) for item in metafiles.items()]
    others = [f'- [{readme.parent.name}](../{readme.relative_to(root)})\n'
              for readme in sorted(root.glob('configs/*/README.md'))
              if readme.parent.name not in metafiles]
    if others:
        sections.append('\n## Configs without weights\n\n' + ''.join(others))
    return ''.join([ZOO_HEAD, *sections, ZOO_END])


def index(metafiles: dict[str, dict]) -> str:
    """model-index.yml, which lists the metafiles for other programs."""
    lines = [f'  - configs/{name}/metafile.yml\n' for name in metafiles]
    return 'Import:\n' + ''.join(lines)


def missing_configs(root: Path, models: list[dict]) -> list[str]:
    """Configs that a metafile names and that are not there."""
    return [model['Config'] for model in models
            if not (root / model['Config']).is_file()]


def main() -> None:
    """Write or check every file; say what is wrong."""
    args = parse_args()
    wrong = []
    metafiles = {path.parent.name: yaml.safe_load(path.read_text())
                 for path in sorted(args.root.glob('configs/*/metafile.yml'))}
    written = {
        args.root / 'docs' / 'model_zoo.md': zoo(args.root, metafiles),
        args.root / 'model-index.yml': index(metafiles),
    }
    for name, metafile in metafiles.items():
        folder = args.root / 'configs' / name
        wrong += [f'{folder}/metafile.yml: no such config: {config}'
                  for config in missing_configs(args.root, metafile['Models'])]
        readme = folder / 'README.md'
        try:
            written[readme] = with_table(readme, metafile['Models'])
        except (OSError, ValueError) as error:
            wrong.append(f'{readme}: {error}')
    for path, content in written.items():
        if not args.check:
            path.write_text(content)
        elif not path.is_file() or path.read_text() != content:
            wrong.append(f'{path}: is not what the metafiles say; run python '
                         'tools/misc/model_tables.py')
    if wrong:
        sys.exit('\n'.join(wrong))
    print(f'{len(written)} files '
          f'{"agree with" if args.check else "were written from"} '
          f'{len(metafiles)} metafiles.')


if __name__ == '__main__':
    main()
