#!/usr/bin/env python
"""Run the commands of the guides: README.md, CONTRIBUTING.md and docs/*.md.

Every page gets a copy of the project, with small stand-ins for data and trained
models (tests/doc_stand_ins.py), and its blocks run there in order:

* bash blocks, after the placeholders of STAND_INS are filled in;
* Python blocks that import something, as programs; others are pieces of configs,
  and only compiled.

A comment in the line before a block says what else happens with it:

* ``<!-- needs: WHAT -->``: not run, but counted, unless stand-ins have WHAT;
* ``<!-- fragment -->``: only compiled, as it stands for a part of something.
"""
import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAKE_STAND_INS = 'tests/doc_stand_ins.py'

# How the need of a mark begins, and those that the stand-ins satisfy.
NEEDS = ('gpu', 'data', 'network', 'weights', 'cluster', 'time', 'packages',
         'a trained model')
AT_HAND = {'data photos', 'a trained model'}

# Words of the guides, and what tests/doc_stand_ins.py makes for them.
STAND_INS = {
    'YOUR_CONFIG': 'stand_ins/config.py',
    'CONFIG.py': 'stand_ins/config.py',
    'CONFIG': 'stand_ins/config.py',
    'CHECKPOINT.pth': 'stand_ins/run/iter_2.pth',
    'CHECKPOINT': 'stand_ins/run/iter_2.pth',
    'FILE': 'stand_ins/run/iter_2.pth',
    'RUN': 'run',
    'OLD.py': 'stand_ins/old.py',
    'OLD.pth': 'stand_ins/old.pth',
    'NEW.py': 'stand_ins/new.py',
    'NEW.pth': 'stand_ins/new.pth',
}
# Other words in capitals: names of metrics.
NO_PLACEHOLDERS = {'FID', 'IS', 'KID', 'PR', 'PRDC', 'CLIP'}
# What is long is made short: trainings, and the processes of a launcher. The
# last checkpoint has another number then.
TRAINING = re.compile(
    r'^(?P<command>[^#\n]*tools/(?:train\.py|dist_train\.sh)'
    r'(?:[^#\n]*\\\n)*[^#\n]*?)(?P<end> *(?:#.*)?)$', re.MULTILINE)
SHORT_TRAINING = ('train_cfg.max_iters=2 train_cfg.val_interval=2 '
                  'train_dataloader.num_workers=0 '
                  'train_dataloader.persistent_workers=False')
PROCESSES = re.compile(r'(tools/dist_\w+\.sh .*) 8\b')
LAST_CHECKPOINT = re.compile(r'(work_dirs/stylegan2_photos-32x32/iter)_\d+')

MARK = re.compile(r'<!-- (needs: (?P<needs>.+)|fragment) -->')
FENCE = re.compile(r'```(?P<language>\S*).*')
PLACEHOLDER = re.compile(r'(?<![\w$.{-])[A-Z][A-Z_]*[A-Z](?![\w=-])')
IMPORT = re.compile(r'^(import|from) ', re.MULTILINE)


@dataclass
class Block:
    """A fenced block of a page.

    Args:
        page: The page, relative to the project.
        line: Number of its first line of code in the page.
        language: ``'bash'`` or ``'python'``.
        code: Without the fences.
        needs: What its mark says that it needs, or None.
        fragment: Whether its mark says that it is a part of something.
    """
    page: str
    line: int
    language: str
    code: str
    needs: str | None
    fragment: bool

    @property
    def runs(self) -> bool:
        """Whether the block is run, not only compiled or counted."""
        if self.fragment or (self.needs and self.needs not in AT_HAND):
            return False
        return self.language == 'bash' or bool(IMPORT.search(self.code))

    @property
    def commands(self) -> int:
        """How many commands it has; a program is one."""
        if self.language == 'python':
            return 1
        whole = self.code.replace('\\\n', ' ').splitlines()
        return sum(bool(line.strip()) and not line.lstrip().startswith('#')
                   for line in whole)


class WrongPage(Exception):
    """What is wrong in a page, and where."""


def parse_args() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        'pages', nargs='*', help='by default all; relative to the project')
    parser.add_argument(
        '--root', type=Path, default=ROOT,
        help="the project's folder, a git checkout")
    parser.add_argument(
        '--jobs', type=int, default=2,
        help='pages at a time (default: %(default)s)')
    parser.add_argument(
        '--limit', type=int, default=120,
        help='seconds that a block may take (default: %(default)s)')
    return parser.parse_args()


def read_blocks(root: Path, page: str) -> list[Block]:
    """The bash and Python blocks of a page.

    Raises:
        WrongPage: A mark names a need that is not in ``NEEDS``.
    """
    blocks, before = [], ''
    lines = iter(enumerate((root / page).read_text().splitlines(), 1))
    for number, line in lines:
        if not (fence := FENCE.fullmatch(line.strip())):
            before = line
            continue
        mark, before = MARK.fullmatch(before.strip()), ''
        code = []
        for _, inner in lines:
            if inner.strip() == '```':
                break
            code.append(inner)
        if fence['language'] not in ('bash', 'sh', 'python'):
            continue
        needs = mark['needs'] if mark else None
        if needs and not needs.startswith(NEEDS):
            raise WrongPage(f'{page}:{number}: a mark needs "{needs}", which '
                            f'begins with none of {", ".join(NEEDS)}')
        blocks.append(Block(
            page, number + 1,
            'python' if fence['language'] == 'python' else 'bash',
            '\n'.join(code), needs, bool(mark) and needs is None))
    return blocks


def filled(block: Block) -> str:
    """The code of a block with its placeholders filled, and made short.

    Raises:
        WrongPage: There is no stand-in for a placeholder.
    """
    words = '|'.join(map(re.escape, sorted(STAND_INS, key=len, reverse=True)))
    code = re.sub(rf'(?<![\w$])({words})(?![\w=])',
                  lambda match: STAND_INS[match[1]], block.code)
    if block.language == 'python':
        return code
    for number, line in enumerate(code.splitlines(), block.line):
        for word in PLACEHOLDER.findall(line.partition(' #')[0]):
            if word not in NO_PLACEHOLDERS:
                raise WrongPage(
                    f'{block.page}:{number}: no stand-in for {word}; add it '
                    f'to STAND_INS, or mark the block: <!-- needs: ... -->')
    code = TRAINING.sub(shortened, code)
    code = LAST_CHECKPOINT.sub(r'\1_2', code)
    return PROCESSES.sub(r'\1 2', code)


def shortened(match: re.Match) -> str:
    """A command that trains, for two iterations."""
    option = '' if '--cfg-options' in match['command'] else ' --cfg-options'
    return f'{match["command"]}{option} {SHORT_TRAINING}{match["end"]}'


def compile_block(block: Block) -> None:
    """Say where a block is not valid.

    Raises:
        WrongPage: It is not.
    """
    if block.language == 'python':
        try:
            compile(block.code, block.page, 'exec')
        except SyntaxError as error:
            raise WrongPage(
                f'{block.page}:{block.line + (error.lineno or 1) - 1}: '
                f'{error.msg}') from None
        return
    done = subprocess.run(['bash', '-n'], input=block.code, text=True,
                          capture_output=True)
    if done.returncode:
        raise WrongPage(f'{block.page}:{block.line}: {done.stderr.strip()}')


def run_block(block: Block, folder: Path, limit: int) -> None:
    """Run a block in a copy of the project.

    Raises:
        WrongPage: A command fails, or takes longer than ``limit`` seconds.
    """
    code = filled(block)
    failed = folder / '.failed_command'
    failed.unlink(missing_ok=True)
    if block.language == 'python':
        command = [sys.executable, '-c', code]
    else:
        # In one line, so that the numbers of lines are those of the page.
        head = (f'set -eEuo pipefail; trap \'echo "$((LINENO + '
                f'{block.line - 2})) $BASH_COMMAND" > {failed}\' ERR')
        command = ['bash', '-c', f'{head}\n{code}']
    output = folder / '.output'
    with open(output, 'w') as file:
        process = subprocess.Popen(
            command, cwd=folder, env=environment(folder), stdout=file,
            stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
            start_new_session=True)
        try:
            code_of_exit = process.wait(limit)
            why = f'exit code {code_of_exit}'
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            why = f'not done after {limit} seconds'
    if why == 'exit code 0':
        return
    line, _, command = (failed.read_text().strip() if failed.exists()
                        else f'{block.line} {code}').partition(' ')
    tail = '\n'.join(output.read_text(errors='replace').splitlines()[-25:])
    raise WrongPage(f'{block.page}:{line}: {why}\n$ {command}\n{tail}')


def environment(folder: Path) -> dict[str, str]:
    """The environment of commands: this Python, the copy's code, no cache."""
    return {
        **os.environ,
        'PATH': f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
        'PYTHONPATH': f'{folder}:{folder / "tests"}',
        'MMGEN_CACHE_DIR': str(folder / 'cache'),
        'OMP_NUM_THREADS': '1',
        'MKL_NUM_THREADS': '1',
    }


def copy_project(root: Path, folder: Path) -> None:
    """Copy what git knows or would take in, and make the stand-ins.

    Raises:
        WrongPage: The stand-ins cannot be made.
    """
    listed = subprocess.run(
        ['git', 'ls-files', '-z', '--cached', '--others',
         '--exclude-standard'], cwd=root, check=True, stdout=subprocess.PIPE)
    for name in filter(None, listed.stdout.decode().split('\0')):
        if (root / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, folder / name)
    if not (folder / MAKE_STAND_INS).is_file():
        return
    done = subprocess.run(
        [sys.executable, MAKE_STAND_INS], cwd=folder, text=True,
        env=environment(folder), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT)
    if done.returncode:
        raise WrongPage(f'{MAKE_STAND_INS}: exit code {done.returncode}\n'
                        f'{done.stdout}')


def run_page(blocks: list[Block], project: Path, limit: int) -> list[str]:
    """Run a page's blocks in a copy of ``project``; what was wrong.

    What follows a block that failed is run as well.
    """
    wrong, start = [], time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / 'mmgen'
        shutil.copytree(project, copy, symlinks=True)
        for block in blocks:
            try:
                if block.runs:
                    run_block(block, copy, limit)
                else:
                    compile_block(block)
            except WrongPage as error:
                wrong.append(str(error))
    if commands := sum(block.commands for block in blocks if block.runs):
        print(f'{blocks[0].page}: {commands} commands, '
              f'{time.monotonic() - start:.0f} s', flush=True)
    return wrong


def report(blocks: list[Block], pages: int, seconds: float) -> str:
    """How many commands were run, and which were not and why."""
    run = sum(block.commands for block in blocks if block.runs)
    compiled = [block for block in blocks if not block.runs
                and (block.fragment or not block.needs)]
    marked = [block for block in blocks
              if block.needs and block.needs not in AT_HAND]
    lines = [f'{block.page}:{block.line}: needs {block.needs}: '
             f'{block.code.splitlines()[0]}' for block in marked]
    kinds = Counter()
    for block in marked:
        kind = next(kind for kind in NEEDS if block.needs.startswith(kind))
        kinds[kind] += block.commands
    why = ', '.join(f'{count} {kind}' for kind, count in sorted(kinds.items()))
    return '\n'.join([
        *lines,
        f'{run} commands of {pages} pages ran in {seconds:.0f} s; '
        f'{len(compiled)} pieces were compiled; {sum(kinds.values())} commands '
        f'are marked as needing something ({why or "none"}).'])


def all_pages(root: Path) -> list[str]:
    """The pages whose commands are promised to work."""
    paths = [root / 'README.md', root / 'CONTRIBUTING.md',
             *sorted(root.glob('docs/*.md'))]
    return [str(path.relative_to(root)) for path in paths if path.is_file()]


def main() -> None:
    """Run every page; say what is wrong, and what was not run."""
    args = parse_args()
    start = time.monotonic()
    pages = args.pages or all_pages(args.root)
    try:
        blocks = {page: read_blocks(args.root, page) for page in pages}
        with tempfile.TemporaryDirectory() as folder:
            copy_project(args.root, Path(folder))
            with ThreadPoolExecutor(args.jobs) as pool:
                # The longest first, so that none is left over at the end.
                order = sorted(blocks, reverse=True, key=lambda page: sum(
                    block.commands for block in blocks[page] if block.runs))
                results = list(pool.map(
                    lambda page: run_page(
                        blocks[page], Path(folder), args.limit), order))
    except WrongPage as error:
        sys.exit(str(error))
    print(report([*chain(*blocks.values())], len(pages),
                 time.monotonic() - start))
    if wrong := [*chain(*results)]:
        sys.exit('\n\n'.join([*wrong, f'{len(wrong)} blocks are wrong.']))


if __name__ == '__main__':
    main()
