"""The Language Server Protocol: each request goes to the module that answers it."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeAlias

from lsprotocol import types
from pygls import uris
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from causalspec import __version__
from causalspec.dsl.diagnostics import Diagnostic, ToolFailure
from causalspec.language_server.analysis import Analysis
from causalspec.language_server.completion import completions
from causalspec.language_server.context import signature
from causalspec.language_server.documents import Document, Documents
from causalspec.language_server.edits import FIX_ALL, code_actions, formatting, protocol_diagnostic
from causalspec.language_server.highlighting import LEGEND, semantic_tokens
from causalspec.language_server.hover import hover_text, type_hints
from causalspec.language_server.navigation import (
    definition,
    highlights,
    references,
    workspace_symbols,
)
from causalspec.language_server.outline import folding, outline
from causalspec.language_server.renaming import CannotRenameError, prepare, rename
from causalspec.language_server.workspace import Workspace

Answer: TypeAlias = Callable[[Any], object]


def make_server() -> LanguageServer:
    """A server that has its features, ready for `start_io`."""
    # The whole text each time: libraries differ in what ends a line, and a spec is small.
    server = LanguageServer(
        "causalspec", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full
    )

    def publish(document: Document, analysis: Analysis, found: tuple[Diagnostic, ...]) -> None:
        shown = [protocol_diagnostic(analysis, diagnostic) for diagnostic in found]
        server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(analysis.uri, shown, document.version)
        )

    def report(mistake: Exception) -> None:
        message = f"a mistake in causalspec, please report it with the spec: {mistake!r}"
        if isinstance(mistake, ToolFailure):
            message = f"{mistake}: {mistake.help}" if mistake.help else str(mistake)
        server.window_log_message(types.LogMessageParams(types.MessageType.Error, message))

    def roots() -> list[Path]:
        """The folders that the editor has open."""
        paths = map(uris.to_fs_path, server.workspace.folders)
        return [Path(path).resolve() for path in paths if path is not None]

    def opened(params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        path = uris.to_fs_path(item.uri)
        agreed = server.workspace.position_codec.encoding
        encoding = types.PositionEncodingKind(agreed or "utf-16").value
        place = Path(path) if path is not None and item.uri.startswith("file:") else None
        documents.open(item.uri, place, item.version, item.text, encoding)

    documents = Documents(publish, report)
    workspace = Workspace(roots, lambda: [document.analysis for document in documents])
    server.feature(types.TEXT_DOCUMENT_DID_OPEN)(opened)
    for method, answer in _changes(documents).items():
        server.feature(method)(answer)
    for method, answer in {**_about_names(documents, workspace), **_about_files(documents)}.items():
        server.feature(method, OPTIONS.get(method))(server.thread()(answer))
    return server


def _changes(documents: Documents) -> dict[str, Answer]:
    """What the user types, saves and closes."""

    def changed(params: types.DidChangeTextDocumentParams) -> None:
        document = params.text_document
        if params.content_changes:
            documents.change(document.uri, document.version, params.content_changes[-1].text)

    return {
        types.TEXT_DOCUMENT_DID_CHANGE: changed,
        types.TEXT_DOCUMENT_DID_SAVE: lambda params: documents.recheck(params.text_document.uri),
        types.TEXT_DOCUMENT_DID_CLOSE: lambda params: documents.close(params.text_document.uri),
        types.SHUTDOWN: lambda _: documents.stop(),
    }


OPTIONS: Final[Mapping[str, Any]] = {
    types.TEXT_DOCUMENT_RENAME: types.RenameOptions(prepare_provider=True),
    types.TEXT_DOCUMENT_COMPLETION: types.CompletionOptions(trigger_characters=[".", " "]),
    types.TEXT_DOCUMENT_SIGNATURE_HELP: types.SignatureHelpOptions(trigger_characters=["(", ","]),
    types.TEXT_DOCUMENT_CODE_ACTION: types.CodeActionOptions(
        code_action_kinds=[types.CodeActionKind.QuickFix, FIX_ALL]
    ),
    types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: LEGEND,
}


def _about_names(documents: Documents, workspace: Workspace) -> dict[str, Answer]:
    """Requests about the name under the cursor, and one about any name."""

    def here(params: Any) -> tuple[Analysis, int]:
        analysis = documents[params.text_document.uri].analysis
        return analysis, analysis.positions.offset(params.position)

    def hover(params: types.HoverParams) -> types.Hover | None:
        analysis, offset = here(params)
        found = analysis.index.at(offset)
        if found is None:
            return None
        earlier = documents[analysis.uri].specification
        text = hover_text(analysis, found, analysis.specification or earlier)
        content = types.MarkupContent(types.MarkupKind.Markdown, text)
        return types.Hover(content, analysis.positions.range(found.span))

    def sought(params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        near = next((document.analysis for document in documents), None)
        return workspace_symbols(workspace, near, params.query)

    def prepared(params: types.PrepareRenameParams) -> types.Range:
        analysis, offset = here(params)
        with _refusals():
            return analysis.positions.range(prepare(analysis, offset).span)

    def renamed(params: types.RenameParams) -> types.WorkspaceEdit:
        with _refusals():
            return types.WorkspaceEdit(rename(workspace, *here(params), params.new_name))

    return {
        types.TEXT_DOCUMENT_HOVER: hover,
        types.TEXT_DOCUMENT_DEFINITION: lambda params: definition(workspace, *here(params)),
        types.TEXT_DOCUMENT_REFERENCES: lambda params: references(
            workspace, *here(params), all=params.context.include_declaration
        ),
        types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT: lambda params: highlights(*here(params)),
        types.WORKSPACE_SYMBOL: sought,
        types.TEXT_DOCUMENT_PREPARE_RENAME: prepared,
        types.TEXT_DOCUMENT_RENAME: renamed,
        types.TEXT_DOCUMENT_COMPLETION: lambda params: completions(*here(params)),
        types.TEXT_DOCUMENT_SIGNATURE_HELP: lambda params: signature(*here(params)),
    }


@contextmanager
def _refusals() -> Generator[None]:
    try:
        yield
    except CannotRenameError as reason:
        raise JsonRpcInvalidParams(str(reason)) from reason


def _about_files(documents: Documents) -> dict[str, Answer]:
    """Requests about a file or a part of it."""

    def file(params: Any) -> Analysis:
        return documents[params.text_document.uri].analysis

    return {
        types.TEXT_DOCUMENT_FORMATTING: lambda params: formatting(file(params)),
        types.TEXT_DOCUMENT_CODE_ACTION: lambda params: code_actions(file(params), params.range),
        types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL: lambda params: types.SemanticTokens(
            semantic_tokens(file(params))
        ),
        types.TEXT_DOCUMENT_DOCUMENT_SYMBOL: lambda params: outline(file(params)),
        types.TEXT_DOCUMENT_FOLDING_RANGE: lambda params: folding(file(params)),
        types.TEXT_DOCUMENT_INLAY_HINT: lambda params: type_hints(file(params), params.range),
    }
