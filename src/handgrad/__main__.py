"""``python -m handgrad`` is ``handgrad``."""

from handgrad.cli.main import run

run()
