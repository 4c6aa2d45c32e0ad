"""The tool that runs the commands of guides, on projects of a page or two."""
import subprocess

import pytest
from scripts import run_script

TOOL = 'tools/misc/doc_commands.py'


@pytest.fixture
def run(tmp_path, monkeypatch, capsys):
    """Run the tool over a page; what it printed."""
    project = tmp_path / 'project'
    (project / 'docs').mkdir(parents=True)
    subprocess.run(['git', 'init', '--quiet', project], check=True)

    def run(page, *args):
        (project / 'docs' / 'guide.md').write_text(page)
        run_script(monkeypatch, TOOL, '--root', project, *args)
        return capsys.readouterr().out

    return run


def fenced(code, language='bash', mark=''):
    return f'# Guide\n\n{mark}\n```{language}\n{code}\n```\n'


def test_blocks_run_in_order_in_a_copy(run, tmp_path):
    said = run(fenced('mkdir out\necho one > out/a  # a comment')
               + fenced('# only a comment\ntest "$(cat out/a)" \\\n  = one'))
    assert '3 commands of 1 pages ran' in said
    assert not (tmp_path / 'project' / 'out').exists()


def test_other_fences_are_passed_over(run):
    said = run(fenced('false', '{toctree}') + fenced('false', 'text')
               + fenced('false', '') + fenced('true'))
    assert '1 commands of 1 pages ran' in said


def test_a_failing_command_is_named_with_page_line_and_output(run):
    page = fenced('true\n\necho about to fail; \\\n  ls no_such_file\ntrue')
    with pytest.raises(SystemExit) as stop:
        run(page)
    words = str(stop.value)
    assert words.startswith('docs/guide.md:8: exit code 2\n$ ls no_such_file')
    assert 'about to fail' in words and 'No such file' in words
    assert words.endswith('1 blocks are wrong.')


def test_a_command_without_end_is_stopped(run):
    with pytest.raises(SystemExit, match='5: not done after 1 seconds'):
        run(fenced('sleep 60'), '--limit', '1')


def test_an_unknown_placeholder_is_refused(run):
    with pytest.raises(SystemExit, match=r'guide.md:5: no stand-in for THING;'):
        run(fenced('echo THING'))


@pytest.mark.parametrize('word', [
    '"$HOME"', 'NNODES=2', '# THING', '--metrics FID', 'CONFIG',
    'OLD.py'])
def test_what_looks_like_a_placeholder_and_is_none(run, word):
    assert '1 commands' in run(fenced(f'env echo {word}'))


def test_marked_blocks_are_counted_and_not_run(run):
    said = run(fenced('false\nfalse', mark='<!-- needs: gpu of 80 GB -->')
               + fenced('false', mark='<!-- needs: data ImageNet -->'))
    assert 'docs/guide.md:5: needs gpu of 80 GB: false' in said
    assert '0 commands of 1 pages' in said
    assert '3 commands are marked' in said and '(1 data, 2 gpu)' in said


def test_what_stand_ins_have_is_run(run):
    with pytest.raises(SystemExit, match='exit code 1'):
        run(fenced('false', mark='<!-- needs: data photos -->'))


def test_a_mark_must_name_a_known_need(run):
    with pytest.raises(SystemExit, match='needs "patience", which begins'):
        run(fenced('true', mark='<!-- needs: patience -->'))


def test_programs_run_and_pieces_of_configs_are_compiled(run):
    assert '1 commands' in run(fenced('import os\nassert os', 'python'))
    said = run(fenced('model = dict(type=Unknown)', 'python')
               + fenced('from .x import y', 'python', '<!-- fragment -->'))
    assert '0 commands' in said and '2 pieces were compiled' in said


@pytest.mark.parametrize('code, language, words', [
    ('import os\nassert not os', 'python', 'AssertionError'),
    ('x = 1\nmodel = dict(', 'python', r"guide.md:6: '\(' was never closed"),
])
def test_wrong_python_is_named(run, code, language, words):
    with pytest.raises(SystemExit, match=words):
        run(fenced(code, language))


def test_a_fragment_of_bash_must_be_valid(run):
    mark = '<!-- fragment -->'
    assert '1 pieces' in run(fenced('no_such_command', mark=mark))
    with pytest.raises(SystemExit, match='guide.md:5: bash'):
        run(fenced('if true', mark=mark))


@pytest.mark.parametrize('command, ran', [
    ('python tools/train.py x.py  # long', '{} --cfg-options {}'),
    ('python tools/train.py x.py \\\n  --cfg-options a=1', '{} {}'),
])
def test_trainings_are_made_short(run, tmp_path, command, ran):
    tool = tmp_path / 'project' / 'tools' / 'train.py'
    tool.parent.mkdir()
    tool.write_text('import sys\nsys.exit(" ".join(sys.argv[1:]))')
    with pytest.raises(SystemExit) as stop:
        run(fenced(command))
    asked = command.partition('  #')[0].replace('\\\n  ', '')
    asked = asked.removeprefix('python tools/train.py ')
    short = 'train_cfg.max_iters=2 train_cfg.val_interval=2 '
    assert f'\n{ran.format(asked, short)}' in str(stop.value)


def test_stand_ins_that_fail_are_shown(run, tmp_path):
    tool = tmp_path / 'project' / 'tests' / 'doc_stand_ins.py'
    tool.parent.mkdir()
    tool.write_text('raise SystemExit("no picture")')
    with pytest.raises(SystemExit, match='stand_ins.py: exit code 1\nno pict'):
        run(fenced('true'))
