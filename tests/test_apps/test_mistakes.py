"""What a user gets wrong ends the script with a sentence that says what."""
import pytest
from families import FAMILIES
from scripts import run_script
from tiny_checkpoints import write_run
from tiny_diffusion import DIFFUSION
from tiny_translation import TRANSLATIONS

MODELS = dict(FAMILIES, ddpm=DIFFUSION, **TRANSLATIONS)


@pytest.mark.parametrize('script, family, args, words', [
    ('apps/interpolate_sample', 'dcgan', ['--space', 'w'], 'has no styles'),
    ('apps/interpolate_sample', 'dcgan', ['--endpoint', 1], '1 endpoints'),
    ('apps/interpolate_sample', 'stylegan2', ['--proj-latent', 'no.npz'],
     'There is no projection no.npz'),
    ('apps/conditional_interpolate', 'biggan', ['--label', 0, 1, 2],
     'BigGAN: labels have shape'),
    ('apps/modified_sefa', 'dcgan', [], 'has no styles. Give a StyleGAN'),
    ('apps/modified_sefa', 'stylegan2', ['-i', 8],
     'There is no direction 8, expected 0 to 7'),
    ('apps/modified_sefa', 'stylegan2', ['-l', 6],
     'There is no layer 6, expected 0 to 5'),
    ('apps/modified_sefa', 'stylegan2', ['--eigen-vector', 'no.pth'],
     'There is no checkpoint no.pth'),
    ('apps/modified_sefa', 'stylegan2', ['--label', 1], 'has no classes'),
    ('apps/style_mixing', 'stylegan2', ['--inject-index', 9],
     'inject_index=9, expected the layer'),
    ('apps/style_mixing', 'stylegan2_classes', ['--label', 3],
     'label 3 is out of range'),
    ('apps/truncation_sweep', 'dcgan', [], 'knows none. Leave it at 1'),
    ('apps/stylegan_projector', 'stylegan2', ['no.png'],
     'There is no picture no.png'),
    ('apps/stylegan_projector', 'dcgan', ['no.png'], 'has no styles'),
    ('apps/stylegan_projector', 'stylegan2', [__file__], 'is no picture'),
    ('apps/stylegan_projector', 'stylegan2', ['no.png', '--lr', 0],
     'lr=0.0, expected a number above 0'),
    ('demo/unconditional_demo', 'cyclegan', [], 'translates images'),
    ('demo/unconditional_demo', 'dcgan', ['--num-samples', 0],
     'expected at least 1 image'),
    ('demo/unconditional_demo', 'dcgan', ['--sample-cfg', 'odd=1'], 'odd'),
    ('demo/conditional_demo', 'dcgan', [], 'use unconditional_demo.py'),
    ('demo/conditional_demo', 'biggan', ['--label', 7], 'is out of range'),
    ('demo/translation_demo', 'dcgan', ['no.png'], 'does not translate'),
    ('demo/translation_demo', 'cyclegan', ['no.png'],
     'Give the file of an image'),
    ('demo/ddpm_demo', 'dcgan', [], 'Use sample_unconditional_model'),
])
def test_one_sentence_and_no_traceback(
        script, family, args, words, tmp_path, monkeypatch):
    run = write_run(tmp_path / 'run', MODELS[family])
    with pytest.raises(SystemExit) as stop:
        run_script(monkeypatch, f'{script}.py', run, *args, '--device', 'cpu')
    assert words in stop.value.code  # what Python prints to stderr


@pytest.mark.parametrize('args, words', [
    (['no_such_folder/config.py', 'a.pth'], 'There is no config'),
    (['configs/dcgan/dcgan_1xb128-5epoches_lsun-bedroom-64x64.py'],
     'Give a checkpoint too'),
    (['configs/dcgan/dcgan_1xb128-5epoches_lsun-bedroom-64x64.py', 'a.pth'],
     'There is no checkpoint a.pth'),
    (['configs/_base_/default_runtime.py', 'a.pth'],
     'default_runtime.py has no model'),
    (['docs'], 'has no checkpoint')])
def test_a_model_that_is_not_there(args, words, monkeypatch):
    with pytest.raises(SystemExit) as stop:
        run_script(monkeypatch, 'demo/unconditional_demo.py', *args,
                   '--device', 'cpu')
    assert words in stop.value.code
