"""The language server: what the protocol asks, answered by the other files of this folder.

One text is judged as a whole after every change; documents are sent whole, since a rule is small and since lines
of TOML end at a line feed alone.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from samefire import __version__
from samefire.fmt import formatted
from samefire.harness.report import RuleReport
from samefire.lsp.completion import complete
from samefire.lsp.fixes import Fix, fixes
from samefire.lsp.hover import hover
from samefire.lsp.lens import COMMAND, lenses, outcome
from samefire.lsp.places import range_of
from samefire.lsp.project import Kind, Project, Projects
from samefire.problems import Problem, ProblemError, Severity
from samefire.reports.text import problems_text, report_text
from samefire.source import Source, Span

PAUSE = 0.02
"""Seconds without a further change after which a text is judged."""

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.NOTE: types.DiagnosticSeverity.Information,
}


class Server(LanguageServer):
    """A server with what it knows of open documents."""

    def __init__(self) -> None:
        kind = types.TextDocumentSyncKind.Full
        super().__init__("samefire", __version__, text_document_sync_kind=kind)
        self.projects = Projects()
        self.waiting: dict[str, asyncio.TimerHandle] = {}
        self.open: set[str] = set()
        self.runs: dict[str, tuple[str, RuleReport]] = {}  # uri → text that was judged, and how

    def document(self, uri: str) -> tuple[Path, Source, Project]:
        """An open document: its file, its text, its project."""
        path = Path(to_fs_path(uri) or uri)
        text = self.workspace.get_text_document(uri).source
        return path, Source(str(path), text), self.projects.of(path)

    def judge(self, uri: str) -> None:
        """Publish what is wrong with a document now."""
        self.waiting.pop(uri, None)
        path, source, project = self.document(uri)
        found = [diagnostic(p, source) for p in project.diagnose(path, source.text)]
        if project.problems and project.kind(path, source.text) is not Kind.SETTINGS:
            found.insert(0, _elsewhere(project.problems[0]))
        self.open.add(uri)
        version = self.workspace.get_text_document(uri).version
        published = types.PublishDiagnosticsParams(uri, found, version)
        self.text_document_publish_diagnostics(published)

    def judge_soon(self, uri: str) -> None:
        """Publish after a pause in typing."""
        if uri in self.waiting:
            self.waiting[uri].cancel()
        self.waiting[uri] = asyncio.get_running_loop().call_later(PAUSE, self.judge, uri)

    def judge_all(self) -> None:
        """Publish anew for every open document, whatever was read of their projects."""
        self.projects.forget()
        for uri in sorted(self.open):
            self.judge_soon(uri)


def diagnostic(problem: Problem, source: Source) -> types.Diagnostic:
    """A problem as the protocol has it; the hint is part of the message."""
    root, span = problem.source.rooted(problem.span)
    place = range_of(source if root.text == source.text else root, span)
    message = problem.message + (f"\nhelp: {problem.hint}" if problem.hint else "")
    return types.Diagnostic(
        place, message, severity=_SEVERITIES[problem.severity], code=problem.code, source="samefire"
    )


def _elsewhere(problem: Problem) -> types.Diagnostic:
    """A problem of the settings, told where somebody sees it."""
    at = problem.location
    message = f"the settings are not read: {at.path}:{at.line}: {problem.message}"
    nowhere = types.Range(types.Position(0, 0), types.Position(0, 0))
    return types.Diagnostic(
        nowhere, message, severity=types.DiagnosticSeverity.Warning, code=problem.code, source="samefire"
    )


def create() -> Server:
    """A server that has not been started."""
    server = Server()
    _documents(server)
    _answers(server)
    _running(server)
    return server


def _documents(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        server.judge(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        server.judge_soon(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        server.judge_all()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def watched(params: types.DidChangeWatchedFilesParams) -> None:
        server.judge_all()

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        if uri in server.waiting:
            server.waiting.pop(uri).cancel()
        server.open.discard(uri)
        server.runs.pop(uri, None)
        server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))


def _answers(server: Server) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[".", '"', "[", ":", "="])
    )
    def completion(params: types.CompletionParams) -> types.CompletionList:
        path, source, project = server.document(params.text_document.uri)
        return complete(project, project.kind(path, source.text), source, params.position)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    def hovered(params: types.HoverParams) -> types.Hover | None:
        path, source, project = server.document(params.text_document.uri)
        return hover(project, project.kind(path, source.text), source, params.position)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    )
    def actions(params: types.CodeActionParams) -> list[types.CodeAction]:
        return _actions(server, params)

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def formatting(params: types.DocumentFormattingParams) -> list[types.TextEdit]:
        path, source, project = server.document(params.text_document.uri)
        if path.suffix != ".toml" or project.kind(path, source.text) is Kind.OTHER:
            return []
        try:
            text = formatted(source)
        except ProblemError:
            return []
        whole = range_of(source, Span(0, len(source.text)))
        return [] if text == source.text else [types.TextEdit(whole, text)]


def _actions(server: Server, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Quick fixes for the problems that the range touches."""
    uri = params.text_document.uri
    path, source, project = server.document(uri)
    found: list[types.CodeAction] = []
    for problem in project.diagnose(path, source.text):
        shown = diagnostic(problem, source)
        if (
            shown.range.start.line <= params.range.end.line
            and params.range.start.line <= shown.range.end.line
        ):
            for fix in fixes(project, path, source.text, problem):
                found.append(_action(uri, source, fix, shown, preferred=not found))
    return found


def _action(
    uri: str, source: Source, fix: Fix, shown: types.Diagnostic, *, preferred: bool
) -> types.CodeAction:
    edit = types.TextEdit(range_of(source, fix.span), fix.text)
    return types.CodeAction(
        fix.title,
        types.CodeActionKind.QuickFix,
        [shown],
        is_preferred=preferred,
        edit=types.WorkspaceEdit({uri: [edit]}),
    )


def _running(server: Server) -> None:
    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    def code_lens(params: types.CodeLensParams) -> list[types.CodeLens]:
        uri = params.text_document.uri
        path, source, project = server.document(uri)
        if project.kind(path, source.text) is not Kind.RULE:
            return []
        text, report = server.runs.get(uri, ("", None))
        return lenses(project, path, source, uri, report if text == source.text else None)

    @server.command(COMMAND)
    async def test(uri: str) -> dict[str, Any]:
        """Run the fixtures of the rule of an open document, as it stands in the editor."""
        path, source, project = server.document(uri)
        try:
            report = await asyncio.to_thread(project.run, path, source.text)
        except ProblemError as error:
            told = problems_text(error.problems)
            _show(server, types.MessageType.Error, "the rule cannot be read; see its problems")
            return {"passed": False, "title": "the rule cannot be read", "report": told}
        server.runs[uri] = (source.text, report)
        title = outcome(report)
        kind = types.MessageType.Error if report.failed else types.MessageType.Info
        _show(server, kind, f"{path.stem}: {title}")
        text = report_text(_whole(report))
        server.window_log_message(types.LogMessageParams(kind, text))
        capabilities = server.client_capabilities.workspace
        if capabilities and capabilities.code_lens and capabilities.code_lens.refresh_support:
            server.workspace_code_lens_refresh(None)
        return {"passed": not report.failed, "title": title, "report": text}


def _whole(report: RuleReport) -> Any:
    from samefire.harness.report import Report

    return Report((report,), ())


def _show(server: Server, kind: types.MessageType, message: str) -> None:
    server.window_show_message(types.ShowMessageParams(kind, message))
