"""What the argument parser (typer's, whichever way it brings click) has against a command line, in our words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from samefire.problems import did_you_mean, visible

_COMMAND = re.compile(r"No such command '(.*?)'")
_EXTRA = re.compile(r"Got unexpected extra arguments?(?:\(s\))? \((.*)\)")
_VALUE = re.compile(r"(?:'(?P<text>.*)'|(?P<number>\S+)) is not .*", re.DOTALL)


def told_of_usage(error: Any) -> str:
    """What is wrong, and where help is. `error`: a `UsageError`, known by the name of its class."""
    kind = type(error).__name__
    if kind == "NoArgsIsHelpError":
        return str(error.format_message()).rstrip()
    context = getattr(error, "ctx", None)
    text = f"samefire: {visible(_said(kind, error, context))}"
    return f"{text}\n  help: {context.command_path} --help" if context is not None else text


def _said(kind: str, error: Any, context: Any) -> str:
    whole = str(error.format_message())
    parameter = getattr(error, "param", None)
    match kind:
        case "NoSuchOption":
            return _instead(f"there is no option `{error.option_name}`", error.option_name, _options(context))
        case "BadOptionUsage":
            wants = "takes no value" if "does not take" in whole else "wants a value behind it"
            return f"`{error.option_name}` {wants}"
        case "MissingParameter" if parameter is not None:
            return f"{_name(parameter)} is missing: {_purpose(parameter)}"
        case "BadParameter" if parameter is not None and (found := _VALUE.fullmatch(str(error.message))):
            return (
                f"`{_name(parameter)}` is {_wanted(parameter.type)}, not `{found['text'] or found['number']}`"
            )
    if found := _COMMAND.search(whole):
        known = context.command.list_commands(context) if context is not None else ()
        return _instead(f"there is no command `{found[1]}`", found[1], known)
    if found := _EXTRA.search(whole):
        return f"more arguments than the command takes: {found[1]}"
    return whole[:1].lower() + whole[1:]


def _instead(text: str, name: str, known: Iterable[str]) -> str:
    near = did_you_mean(name, known)
    return f"{text}; {near}" if near else text


def _options(context: Any) -> list[str]:
    if context is None:
        return []
    found = [name for parameter in context.command.params for name in parameter.opts if name.startswith("--")]
    return [*found, "--help"]


def _name(parameter: Any) -> str:
    """An option as it is written, an argument as the help has it."""
    return str(parameter.opts[0]) if parameter.param_type_name == "option" else _argument(parameter)


def _argument(parameter: Any) -> str:
    return str(parameter.metavar or parameter.name).upper()


def _purpose(parameter: Any) -> str:
    text = str(parameter.help or "see the help").rstrip(".")
    return text[:1].lower() + text[1:]


def _wanted(kind: Any) -> str:
    """Which values a parameter takes."""
    number = (
        "a whole number" if "int" in kind.name else "a number" if "float" in kind.name else f"a {kind.name}"
    )
    least, most = getattr(kind, "min", None), getattr(kind, "max", None)
    if least is None:
        return number
    return f"{number} from {least:g} to {most:g}" if most is not None else f"{number} from {least:g} on"
