"""The launch scripts, with stand-ins for srun, python and our programs."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

TOOLS = Path(__file__).parents[2] / 'tools'
SCRIPTS = ('dist_train.sh', 'dist_test.sh', 'slurm_train.sh', 'slurm_test.sh')

# Writes down how it was called. The scripts ask python for a free port first.
RECORDER = f'''#!{sys.executable}
import json, os, sys
if sys.argv[1] == '-c':
    exec(sys.argv[2])
    sys.exit()
names = ('PYTHONPATH', 'OMP_NUM_THREADS', 'MKL_NUM_THREADS',
         'PET_SIGNALS_TO_HANDLE')
env = {{name: os.environ.get(name) for name in names}}
print(json.dumps(dict(argv=sys.argv[1:], env=env)))
'''


@pytest.fixture
def call(tmp_path):
    """Run a script; what the stand-in for python or srun was called with."""
    binaries = tmp_path / 'a bin'
    binaries.mkdir()
    for name in ('python', 'srun'):
        (binaries / name).write_text(RECORDER)
        (binaries / name).chmod(0o755)

    def run(script, *args, **env):
        clean = {
            name: value
            for name, value in os.environ.items()
            if name in ('HOME', 'LANG', 'TMPDIR')
        }
        done = subprocess.run(
            ['bash', str(TOOLS / script), *args],
            env=dict(clean, PATH=f'{binaries}:/usr/bin:/bin', **env),
            cwd=tmp_path,
            capture_output=True,
            text=True)
        if done.returncode:
            return done
        return json.loads(done.stdout)

    return run


def _options(argv):
    """``--name value`` and ``--name=value`` up to the program."""
    text = ' '.join(argv)
    return dict(re.findall(r'--([a-z-]+)[ =](\S+)', text))


def test_dist_train_calls_torchrun(call):
    called = call('dist_train.sh', 'a config.py', '3', '--amp',
                  '--cfg-options', 'a=b c', '--resume')
    argv = called['argv']
    program = argv.index(str(TOOLS / 'train.py'))
    assert argv[0] == str(TOOLS / 'launch.py')
    options = _options(argv[:program])
    port = int(options.pop('master-port'))
    assert 1024 < port < 65536
    assert options == {
        'nnodes': '1',
        'node-rank': '0',
        'master-addr': '127.0.0.1',
        'nproc-per-node': '3'
    }
    assert argv[program + 1:] == [
        'a config.py', '--launcher', 'pytorch', '--amp', '--cfg-options',
        'a=b c', '--resume'
    ]
    assert called['env']['OMP_NUM_THREADS'] == '1'
    assert called['env']['MKL_NUM_THREADS'] == '1'
    assert 'SIGUSR1' in called['env']['PET_SIGNALS_TO_HANDLE']
    assert Path(called['env']['PYTHONPATH']).resolve() == TOOLS.parent


def test_dist_test_calls_torchrun(call):
    argv = call('dist_test.sh', 'c.py', 'last one.pth', '2', '--out',
                'r.json')['argv']
    program = argv.index(str(TOOLS / 'test.py'))
    assert argv[:2] == ['-m', 'torch.distributed.run']
    assert _options(argv[:program])['nproc-per-node'] == '2'
    assert argv[program + 1:] == [
        'c.py', 'last one.pth', '--launcher', 'pytorch', '--out', 'r.json'
    ]


@pytest.mark.parametrize('script, args', [
    ('dist_train.sh', ['c.py', '2']),
    ('dist_test.sh', ['c.py', 'k.pth', '2']),
])
def test_environment_of_the_user_is_taken(call, script, args):
    called = call(
        script,
        *args,
        NNODES='4',
        NODE_RANK='3',
        MASTER_ADDR='10.0.0.1',
        OMP_NUM_THREADS='6',
        PYTHONPATH='/mine')
    options = _options(called['argv'])
    assert options['nnodes'] == '4' and options['node-rank'] == '3'
    assert options['master-addr'] == '10.0.0.1'
    # All machines must name the same port, so it is not picked by chance.
    assert options['master-port'] == '29500'
    assert called['env']['OMP_NUM_THREADS'] == '6'
    assert called['env']['PYTHONPATH'].endswith(':/mine')
    assert _options(call(script, *args, PORT='1234')['argv']
                    )['master-port'] == '1234'


@pytest.mark.parametrize('script, args', [
    ('dist_train.sh', ['c.py', '2']),
    ('dist_test.sh', ['c.py', 'k.pth', '2']),
])
def test_several_machines_need_the_address_of_the_first(call, script, args):
    done = call(script, *args, NNODES='2', NODE_RANK='1')
    assert done.returncode == 2 and done.stdout == ''
    assert done.stderr == (
        f'{script}: NNODES=2, but MASTER_ADDR is not set. Set it to the '
        'address of machine 0, the same on all machines.\n')


def test_free_port_differs_from_run_to_run(call):
    ports = {
        _options(call('dist_train.sh', 'c.py', '1')['argv'])['master-port']
        for _ in range(4)
    }
    assert len(ports) > 1


def test_slurm_train_calls_srun(call):
    called = call(
        'slurm_train.sh',
        'gpu',
        'my job',
        'c.py',
        'work dir',
        '--amp',
        GPUS='16',
        SRUN_ARGS='--qos=high --signal=USR1@120')
    argv = called['argv']
    assert argv == [
        '--partition=gpu', '--job-name=my job', '--gres=gpu:8',
        '--ntasks=16', '--ntasks-per-node=8', '--cpus-per-task=5',
        '--kill-on-bad-exit=1', '--qos=high', '--signal=USR1@120', 'python',
        '-u', str(TOOLS / 'train.py'), 'c.py', '--work-dir', 'work dir',
        '--launcher', 'slurm', '--amp'
    ]
    assert Path(called['env']['PYTHONPATH']).resolve() == TOOLS.parent


def test_slurm_test_calls_srun(call):
    argv = call(
        'slurm_test.sh',
        'gpu',
        'job',
        'c.py',
        'k.pth',
        '--out',
        'r.json',
        GPUS='4',
        GPUS_PER_NODE='2',
        CPUS_PER_TASK='9')['argv']
    assert argv == [
        '--partition=gpu', '--job-name=job', '--gres=gpu:2', '--ntasks=4',
        '--ntasks-per-node=2', '--cpus-per-task=9', '--kill-on-bad-exit=1',
        'python', '-u', str(TOOLS / 'test.py'), 'c.py', 'k.pth',
        '--launcher', 'slurm', '--out', 'r.json'
    ]


def test_slurm_asks_for_no_more_gpus_than_the_job_has(call):
    argv = call('slurm_test.sh', 'p', 'j', 'c', 'k', GPUS='3')['argv']
    assert '--gres=gpu:3' in argv and '--ntasks-per-node=3' in argv


@pytest.mark.parametrize('script, args', [
    ('dist_train.sh', []),
    ('dist_train.sh', ['c.py']),
    ('dist_train.sh', ['c.py', 'two']),
    ('dist_train.sh', ['c.py', '0']),
    ('dist_test.sh', ['c.py', '2']),
    ('dist_test.sh', ['c.py', 'k.pth', '--out']),
    ('slurm_train.sh', ['p', 'j', 'c.py']),
    ('slurm_test.sh', []),
])
def test_missing_arguments_show_the_usage(call, script, args):
    done = call(script, *args)
    assert done.returncode == 2
    assert f'Usage: bash tools/{script} ' in done.stderr
    assert done.stdout == ''


@pytest.mark.parametrize('script', SCRIPTS)
def test_scripts_are_sound_bash(script):
    text = (TOOLS / script).read_text()
    assert text.startswith('#!/usr/bin/env bash\n')
    assert 'set -euo pipefail' in text
    subprocess.run(['bash', '-n', str(TOOLS / script)], check=True)


# A stand-in for tools/train.py that stops as ours does when it is asked to.
PROGRAM = '''
import os, sys, time
from pathlib import Path
from mmengine.dist import barrier, get_rank
from mmgen.engine.distributed import destroy_dist, init_dist
from mmgen.engine.signals import EXIT_STOPPED, StopRequest, mark_stopped
out = Path(sys.argv[1])
init_dist('pytorch')
with StopRequest() as stop:
    part = out / f'part{get_rank()}'
    part.write_text(str(os.getpid()))
    part.rename(out / f'ready{get_rank()}')
    for i in range(600):
        time.sleep(0.1)
        if (out / 'fail').exists():
            sys.exit(3)
        if stop.agreed():
            break
name = stop.received and stop.received.name
(out / f'stopped{get_rank()}').write_text(f'{i} {name}')
barrier()
mark_stopped()
destroy_dist()
sys.exit(EXIT_STOPPED)
'''


@pytest.fixture
def training(tmp_path):
    """The stand-in with two processes under the real torchrun, once ready."""
    tools = tmp_path / 'tools'
    tools.mkdir()
    for name in ('dist_train.sh', 'launch_env.sh', 'launch.py'):
        shutil.copy(TOOLS / name, tools)
    (tools / 'train.py').write_text(PROGRAM)
    temporary = tmp_path / 'temporary'
    temporary.mkdir()
    environ = dict(
        os.environ,
        PATH=f'{Path(sys.executable).parent}:{os.environ["PATH"]}',
        PYTHONPATH=str(TOOLS.parent),
        TMPDIR=str(temporary))
    process = subprocess.Popen(
        ['bash', str(tools / 'dist_train.sh'), str(tmp_path), '2'],
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True)
    deadline = time.time() + 90
    while not all((tmp_path / f'ready{rank}').exists() for rank in (0, 1)):
        assert time.time() < deadline and process.poll() is None
        time.sleep(0.1)
    yield process
    process.kill()
    assert not list(temporary.glob('mmgen_launch_*'))


@pytest.mark.slow
@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGUSR1])
def test_signal_to_the_script_stops_all_and_ends_with_85(
        tmp_path, training, number):
    training.send_signal(number)
    output, _ = training.communicate(timeout=60)
    assert training.returncode == 85, output
    stopped = [(tmp_path / f'stopped{rank}') for rank in (0, 1)]
    first, second = (path.read_text().split() for path in stopped)
    assert first == second
    assert first[1] == number.name


@pytest.mark.slow
def test_signal_to_one_process_ends_with_85(tmp_path, training):
    os.kill(int((tmp_path / 'ready1').read_text()), signal.SIGUSR1)
    output, _ = training.communicate(timeout=60)
    assert training.returncode == 85, output
    assert (tmp_path / 'stopped0').read_text().endswith(' None')


@pytest.mark.slow
def test_failure_keeps_the_code_of_torchrun(tmp_path, training):
    (tmp_path / 'fail').touch()
    output, _ = training.communicate(timeout=60)
    assert training.returncode == 1
    assert 'ChildFailedError' in output and 'exitcode  : 3' in output
