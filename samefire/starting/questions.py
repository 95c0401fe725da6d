"""Questions on a terminal, for the answers that flags did not give. Nothing is asked elsewhere."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from samefire.starting.answers import (
    COUNT,
    RISK,
    TYPES,
    Answers,
    BadAnswer,
    chosen,
    spoken,
    technique_of,
    techniques_like,
)

Ask = Callable[[str, str], str]
"""A question and the usual answer; gives what was typed, or the usual answer."""
Say = Callable[[str], None]
More = Callable[[], str]
"""What else was typed or pasted behind a line."""
Faults = Callable[[Answers], str]
"""What is wrong with the query of the answers; nothing when it can be read."""
SHOWN = 8
PASTED = 0.05  # seconds after which no further line of a paste is awaited


def on_terminal() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str, usual: str) -> str:
    """One question on stderr."""
    sys.stderr.write(f"{question} [{usual}]: " if usual else f"{question}: ")
    sys.stderr.flush()
    try:
        line = sys.stdin.readline()
    except KeyboardInterrupt:
        say("")
        raise
    if not line:
        say("")
        raise BadAnswer("no more answers: nothing is written")
    return line.strip() or usual


def pasted() -> str:
    """The further lines of a query that was pasted: they are there at once."""
    if not sys.stdin.isatty() or os.name != "posix":
        return ""
    import select

    lines: list[str] = []
    while select.select([sys.stdin], [], [], PASTED)[0] and (line := sys.stdin.readline()):
        lines.append(line.rstrip())
    return "\n".join(lines).rstrip()


def say(text: str) -> None:
    """A line on stderr."""
    print(text, file=sys.stderr)


def _unfaulted(answers: Answers) -> str:
    del answers
    return ""


def complete(
    answers: Answers, ask: Ask = ask, say: Say = say, more: More = pasted, faults: Faults = _unfaulted
) -> Answers:
    """The answers with what was missing asked for; what cannot be is asked again. Raises BadAnswer."""
    if not answers.name:
        answers = replace(answers, name=_needed(ask, "What does the rule find? (its name)"))
    if not answers.type:
        answers = _type(answers, ask, say)
    while not answers.query and answers.type != "machine_learning":
        query = "\n".join(filter(None, (_needed(ask, "Query"), more())))
        told = faults(replace(answers, query=query))
        if told:
            say(told)
        else:
            answers = replace(answers, query=query)
    if not answers.index and answers.type not in ("machine_learning", "esql"):
        answers = replace(answers, index=_list(ask("Index patterns", "logs-*")))
    answers = _for_type(answers, ask, say)
    if not answers.severity:
        question = f"Severity ({', '.join(RISK)})"
        severity = _again(
            lambda: ask(question, "medium"), lambda text: chosen("severity", text, tuple(RISK)), say
        )
        answers = replace(answers, severity=severity)
    if not answers.techniques and not answers.tactic:
        answers = replace(answers, techniques=_techniques(ask, say))
    return answers


def _type(answers: Answers, ask: Ask, say: Say) -> Answers:
    def meant(text: str) -> Answers:
        return spoken(replace(answers, type=text))

    question = f"Type ({', '.join(TYPES)})"
    text = _again(lambda: ask(question, "query"), lambda text: chosen("type", meant(text).type, TYPES), say)
    return meant(text)


def _again(asked: Callable[[], str], check: Callable[[str], object], say: Say) -> str:
    """An answer that passes the check; what is wrong with one that does not is told."""
    while True:
        text = asked()
        try:
            check(text)
        except BadAnswer as error:
            say(f"  {error}")
        else:
            return text


def _for_type(answers: Answers, ask: Ask, say: Say) -> Answers:
    if answers.type == "threshold" and not answers.fields:
        fields = _list(ask("Count by which fields? (none: all together)", ""))
        usual = str(answers.count or COUNT)
        count = _whole(_again(lambda: ask("How many events?", usual), _whole, say))
        return replace(answers, fields=fields, count=count)
    if answers.type == "new_terms" and not answers.fields:
        return replace(answers, fields=_list(_needed(ask, "New values of which fields?")))
    if answers.type == "threat_match" and not answers.mapping:
        usual = "source.ip=threat.indicator.ip"
        question = "Look up (field of the event=field of the indicator)"
        return replace(answers, mapping=_list(_again(lambda: ask(question, usual), _pairs, say)))
    if answers.type == "machine_learning" and not answers.jobs:
        return replace(answers, jobs=_list(_needed(ask, "Machine-learning job")))
    return answers


def _techniques(ask: Ask, say: Say) -> Sequence[str]:
    """Techniques by id, name, or some words of a name; nothing typed: none."""
    while word := ask("ATT&CK technique (id, name or words; Enter for none)", ""):
        try:
            return [technique_of(word).id]
        except BadAnswer as error:
            like = techniques_like(word)[:SHOWN]
            if not like:
                say(f"  {error}")
            for one in like:
                say(f"  {one.id:<10} {one.name}")
    return ()


def _needed(ask: Ask, question: str) -> str:
    while not (answer := ask(question, "")):
        pass
    return answer


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _pairs(text: str) -> None:
    for one in _list(text) or [text]:
        field, _, other = one.partition("=")
        if not field.strip() or not other.strip():
            raise BadAnswer(f"`{one}` is no pair such as source.ip=threat.indicator.ip")


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise BadAnswer(f"`{text}` is no number of events")
    return int(text)


def missing(answers: Answers) -> list[str]:
    """The flags that a rule cannot be made without."""
    wanted = {"--name": answers.name, "--query": answers.query or answers.type == "machine_learning"}
    return [flag for flag, given in wanted.items() if not given]
