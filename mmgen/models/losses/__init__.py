"""Formulas of losses, and modules that configs can name."""
from .adversarial import GANLoss, gan_loss
from .clip_loss import CLIPLoss
from .diffusion import (DDPMLoss, DDPMMSELoss, DDPMVLBLoss,
                        DiscretizedGaussianLogLikelihoodLoss, GaussianKLDLoss,
                        discretized_gaussian_log_likelihood, gaussian_kld)
from .disc_shift import DiscShiftLoss, disc_shift_loss
from .face_id import ArcFace, FaceIdLoss
from .gradient_penalty import (GradientPenaltyLoss, R1GradientPenalty,
                               R2GradientPenalty, gradient_penalty_loss,
                               r1_gradient_penalty_loss,
                               r2_gradient_penalty_loss)
from .loss_from_outputs import LazyLossFromOutputs, LossFromOutputs
from .path_length import GeneratorPathRegularizer, gen_path_regularizer
from .pixelwise import L1Loss, MSELoss, l1_loss, mse_loss, reduce_loss
from .relativistic import relativistic_pairing_loss

__all__ = [
    'ArcFace', 'CLIPLoss', 'DDPMLoss', 'DDPMMSELoss', 'DDPMVLBLoss',
    'DiscShiftLoss', 'DiscretizedGaussianLogLikelihoodLoss', 'FaceIdLoss',
    'GANLoss', 'GaussianKLDLoss', 'GeneratorPathRegularizer',
    'GradientPenaltyLoss', 'L1Loss', 'LazyLossFromOutputs', 'LossFromOutputs',
    'MSELoss', 'R1GradientPenalty', 'R2GradientPenalty', 'disc_shift_loss',
    'discretized_gaussian_log_likelihood', 'gan_loss', 'gaussian_kld',
    'gen_path_regularizer', 'gradient_penalty_loss', 'l1_loss', 'mse_loss',
    'r1_gradient_penalty_loss', 'r2_gradient_penalty_loss', 'reduce_loss',
    'relativistic_pairing_loss'
]
