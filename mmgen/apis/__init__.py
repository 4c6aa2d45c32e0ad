"""The door for a user's script."""
from mmgen.apis.inference import (init_model, sample_conditional_model,
                                  sample_ddpm_model, sample_img2img_model,
                                  sample_unconditional_model, set_random_seed)
from mmgen.apis.sampler import Sampler, load

__all__ = [
    'Sampler', 'init_model', 'load', 'sample_conditional_model',
    'sample_ddpm_model', 'sample_img2img_model', 'sample_unconditional_model',
    'set_random_seed'
]
