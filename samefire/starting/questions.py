"""Questions on a terminal, for the answers that flags did not give. Nothing is asked elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace

from samefire.starting.answers import TYPES, Answers, BadAnswer, technique_of, techniques_like

Ask = Callable[[str, str], str]
"""A question and the usual answer; gives what was typed, or the usual answer."""
Say = Callable[[str], None]
SHOWN = 8


def on_terminal() -> bool:
    """Whether somebody is there to answer."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def ask(question: str, usual: str) -> str:
    """One question on stderr."""
    sys.stderr.write(f"{question} [{usual}]: " if usual else f"{question}: ")
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise BadAnswer("no more answers")
    return line.strip() or usual


def say(text: str) -> None:
    """A line on stderr."""
    print(text, file=sys.stderr)


def complete(answers: Answers, ask: Ask = ask, say: Say = say) -> Answers:
    """The answers with what was missing asked for. Raises BadAnswer."""
    if not answers.name:
        answers = replace(answers, name=_needed(ask, "What does the rule find? (its name)"))
    answers = replace(answers, type=answers.type or ask(f"Type ({', '.join(TYPES)})", "query"))
    if not answers.query and answers.type != "machine_learning":
        answers = replace(answers, query=_needed(ask, "Query"))
    if not answers.index and answers.type not in ("machine_learning", "esql"):
        answers = replace(answers, index=_list(ask("Index patterns", "logs-*")))
    answers = _for_type(answers, ask)
    if not answers.severity:
        answers = replace(answers, severity=ask("Severity (low, medium, high, critical)", "medium"))
    if not answers.techniques and not answers.tactic:
        answers = replace(answers, techniques=_techniques(ask, say))
    return answers


def _for_type(answers: Answers, ask: Ask) -> Answers:
    if answers.type == "threshold" and not answers.fields:
        fields = _list(ask("Count by which fields? (none: all together)", ""))
        return replace(answers, fields=fields, count=_whole(ask("How many events?", str(answers.count))))
    if answers.type == "new_terms" and not answers.fields:
        return replace(answers, fields=_list(_needed(ask, "New values of which fields?")))
    if answers.type == "threat_match" and not answers.mapping:
        return replace(answers, mapping=_list(ask("Look up", "source.ip=threat.indicator.ip")))
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


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise BadAnswer(f"`{text}` is no number of events")
    return int(text)


def missing(answers: Answers) -> list[str]:
    """The flags that a rule cannot be made without."""
    wanted = {"--name": answers.name, "--query": answers.query or answers.type == "machine_learning"}
    return [flag for flag, given in wanted.items() if not given]
