"""The Language Server Protocol: each request goes to the module that answers it."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from pygls import uris
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer

from causalspec import __version__
from causalspec.dsl.diagnostics import Diagnostic, ToolFailure
from causalspec.language_server.analysis import Analysis
from causalspec.language_server.arguments import signature
from causalspec.language_server.completion import completions
from causalspec.language_server.context import context_at
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
from causalspec.language_server.workspace import Spec, Workspace


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
        if isinstance(mistake, ToolFailure):
            message = f"{mistake}: {mistake.help}" if mistake.help else str(mistake)
        server.window_log_message(types.LogMessageParams(types.MessageType.Error, message))

    documents = Documents(publish, report)
    _keep_up(server, documents)
    workspace = Workspace(lambda: _roots(server), lambda: [_spec(one) for one in documents])
    _answer_about_names(server, documents, workspace)
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


def _roots(server: LanguageServer) -> list[Path]:
    """The folders that the editor has open."""
    paths = [uris.to_fs_path(one) for one in server.workspace.folders]
    return [Path(one).resolve() for one in paths if one is not None]


def _spec(document: Document) -> Spec:
    analysis = document.analysis
    path = None if analysis.folder is None else analysis.folder.resolve() / analysis.source.name
    return Spec(document.uri, path, analysis)


def _answer_about_names(server: LanguageServer, documents: Documents, workspace: Workspace) -> None:
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
    @server.thread()
    def defined(params: types.DefinitionParams) -> list[types.Location]:
        document, _, offset = here(params.text_document, params.position)
        return definition(workspace, _spec(document), offset)

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    @server.thread()
    def referred(params: types.ReferenceParams) -> list[types.Location]:
        document, _, offset = here(params.text_document, params.position)
        wanted = params.context.include_declaration
        return references(workspace, _spec(document), offset, all=wanted)

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    def highlighted(params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
        _, analysis, offset = here(params.text_document, params.position)
        return highlights(analysis, offset)

    @server.feature(types.WORKSPACE_SYMBOL)
    @server.thread()
    def sought(params: types.WorkspaceSymbolParams) -> list[types.WorkspaceSymbol]:
        near = next((_spec(one) for one in documents), None)
        return workspace_symbols(workspace, near, params.query)

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    def prepared(params: types.PrepareRenameParams) -> types.Range:
        document, analysis, offset = here(params.text_document, params.position)
        try:
            return analysis.positions.range(prepare(_spec(document), offset).span)
        except CannotRenameError as reason:
            raise JsonRpcInvalidParams(str(reason)) from reason

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    @server.thread()
    def renamed(params: types.RenameParams) -> types.WorkspaceEdit:
        document, _, offset = here(params.text_document, params.position)
        try:
            changes = rename(workspace, _spec(document), offset, params.new_name)
        except CannotRenameError as reason:
            raise JsonRpcInvalidParams(str(reason)) from reason
        return types.WorkspaceEdit(changes=changes)

    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=[".", " "])
    )
    def completed(params: types.CompletionParams) -> list[types.CompletionItem]:
        _, analysis, offset = here(params.text_document, params.position)
        return completions(analysis, offset)

    @server.feature(
        types.TEXT_DOCUMENT_SIGNATURE_HELP,
        types.SignatureHelpOptions(trigger_characters=["(", ","]),
    )
    def given(params: types.SignatureHelpParams) -> types.SignatureHelp | None:
        _, analysis, offset = here(params.text_document, params.position)
        return signature(context_at(analysis.source, offset))

    del hover, defined, referred, highlighted, sought, prepared, renamed, completed, given


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
    def coloured(params: types.SemanticTokensParams) -> types.SemanticTokens:
        return types.SemanticTokens(semantic_tokens(documents[params.text_document.uri].analysis))

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    def outlined(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        return outline(documents[params.text_document.uri].analysis)

    @server.feature(types.TEXT_DOCUMENT_FOLDING_RANGE)
    def folded(params: types.FoldingRangeParams) -> list[types.FoldingRange]:
        return folding(documents[params.text_document.uri].analysis)

    @server.feature(types.TEXT_DOCUMENT_INLAY_HINT)
    @server.thread()
    def hinted(params: types.InlayHintParams) -> list[types.InlayHint]:
        return type_hints(documents[params.text_document.uri].analysis, params.range)

    del formatted, acted, coloured, outlined, folded, hinted
