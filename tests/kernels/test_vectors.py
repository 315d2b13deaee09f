"""The vector kernels on processors with smaller registers than this one's."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from llvmlite import binding
real = binding.get_host_cpu_features
def fewer():
    features = real()
    for name in features:
        if any(name.startswith(prefix) for prefix in sys.argv[1].split(",")):
            features[name] = False
    return features
binding.get_host_cpu_features = fewer

import numpy as np
from handgrad.kernels import bytes as plain_bytes, convolution as plain, pooling as plain_pooling
from handgrad.kernels.compiled import bytes as compiled_bytes, convolution, pooling
from handgrad.kernels.compiled.vectors import REGISTER
print(REGISTER)
rng = np.random.default_rng(0)
for dtype in (np.float32, np.float64):
    x, weights = rng.normal(size=(35, 3, 7, 6)).astype(dtype), rng.normal(size=(5, 3, 3, 3)).astype(dtype)
    biases = rng.normal(size=5).astype(dtype)
    outcomes = []
    raw, few = rng.integers(0, 9, size=(35, 48), dtype=np.uint8), rng.normal(size=(4, 48)).astype(dtype)
    raw[:, 8:40] = 0
    both = ((plain, plain_pooling, plain_bytes), (convolution, pooling, compiled_bytes))
    for kernels, pools, on_bytes in both:
        y = kernels.convolution(x, weights, biases, 1, 1)
        z, places = pools.max_pool(y, 2, 2)
        dy = pools.max_pool_backward(z, places, (7, 6), 2, 2)
        dweights, dbiases = np.zeros_like(weights), np.zeros_like(biases)
        dx = kernels.convolution_backward(dy, x, weights, dweights, dbiases, 1, 1)
        u, dfew, dstarts = on_bytes.dense(raw, 9.0, few, biases[:4]), np.zeros_like(few), np.zeros(4, dtype)
        on_bytes.dense_backward(u, raw, 9.0, dfew, dstarts)
        outcomes.append((y, z, dy, dweights, dbiases, dx, u, dfew, dstarts))
    for one, other in zip(*outcomes):
        np.testing.assert_allclose(other, one, rtol=1e-3, atol=1e-3)
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("without", "bytes_"), [("avx512,evex512,avx10", 32), ("avx,evex512,fma,f16c,xop,vaes,vpcl,gfni,amx", 16)]
)
def test_kernels_of_smaller_registers_compute_the_same(without: str, bytes_: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, without],
        env=os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) <= bytes_
