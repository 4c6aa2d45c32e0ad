#!/usr/bin/env bash
# Train on a slurm cluster, one process per GPU.
set -euo pipefail

usage() {
    cat >&2 <<'EOF'
Usage: bash tools/slurm_train.sh PARTITION JOB_NAME CONFIG WORK_DIR \
           [arguments of tools/train.py]

Environment:
  GPUS           all GPUs                                    (8)
  GPUS_PER_NODE  of them on each machine                     (GPUS, 8 at most)
  CPUS_PER_TASK  cores per GPU                               (5)
  SRUN_ARGS      more arguments for srun, e.g. '--time=4:00:00 --signal=USR1@120'
EOF
    exit 2
}

[[ $# -ge 4 ]] || usage
partition=$1
job_name=$2
config=$3
work_dir=$4
shift 4

tools=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# shellcheck source=tools/launch_env.sh
source "$tools/launch_env.sh"
set_srun_args

exec srun --partition="$partition" --job-name="$job_name" "${srun_args[@]}" \
    python -u "$tools/train.py" "$config" --work-dir "$work_dir" --launcher slurm "$@"
