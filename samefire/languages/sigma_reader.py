"""Reading one Sigma text: problems gathered with their places, and the checks that every section needs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from samefire.languages import sigma_conditions
from samefire.languages.sigma_conditions import Condition, ConditionError
from samefire.languages.sigma_yaml import Documents, Path
from samefire.problems import Problem, Severity, did_you_mean
from samefire.source import Span


@dataclass
class Reader:
    """Gathers problems of one text while its documents are read."""

    yaml: Documents
    found: list[Problem] = field(default_factory=list)

    def problem(
        self,
        code: str,
        message: str,
        path: Path,
        *,
        key: bool = False,
        hint: str | None = None,
        severity: Severity = Severity.ERROR,
    ) -> None:
        """Note a problem at the value (or the key) of `path`."""
        span = self.yaml.key_span(path) if key else self.yaml.value_span(path)
        self.found.append(Problem(code, message, self.yaml.source, span, severity, hint))

    def warning(
        self, code: str, message: str, path: Path, *, key: bool = False, hint: str | None = None
    ) -> None:
        self.problem(code, message, path, key=key, hint=hint, severity=Severity.WARNING)

    def condition(self, text: str, path: Path, *, selectors: bool = True) -> Condition | None:
        """The condition in the string at `path`, or None with its problem noted."""
        try:
            return sigma_conditions.parse(text, selectors=selectors)
        except ConditionError as error:
            span = self.inside(path, text, error.span)
            self.found.append(
                Problem(error.code, error.message, self.yaml.source, span, Severity.ERROR, error.hint)
            )
            return None

    def inside(self, path: Path, text: str, span: Span) -> Span:
        """`span` of the string at `path` as a place in the file; the whole value when it was folded."""
        whole = self.yaml.value_span(path)
        at = self.yaml.source.text.find(text, whole.start, whole.end)
        if at < 0 or not text:
            return whole
        return Span(at + span.start, max(at + span.end, at + span.start))

    def mapping(self, value: Any, path: Path, what: str) -> Mapping[str, Any] | None:
        """`value` when it is a mapping with text as keys; otherwise None, with the problem noted."""
        if not isinstance(value, Mapping):
            self.problem("sigma-type", f"{what} must be a mapping, not {kind(value)}", path)
            return None
        for name in value:
            if not isinstance(name, str):
                self.problem(
                    "sigma-type", f"the key `{name}` in {what} is not text", path, hint="put it into quotes"
                )
                return None
        return value

    def text(self, value: Any, path: Path, what: str) -> str | None:
        """`value` when it is text that is not empty; otherwise None, with the problem noted."""
        if isinstance(value, str) and value:
            return value
        said = "must not be empty" if value == "" else f"must be text, not {kind(value)}"
        self.problem("sigma-type", f"{what} {said}", path)
        return None

    def texts(self, value: Any, path: Path, what: str) -> tuple[str, ...]:
        """A text or a list of texts."""
        if isinstance(value, str):
            value = [value]
        if not isinstance(value, list):
            self.problem("sigma-type", f"{what} must be text or a list of texts, not {kind(value)}", path)
            return ()
        found = (self.text(one, (*path, n), f"an element of {what}") for n, one in enumerate(value))
        return tuple(one for one in found if one is not None)

    def unknown(self, name: str, known: Iterable[str], path: Path, what: str) -> None:
        """Note a key that `what` does not have."""
        self.problem(
            "sigma-unknown-key",
            f"{what} has no key `{name}`",
            path,
            key=True,
            hint=did_you_mean(name, known) or f"known keys: {', '.join(known)}",
        )


_KINDS = {
    bool: "true/false",
    int: "a number",
    float: "a number",
    str: "text",
    list: "a list",
    set: "a set",
    bytes: "binary data",
}


def kind(value: Any) -> str:
    """What a YAML value is, in words."""
    if value is None:
        return "nothing"
    return _KINDS.get(type(value), "a mapping" if isinstance(value, Mapping) else "of another type")
