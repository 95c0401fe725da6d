"""A real editor's side of the protocol: the server as a process, spoken to over its stdin and stdout."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient
from pygls.uris import from_fs_path

from tests.conftest import HOME

PATIENCE = 30.0


class Editor:
    """One editor with one folder open."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client = LanguageClient("test", "1")
        self.published: dict[str, types.PublishDiagnosticsParams] = {}
        self.messages: list[str] = []
        self.log: list[str] = []
        self.texts: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.news = asyncio.Event()
        client = self.client

        @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)  # type: ignore[untyped-decorator]
        def published(params: types.PublishDiagnosticsParams) -> None:
            self.published[params.uri] = params
            self.news.set()

        @client.feature(types.WINDOW_SHOW_MESSAGE)  # type: ignore[untyped-decorator]
        def shown(params: types.ShowMessageParams) -> None:
            self.messages.append(params.message)

        @client.feature(types.WINDOW_LOG_MESSAGE)  # type: ignore[untyped-decorator]
        def logged(params: types.LogMessageParams) -> None:
            self.log.append(params.message)

    async def start(self) -> types.InitializeResult:
        paths = os.pathsep.join(filter(None, (str(HOME), os.environ.get("PYTHONPATH"))))
        command = (sys.executable, "-m", "samefire.cli", "lsp", "--stdio")
        await self.client.start_io(*command, cwd=str(self.folder), env={**os.environ, "PYTHONPATH": paths})
        capabilities = types.ClientCapabilities()
        root = from_fs_path(str(self.folder))
        asked = types.InitializeParams(capabilities=capabilities, root_uri=root)
        result = await self.client.initialize_async(asked)
        self.client.initialized(types.InitializedParams())
        return result

    async def stop(self) -> None:
        await self.client.shutdown_async(None)
        self.client.exit(None)
        await self.client.stop()  # type: ignore[no-untyped-call]

    def close_all(self) -> None:
        for uri in self.texts:
            document = types.TextDocumentIdentifier(uri)
            self.client.text_document_did_close(types.DidCloseTextDocumentParams(document))
        self.texts.clear()
        self.versions.clear()
        self.published.clear()

    def uri(self, name: str) -> str:
        found = from_fs_path(str(self.folder / name))
        assert found
        return str(found)

    async def open(self, name: str, text: str) -> list[types.Diagnostic]:
        """Open a document; its diagnostics."""
        uri = self.uri(name)
        self.texts[uri], self.versions[uri] = text, 1
        item = types.TextDocumentItem(uri, "toml", 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return await self.diagnostics(uri)

    async def change(self, name: str, text: str) -> list[types.Diagnostic]:
        """Type until the document reads so; its diagnostics."""
        uri = self.uri(name)
        self.versions[uri] += 1
        self.texts[uri] = text
        document = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        whole = types.TextDocumentContentChangeWholeDocument(text)
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, [whole]))
        return await self.diagnostics(uri)

    async def diagnostics(self, uri: str) -> list[types.Diagnostic]:
        """Those of the version that was sent last."""
        limit = time.monotonic() + PATIENCE
        while uri not in self.published or self.published[uri].version != self.versions[uri]:
            assert time.monotonic() < limit, "no diagnostics came"
            self.news.clear()
            await asyncio.wait_for(self.news.wait(), PATIENCE)
        return list(self.published[uri].diagnostics)

    def place(self, name: str, marked: str) -> tuple[types.TextDocumentIdentifier, types.Position]:
        """The document, and the place of `|` in the piece of its text that `marked` is."""
        uri = self.uri(name)
        before = marked.split("|")[0]
        at = self.texts[uri].index(marked.replace("|", "", 1)) + len(before)
        lines = self.texts[uri][:at].split("\n")
        character = len(lines[-1].encode("utf-16-le")) // 2
        return types.TextDocumentIdentifier(uri), types.Position(len(lines) - 1, character)

    async def complete(self, name: str, marked: str) -> list[types.CompletionItem]:
        found = await self.client.text_document_completion_async(
            types.CompletionParams(*self.place(name, marked))
        )
        assert isinstance(found, types.CompletionList)
        return list(found.items)

    async def hover(self, name: str, marked: str) -> str | None:
        found = await self.client.text_document_hover_async(types.HoverParams(*self.place(name, marked)))
        if found is None:
            return None
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value

    async def actions(self, name: str, found: types.Diagnostic) -> list[types.CodeAction]:
        document = types.TextDocumentIdentifier(self.uri(name))
        asked = types.CodeActionParams(document, found.range, types.CodeActionContext([found]))
        actions = await self.client.text_document_code_action_async(asked)
        return [action for action in actions or [] if isinstance(action, types.CodeAction)]


class Session:
    """One server for several tests, each with a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self.editor = Editor(folder)
        self.loop.run_until_complete(self.editor.start())

    def run(self, folder: Path, script: Callable[[Editor], Awaitable[Any]]) -> Any:
        """Do what an editor does in a folder, and close its documents."""
        self.editor.folder = folder
        self.editor.messages.clear()

        async def whole() -> Any:
            try:
                return await script(self.editor)
            finally:
                self.editor.close_all()

        return self.loop.run_until_complete(whole())

    def close(self) -> None:
        self.loop.run_until_complete(self.editor.stop())
        self.loop.close()


def applied(text: str, edits: list[types.TextEdit]) -> str:
    """The text with edits made, as an editor makes them."""
    lines = text.split("\n")

    def offset(place: types.Position) -> int:
        line = lines[place.line]
        inside = line.encode("utf-16-le")[: place.character * 2].decode("utf-16-le")
        return sum(len(one) + 1 for one in lines[: place.line]) + len(inside)

    for edit in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character), reverse=True):
        text = text[: offset(edit.range.start)] + edit.new_text + text[offset(edit.range.end) :]
    return text
