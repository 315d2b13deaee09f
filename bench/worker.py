"""One contestant: prepares, then does its work once for every line of standard input.

    python -m bench.worker "WORK [NUMBER …]" CONTESTANT THREADS

In separate processes, the thread pools and the memory of the libraries do not affect each other.
"""

import json
import os
import sys
from importlib import import_module

POOLS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def main() -> None:
    """Answer each line of standard input with a line of JSON."""
    work, contestant, threads = sys.argv[1:]
    os.environ |= dict.fromkeys(POOLS, threads)  # before any library is imported
    answers, sys.stdout = sys.stdout, sys.stderr  # output of libraries must not mix with the answers
    try:
        module, *numbers = work.split()
        ready = import_module(f"bench.work.{module}").contestants(*map(int, numbers))
        run = ready[contestant](int(threads))
    except ImportError as error:
        print(json.dumps({"missing": error.name or str(error)}), file=answers, flush=True)
        return
    print(json.dumps({"ready": True}), file=answers, flush=True)
    for _ in sys.stdin:
        print(json.dumps(run()), file=answers, flush=True)


if __name__ == "__main__":
    main()
