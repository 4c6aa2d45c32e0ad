"""Half a wave of the cosine from one number to another."""
from math import cos, pi


def cosine_ramp(first: float, last: float, progress: float) -> float:
    """``first`` at progress 0, ``last`` from 1 on; level at both ends."""
    done = min(max(progress, 0.0), 1.0)
    return last + (first - last) * (1 + cos(pi * done)) / 2
