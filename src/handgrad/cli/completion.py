"""Completion of names and files by the shell."""

from collections.abc import Callable, Iterable
from glob import escape, glob
from pathlib import Path


def completer(names: Callable[[], Iterable[str]], *suffixes: str) -> Callable[[str], list[str]]:
    """Return a function that completes names, and files with one of the suffixes.

    Where it finds neither, it returns an empty list, and the shell completes paths.
    """

    def complete(incomplete: str) -> list[str]:
        known = [name for name in names() if name.startswith(incomplete)]
        paths = sorted(glob(f"{escape(incomplete)}*"))  # noqa: PTH207, which has no absolute paths
        found = [*known, *(path for path in paths if path.endswith(suffixes))]
        return [*found, *(f"{path}/" for path in paths if Path(path).is_dir())] if found else []

    return complete


def recipe_names() -> list[str]:
    """Return the names of the built-in recipes."""
    from handgrad.recipes.loading import LADDER

    return [*LADDER]


def data_names() -> list[str]:
    """Return the names of the data sets that need no file."""
    from handgrad.data.load import STROKES
    from handgrad.data.mnist import COLLECTIONS

    return [*COLLECTIONS, STROKES]


def exercise_names() -> list[str]:
    """Return the names of the exercises."""
    from handgrad.learn.catalog import exercises

    return [*exercises()]


complete_exercise = completer(exercise_names)
complete_recipe = completer(recipe_names, ".toml")
complete_checked = completer(recipe_names, ".toml", ".py")
complete_data = completer(data_names, ".csv", ".parquet", ".npz", ".npy")
