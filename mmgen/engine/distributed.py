"""Training in several processes: starting them up, and wrapping the model."""
import atexit
import datetime
import gc
import logging
import os
import re
import warnings
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import torch
import torch.distributed as torch_dist
from mmengine.device import get_device
from mmengine.dist import get_world_size, is_distributed
from mmengine.model import MMDistributedDataParallel
from mmengine.model import \
    MMSeparateDistributedDataParallel as MMEngineSeparateDDP
from mmengine.model import is_model_wrapper
from torch import nn

from mmgen.registry import MODEL_WRAPPERS
from mmgen.utils.unwrap import unwrap

logger = logging.getLogger(__name__)

# Seconds. NCCL's own 10 minutes are too few where the other ranks wait while
# rank 0 alone hashes a dataset or computes statistics.
DEFAULT_TIMEOUT = 3600.

_RANK_NAMES = ('RANK', 'WORLD_SIZE', 'LOCAL_RANK')

# In which variables each launcher tells a process which one it is, of how
# many, and which on its machine.
_LAUNCHER_NAMES = {
    'pytorch': _RANK_NAMES,
    'slurm': ('SLURM_PROCID', 'SLURM_NTASKS', 'SLURM_LOCALID'),
    'mpi': ('OMPI_COMM_WORLD_RANK', 'OMPI_COMM_WORLD_SIZE',
            'OMPI_COMM_WORLD_LOCAL_RANK'),
}

_WHO_SETS_THEM = {
    'pytorch': 'It is set by torchrun: use tools/dist_train.sh or '
    '"python -m torch.distributed.run"',
    'slurm': 'It is set by srun: use tools/slurm_train.sh',
    'mpi': 'It is set by the mpirun of Open MPI',
}


def init_dist(launcher: str,
              backend: str = 'nccl',
              port: int | None = None,
              timeout: float = DEFAULT_TIMEOUT,
              **kwargs) -> None:
    """Join the process group; once, later calls do nothing.

    At the end of the program it is left (`destroy_dist`).

    Works without a GPU too: then gloo takes the place of nccl. Afterwards the
    environment holds ``RANK``, ``WORLD_SIZE``, ``LOCAL_RANK``,
    ``MASTER_ADDR`` and ``MASTER_PORT`` under every launcher; where slurm or
    mpi shows each process one GPU alone, ``LOCAL_RANK`` becomes 0, the number
    of that GPU.

    Args:
        launcher: ``'pytorch'`` (torchrun), ``'slurm'`` or ``'mpi'``.
        backend: Of torch.distributed.
        port: Of rank 0, instead of ``MASTER_PORT``. Ignored for
            ``'pytorch'``: torchrun has chosen one and may listen there.
        timeout: Seconds that a collective call may take, also where one rank
            waits for another that does something alone.
        **kwargs: For ``torch.distributed.init_process_group``.

    Raises:
        ValueError: The launcher is not known.
        RuntimeError: A variable that the launcher sets is not there, or the
            machine has too few GPUs.
    """
    if is_distributed():
        return
    if launcher not in _LAUNCHER_NAMES:
        raise ValueError(f'init_dist: launcher={launcher!r}, expected one of '
                         f'{", ".join(_LAUNCHER_NAMES)}.')
    for name, source in zip(_RANK_NAMES, _LAUNCHER_NAMES[launcher]):
        os.environ[name] = _require(launcher, source)
    # MMEngine would do the same, with a warning in each process.
    os.environ.setdefault('OMP_NUM_THREADS', '1')
    os.environ.setdefault('MKL_NUM_THREADS', '1')
    if port is not None and launcher != 'pytorch':
        os.environ['MASTER_PORT'] = str(port)
    if launcher == 'slurm':
        _set_slurm_master()
    for name in ('MASTER_ADDR', 'MASTER_PORT'):
        if name not in os.environ:
            raise RuntimeError(
                f'--launcher {launcher}: the environment variable {name} is '
                'not set. Export the address and a free port of the machine '
                'of rank 0 as MASTER_ADDR and MASTER_PORT, the same on all '
                'machines.')
    if torch.cuda.is_available():
        _set_device()
    elif backend == 'nccl':
        backend = 'gloo'
        if os.environ['RANK'] == '0':
            logger.warning('No CUDA device: the processes talk through gloo '
                           'instead of nccl.')
    torch_dist.init_process_group(
        backend, timeout=datetime.timedelta(seconds=timeout), **kwargs)
    atexit.register(destroy_dist)


def destroy_dist() -> None:
    """Leave the process group; where there is none, nothing happens."""
    if is_distributed():
        # Distributed wrappers hold the group, and whoever holds them may be
        # part of a cycle. A thread of the group that asks for Python when that
        # has ended kills the process, after all the work is done.
        gc.collect()
        torch_dist.destroy_process_group()


def _require(launcher: str, name: str) -> str:
    if name not in os.environ:
        raise RuntimeError(
            f'--launcher {launcher}: the environment variable {name} is not '
            f'set. {_WHO_SETS_THEM[launcher]}; or use --launcher none for one '
            'process.')
    return os.environ[name]


def _set_device() -> None:
    """Take the GPU of this process."""
    local_rank = int(os.environ['LOCAL_RANK'])
    count = torch.cuda.device_count()
    # torchrun shows every GPU to every process. Elsewhere a single one is this
    # process' own, as with srun --gpus-per-task=1 (and NCCL refuses two
    # processes on one).
    if count == 1 and not torch_dist.is_torchelastic_launched():
        local_rank = 0
        # Wrappers take it for the number of the GPU.
        os.environ['LOCAL_RANK'] = '0'
    if local_rank >= count:
        raise RuntimeError(
            f'init_dist: process {local_rank} of this machine has no GPU, '
            f'{count} are visible. Start {count} processes per machine, or '
            'show more GPUs with CUDA_VISIBLE_DEVICES.')
    torch.cuda.set_device(local_rank)


def _set_slurm_master() -> None:
    """Address and port of rank 0, unless the user gave them."""
    if 'MASTER_ADDR' not in os.environ:
        # The step may run on a part of the job's nodes.
        hosts = os.environ.get('SLURM_STEP_NODELIST') or _require(
            'slurm', 'SLURM_NODELIST')
        os.environ['MASTER_ADDR'] = first_slurm_host(hosts)
    if 'MASTER_PORT' not in os.environ:
        # Another job on the same machine shall not meet us.
        job = int(os.environ.get('SLURM_JOB_ID', 0))
        os.environ['MASTER_PORT'] = str(20000 + job % 10000)


def first_slurm_host(hosts: str) -> str:
    """The first of slurm's host list, ``gpu[07-09,12],io1`` -> ``gpu07``.

    The same as the first line of ``scontrol show hostnames``, which not every
    image has.
    """
    first = re.match(r'(?:[^,\[]|\[[^\]]*\])+', hosts)
    if first is None:
        raise RuntimeError(f'init_dist: SLURM_NODELIST={hosts!r} names no '
                           'host. Set MASTER_ADDR to that of rank 0.')
    return re.sub(r'\[([^\],-]+)[^\]]*\]', r'\1', first.group())


@torch.no_grad()
def broadcast_buffers(model: nn.Module) -> None:
    """Give every rank the buffers of rank 0, e.g. the running statistics.

    During training each rank keeps its own. Before validation and saving they
    are made equal, so that all ranks sample from one network, and from the
    one that the checkpoint holds. To be called on all ranks.
    """
    if get_world_size() == 1:
        return
    on_gpu = torch_dist.get_backend() == 'nccl'
    for buffer in unwrap(model).buffers():
        # A collective call needs memory without gaps, on the backend's device.
        data = buffer.cuda() if on_gpu else buffer.cpu()
        data = data.contiguous()
        torch_dist.broadcast(data, src=0)
        if data.data_ptr() != buffer.data_ptr():
            buffer.copy_(data)


class SubmoduleDDP(MMDistributedDataParallel):
    """The wrapper around one sub-module.

    Its state dict has the keys of the sub-module, without ``module.``.
    """

    def __init__(self, **kwargs) -> None:
        with warnings.catch_warnings():
            # torch wants another keyword now, but only the old one also
            # leaves the buffers alone when wrapping.
            warnings.filterwarnings(
                'ignore',
                message='.*broadcast_buffers.*deprecated',
                category=FutureWarning)
            super().__init__(**kwargs)
        self.register_state_dict_post_hook(_drop_module_on_save)
        self.register_load_state_dict_pre_hook(_add_module_on_load)

    def forward(self, *args, **kwargs):
        """As the sub-module's; gradients are exchanged if it has any.

        A discriminator that is frozen in the generator's step would prepare
        an exchange that never comes, which then breaks the next step that
        accumulates under ``no_sync``.
        """
        if any(p.requires_grad for p in self.module.parameters()):
            return super().forward(*args, **kwargs)
        return self.module(*args, **kwargs)


@MODEL_WRAPPERS.register_module()
class MMSeparateDistributedDataParallel(MMEngineSeparateDDP):
    """One ``DistributedDataParallel`` for each sub-module with parameters.

    Generator and discriminator take turns, so their gradients must be
    exchanged separately. Sub-modules that are not trained are moved to the
    device and left as they are. In a ``ModuleDict`` of networks each is
    wrapped; it is never called itself, so a wrapper around it would exchange
    nothing.

    The state dict of the model inside has the same keys as without a wrapper,
    and loads such keys, so that checkpoints know nothing of the number of
    processes. Keys with ``.module.`` from elsewhere load as well. Attributes
    that the wrapper does not have are those of the model.

    Args:
        module: The model, whose direct children, and networks in its
            ``ModuleDict``, are wrapped.
        broadcast_buffers: Copy rank 0's buffers before each forward.
        find_unused_parameters: Needed where an iteration leaves out a part of
            the network, e.g. while it is growing.
        **kwargs: For ``DistributedDataParallel``. ``device_ids`` and
            ``output_device`` are dropped where there is no GPU.

    Raises:
        ValueError: ``static_graph=True``.
    """

    def __init__(self,
                 module: nn.Module,
                 broadcast_buffers: bool = False,
                 find_unused_parameters: bool = False,
                 **kwargs) -> None:
        if kwargs.get('static_graph', False):
            raise ValueError(
                'MMSeparateDistributedDataParallel: static_graph=True gives '
                'wrong gradients, without a message, where a gradient penalty '
                'is differentiated twice. Remove it from model_wrapper_cfg.')
        if not torch.cuda.is_available():
            kwargs.pop('device_ids', None)
            kwargs.pop('output_device', None)
        # Past the parents: MMEngine's __init__ would wrap the children in a
        # class without SubmoduleDDP.forward, torch's would wrap the model.
        nn.Module.__init__(self)
        self.module = module.to(get_device())
        for parent, name in list(_networks(module)):
            child = getattr(parent, name)
            if any(p.requires_grad for p in child.parameters()):
                wrapped = SubmoduleDDP(
                    module=child,
                    broadcast_buffers=broadcast_buffers,
                    find_unused_parameters=find_unused_parameters,
                    **kwargs)
                setattr(parent, name, wrapped)
        for parent in {parent for parent, _ in _networks(module)}:
            parent.register_load_state_dict_pre_hook(_drop_module_on_load)

    def __getattr__(self, name: str):
        try:
            return super().__getattr__(name)
        except AttributeError:
            # Before __init__ is through there is no module to ask.
            if name == 'module':
                raise
            return getattr(self.module, name)

    def forward(self, *args, **kwargs):
        """The model's own forward, e.g. to sample images."""
        return self.module(*args, **kwargs)

    @contextmanager
    def no_sync(self) -> Iterator[None]:
        """Keep all gradients local inside this context."""
        with ExitStack() as stack:
            for parent, name in _networks(self.module):
                child = getattr(parent, name)
                if is_model_wrapper(child):
                    stack.enter_context(child.no_sync())
            yield


def _networks(model: nn.Module) -> Iterator[tuple[nn.Module, str]]:
    """(parent, name in it) of each network that is trained on its own."""
    for name, child in model.named_children():
        if isinstance(child, nn.ModuleDict):
            yield from ((child, key) for key in child)
        else:
            yield model, name


def _move_prefix(state_dict: OrderedDict, old: str, new: str) -> None:
    """Rename the entries that start with ``old``, in place and in order."""
    for key in [key for key in state_dict if key.startswith(old)]:
        state_dict[new + key[len(old):]] = state_dict.pop(key)


def _drop_module_on_save(wrapper: nn.Module, state_dict: OrderedDict,
                         prefix: str, local_metadata: dict) -> None:
    """``generator.module.fc.weight`` -> ``generator.fc.weight``."""
    _move_prefix(state_dict, f'{prefix}module.', prefix)
    # The versions of the layers, by which their loading goes, too.
    metadata = state_dict._metadata
    metadata[prefix[:-1]] = metadata.pop(f'{prefix}module')
    _move_prefix(metadata, f'{prefix}module.', prefix)


def _drop_module_on_load(model: nn.Module, state_dict: dict, prefix: str,
                         *_) -> None:
    """Accept keys with ``.module.``, as of a wrapper that left them in."""
    for name, child in model.named_children():
        if not is_model_wrapper(child):
            continue
        own = f'{prefix}{name}.'
        keys = [key for key in state_dict if key.startswith(own)]
        # A child may have a part that is really called "module".
        if all(key.startswith(f'{own}module.') for key in keys):
            _move_prefix(state_dict, f'{own}module.', own)


def _add_module_on_load(wrapper: nn.Module, state_dict: dict, prefix: str,
                        *_) -> None:
    """Let torch's own loading, which goes through the wrapper, find them."""
    _move_prefix(state_dict, prefix, f'{prefix}module.')
