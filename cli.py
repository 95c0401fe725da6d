"""The command line: read arguments, call, print, exit. What commands do is in `samefire.commands`."""

from __future__ import annotations

import copy
import gc
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from samefire import __version__

app = typer.Typer(
    name="samefire",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="One detection rule, every backend, the same alerts.\n\n"
    "Rules are TOML files; `convert` exports them, `test` proves the exported text on fixtures.",
)

Paths = Annotated[
    list[str] | None,
    typer.Argument(help="Rules: files, folders, patterns; none: as the settings say; `-`: stdin."),
]
Format = Annotated[str, typer.Option("--format", "-f", help="text or json.")]
Report = Annotated[
    str | None,
    typer.Option(
        "--format", "-f", help="text, json, junit, sarif, github, markdown or html.", show_default="text"
    ),
]
Output = Annotated[
    list[Path] | None,
    typer.Option(
        "--output", "-o", help="Write the report to a file (.txt .json .xml .sarif .md .html); repeatable."
    ),
]
Summary = Annotated[
    bool, typer.Option("--summary", help="Add the report to the job summary of GitHub Actions.")
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Also list what is as expected.")]
Jobs = Annotated[int, typer.Option("--jobs", "-j", min=0, help="Processes; 0: one for each core.")]
NoCache = Annotated[bool, typer.Option("--no-cache", help="Judge everything anew.")]
Mapping = Annotated[
    Path | None, typer.Option("--mapping", help="Elasticsearch mapping (JSON) that types fields.")
]


STOPPED = 130


def main() -> None:
    """The console script: every way to end has its exit code, and no traceback reaches a user."""
    gc.set_threshold(50_000, 20, 20)  # what is read is kept: looking it over for garbage costs and finds none
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command line; the exit code."""
    try:
        outcome = _app(arguments)(args=arguments, standalone_mode=False, prog_name="samefire")
    except typer.Exit as stop:
        return stop.exit_code
    except typer.Abort:
        print("samefire: stopped", file=sys.stderr)
        return STOPPED
    except KeyboardInterrupt:
        print("samefire: stopped", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return _failed(error, arguments)
    if outcome == STOPPED:  # what Typer makes of Ctrl-C
        print("samefire: stopped", file=sys.stderr)
    return outcome if isinstance(outcome, int) else 0


def _app(arguments: list[str]) -> typer.Typer:
    """Typer reads the signatures of all commands before it looks for one: a line that names one gets that alone."""
    named = [
        c for c in app.registered_commands if arguments[:1] == [c.name or getattr(c.callback, "__name__", "")]
    ]
    if not named:
        return app
    alone = copy.copy(app)
    alone.registered_commands = named
    return alone


def _failed(error: Exception, arguments: list[str]) -> int:
    from samefire.commands.failure import describe

    code, text = describe(error, arguments, debug=bool(os.environ.get("SAMEFIRE_DEBUG")))
    print(text, file=sys.stderr)
    return code


def _finish(call: Callable[[], object]) -> None:
    """Print what a command gave and leave with its code."""
    from samefire.commands.failure import guarded

    result = guarded(call)
    if result.err:
        print(result.err, file=sys.stderr)
    if result.out:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that cannot write a letter
        sys.stdout.write(result.out if result.out.endswith("\n") else result.out + "\n")
        sys.stdout.flush()
    raise typer.Exit(int(result.code))


def _version(wanted: bool) -> None:
    if wanted:
        print(f"samefire {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """One detection rule, every backend, the same alerts."""


Forms = Annotated[
    list[str] | None,
    typer.Option("--to", "--form", "-t", help="A form, such as `elastic` or `sigma`; may be repeated."),
]
Caseless = Annotated[bool, typer.Option("--caseless", help="Sigma without `|cased`: wider, and says where.")]
Approximate = Annotated[
    bool, typer.Option("--approximate", help="Also write forms that over-fire, labelled as such.")
]
Taxonomy = Annotated[str, typer.Option("--taxonomy", help="Field names in Sigma: `ecs` (exact) or `sigma`.")]
Pipeline = Annotated[
    str,
    typer.Option("--pipeline", help="A pipeline of pySigma for forms that its backends make: name or file."),
]
Profile = Annotated[str, typer.Option("--profile", help="Conventions of Sigma output: `sigmahq`.")]


@app.command()
def check(
    paths: Paths = None,
    format: Report = None,
    output: Output = None,
    summary: Summary = False,
    mapping: Mapping = None,
    strict_fields: Annotated[
        bool, typer.Option("--strict-fields", help="Refuse fields of unknown type.")
    ] = False,
    sigma: Annotated[
        bool, typer.Option("--sigma", help="Also ask Sigma's validators of each rule's Sigma.")
    ] = False,
    taxonomy: Taxonomy = "",
    profile: Profile = "",
) -> None:
    """Find problems without running rules.

    Schema, query and fields of rules and fixtures: every problem with its place.

    Examples: `samefire check`, `samefire check rules/aws --format json`, `samefire check --sigma --profile sigmahq`
    """
    from samefire.commands import check as command
    from samefire.commands.convert import Choices
    from samefire.commands.reporting import printing

    asked = printing(format, output, summary)
    of_sigma = Choices(taxonomy=taxonomy, profile=profile) if sigma else None
    _finish(
        lambda: command.run(paths or [], asked, mapping=mapping, strict_fields=strict_fields, sigma=of_sigma)
    )


@app.command()
def convert(
    paths: Paths = None,
    to: Forms = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A folder, for many rules.")] = None,
    caseless: Caseless = False,
    approximate: Approximate = False,
    taxonomy: Taxonomy = "",
    profile: Profile = "",
    pipeline: Pipeline = "",
    mapping: Mapping = None,
) -> None:
    """Export rules as Elastic JSON, Sigma and more.

    One rule goes to stdout, many to a folder.

    Examples: `samefire convert rules/aws/x.toml --to sigma`, `samefire convert rules -o out`
    """
    from samefire.commands import convert as command

    choices = command.Choices(tuple(to or ()), caseless, approximate, taxonomy, profile, pipeline)
    _finish(lambda: command.run(paths or [], choices, output, mapping))


@app.command()
def test(
    paths: Paths = None,
    form: Forms = None,
    format: Report = None,
    output: Output = None,
    summary: Summary = False,
    caseless: Caseless = False,
    approximate: Approximate = False,
    profile: Profile = "",
    mapping: Mapping = None,
    verbose: Verbose = False,
    jobs: Jobs = 0,
    no_cache: NoCache = False,
    coverage: Annotated[
        bool, typer.Option("--coverage", help="Also show which clauses cases prove.")
    ] = False,
) -> None:
    """Judge every form of rules on their fixtures.

    Each form is written, read back and run: the exported text is what is judged.

    Examples: `samefire test`, `samefire test rules/aws --form sigma -v`, `samefire test -o report.html`
    """
    from samefire.commands import test as command
    from samefire.commands.convert import Choices
    from samefire.commands.reporting import printing
    from samefire.commands.running import Running

    choices = Choices(tuple(form or ()), caseless, approximate, profile=profile)
    asked = printing(format, output, summary, verbose)
    _finish(lambda: command.run(paths or [], choices, asked, mapping, Running(jobs, not no_cache), coverage))


@app.command()
def gate(
    base: Annotated[
        str | None, typer.Option("--base", help="The revision to compare with; else as the policy says.")
    ] = None,
    all: Annotated[bool, typer.Option("--all", help="Judge all rules, whatever changed.")] = False,
    form: Forms = None,
    format: Report = None,
    output: Output = None,
    summary: Summary = False,
    verbose: Verbose = False,
    jobs: Jobs = 0,
    no_cache: NoCache = False,
) -> None:
    """Judge a change against your policy.

    Judges what the change touches since a revision, and holds it against the policy.

    Examples: `samefire gate`, `samefire gate --base origin/main -o gate.html -o gate.sarif --summary`
    """
    from samefire.commands import gate as command
    from samefire.commands.reporting import printing
    from samefire.commands.running import Running

    choices = command.Choices(base, all, tuple(form or ()))
    asked = printing(format, output, summary, verbose)
    _finish(lambda: command.run(choices, asked, Running(jobs, not no_cache)))


@app.command()
def diff(
    old: Annotated[str, typer.Argument(metavar="A", help="A file, folder, revision or `revision:path`.")],
    new: Annotated[str | None, typer.Argument(metavar="B", help="Likewise; none: the work tree.")] = None,
    form: Forms = None,
    format: Annotated[str, typer.Option("--format", "-f", help="text, markdown or json.")] = "text",
) -> None:
    """Tell what changed between two versions.

    Meaning or layout, fields, thresholds, schedule, and which cases change verdict.

    Examples: `samefire diff main`, `samefire diff old.toml new.toml`, `samefire diff v1 v2 --format markdown`
    """
    from samefire.commands import diff as command

    _finish(lambda: command.run(old, new, forms=form or [], format=format))


@app.command()
def query(
    text: Annotated[
        str, typer.Argument(metavar="QUERY", help="The query, or a Sigma file (.yml); `-`: stdin.")
    ],
    language: Annotated[
        str, typer.Option("--language", "-l", help="kuery, lucene, eql, esql or sigma.")
    ] = "kuery",
    events: Annotated[
        str | None, typer.Option("--events", "-e", help="NDJSON or JSON file; `-`: stdin.")
    ] = None,
    mapping: Mapping = None,
    format: Format = "text",
    dsl: Annotated[
        bool, typer.Option("--dsl", help="Print the Query DSL that Kibana makes of a KQL query.")
    ] = False,
) -> None:
    """Run one query over events, without a rule.

    Example: `samefire query 'process.name: cmd*' --events events.ndjson --format json`
    """
    from samefire.commands import query as command

    asked = sys.stdin.read() if text == "-" else text
    _finish(lambda: command.run(asked, name=language, events=events, mapping=mapping, format=format, dsl=dsl))


@app.command()
def explain(
    rule: Annotated[str, typer.Argument(help="A rule file.")],
    case: Annotated[
        str | None, typer.Option("--case", "-c", help="A case, such as `negative/wrong_action`.")
    ] = None,
    events: Annotated[str | None, typer.Option("--events", "-e", help="Events of a file instead.")] = None,
    form: Annotated[str, typer.Option("--form", help="Which form to explain.")] = "elastic",
    mapping: Mapping = None,
    format: Format = "text",
) -> None:
    """Explain a rule on events, clause by clause.

    On its cases or on events of yours: every clause, the values it saw, and why.

    Example: `samefire explain rules/aws/x.toml --case negative/wrong_action`
    """
    from samefire.commands import explain as command

    _finish(lambda: command.run(rule, case=case, events=events, form=form, format=format, mapping=mapping))


@app.command()
def bundle(
    paths: Paths = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="A folder, or a `.zip` file.")] = Path(
        "bundle"
    ),
    to: Forms = None,
    caseless: Caseless = False,
    approximate: Approximate = False,
    taxonomy: Taxonomy = "",
    profile: Profile = "",
    pipeline: Pipeline = "",
    export_details: Annotated[
        bool, typer.Option("--export-details", help="End the import file with its counts, as Kibana does.")
    ] = False,
    since: Annotated[
        str | None, typer.Option("--since", help="Tell changes since the lock file of this revision.")
    ] = None,
    no_test: Annotated[bool, typer.Option("--no-test", help="Do not run the rules' cases.")] = False,
    verify: Annotated[
        bool, typer.Option("--verify", help="Only compare the bundle with its manifest and the sources.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Tell every refusal and its reason.")
    ] = False,
    jobs: Jobs = 0,
    no_cache: NoCache = False,
) -> None:
    """Bundle all exports for release.

    The same bytes on every run, with a manifest of digests.

    Examples: `samefire bundle rules -o bundle`, `samefire bundle -o rules.zip`, `samefire bundle --verify`
    """
    from samefire.commands import bundle as command
    from samefire.commands.convert import Choices
    from samefire.commands.running import Running

    wanted = command.Wanted(
        Choices(tuple(to or ()), caseless, approximate, taxonomy, profile, pipeline),
        export_details,
        not no_test,
        since,
    )
    how = Running(jobs, not no_cache)
    if verify:
        _finish(lambda: command.verify(paths or [], output, running=how))
    _finish(lambda: command.run(paths or [], wanted, output, verbose=verbose, running=how))


@app.command()
def lock(
    paths: Paths = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only tell whether the lock file is up to date.")
    ] = False,
) -> None:
    """Give changed rules their next version.

    A rule whose export changed since the lock file gets its next version.

    Example: `samefire lock`
    """
    from samefire.commands import lock as command

    _finish(lambda: command.run(paths or [], check=check))


@app.command()
def init(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="Where; it may hold other files.")
    ] = Path(),
) -> None:
    """Start a rules repository.

    Settings, a rule with fixtures, hooks, a workflow, editor settings.

    Example: `samefire init detections`
    """
    from samefire.commands import init as command

    _finish(lambda: command.run(folder))


@app.command()
def new(
    path: Annotated[Path | None, typer.Argument(metavar="PATH", help="The file; else by its name.")] = None,
    name: Annotated[str, typer.Option("--name", help="What the rule finds.")] = "",
    type: Annotated[
        str, typer.Option("--type", help="query, eql, threshold, new_terms, threat_match …")
    ] = "",
    query: Annotated[str, typer.Option("--query", help="The query.")] = "",
    description: Annotated[str, typer.Option("--description", help="A sentence or two.")] = "",
    language: Annotated[str, typer.Option("--language", help="kuery or lucene, for type query.")] = "",
    index: Annotated[list[str] | None, typer.Option("--index", help="Index patterns.")] = None,
    severity: Annotated[str, typer.Option("--severity", help="low, medium, high or critical.")] = "",
    technique: Annotated[list[str] | None, typer.Option("--technique", help="ATT&CK id or name.")] = None,
    tactic: Annotated[str, typer.Option("--tactic", help="When the technique has several.")] = "",
    author: Annotated[str, typer.Option("--author", help="Who wrote it.")] = "",
    field: Annotated[list[str] | None, typer.Option("--field", help="Of thresholds and new terms.")] = None,
    count: Annotated[int | None, typer.Option("--count", min=1, help="Events of a threshold (10).")] = None,
    history: Annotated[str, typer.Option("--history", help="How far new terms look back (now-14d).")] = "",
    job: Annotated[list[str] | None, typer.Option("--job", help="Machine-learning jobs.")] = None,
    score: Annotated[
        int | None, typer.Option("--score", min=0, max=100, help="Anomaly threshold (75).")
    ] = None,
    mapping: Annotated[list[str] | None, typer.Option("--mapping", help="FIELD=INDICATOR_FIELD")] = None,
    indicators: Annotated[list[str] | None, typer.Option("--indicators", help="Indicator indices.")] = None,
) -> None:
    """Write a new rule with its first fixtures.

    On a terminal it asks for what is not given.

    Example: `samefire new --name "Shell by web server" --type eql --query 'process where …' --technique T1505.003`
    """
    from samefire.commands import new as command
    from samefire.starting.answers import Answers

    lists = [x or [] for x in (index, technique, field, job, mapping, indicators)]
    told = (name, type, query, description, language, lists[0], severity, lists[1], tactic, author)
    answers = Answers(*told, lists[2], count, history, lists[3], score, lists[4], lists[5])
    _finish(lambda: command.run(path, answers))


@app.command()
def fixtures(
    paths: Paths = None,
    recorded: Annotated[
        str | None, typer.Option("--from", help="Recorded events: kept, redacted, trimmed; `-`: stdin.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", help="Another seed gives other values.")] = 0,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Alternatives with a case of their own.")] = 60,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell which cases there would be.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Also write over cases that differ.")] = False,
    mapping: Mapping = None,
) -> None:
    """Generate fixtures out of a rule.

    What must fire, branch by branch, and what just misses, clause by clause.

    Examples: `samefire fixtures rules/aws/x.toml`, `samefire fixtures rules/x.toml --from event.json`
    """
    from samefire.commands import fixtures as command

    asked = command.Asked(recorded, seed, limit, dry_run, force, mapping)
    _finish(lambda: command.run(paths or [], asked))


@app.command()
def cover(
    paths: Paths = None,
    least: Annotated[
        float | None, typer.Option("--least", min=0, max=1, help="The share that each rule needs.")
    ] = None,
    format: Annotated[str, typer.Option("--format", "-f", help="text or json.")] = "text",
    mapping: Mapping = None,
) -> None:
    """Show which clauses the fixtures prove.

    Those that decide some event, being true and being false.

    Examples: `samefire cover`, `samefire cover rules/aws --least 0.9`
    """
    from samefire.commands import cover as command

    _finish(lambda: command.run(paths or [], least=least, format=format, mapping=mapping))


@app.command()
def watch(form: Forms = None) -> None:
    """Judge what each saved file concerns.

    Runs until it is stopped; each save is judged at once.

    Example: `samefire watch`
    """
    from samefire.commands import watch as command

    raise typer.Exit(int(command.run(form or [])))


@app.command()
def docs(
    paths: Paths = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder to write.")] = Path("site"),
    format: Annotated[str, typer.Option("--format", "-f", help="html, markdown or both.")] = "html",
    title: Annotated[str, typer.Option("--title", help="The heading of the index.")] = "Detection rules",
) -> None:
    """Write a page for each rule, and an index.

    Static and offline, with search and the ATT&CK matrix.

    Example: `samefire docs -o site`
    """
    from samefire.commands import docs as command

    _finish(lambda: command.run(paths or [], output=output, format=format, title=title))


@app.command()
def fmt(
    paths: Paths = None,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; tell which files would change.")
    ] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Write nothing; show what would change.")] = False,
    queries: Annotated[
        bool, typer.Option("--queries", help="Also lay out queries anew, each proved to mean the same.")
    ] = False,
) -> None:
    """Format rule files; comments are kept.

    One layout for rule and exception files; the exported JSON stays the same.

    Examples: `samefire fmt`, `samefire fmt --check`, `samefire fmt rules/aws --diff`
    """
    from samefire.commands import fmt as command

    _finish(lambda: command.run(paths or [], check=check, diff=diff, queries=queries))


@app.command(name="import")
def import_(
    paths: Annotated[
        list[str] | None,
        typer.Argument(
            help="Exports (.ndjson, .json), Sigma rules (.yml), repositories (folders), rule files; `-`: stdin."
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The folder for rules; else as the settings say.")
    ] = None,
    deprecated: Annotated[
        bool, typer.Option("--deprecated", help="Import rules as deprecated ones.")
    ] = False,
    taxonomy: Annotated[
        str, typer.Option("--taxonomy", help="Field names of Sigma rules: kept (`sigma`), or `ecs`.")
    ] = "sigma",
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Also list files and notes.")] = False,
) -> None:
    """Import rules of Kibana, Elastic or Sigma.

    Rules, exceptions and connectors become TOML files; nothing is lost silently.

    Examples: `samefire import rules_export.ndjson`, `samefire import sigma/**/*.yml -o rules/sigma`
    """
    from samefire.commands import import_ as command

    _finish(
        lambda: command.run(
            paths or [], output=output, deprecated=deprecated, verbose=verbose, taxonomy=taxonomy
        )
    )


@app.command()
def schema(
    name: Annotated[
        str | None, typer.Argument(help="rule, fixture, settings, fields or exceptions.", show_default=False)
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="A folder for schema files.")] = None,
) -> None:
    """Print a JSON Schema for editors.

    Of rules, fixtures, settings, field types or exceptions.

    Examples: `samefire schema rule`, `samefire schema --output .schemas`
    """
    from samefire.commands import schema as command

    _finish(lambda: command.run(name, output=output))


@app.command()
def lsp(
    stdio: Annotated[
        bool, typer.Option("--stdio", hidden=True, help="As editors ask; nothing else is spoken.")
    ] = True,
) -> None:
    """Serve an editor (language server).

    Problems as you type, completion, hover, quick fixes, formatting, fixtures.

    Needs the extra: `pip install 'samefire[lsp]'`. How to set up an editor: docs/editors.md.
    """
    from samefire.commands import lsp as command

    _finish(command.run)


@app.command(name="explain-code")
def explain_code(
    codes: Annotated[list[str] | None, typer.Argument(help="Codes of problems; none: list them all.")] = None,
) -> None:
    """Explain a problem's code.

    What it means, an example, and its mend.

    Example: `samefire explain-code query-unclosed-string`
    """
    from samefire.commands import explain_code as command

    _finish(lambda: command.run(codes or []))


if __name__ == "__main__":
    main()
