#!/usr/bin/env python
"""How long `import mmgen` takes beyond `import torch`.

Each round imports in fresh processes, one after the other, so that a busy
moment of the machine meets all of them; the extra time is the median over the
rounds of the difference within a round.
"""
import argparse
import json
import statistics
import subprocess
import sys

# Only the import is timed, not the start of Python. torch stands first in all
# of them, so that the difference is what comes on top.
STATEMENTS = {
    'torch': 'import torch',
    'torch, mmgen': 'import torch, mmgen',
    'torch, mmgen.registry': 'import torch, mmgen.registry',
}
PROGRAM = """
import time
start = time.perf_counter()
{statement}
print(time.perf_counter() - start)
"""


def seconds(statement: str) -> float:
    """Time of the statement in a process of its own."""
    program = PROGRAM.format(statement=statement)
    done = subprocess.run([sys.executable, '-c', program], check=True,
                          capture_output=True, text=True)
    return float(done.stdout)


def measure(runs: int) -> dict[str, dict[str, float]]:
    """Median seconds of each statement, in all and beyond torch alone."""
    for statement in STATEMENTS.values():
        seconds(statement)  # fills the file caches
    rounds = [{name: seconds(statement)
               for name, statement in STATEMENTS.items()}
              for _ in range(runs)]
    return {
        name: dict(
            seconds=statistics.median(one[name] for one in rounds),
            beyond_torch=statistics.median(one[name] - one['torch']
                                           for one in rounds))
        for name in STATEMENTS
    }


def main() -> None:
    """Measure and print a line for each statement, then one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--runs', type=int, default=9,
                        help='rounds of fresh processes')
    args = parser.parse_args()
    results = measure(args.runs)
    for name, result in results.items():
        print(f'import {name:<24} {result["seconds"]:6.3f} s   '
              f'{result["beyond_torch"]:+.3f} s')
    print(json.dumps(dict(runs=args.runs, imports=results)))


if __name__ == '__main__':
    main()
