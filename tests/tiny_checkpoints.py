"""What a run leaves behind, for tests: a config and a checkpoint of it."""
import copy
from pathlib import Path

import torch
from mmengine.config import Config

from mmgen.registry import MODELS


def write_run(folder: Path, model_cfg: dict, name: str = 'iter_3.pth',
              seed: int = 0, gain: float = 1.0, **settings) -> Path:
    """A work directory with ``config.py`` and a checkpoint of random weights.

    Args:
        folder: Made if it is not there.
        model_cfg: Of the model.
        name: Of the checkpoint.
        seed: Of the weights; the averages get others than what they average.
        gain: Factor of the weights, for networks that begin so weak that
            their images are all grey.
        settings: Further entries of the config.
    """
    folder.mkdir(parents=True, exist_ok=True)
    Config(dict(model=copy.deepcopy(model_cfg), **copy.deepcopy(settings))
           ).dump(folder / 'config.py')
    torch.manual_seed(seed)
    model = MODELS.build(copy.deepcopy(model_cfg))
    with torch.no_grad():
        for parameter in model.parameters():
            # By a few percent: spectral norms would not follow more. What
            # begins at zero, as the strength of noise does, has to do more.
            draw = torch.randn_like(parameter)
            if parameter.any():
                parameter.mul_(gain * (1 + 0.03 * draw))
            else:
                parameter.add_(0.1 * draw)
    torch.save(dict(meta={}, state_dict=model.state_dict()), folder / name)
    return folder
