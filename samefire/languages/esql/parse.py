"""Commands of ES|QL: tokens → syntax tree.

A command that cannot be read does not hide the problems of the others: reading goes on after the next `|`. What
a well-formed query may not say (columns, types, functions) is `lower`'s. Each function's docstring is its rule.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn, TypeVar

from samefire.languages.esql.expressions import Expressions
from samefire.languages.esql.reader import KEYWORDS
from samefire.languages.esql.tokens import Token, string_value
from samefire.languages.esql.tree import (
    Aggregate,
    ChangePoint,
    Column,
    Command,
    Completion,
    Dissect,
    Drop,
    Enrich,
    Eval,
    Expression,
    From,
    Grok,
    Keep,
    Limit,
    LookupJoin,
    Map,
    MvExpand,
    Name,
    NamePattern,
    Number,
    Order,
    Query,
    Rename,
    Row,
    Sample,
    Sort,
    Stats,
    Where,
    expressions,
)
from samefire.problems import Problem, ProblemError, did_you_mean, nearest
from samefire.query.ast import Wild
from samefire.source import Source, Span

_Item = TypeVar("_Item")

_UNREAD = frozenset(("fork", "fuse", "rerank", "ts", "show", "set", "promql", "explain", "metrics", "insist"))
"""Commands of Elasticsearch that detection rules have no use for."""


def parse(source: Source) -> Query:
    """The tree of an ES|QL query; raises ProblemError with the first problem of each command."""
    return _Commands(source).query()


class _Commands(Expressions):
    __slots__ = ()

    def query(self) -> Query:
        """query: source_command ("|" command)* END"""
        if self.token.kind == "end":
            self.fail("query-empty", "the query is empty", Span(0, len(self.source.text)), "write `FROM …`")
        problems: list[Problem] = []
        commands: list[Command] = []
        while True:
            try:
                commands.append(self.command(first=self.at == 0))
            except ProblemError as error:
                problems.extend(error.problems)
                self.recover()
            if self.token.kind == "end":
                break
            self.advance()
        if problems:
            raise ProblemError(problems)
        return Query(tuple(commands))

    def recover(self) -> None:
        """Go to the next pipe."""
        self.depth = 0
        while self.token.kind not in ("|", "end"):
            self.advance()

    def command(self, *, first: bool) -> Command:
        """command: WORD …, up to the next "|" """
        token = self.token
        if token.kind != "name":
            self.unexpected("a source command (`FROM` or `ROW`)" if first else "a command")
        read = (_SOURCES if first else _PROCESSING).get(token.word)
        if read is None:
            self.unknown(token, first)
        found = read(self)
        if self.token.kind not in ("|", "end"):
            self.unexpected(_AFTER.get(token.word, "`,`, `|` or the end"))
        self.check_depth(list(expressions(found)))
        return found

    def unknown(self, token: Token, first: bool) -> NoReturn:
        shown = token.text
        if token.word in _SOURCES or token.word in _PROCESSING:
            if first:
                hint = "write `FROM index | …`"
                self.fail("query-source", f"a query does not start with `{shown}`", token.span, hint)
            self.fail("query-source", f"`{shown}` can only start a query", token.span)
        if token.word in _UNREAD:
            self.fail("query-command", f"samefire does not read the command `{shown}`", token.span)
        known = [*_SOURCES] if first else [*_PROCESSING]
        self.fail("query-command", f"`{shown}` is no command", token.span, _suggestion(token.word, known))

    def separated(self, item: Callable[[], _Item]) -> tuple[_Item, ...]:
        """item ("," item)*"""
        found = [item()]
        while self.accept(","):
            found.append(item())
        return tuple(found)

    # ---- sources -------------------------------------------------------------------------------

    def from_(self) -> From:
        """ "FROM" index ("," index)* ["METADATA" name ("," name)*]"""
        start = self.advance().start
        indices = self.separated(self.index)
        bracket = self.accept("[")
        metadata: tuple[Name, ...] = ()
        if self.word("metadata"):
            metadata = self.separated(lambda: self.column("a metadata field"))
        elif bracket:
            self.unexpected("`METADATA`")
        if bracket:
            self.expect("]", "`,` or `]`")
        return From(indices, metadata, self.span_from(start))

    def index(self) -> str:
        """index: INDEX | STRING"""
        token = self.token
        match token.kind:
            case "index" if token.word != "metadata":
                self.advance()
                return token.text
            case "string" | "raw":
                self.advance()
                return string_value(token)
            case "(":
                return self.fail("query-subquery", "samefire does not read a query inside `FROM`", token.span)
            case _:
                return self.unexpected("an index")

    def row(self) -> Row:
        """ "ROW" column ("," column)*"""
        start = self.advance().start
        return Row(self.separated(self.definition), self.span_from(start))

    # ---- processing ----------------------------------------------------------------------------

    def where(self) -> Where:
        """ "WHERE" expression"""
        start = self.advance().start
        return Where(self.expression(), self.span_from(start))

    def eval(self) -> Eval:
        """ "EVAL" column ("," column)*"""
        start = self.advance().start
        return Eval(self.separated(self.definition), self.span_from(start))

    def definition(self) -> Column:
        """column: [name "="] expression"""
        start = self.token.start
        name = self.given_name()
        at = self.token.start
        expression = self.expression()
        return Column(name or self.default_name(expression, at), expression, self.span_from(start))

    def default_name(self, expression: Expression, start: int) -> str:
        return expression.name if isinstance(expression, Name) else self.written(start)

    def given_name(self) -> str | None:
        """[name "="], when an equals sign follows the name"""
        ahead = 0
        if self.token.kind not in ("name", "quoted"):
            return None
        while self.peek(ahead + 1).kind == ".":
            ahead += 2
        if self.peek(ahead + 1).kind != "=":
            return None
        name = self.column("a column").name
        self.advance()
        return name

    def stats(self) -> Stats:
        """ "STATS" [aggregate ("," aggregate)*] ["BY" column ("," column)*]"""
        start = self.advance().start
        return self.aggregation(start, inline=False)

    def inline_stats(self) -> Stats:
        """("INLINE" "STATS" | "INLINESTATS") …"""
        token = self.advance()
        if token.word == "inline":
            self.expect_word("stats")
        return self.aggregation(token.start, inline=True)

    def aggregation(self, start: int, *, inline: bool) -> Stats:
        aggregates: tuple[Aggregate, ...] = ()
        if self.token.word != "by":
            aggregates = self.separated(self.aggregate)
        groups = self.separated(self.definition) if self.word("by") else ()
        return Stats(aggregates, groups, inline, self.span_from(start))

    def aggregate(self) -> Aggregate:
        """aggregate: [name "="] expression ["WHERE" expression]"""
        start = self.token.start
        name = self.given_name()
        at = self.token.start
        expression = self.expression()
        condition = self.expression() if self.word("where") else None
        given = name or (self.default_name(expression, at) if condition is None else self.written(at))
        return Aggregate(given, expression, condition, self.span_from(start))

    def keep(self) -> Keep:
        """ "KEEP" pattern ("," pattern)*"""
        start = self.advance().start
        return Keep(self.separated(self.name_pattern), self.span_from(start))

    def drop(self) -> Drop:
        """ "DROP" pattern ("," pattern)*"""
        start = self.advance().start
        return Drop(self.separated(self.name_pattern), self.span_from(start))

    def name_pattern(self) -> Name | NamePattern:
        """pattern: a name in which `*` stands for any run of characters"""
        start = self.token.start
        pieces: list[str | Wild] = []
        while self.token.kind in ("name", "quoted", "*", ".", "integer") and (
            not pieces or self.token.start == self.end()
        ):
            token = self.advance()
            if token.kind == "*":
                pieces.append(Wild.MANY)
                continue
            text = token.text[1:-1].replace("``", "`") if token.kind == "quoted" else token.text
            if pieces and isinstance(pieces[-1], str):
                text = str(pieces.pop()) + text
            pieces.append(text)
        if not pieces or self.written(start).endswith("."):
            self.unexpected("a column")
        span = self.span_from(start)
        if len(pieces) == 1 and isinstance(pieces[0], str):
            self.check_name(pieces[0], start, span)
            return Name(pieces[0], span)
        return NamePattern(tuple(pieces), span)

    def check_name(self, name: str, start: int, span: Span) -> None:
        if self.written(start).lower() in KEYWORDS:
            hint = f"write it in backticks: `` `{name}` ``"
            self.fail("query-syntax", f"`{name}` is a keyword, not a column", span, hint)

    def rename(self) -> Rename:
        """ "RENAME" (old "AS" new | new "=" old) ("," …)*"""
        start = self.advance().start
        return Rename(self.separated(self.pair), self.span_from(start))

    def pair(self) -> tuple[Name, Name]:
        first = self.column("a column")
        if self.accept("="):
            return self.column("a column"), first
        self.expect_word("as")
        return first, self.column("a column")

    def sort(self) -> Sort:
        """ "SORT" order ("," order)*"""
        start = self.advance().start
        return Sort(self.separated(self.order), self.span_from(start))

    def order(self) -> Order:
        """order: expression ["ASC" | "DESC"] ["NULLS" ("FIRST" | "LAST")]"""
        start = self.token.start
        expression = self.expression()
        direction = self.word("asc", "desc")
        nulls = None
        if self.word("nulls"):
            place = self.word("first", "last")
            if place is None:
                self.unexpected("`FIRST` or `LAST`")
            nulls = place.word == "first"
        descending = direction is not None and direction.word == "desc"
        return Order(expression, descending, nulls, self.span_from(start))

    def limit(self) -> Limit:
        """ "LIMIT" INTEGER"""
        start = self.advance().start
        at = self.token.start
        found = self.expression()
        span = self.span_from(at)
        if not isinstance(found, Number) or not isinstance(found.value, int) or found.value < 0:
            self.fail("query-limit", "`LIMIT` takes a whole number that is not negative", span)
        return Limit(found.value, self.span_from(start))

    def dissect(self) -> Dissect:
        """ "DISSECT" expression STRING ["APPEND_SEPARATOR" "=" STRING]"""
        start = self.advance().start
        expression = self.expression()
        pattern = self.text("a pattern in double quotes")
        separator = ""
        if self.token.kind == "name":
            option = self.advance()
            if option.word != "append_separator":
                hint = did_you_mean(option.word, ["append_separator"])
                self.fail("query-option", f"`{option.text}` is no option of DISSECT", option.span, hint)
            self.expect("=", "`=`")
            separator = self.text("a text in double quotes").value
        return Dissect(expression, pattern, separator, self.span_from(start))

    def grok(self) -> Grok:
        """ "GROK" expression STRING ("," STRING)*"""
        start = self.advance().start
        expression = self.expression()
        patterns = self.separated(lambda: self.text("a pattern in double quotes"))
        return Grok(expression, patterns, self.span_from(start))

    def mv_expand(self) -> MvExpand:
        """ "MV_EXPAND" name"""
        start = self.advance().start
        return MvExpand(self.column("a column"), self.span_from(start))

    # ---- what can be read, and not run -----------------------------------------------------------

    def enrich(self) -> Enrich:
        """ "ENRICH" POLICY ["ON" name] ["WITH" column ("," column)*]"""
        start = self.advance().start
        policy = self.index()
        on = self.column("a column") if self.word("on") else None
        columns = self.separated(self.enriched) if self.word("with") else ()
        return Enrich(policy, on, columns, self.span_from(start))

    def enriched(self) -> tuple[str, str]:
        first = self.column("a column").name
        return (first, self.column("a column").name) if self.accept("=") else (first, first)

    def lookup_join(self) -> LookupJoin:
        """ "LOOKUP" "JOIN" INDEX "ON" expression ("," expression)*"""
        start = self.advance().start
        self.expect_word("join")
        index = self.index()
        self.expect_word("on")
        return LookupJoin(index, self.separated(self.expression), self.span_from(start))

    def completion(self) -> Completion:
        """ "COMPLETION" [name "="] expression ["WITH" map]"""
        start = self.advance().start
        name = self.given_name() or "completion"
        prompt = self.expression(least=5)
        options: Map | None = None
        if self.word("with"):
            if self.token.kind != "{":
                self.unexpected("`{`")
            options = self.map()
        return Completion(name, prompt, options, self.span_from(start))

    def change_point(self) -> ChangePoint:
        """ "CHANGE_POINT" name ["ON" name] ["AS" name "," name]"""
        start = self.advance().start
        value = self.column("a column")
        key = self.column("a column") if self.word("on") else None
        kind = pvalue = None
        if self.word("as"):
            kind = self.column("a column")
            self.expect(",", "`,`")
            pvalue = self.column("a column")
        return ChangePoint(value, key, kind, pvalue, self.span_from(start))

    def sample(self) -> Sample:
        """ "SAMPLE" DECIMAL"""
        start = self.advance().start
        found = self.expression()
        if not isinstance(found, Number) or not 0 < found.value < 1:
            hint = "write `SAMPLE 0.1` for every tenth row"
            self.fail("query-sample", "`SAMPLE` takes a number between 0 and 1", found.span, hint)
        return Sample(float(found.value), self.span_from(start))


def _suggestion(word: str, known: list[str]) -> str | None:
    instead = {"filter": "where", "select": "keep", "project": "keep", "group": "stats", "head": "limit"}
    if word in instead:
        return f"write `{instead[word].upper()}`"
    near = nearest(word, known)
    return f"did you mean `{near.upper()}`?" if near else None


_AFTER = {"where": "`AND`, `OR`, `|` or the end", "limit": "`|` or the end", "mv_expand": "`|` or the end"}

_SOURCES: dict[str, Callable[[_Commands], Command]] = {"from": _Commands.from_, "row": _Commands.row}

_PROCESSING: dict[str, Callable[[_Commands], Command]] = {
    "where": _Commands.where,
    "eval": _Commands.eval,
    "stats": _Commands.stats,
    "inline": _Commands.inline_stats,
    "inlinestats": _Commands.inline_stats,
    "keep": _Commands.keep,
    "drop": _Commands.drop,
    "rename": _Commands.rename,
    "sort": _Commands.sort,
    "limit": _Commands.limit,
    "dissect": _Commands.dissect,
    "grok": _Commands.grok,
    "mv_expand": _Commands.mv_expand,
    "enrich": _Commands.enrich,
    "lookup": _Commands.lookup_join,
    "completion": _Commands.completion,
    "change_point": _Commands.change_point,
    "sample": _Commands.sample,
}
