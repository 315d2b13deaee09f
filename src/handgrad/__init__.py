"""handgrad: handwritten digits, handwritten gradients.

A small neural-network library in which every derivative is written by hand, next to its function. The public names
are those of `__init__.pyi`. Each is imported when it is first used, so that ``import handgrad`` is fast.
"""

_modules = {}  # the module of each public name


def __getattr__(name):  # typed by the stub
    from importlib import import_module

    if name == "__version__":
        from importlib.metadata import version

        return version("handgrad")
    if name == "__all__":
        return __dir__()
    __dir__()
    if name not in _modules:
        raise AttributeError(f"module 'handgrad' has no attribute '{name}'")
    module = _modules[name]
    value = vars(import_module(module)).get(name) if module != "handgrad" else None
    globals()[name] = value if value is not None else import_module(f"{module}.{name}")
    return globals()[name]


def __dir__():
    if not _modules:
        import ast
        from pathlib import Path

        for node in ast.parse(Path(__file__).with_suffix(".pyi").read_text("utf-8")).body:
            if isinstance(node, ast.ImportFrom):
                _modules.update((alias.name, node.module) for alias in node.names)
    return sorted((*_modules, "__version__"))
