"""The house rules about source text, each a function from one file's text to readable offenders.

Knows nothing of where files lie: which rule holds where is decided in tests/test_architecture.py.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_FILE_LINES = 350
MAX_FUNCTION_LINES = 50

# What answers differently from one run to the next. time.monotonic only measures, time.sleep only waits; a
# random.Random is what one is handed, and secrets.compare_digest compares.
CLOCK_AND_CHANCE = {
    "datetime.datetime": {"now", "utcnow", "today"},
    "datetime.date": {"today"},
    "time": {"time", "time_ns", "localtime", "gmtime"},
    "uuid": {"uuid1", "uuid4"},
    "os": {"urandom"},
}
CHANCE_BUT_FOR = {"random": {"Random"}, "secrets": {"compare_digest"}}
WORDS_FOR_EVERYTHING = {"Exception", "BaseException"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def too_long(source: str) -> list[str]:
    """Files over 350 lines and functions over 50."""
    lines = source.count("\n") + (not source.endswith("\n"))
    offenders = [f"1: the file has {lines} lines"] if lines > MAX_FILE_LINES else []
    for function in _functions(ast.parse(source)):
        length = (function.end_lineno or function.lineno) - function.lineno + 1
        if length > MAX_FUNCTION_LINES:
            offenders.append(f"{function.lineno}: {function.name} has {length} lines")
    return offenders


def clock_and_chance(source: str) -> list[str]:
    """Reads of the clock or of randomness, called or handed on as functions."""
    return [f"{line}: {name}" for line, name in _names_used(source) if _differs_between_runs(name)]


def _differs_between_runs(name: str) -> bool:
    owner, _, member = name.rpartition(".")
    if owner in CHANCE_BUT_FOR:
        return member not in CHANCE_BUT_FOR[owner]
    return member in CLOCK_AND_CHANCE.get(owner, ())


def environment(source: str) -> list[str]:
    """Reads or writes of the process's environment."""
    variables = {"os.environ", "os.environb", "os.getenv", "os.putenv"}
    return [f"{line}: {name}" for line, name in _names_used(source) if name in variables]


def broad_excepts(source: str) -> list[str]:
    """`except:`, `except Exception` and `except BaseException`, however wrapped."""
    offenders = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ExceptHandler):
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            if any(kind is None or _dotted(kind) in WORDS_FOR_EVERYTHING for kind in caught):
                offenders.append(f"{node.lineno}: catches everything")
        if (
            isinstance(node, ast.Call)
            and _dotted(node.func).rpartition(".")[2] == "suppress"
            and any(_dotted(kind) in WORDS_FOR_EVERYTHING for kind in node.args)
        ):
            offenders.append(f"{node.lineno}: suppresses everything")
    return offenders


def mocks(source: str) -> list[str]:
    """Imports of mocking libraries, and the pytest-mock fixture."""
    offenders = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), names=names):
                modules = [module, *(f"{module}.{alias.name}" for alias in names)]
            case ast.arg(arg="mocker"):
                modules = ["pytest_mock"]
            case _:
                continue
        if any(module in {"unittest.mock", "mock", "pytest_mock"} for module in modules):
            offenders.append(f"{getattr(node, 'lineno', 0)}: mocks instead of fakes")
    return offenders


def without_module_docstring(source: str) -> list[str]:
    """A module that does not say what it owns."""
    return [] if ast.get_docstring(ast.parse(source)) else ["1: the module has no docstring"]


def without_public_docstring(source: str) -> list[str]:
    """Public functions and classes at the top of a module that state no rule."""
    return [
        f"{node.lineno}: {node.name} has no docstring"
        for node in ast.parse(source).body
        if isinstance(node, Function | ast.ClassDef) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]


def slack_sdk_beyond_models(source: str) -> list[str]:
    """Imports of slack_sdk other than its models, which views may build messages from."""
    offenders = []
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                modules = [alias.name for alias in names]
            case ast.ImportFrom(module=str(module), names=names):
                modules = [module if module != "slack_sdk" else f"slack_sdk.{alias.name}" for alias in names]
            case _:
                continue
        offenders += [
            f"{node.lineno}: imports {module}"
            for module in modules
            if module.split(".")[0] == "slack_sdk" and not f"{module}.".startswith("slack_sdk.models.")
        ]
    return offenders


def _functions(tree: ast.Module) -> Iterator[Function]:
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def _dotted(node: ast.AST) -> str:
    """`a.b.c` for a chain of names, and "" for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        owner = _dotted(node.value)
        return f"{owner}.{node.attr}" if owner else ""
    return ""


def _names_used(source: str) -> list[tuple[int, str]]:
    """Every use of something imported, under its full name: (line, "datetime.datetime.now")."""
    tree = ast.parse(source)
    imported = _imported_names(tree)
    used = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name):
            first, dot, rest = _dotted(node).partition(".")
            if first in imported:
                used.add((node.lineno, f"{imported[first]}{dot}{rest}"))
    return sorted(used)


def _imported_names(tree: ast.Module) -> dict[str, str]:
    """What each imported name stands for: `import datetime as dt` gives dt -> datetime."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                names[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names
