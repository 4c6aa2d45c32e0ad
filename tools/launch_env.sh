# shellcheck shell=bash
# What the launch scripts share; they source it with $tools set. Leaves the
# arguments of torchrun and of srun in two arrays.

# From any directory, and without installing the package.
export PYTHONPATH="$tools/..${PYTHONPATH:+:$PYTHONPATH}"

# One computing thread per process: several processes share the cores.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}
export MKL_NUM_THREADS=${MKL_NUM_THREADS:-1}

# torchrun dies of SIGUSR1, and the processes with it, unless told to pass it
# on; they save a checkpoint then, and may take longer than its 30 seconds.
# Variables, as older versions do not know the options and ignore these.
signals=SIGTERM,SIGINT,SIGHUP,SIGQUIT,SIGUSR1
export PET_SIGNALS_TO_HANDLE=${PET_SIGNALS_TO_HANDLE:-$signals}
export PET_SHUTDOWN_TIMEOUT=${PET_SHUTDOWN_TIMEOUT:-300}

set_torchrun_args() {
    if [[ ${NNODES:-1} != 1 && -z ${MASTER_ADDR:-} ]]; then
        echo "${0##*/}: NNODES=$NNODES, but MASTER_ADDR is not set. Set it to" \
            'the address of machine 0, the same on all machines.' >&2
        exit 2
    fi
    local port=${PORT:-}
    if [[ -z $port && ${NNODES:-1} == 1 ]]; then
        # Several trainings on one machine shall not meet on one port.
        port=$(python -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])')
    fi
    torchrun_args=(
        --nnodes "${NNODES:-1}"
        --node-rank "${NODE_RANK:-0}"
        --master-addr "${MASTER_ADDR:-127.0.0.1}"
        --master-port "${port:-29500}"
    )
}

set_srun_args() {
    local gpus=${GPUS:-8}
    local per_node=${GPUS_PER_NODE:-$((gpus < 8 ? gpus : 8))}
    # SRUN_ARGS holds several words, like '--qos=high --time=1:00:00'.
    local extra=()
    read -r -a extra <<<"${SRUN_ARGS:-}" || true
    srun_args=(
        --gres="gpu:$per_node"
        --ntasks="$gpus"
        --ntasks-per-node="$per_node"
        --cpus-per-task="${CPUS_PER_TASK:-5}"
        --kill-on-bad-exit=1
        ${extra[@]+"${extra[@]}"}
    )
}
