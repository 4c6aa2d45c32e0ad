"""stylegan3 (the authors of StyleGAN3): ``network.pkl``, T and R.

The generator has our form and images in RGB. The discriminator is that of
stylegan2-ada-pytorch.
"""
from mmgen.apis.conversion.official_pickle import read_networks
from mmgen.apis.conversion.source import Layout, Source
from mmgen.apis.conversion.stylegan2_ada_pytorch import (LAYOUTS,
                                                         count_resolutions)

GENERATOR = (
    (r'mapping\.(w_avg|(embed|fc\d+)\.(weight|bias))', r'style_mapping.\1'),
    (r'(synthesis\.input\.(affine\.)?\w+)', r'\1'),
    (r'(synthesis\.L\d+_\d+_\d+\.(affine\.)?\w+)', r'\1'),
)

STYLEGAN3 = Source(
    config='styleganv3/stylegan3-t_cvt-official-rgb_8xb4_ffhq-1024x1024.py',
    layouts=dict(
        generator=Layout(
            r'synthesis\.input\.', GENERATOR,
            image_entries=((r'synthesis\.L\d+_\d+_3\.(weight|bias)', 0), )),
        discriminator=LAYOUTS['discriminator']),
    read=read_networks,
    flat=count_resolutions)
