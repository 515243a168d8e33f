"""An editor's side of the Language Server Protocol: JSON-RPC over a subprocess's pipes, and a long
file to type into.
"""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

PATIENCE = 60


def long_spec() -> str:
    """A file of a thousand lines, a chain of three hundred variables."""
    lines = [
        "language 1",
        "",
        "task T {",
        "  input x0, x1, x2 : 0..9",
        "  output y : 0..9 = x0",
        "}",
    ]
    lines += ["", "model M of T approximately {"]
    for number in range(300):
        before = f"v{number - 1}" if number else "x0"
        lines += [
            f"  # the variable with the number {number}",
            f"  var v{number} : 0..9 = if {before} == 3 then (x1 + {before}) % 10",
            f"    else max(x2, {before}) % 10",
        ]
    lines += ["  output y = v299", "}"]
    return "\n".join([*lines, *[f"# line {number}" for number in range(1000 - len(lines))], ""])


class Client:
    """Starts `causalspec lsp` as an editor does, and talks to it."""

    def __init__(
        self,
        *program: str,
        capabilities: dict[str, Any] | None = None,
        folders: list[dict[str, str]] | None = None,
    ) -> None:
        command = program or (sys.executable, "-m", "causalspec.command_line", "lsp")
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._number = 0
        self._answers: queue.Queue[dict[str, Any]] = queue.Queue()
        self._notices: queue.Queue[dict[str, Any]] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        general = {
            "processId": None,
            "rootUri": None,
            "capabilities": capabilities or {},
            "workspaceFolders": folders,
        }
        self.server = self.request("initialize", general)["capabilities"]
        self.notify("initialized", {})

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None:
            self._process.kill()
        else:
            self.request("shutdown", None)
            self.notify("exit", None)
        self.status = self._process.wait(PATIENCE)
        for stream in (self._process.stdin, self._process.stdout):
            assert stream is not None
            stream.close()

    def _listen(self) -> None:
        stream = self._process.stdout
        assert stream is not None
        while True:
            length = 0
            while (line := stream.readline().strip()) != b"":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not length:
                return
            message = json.loads(stream.read(length))
            (self._answers if "method" not in message else self._notices).put(message)

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(body) + body)
        self._process.stdin.flush()

    def notify(self, method: str, params: Any) -> None:
        self._send({"method": method, "params": params})

    def ask(self, method: str, params: Any) -> dict[str, Any]:
        """The whole answer, which may be an error."""
        self._number += 1
        self._send({"id": self._number, "method": method, "params": params})
        answer = self._answers.get(timeout=PATIENCE)
        assert answer["id"] == self._number
        return answer

    def request(self, method: str, params: Any) -> Any:
        answer = self.ask(method, params)
        assert "error" not in answer, answer
        return answer["result"]

    # What editors do -----------------------------------------------------------------------------

    def open(self, path: Path, text: str | None = None) -> str:
        """Open a file, with another text than it has where one is given."""
        uri = path.as_uri()
        content = path.read_text(encoding="utf-8") if text is None else text
        item = {"uri": uri, "languageId": "causal", "version": 1, "text": content}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return uri

    def change(self, uri: str, version: int, text: str) -> None:
        document = {"uri": uri, "version": version}
        changes = [{"text": text}]
        self.notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    def diagnostics(self, uri: str, version: int = 1) -> list[dict[str, Any]]:
        """The next findings about a version of a file."""
        while True:
            notice = self._notices.get(timeout=PATIENCE)
            assert notice["method"] == "textDocument/publishDiagnostics", notice
            params = notice["params"]
            if params["uri"] == uri and params.get("version") == version:
                return params["diagnostics"]

    def document(self, method: str, uri: str, **more: Any) -> Any:
        """Ask about a whole file."""
        return self.request(f"textDocument/{method}", {"textDocument": {"uri": uri}, **more})

    def no_rename(self, uri: str, place: tuple[int, int], name: str) -> str:
        """Why a name can't be given at a place."""
        position = {"line": place[0], "character": place[1]}
        params = {"textDocument": {"uri": uri}, "position": position, "newName": name}
        message: str = self.ask("textDocument/rename", params)["error"]["message"]
        return message

    def at(self, method: str, uri: str, place: tuple[int, int], **more: Any) -> Any:
        """Ask about a place: a line and a column from 0, in the units of the protocol."""
        position = {"line": place[0], "character": place[1]}
        return self.document(method, uri, position=position, **more)
