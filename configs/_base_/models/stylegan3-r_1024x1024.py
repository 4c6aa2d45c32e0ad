# StyleGAN3-R at 1024x1024: no kernel and no filter has a direction, and there
# are twice as many channels (Karras et al. 2021, arXiv:2106.12423).
_base_ = ['./stylegan3-t_1024x1024.py']

model = dict(
    generator=dict(
        synthesis_cfg=dict(
            channel_base=65536,
            channel_max=1024,
            conv_kernel=1,
            use_radial_filters=True)))
