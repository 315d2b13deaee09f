#!/usr/bin/env bash
# Run the kernels' tests under AddressSanitizer and UndefinedBehaviorSanitizer: tools/sanitize.sh [PYTEST ARGUMENT ...]
#
# Needs clang 15 or later with its runtime (Debian: clang-19, libclang-rt-19-dev), and pytest in the environment.
# The tests run in a copy of the package whose libraries are compiled with the sanitizers.
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 0 ] || set -- tests/kernels --ignore=tests/kernels/test_backend.py # which breaks libraries to load them
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
cp -r pyproject.toml src tests tools "$copy"
cd "$copy"
native=src/handgrad/kernels/native
rm -f $native/libhandgrad_*
clang=${CLANG:-clang-19}
for set in v2:16 v3:32 v4:64; do
    level=${set%:*}
    "$clang" -std=gnu11 -O1 -g -fno-omit-frame-pointer -ffp-contract=on -fno-math-errno -fPIC -shared \
        -march=x86-64-$level -DVECTOR_BYTES=${set#*:} -shared-libasan \
        -fsanitize=address,undefined -fno-sanitize-recover=undefined \
        $native/float32.c $native/float64.c -o $native/libhandgrad_$level.so
done

python=$(command -v python)
export PYTHONPATH="$copy/src" PYTHONMALLOC=malloc PYTHONDONTWRITEBYTECODE=1
export ASAN_OPTIONS=detect_leaks=0
LD_PRELOAD=$("$clang" -print-file-name=libclang_rt.asan-x86_64.so) \
    "$python" -m pytest -p no:cacheprovider --capture=sys "$@"
