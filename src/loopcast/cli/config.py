"""A run in a file: --write-config keeps the arguments of a command as TOML, and --config reads them again."""

import json
import os
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin

from cyclopts import App

from loopcast.cli.options import STANDARD_STREAM, check_output
from loopcast.errors import OptionError, quote
from loopcast.storage.atomic import write_whole

if TYPE_CHECKING:
    from cyclopts.argument import Argument

READ, WRITE, COMMAND = "--config", "--write-config", "command"
Values = dict[str, Any]  # by the name of an argument without hyphens before it: file, horizon, n-windows


def with_config(app: App, arguments: Sequence[str]) -> list[str]:
    """Arguments with those of the file that --config names, which those that are typed come before; and, where
    --write-config names a file, kept there.

    OptionError for a file that cannot be read, is of another command, or names what the command has not.
    """
    rest, named = split_config(arguments)
    if not named:
        return list(rest)
    if not rest or rest[0] not in app:
        raise OptionError(f"{next(iter(named))} goes with a command, as in loopcast forecast {READ} run.toml")
    command, known = rest[0], [each for each in app[rest[0]].assemble_argument_collection() if _is_one(each)]
    values = _values(known, rest[1:])
    if READ in named:
        values = _read(named[READ], command, known) | values
    whole = [command, *_tokens(known, values)]
    if WRITE in named:
        app.parse_args(whole, exit_on_error=False, print_error=False)  # what is kept can be run
        _write(named[WRITE], command, known, values)
    return whole


def split_config(arguments: Sequence[str]) -> tuple[list[str], dict[str, Path]]:
    """The arguments but for both options, and the files that these name."""
    rest, named, each = [], {}, iter(arguments)
    for token in each:
        name, equals, value = token.partition("=")
        if name not in (READ, WRITE):
            rest.append(token)
            continue
        path = value if equals else next(each, "")
        if not path or name in named:
            raise OptionError(f"{name} is one file, such as {name} run.toml")
        named[name] = Path(path)
    return rest, named


def _is_one(argument: "Argument") -> bool:
    """Whether it is an argument of its own, and no group of them."""
    return argument.names != ("*",)


def _key(argument: "Argument") -> str:
    return str(argument.names[0]).lstrip("-").lower()


def _is_positional(argument: "Argument") -> bool:
    return not str(argument.names[0]).startswith("--")


def _kinds(argument: "Argument") -> tuple[Any, ...]:
    """The types that a value may have."""
    hint = argument.hint
    parts = get_args(hint) if get_origin(hint) in (Union, type(int | str)) else (hint,)
    return tuple(get_args(part)[0] if get_origin(part) in (tuple, list) else part for part in parts)


def _is_many(argument: "Argument") -> bool:
    """Whether it takes all that is left of the arguments in their order."""
    return _is_positional(argument) and get_origin(argument.hint) in (tuple, list)


def _values(known: "Sequence[Argument]", tokens: Sequence[str]) -> Values:
    """What is typed, by name; arguments without a name in their order."""
    options = {name: each for each in known if not _is_positional(each) for name in each.names}
    positional, left = [each for each in known if _is_positional(each)], iter(tokens)
    values: Values = {}
    for token in left:
        name, equals, value = token.partition("=")
        if not token.startswith("--"):
            values |= _placed(positional, values, token)
        elif name not in options:
            raise OptionError(f"there is no option {quote(name)}{_nearest(name, options)}")
        elif bool in _kinds(options[name]):
            values[_key(options[name])] = name not in options[name].negatives
        else:
            values[_key(options[name])] = value if equals else next(left, "")
    return values


def _placed(positional: "Sequence[Argument]", values: Mapping[str, Any], token: str) -> Values:
    free = next((each for each in positional if _is_many(each) or _key(each) not in values), None)
    if free is None:
        raise OptionError(f"{quote(token)} is one argument too many")
    key = _key(free)
    return {key: [*values.get(key, []), token] if _is_many(free) else token}


def _tokens(known: "Sequence[Argument]", values: Mapping[str, Any]) -> Iterator[str]:
    """A command line of these values, positional arguments first."""
    for each in sorted(known, key=_is_positional, reverse=True):
        value = values.get(_key(each))
        if value is None:
            continue
        if _is_positional(each):
            yield from map(str, value if isinstance(value, list) else [value])
        elif bool in _kinds(each):
            yield from [each.names[0]] if value is True else each.negatives[:1]
        else:
            yield f"{each.names[0]}={_text(value)}"


def _text(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _read(path: Path, command: str, known: "Sequence[Argument]") -> Values:
    """What a file says, paths as they are from here."""
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OptionError(f"{READ} {path} is no TOML: {error}") from error
    of = said.pop(COMMAND, command)
    if of != command:
        raise OptionError(f"{READ} {path} is of loopcast {of}, and this is loopcast {command}")
    by_key = {_key(each): each for each in known}
    for name in said:
        if name not in by_key:
            raise OptionError(f"{READ} {path}: loopcast {command} has no {quote(name)}{_nearest(name, by_key)}")
    return {name: _moved(by_key[name], value, lambda one: path.parent / one) for name, value in said.items()}


def _write(path: Path, command: str, known: "Sequence[Argument]", values: Values) -> None:
    """Keep the values, paths as they are from the folder of the file."""
    check_output(WRITE, path, (".toml",))
    folder = path.resolve().parent
    lines = [f"# loopcast {command} {READ} {path.name}", f"{COMMAND} = {json.dumps(command)}"]
    for each in known:
        if _key(each) in values:
            value = _moved(each, values[_key(each)], lambda one: os.path.relpath(one, folder))
            lines.append(f"{_key(each)} = {json.dumps(_typed(each, value), ensure_ascii=False)}")
    write_whole(path, ("\n".join(lines) + "\n").encode())


def _moved(argument: "Argument", value: Any, move: Callable[[str], object]) -> Any:
    """A path, or several, as it is from elsewhere; anything else, and a standard stream, as it is."""
    if Path not in _kinds(argument):
        return value
    if isinstance(value, list):
        return [_moved(argument, one, move) for one in value]
    return value if Path(value) in (STANDARD_STREAM, Path("./-")) or Path(value).is_absolute() else str(move(value))


def _typed(argument: "Argument", value: Any) -> Any:
    """A number where the argument is one."""
    kind = next((kind for kind in (int, float) if kind in _kinds(argument)), None)
    if kind is None or not isinstance(value, str):
        return value
    return kind(value) if value.removeprefix("-").replace(".", "", 1).isdecimal() else value


def _nearest(name: str, names: Mapping[str, Any]) -> str:
    close = get_close_matches(name, list(names), n=1)
    return f"; did you mean {quote(close[0])}?" if close else ""
