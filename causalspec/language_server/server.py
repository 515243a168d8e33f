"""The Language Server Protocol: each request goes to the module that answers it."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from pygls import uris
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from causalspec.dsl.diagnostics import Diagnostic

from .. import __version__
from .analysis import Analysis
from .completion import completions
from .documents import Document, Documents
from .edits import FIX_ALL, code_actions, formatting, protocol_diagnostic
from .highlighting import LEGEND, semantic_tokens
from .hover import hover_text
from .navigation import definition, references
from .renaming import CannotRenameError, prepare, rename


def make_server() -> LanguageServer:
    """A server that has its features, ready for `start_io`."""
    # The whole text each time: libraries differ in what ends a line, and a spec is small.
    server = LanguageServer(
        "causalspec", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full
    )

    def publish(document: Document, analysis: Analysis, found: tuple[Diagnostic, ...]) -> None:
        server.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(
                document.uri,
                [protocol_diagnostic(analysis, document.uri, one) for one in found],
                document.version,
            )
        )

    def report(mistake: Exception) -> None:
        message = f"a mistake in causalspec, please report it with the spec: {mistake!r}"
        server.window_log_message(types.LogMessageParams(types.MessageType.Error, message))

    documents = Documents(publish, report)
    _keep_up(server, documents)
    _answer_about_names(server, documents)
    _answer_about_texts(server, documents)
    return server


def _keep_up(server: LanguageServer, documents: Documents) -> None:
    """Follow what the user opens, types and closes."""

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        path = uris.to_fs_path(item.uri)
        agreed = server.workspace.position_codec.encoding
        encoding = types.PositionEncodingKind(agreed or "utf-16").value
        place = Path(path) if path is not None and item.uri.startswith("file:") else None
        documents.open(item.uri, place, item.version, item.text, encoding)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        document = params.text_document
        if params.content_changes:
            documents.change(document.uri, document.version, params.content_changes[-1].text)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        documents.recheck(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        documents.close(params.text_document.uri)

    @server.feature(types.SHUTDOWN)
    def stopped(_: None) -> None:
        documents.stop()

    del opened, changed, saved, closed, stopped


def _answer_about_names(server: LanguageServer, documents: Documents) -> None:
    """Requests about the name under the cursor."""

    def here(
        file: types.TextDocumentIdentifier, position: types.Position
    ) -> tuple[Document, Analysis, int]:
        document = documents[file.uri]
        analysis = document.analysis
        return document, analysis, analysis.positions.offset(position)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    @server.thread()
    def hover(params: types.HoverParams) -> types.Hover | None:
        document, analysis, offset = here(params.text_document, params.position)
        found = analysis.index.at(offset)
        if found is None:
            return None
        specification = analysis.specification or document.specification
        text = hover_text(analysis, found, specification)
        content = types.MarkupContent(types.MarkupKind.Markdown, text)
        return types.Hover(content, analysis.positions.range(found.span))

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    def defined(params: types.DefinitionParams) -> list[types.Location]:
        document, analysis, offset = here(params.text_document, params.position)
        return definition(analysis, document.uri, offset)

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    def referred(params: types.ReferenceParams) -> list[types.Location]:
        document, analysis, offset = here(params.text_document, params.position)
        wanted = params.context.include_declaration
        return references(analysis, document.uri, offset, all=wanted)

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    def prepared(params: types.PrepareRenameParams) -> types.Range:
        _, analysis, offset = here(params.text_document, params.position)
        try:
            return analysis.positions.range(prepare(analysis, offset).chosen.span)
        except CannotRenameError as reason:
            raise JsonRpcInvalidParams(str(reason)) from reason

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    @server.thread()
    def renamed(params: types.RenameParams) -> types.WorkspaceEdit:
        document, analysis, offset = here(params.text_document, params.position)
        try:
            edits = rename(analysis, offset, params.new_name)
        except CannotRenameError as reason:
            raise JsonRpcInvalidParams(str(reason)) from reason
        return types.WorkspaceEdit(changes={document.uri: edits})

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[".", " "])
    )
    def completed(params: types.CompletionParams) -> list[types.CompletionItem]:
        _, analysis, offset = here(params.text_document, params.position)
        return completions(analysis, offset)

    del hover, defined, referred, prepared, renamed, completed


def _answer_about_texts(server: LanguageServer, documents: Documents) -> None:
    """Requests about a file or a part of it."""

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    def formatted(params: types.DocumentFormattingParams) -> list[types.TextEdit]:
        return formatting(documents[params.text_document.uri].analysis)

    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix, FIX_ALL]),
    )
    @server.thread()
    def acted(params: types.CodeActionParams) -> list[types.CodeAction]:
        uri = params.text_document.uri
        return code_actions(documents[uri].analysis, uri, params.range)

    @server.feature(types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, LEGEND)
    def highlighted(params: types.SemanticTokensParams) -> types.SemanticTokens:
        return types.SemanticTokens(semantic_tokens(documents[params.text_document.uri].analysis))

    del formatted, acted, highlighted
