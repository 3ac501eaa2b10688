"""Fails where a file, a function or a list of parameters has grown too large: a second idea wants a place of its own.

Lines of docstrings do not count in a function. What is larger for a reason stands below, with the reason.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

SOURCE = Path(__file__).parent.parent / "src" / "loopcast"
MOST_FILE, MOST_FUNCTION, MOST_PARAMETERS = 300, 40, 6

EXCEPTIONS = {
    "backtest": "what is asked of a backtest, each by its name",
    "cross_validation": "the options of backtest",
    "search": "what is asked of a search, each by its name",
    "evaluate": "what is asked of a score, each by its name",
    "predict": "what is asked of a forecast, each by its name",
    "forecast": "the options of predict, for several models",
    "forecast_page": "what a page of forecasts holds, each by its name",
    "experiments": "a table, one row a line",
    "set_up": "one frozen value, field by field",
    "_compared": "the parts of one value, each by its name",
    "scan_stack": "a primitive: the arrays of a stack of layers",
    "select_backend": "the same",
    "fused_scan": "the same",
    "_stack": "the same",
    "stack_of": "the same",
    "_stack_forward": "the same",
    "scan": "the same",
    "rollout": "a compiled step: static values first, then arrays",
    "_sums": "the sums of one test, each by its name",
    "evaluate_holdout": "what one evaluation is made of",
    "from_table": "how a table is read, each by its name",
    "simulate": "what is asked of simulated paths, each by its name",
}


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    """Every function and method."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def lines_of(function: ast.FunctionDef) -> int:
    """Its lines, without its docstring's."""
    docstring = ast.get_docstring(function, clean=False) or ""
    return (function.end_lineno or 0) - function.lineno + 1 - len(docstring.splitlines())


def parameters_of(function: ast.FunctionDef) -> int:
    """Its parameters, without self or cls."""
    names = [each.arg for each in (*function.args.posonlyargs, *function.args.args, *function.args.kwonlyargs)]
    return len(names) - (names[:1] in (["self"], ["cls"]))


def complaints(path: Path) -> Iterator[str]:
    """What is too large in a file, in a line each."""
    text, place = path.read_text(encoding="utf-8"), path.relative_to(SOURCE)
    if len(text.splitlines()) > MOST_FILE:
        yield f"{place}: {len(text.splitlines())} lines, and {MOST_FILE} are enough"
    for function in functions(ast.parse(text)):
        if function.name in EXCEPTIONS or place.parts[0] == "cli":  # a command's parameters are the command line
            continue
        if lines_of(function) > MOST_FUNCTION:
            yield f"{place}: {function.name} has {lines_of(function)} lines, and {MOST_FUNCTION} are enough"
        if parameters_of(function) > MOST_PARAMETERS:
            count = parameters_of(function)
            yield f"{place}: {function.name} takes {count} parameters, and {MOST_PARAMETERS} are enough"


def main() -> int:
    """1 where something is too large."""
    found = [each for path in sorted(SOURCE.rglob("*.py")) for each in complaints(path)]
    print("\n".join(found) or "Every file and function has a size that can be read.")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
