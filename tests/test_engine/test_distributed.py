"""Two processes against one. This file is also their program."""
import logging
import os
import signal
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
import torch
import torch.distributed as torch_dist
from mmengine.dist import get_rank
from mmengine.optim import OptimWrapper
from mmengine.runner.checkpoint import get_state_dict
from mmengine.runner.checkpoint import load_state_dict as mmengine_load
from mmengine.utils.dl_utils import set_multi_processing
from mmgen.engine.amp import AmpOptimWrapper
from mmgen.engine.distributed import (MMSeparateDistributedDataParallel,
                                      broadcast_buffers, destroy_dist,
                                      first_slurm_host, init_dist, unwrap)
from mmgen.engine.signals import StopRequest
from mmgen.registry import MODEL_WRAPPERS
from torch import nn

WORLD_SIZE = 2
ITERS = 4
BATCH = 3  # per process and iteration


class ToyGAN(nn.Module):
    """Trained, frozen and parameterless parts, and layers with versions."""

    def __init__(self):
        super().__init__()
        self.data_preprocessor = nn.Identity()
        torch.manual_seed(0)
        self.generator = nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Tanh(), nn.Linear(8, 5))
        self.discriminator = nn.Sequential(
            nn.utils.spectral_norm(nn.Linear(5, 8)), nn.Tanh(),
            nn.Linear(8, 1))
        self.generator_ema = nn.Linear(2, 2).requires_grad_(False)
        self.noise_size = 4
        # A buffer with gaps in memory, and one that is no number.
        self.generator_ema.register_buffer(
            'strided', torch.arange(6.).reshape(2, 3).t())
        self.generator_ema.register_buffer('ready', torch.tensor(False))

    def forward(self, z):
        return self.generator(z)


class SmoothGAN(nn.Module):
    """Without batch statistics, so that gradients are means over images."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(1)
        self.generator = nn.Sequential(
            nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 5))
        self.discriminator = nn.Sequential(
            nn.Linear(5, 8), nn.Softplus(), nn.Linear(8, 1))


def _data(rank, iteration):
    generator = torch.Generator().manual_seed(10 * iteration + rank)
    return (torch.randn(BATCH, 5, generator=generator),
            torch.randn(BATCH, 4, generator=generator))


def _disc_loss(model, real, z):
    real = real.requires_grad_()
    with torch.no_grad():
        fake = model.generator(z)
    real_logits = model.discriminator(real)
    fake_logits = model.discriminator(fake)
    grad, = torch.autograd.grad(
        real_logits.sum(), real, create_graph=True)
    r1 = grad.pow(2).sum(dim=1).mean()
    return (nn.functional.softplus(-real_logits).mean() +
            nn.functional.softplus(fake_logits).mean() + 5 * r1)


def _gen_loss(model, z):
    logits = model.discriminator(model.generator(z))
    return nn.functional.softplus(-logits).mean()


def _train(model, wrapper, wrappers, data_of):
    """Accumulate twice, step; the gradients just before each step."""
    gradients = []

    def note(optimizer, *_):
        gradients.append([
            p.grad.clone() for group in optimizer.param_groups
            for p in group['params']
        ])

    for optim_wrapper in wrappers:
        optim_wrapper.optimizer.register_step_pre_hook(note)
    optim_g, optim_d = wrappers
    for i in range(ITERS):
        real, z = data_of(i)
        with optim_d.optim_context(wrapper):
            loss = _disc_loss(model, real, z)
        optim_d.update_params(loss)
        model.discriminator.requires_grad_(False)
        with optim_g.optim_context(wrapper):
            loss = _gen_loss(model, z)
        optim_g.update_params(loss)
        model.discriminator.requires_grad_(True)
    return gradients


def _wrappers(model, amp=False, accumulate=2):
    return [
        (AmpOptimWrapper if amp else OptimWrapper)(
            optimizer=torch.optim.Adam(
                net.parameters(), lr=0.05, betas=(0., 0.9)),
            accumulative_counts=accumulate)
        for net in (model.generator, model.discriminator)
    ]


def _case_gradients(find_unused_parameters=False):
    model = SmoothGAN()
    wrapper = MMSeparateDistributedDataParallel(
        model,
        device_ids=[0],
        find_unused_parameters=find_unused_parameters)
    gradients = _train(model, wrapper, _wrappers(model),
                       lambda i: _data(get_rank(), i))
    return gradients, model.state_dict()


def _case_amp():
    model = SmoothGAN()
    wrapper = MMSeparateDistributedDataParallel(model)
    _train(model, wrapper, _wrappers(model, amp=True),
           lambda i: _data(get_rank(), i))
    return model.state_dict()


def _case_keys():
    model = ToyGAN()
    bare_keys = list(model.state_dict())
    bare_metadata = dict(model.state_dict()._metadata)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter('always')
        wrapper = MODEL_WRAPPERS.build(
            dict(
                type='MMSeparateDistributedDataParallel',
                broadcast_buffers=False,
                find_unused_parameters=False,
                module=model,
                device_ids=[0],
                output_device=0))
    state = wrapper.module.state_dict()

    # Each way of loading, into a model whose weights are all different.
    loaded = {}
    for way in ('torch', 'mmengine'):
        for form in ('bare', 'with module'):
            given = state.copy()
            given._metadata = state._metadata.copy()
            if form == 'with module':
                for key in list(given):
                    child, rest = key.split('.', 1)
                    if child in ('generator', 'discriminator'):
                        given[f'{child}.module.{rest}'] = given.pop(key)
            other = ToyGAN()
            for tensor in [*other.parameters(), *other.buffers()]:
                tensor.data = torch.ones_like(tensor.data)
            MMSeparateDistributedDataParallel(other)
            if way == 'torch':
                other.load_state_dict(given)
            else:
                mmengine_load(other, given, strict=True)
            loaded[f'{way}, {form}'] = all(
                torch.equal(value, state[key])
                for key, value in other.state_dict().items())
    return dict(
        bare_keys=bare_keys,
        keys=list(state),
        same_metadata=dict(state._metadata) == bare_metadata,
        mmengine_keys=list(get_state_dict(wrapper)),
        warnings=[str(warning.message) for warning in caught],
        loaded=loaded,
        noise_size=wrapper.noise_size,
        sampled=tuple(wrapper(torch.zeros(2, 4)).shape),
        wrapped={
            name: type(child).__name__
            for name, child in model.named_children()
        },
        unwrapped=unwrap(wrapper) is model
        and type(unwrap(wrapper.generator)) is nn.Sequential)


def _case_buffers():
    model = ToyGAN()
    MMSeparateDistributedDataParallel(model)
    rank = get_rank()
    for buffer in model.buffers():
        buffer.copy_(buffer + rank)
    broadcast_buffers(model)
    return {
        name.replace('.module.', '.'): buffer
        for name, buffer in model.named_buffers()
    }


def _case_stop():
    """Rank 1 alone gets a signal, in iteration 3."""
    with StopRequest() as stop:
        for i in range(10):
            if i == 3 and get_rank() == 1:
                os.kill(os.getpid(), signal.SIGUSR1)
            if stop.agreed():
                break
    # Not asked: the loop ends by itself, with one answer still on its way.
    with StopRequest() as quiet:
        answers = [quiet.agreed() for _ in range(3)]
    # Asked before something long: no iteration late.
    with StopRequest() as hasty:
        before = [hasty.agreed(), hasty.agreed(now=True)]
        if get_rank() == 1:
            os.kill(os.getpid(), signal.SIGUSR1)
        answers += before + [hasty.agreed(now=True)]
    return i, stop.received is not None, answers


def _main(out):
    init_dist('pytorch', timeout=60)
    init_dist('pytorch')  # a second call is harmless
    results = dict(
        backend=torch_dist.get_backend(),
        gradients=_case_gradients(),
        unused=_case_gradients(find_unused_parameters=True),
        amp=_case_amp(),
        keys=_case_keys(),
        buffers=_case_buffers(),
        stop=_case_stop())
    torch.save(results, Path(out) / f'{get_rank()}.pt')
    destroy_dist()
    assert not torch_dist.is_initialized()


def _free_port():
    with socket.socket() as s:
        s.bind(('127.0.0.1', 0))
        return s.getsockname()[1]


@pytest.fixture(scope='module')
def ranks(tmp_path_factory):
    """What each of two processes found."""
    out = tmp_path_factory.mktemp('ranks')
    env = dict(
        os.environ,
        WORLD_SIZE=str(WORLD_SIZE),
        MASTER_ADDR='127.0.0.1',
        MASTER_PORT=str(_free_port()),
        CUDA_VISIBLE_DEVICES='',
        OMP_NUM_THREADS='1',
        PYTHONPATH=os.pathsep.join(
            [str(Path(__file__).parents[2]),
             os.environ.get('PYTHONPATH', '')]))
    processes = [
        subprocess.Popen([sys.executable, __file__, str(out)],
                         env=dict(env, RANK=str(rank), LOCAL_RANK=str(rank)),
                         stderr=subprocess.PIPE,
                         text=True) for rank in range(WORLD_SIZE)
    ]
    errors = [process.communicate(timeout=120)[1] for process in processes]
    for process, error in zip(processes, errors):
        assert process.returncode == 0, error
    results = [
        torch.load(out / f'{rank}.pt', weights_only=False)
        for rank in range(WORLD_SIZE)
    ]
    for result, error in zip(results, errors):
        result['stderr'] = error
    return results


def _joint_data(iteration):
    parts = [_data(rank, iteration) for rank in range(WORLD_SIZE)]
    return [torch.cat(part) for part in zip(*parts)]


@pytest.mark.parametrize('case', ['gradients', 'unused'])
def test_gradients_of_two_equal_those_of_one_on_the_joint_batch(ranks, case):
    model = SmoothGAN()
    expected = _train(model, model, _wrappers(model), _joint_data)
    assert len(expected) == ITERS  # 2 networks, every second iteration
    for result in ranks:
        gradients, state = result[case]
        for got, wanted in zip(gradients, expected, strict=True):
            for g, w in zip(got, wanted, strict=True):
                torch.testing.assert_close(g, w, rtol=1e-4, atol=1e-6)
        for name, value in model.state_dict().items():
            torch.testing.assert_close(
                state[name], value, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize('case', ['gradients', 'unused'])
def test_parameters_stay_equal_bit_by_bit(ranks, case):
    first, second = (result[case][1] for result in ranks)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_parameters_stay_equal_with_amp(ranks):
    first, second = (result['amp'] for result in ranks)
    assert all(torch.equal(first[name], second[name]) for name in first)
    start = SmoothGAN().state_dict()
    assert not any(torch.equal(first[name], start[name]) for name in first)


def test_keys_of_a_checkpoint_are_those_of_one_process(ranks):
    for result in ranks:
        found = result['keys']
        assert found['keys'] == found['bare_keys']
        assert found['mmengine_keys'] == found['bare_keys']
        assert found['same_metadata']


def test_checkpoints_load_with_and_without_module(ranks):
    for result in ranks:
        assert result['keys']['loaded'] == {
            'torch, bare': True,
            'torch, with module': True,
            'mmengine, bare': True,
            'mmengine, with module': True
        }


def test_only_trained_children_are_wrapped(ranks):
    assert ranks[0]['keys']['wrapped'] == dict(
        data_preprocessor='Identity',
        generator='SubmoduleDDP',
        discriminator='SubmoduleDDP',
        generator_ema='Linear')


def test_wrapper_stands_for_the_model(ranks):
    found = ranks[0]['keys']
    assert found['noise_size'] == 4
    assert found['sampled'] == (2, 5)
    assert found['unwrapped']


def test_wrapping_gives_no_warning_on_keywords(ranks):
    assert not [w for w in ranks[0]['keys']['warnings'] if 'broadcast' in w]


def test_buffers_become_those_of_rank_0(ranks):
    expected = dict(ToyGAN().named_buffers())
    for result in ranks:
        assert result['buffers'].keys() == expected.keys()
        for name, buffer in result['buffers'].items():
            assert torch.equal(buffer, expected[name]), name


def test_both_stop_at_the_same_iteration_when_one_is_asked(ranks):
    assert [result['stop'] for result in ranks] == [
        (4, False, [False] * 5 + [True]),
        (4, True, [False] * 5 + [True]),
    ]


def test_gloo_stands_in_for_nccl_and_only_rank_0_says_so(ranks):
    assert [result['backend'] for result in ranks] == ['gloo', 'gloo']
    assert ranks[0]['stderr'].count('gloo instead of nccl') == 1
    assert 'gloo instead of nccl' not in ranks[1]['stderr']


# One process ---------------------------------------------------------------


def test_static_graph_is_refused_with_the_reason():
    with pytest.raises(ValueError, match='static_graph=True gives wrong'):
        MMSeparateDistributedDataParallel(SmoothGAN(), static_graph=True)


def test_without_a_group_buffers_and_models_stay_as_they_are():
    model = ToyGAN()
    broadcast_buffers(model)
    assert unwrap(model) is model
    destroy_dist()


@pytest.fixture
def clean_env(monkeypatch):
    """An environment without any launcher, restored afterwards."""
    before = dict(os.environ)
    for name in list(os.environ):
        if name.startswith(
            ('SLURM_', 'OMPI_', 'MASTER_', 'TORCHELASTIC_')) or name in (
                'RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'OMP_NUM_THREADS',
                'MKL_NUM_THREADS'):
            monkeypatch.delenv(name)
    # init_dist writes there, too.
    yield monkeypatch
    os.environ.clear()
    os.environ.update(before)


@pytest.mark.parametrize('launcher, name, words', [
    ('pytorch', 'RANK', 'set by torchrun: use tools/dist_train.sh'),
    ('slurm', 'SLURM_PROCID', 'set by srun: use tools/slurm_train.sh'),
    ('mpi', 'OMPI_COMM_WORLD_RANK', 'set by the mpirun'),
])
def test_missing_variable_names_the_launcher(clean_env, launcher, name, words):
    with pytest.raises(
            RuntimeError,
            match=f'--launcher {launcher}: the environment variable {name} is '
            f'not set. It is {words}'):
        init_dist(launcher)


def test_missing_master_is_explained(clean_env):
    for name in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK'):
        clean_env.setenv(name, '0')
    with pytest.raises(RuntimeError, match='MASTER_ADDR is not set. Export'):
        init_dist('pytorch')


def test_unknown_launcher_is_refused():
    with pytest.raises(
            ValueError,
            match="launcher='none', expected one of pytorch, slurm, mpi"):
        init_dist('none')


@pytest.fixture
def started(clean_env):
    """What init_process_group was called with."""
    calls = []
    clean_env.setattr(torch_dist, 'init_process_group',
                      lambda *args, **kwargs: calls.append((args, kwargs)))
    clean_env.setattr(torch.cuda, 'is_available', lambda: False)
    return calls


def _set_slurm(monkeypatch, **extra):
    values = dict(
        SLURM_PROCID='3',
        SLURM_NTASKS='8',
        SLURM_LOCALID='1',
        SLURM_NODELIST='gpu[07-09,12],io1',
        SLURM_JOB_ID='1234567',
        **extra)
    for name, value in values.items():
        monkeypatch.setenv(name, value)


def _rank_env():
    return [
        os.environ[name] for name in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK',
                                      'MASTER_ADDR', 'MASTER_PORT')
    ]


def test_slurm_needs_no_scontrol(clean_env, started, caplog):
    _set_slurm(clean_env)
    with caplog.at_level(logging.WARNING):
        init_dist('slurm', timeout=90)
    assert _rank_env() == ['3', '8', '1', 'gpu07', '24567']
    (args, kwargs), = started
    assert args == ('gloo', ) and kwargs['timeout'].total_seconds() == 90
    assert not caplog.records  # rank 0 speaks for all


def test_slurm_keeps_what_the_user_gave(clean_env, started):
    _set_slurm(
        clean_env,
        MASTER_ADDR='10.0.0.1',
        MASTER_PORT='1',
        SLURM_STEP_NODELIST='io1')
    init_dist('slurm', backend='mpi', port=29511)
    assert _rank_env()[3:] == ['10.0.0.1', '29511']
    (args, _), = started
    assert args == ('mpi', )


def test_slurm_step_on_a_part_of_the_nodes(clean_env, started):
    _set_slurm(clean_env, SLURM_STEP_NODELIST='gpu12')
    init_dist('slurm')
    assert os.environ['MASTER_ADDR'] == 'gpu12'


def test_mpi_variables_are_read(clean_env, started):
    for name, value in dict(RANK=5, SIZE=6, LOCAL_RANK=2).items():
        clean_env.setenv(f'OMPI_COMM_WORLD_{name}', str(value))
    clean_env.setenv('MASTER_ADDR', 'a')
    init_dist('mpi', port=7)
    assert _rank_env() == ['5', '6', '2', 'a', '7']


def test_gpu_of_the_local_rank_is_chosen_or_missed(clean_env, started):
    chosen = []
    clean_env.setattr(torch.cuda, 'is_available', lambda: True)
    clean_env.setattr(torch.cuda, 'device_count', lambda: 2)
    clean_env.setattr(torch.cuda, 'set_device', chosen.append)
    _set_slurm(clean_env)
    init_dist('slurm')
    (args, _), = started
    assert chosen == [1] and args == ('nccl', )
    clean_env.setenv('SLURM_LOCALID', '2')
    with pytest.raises(
            RuntimeError,
            match='process 2 of this machine has no GPU, 2 are visible'):
        init_dist('slurm')


def test_task_that_sees_its_own_gpu_alone_takes_it(clean_env, started):
    chosen = []
    clean_env.setattr(torch.cuda, 'is_available', lambda: True)
    clean_env.setattr(torch.cuda, 'device_count', lambda: 1)
    clean_env.setattr(torch.cuda, 'set_device', chosen.append)
    _set_slurm(clean_env)
    clean_env.setenv('SLURM_LOCALID', '3')
    init_dist('slurm')
    assert chosen == [0] and os.environ['LOCAL_RANK'] == '0'
    # torchrun shows all there are: one GPU is too few for four processes.
    clean_env.setenv('TORCHELASTIC_RUN_ID', 'none')
    clean_env.setenv('LOCAL_RANK', '3')
    with pytest.raises(
            RuntimeError,
            match='process 3 of this machine has no GPU, 1 are visible'):
        init_dist('pytorch')


def test_port_of_torchrun_is_kept(clean_env, started):
    for name in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'MASTER_ADDR'):
        clean_env.setenv(name, '0')
    clean_env.setenv('MASTER_PORT', '29400')
    init_dist('pytorch', port=29511)
    assert os.environ['MASTER_PORT'] == '29400'


def test_ranks_wait_an_hour_for_each_other(clean_env, started):
    _set_slurm(clean_env)
    init_dist('slurm')
    init_dist('slurm', timeout=7200)
    assert [kwargs['timeout'].total_seconds()
            for _, kwargs in started] == [3600, 7200]


def test_threads_are_one_unless_the_user_chose(clean_env, started):
    _set_slurm(clean_env)
    clean_env.setenv('OMP_NUM_THREADS', '6')
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        init_dist('slurm')
        set_multi_processing(distributed=True)
    assert os.environ['OMP_NUM_THREADS'] == '6'
    assert os.environ['MKL_NUM_THREADS'] == '1'


@pytest.mark.parametrize('hosts, first', [
    ('host1', 'host1'),
    ('host1,host2', 'host1'),
    ('gpu[07-09,12],io1', 'gpu07'),
    ('gpu[3,5-6]', 'gpu3'),
    ('a-b-[01-04]', 'a-b-01'),
    ('rack[2-3]node[10,12],x', 'rack2node10'),
    ('n[001].cluster.org', 'n001.cluster.org'),
])
def test_first_host_of_a_slurm_list(hosts, first):
    assert first_slurm_host(hosts) == first


def test_empty_slurm_list_is_refused():
    with pytest.raises(RuntimeError, match="SLURM_NODELIST='' names no host"):
        first_slurm_host('')


if __name__ == '__main__':
    _main(sys.argv[1])
