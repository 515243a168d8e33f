// Starts the language server, which does the work; the setting `causalspec.command` says how.
"use strict";

const vscode = require("vscode");
const { LanguageClient, TransportKind } = require("vscode-languageclient/node");

let client;

async function activate(context) {
  const command = vscode.workspace.getConfiguration("causalspec").get("command");
  if (!Array.isArray(command) || command.length === 0) {
    vscode.window.showErrorMessage("causalspec: the setting `causalspec.command` is empty");
    return;
  }
  const [program, ...args] = command;
  const server = { command: program, args, transport: TransportKind.stdio };
  const options = { documentSelector: [{ language: "causal" }] };
  client = new LanguageClient("causalspec", "causalspec", server, options);
  context.subscriptions.push(client);
  try {
    await client.start();
  } catch (error) {
    vscode.window.showErrorMessage(
      `causalspec: \`${command.join(" ")}\` does not start (${error.message}). ` +
        "It comes with: pip install 'causalspec[editor] @ git+https://github.com/causalspec/causalspec'"
    );
  }
}

async function deactivate() {
  await client?.stop();
}

module.exports = { activate, deactivate };
