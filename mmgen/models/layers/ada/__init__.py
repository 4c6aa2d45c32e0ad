"""Augmentation that does not leak, and how its probability changes."""
from .adaptive import ADAAug
from .pipe import AugmentPipe
from .ramp import RampUpAug

__all__ = ['ADAAug', 'AugmentPipe', 'RampUpAug']
