"""Which values of a metric are the best, and which may be compared."""
import math
from collections.abc import Callable
from dataclasses import dataclass

from mmgen.visualization.report.run import Curve, Run


@dataclass(frozen=True)
class MetricRules:
    """What this room does not know of metrics.

    Attributes:
        compare: Takes two identity cards; a `ValueError` says which field
            keeps their numbers from being compared.
        rule: Takes a result key; ``'less'`` or ``'greater'``, whichever is
            better, or None if it is not known.
    """
    compare: Callable[[dict, dict], dict[str, float]]
    rule: Callable[[str], str | None]

    def why_not(self, key: str, first: dict, second: dict) -> str | None:
        """Why results ``key`` of two cards do not compare, None if they do."""
        try:
            self.compare(*(dict(results={key: card[key]})
                           for card in (first, second)))
        except ValueError as error:
            return str(error).removeprefix('compare_results: ')
        return None


def best_of(key: str, curve: Curve,
            rules: MetricRules) -> tuple[int, float] | None:
    """Iteration and value of the best, None if the rule is not known."""
    choose = dict(less=min, greater=max).get(rules.rule(key) or '')
    finite = {step: value for step, value in curve.items()
              if math.isfinite(value)}
    if choose is None or not finite:
        return None
    step = choose(finite, key=finite.__getitem__)
    return step, finite[step]


def changes_of_identity(key: str, run: Run,
                        rules: MetricRules) -> dict[int, str]:
    """Iterations from which on the metric was another, and how."""
    changes = {}
    cards = {step: card for step, card in sorted(run.cards.items())
             if key in card and step in run.validation.get(key, {})}
    before = None
    for step, card in cards.items():
        reason = rules.why_not(key, before, card) if before else None
        if reason:
            changes[step] = reason
        before = card
    return changes


def compare_metrics(first: Run, second: Run,
                    rules: MetricRules) -> list[dict]:
    """The best values of two runs, a dict for each key that both have.

    Each has ``key``, ``best`` (two pairs of iteration and value), and either
    ``difference``, second minus first, or ``reason``, why there is none.
    """
    rows = []
    for key in first.validation:
        if key not in second.validation:
            continue
        best = [best_of(key, run.validation[key], rules)
                for run in (first, second)]
        if None in best:
            continue
        row = dict(key=key, best=best)
        cards = [run.cards.get(step, {})
                 for run, (step, _) in zip((first, second), best)]
        if not all(key in card for card in cards):
            row['reason'] = 'A run has no identity card of its best value.'
        elif reason := rules.why_not(key, *cards):
            row['reason'] = reason
        else:
            row['difference'] = best[1][1] - best[0][1]
        rows.append(row)
    return rows
