import subprocess
import sys

import torch

from mmgen.ops.second_derivative import as_written


def test_what_is_compiled_runs_as_written():
    runs = []

    def backend(graph, inputs):
        runs.append('compiled')
        return graph

    cube = torch.compile(lambda x: x**3, backend=backend)
    x = torch.tensor(2.0, requires_grad=True)
    with as_written():
        first, = torch.autograd.grad(cube(x), x, create_graph=True)
    second, = torch.autograd.grad(first, x)
    assert (first.item(), second.item(), runs) == (12, 12, [])
    cube(x)
    assert runs == ['compiled']


def test_the_compiler_is_not_loaded_for_it():
    program = ('import sys; from mmgen.ops.second_derivative import as_written'
               '\nwith as_written(): pass'
               '\nassert "torch._dynamo" not in sys.modules')
    subprocess.run([sys.executable, '-c', program], check=True)
