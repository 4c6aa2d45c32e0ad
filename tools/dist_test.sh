#!/usr/bin/env bash
# Evaluate a checkpoint with several processes, through torchrun.
set -euo pipefail

usage() {
    cat >&2 <<'EOF'
Usage: bash tools/dist_test.sh CONFIG CHECKPOINT GPUS [arguments of tools/test.py]

  GPUS         processes on this machine (works without GPUs, too)

Environment, for more than one machine (the same on each but NODE_RANK):
  NNODES       machines                                      (1)
  NODE_RANK    which of them this is, from 0                 (0)
  MASTER_ADDR  address of machine 0                          (127.0.0.1 for one machine)
  PORT         free port on machine 0          (any for one machine, 29500)
EOF
    exit 2
}

[[ $# -ge 3 && $3 =~ ^[1-9][0-9]*$ ]] || usage
config=$1
checkpoint=$2
gpus=$3
shift 3

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/launch_env.sh
source "$tools/launch_env.sh"
set_torchrun_args

exec python -m torch.distributed.run "${torchrun_args[@]}" \
    --nproc-per-node "$gpus" \
    "$tools/test.py" "$config" "$checkpoint" --launcher pytorch "$@"
