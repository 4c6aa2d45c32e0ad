"""SAGAN on CIFAR-10 at 32x32, shortcuts of D activated.

Paper: Zhang, Goodfellow, Metaxas and Odena 2018, arXiv:1805.08318.
Data: the python version of CIFAR-10 under data/cifar10.
Result: see README.md beside this file.
Cost: 1 GPU, 500k iterations of 64 images each.
Command: python tools/train.py \
    configs/sagan/sagan_wReLUinplace_lr2e-4-ndisc5-1xb64_cifar10-32x32.py
"""
_base_ = './sagan_woReLUinplace_lr2e-4-ndisc5-1xb64_cifar10-32x32.py'

# The discriminator's shortcuts take the activated input, see SNGANDiscResBlock.
act_cfg = dict(type='ReLU', inplace=True)
model = dict(
    generator=dict(act_cfg=act_cfg), discriminator=dict(act_cfg=act_cfg))
