#!/usr/bin/env bash
# Train with several processes on one machine or more, through torchrun.
set -euo pipefail

usage() {
    cat >&2 <<'EOF'
Usage: bash tools/dist_train.sh CONFIG GPUS [arguments of tools/train.py]

  GPUS         processes on this machine (works without GPUs, too)

Environment, for more than one machine (the same on each but NODE_RANK):
  NNODES       machines                                      (1)
  NODE_RANK    which of them this is, from 0                 (0)
  MASTER_ADDR  address of machine 0                          (127.0.0.1 for one machine)
  PORT         free port on machine 0          (any for one machine, 29500)

Exit code 85: training was asked to stop and saved; go on with --resume.
EOF
    exit 2
}

[[ $# -ge 2 && $2 =~ ^[1-9][0-9]*$ ]] || usage
config=$1
gpus=$2
shift 2

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/launch_env.sh
source "$tools/launch_env.sh"
set_torchrun_args

exec python "$tools/launch.py" "${torchrun_args[@]}" \
    --nproc-per-node "$gpus" \
    "$tools/train.py" "$config" --launcher pytorch "$@"
