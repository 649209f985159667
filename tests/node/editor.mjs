// An editor: the language server that VS Code, Neovim and others have for YAML, and a project that `asstctl init` wrote.

import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after } from 'node:test';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import rpc from 'vscode-jsonrpc/node';
import { environment, PYTHON } from './server.mjs';

const SERVER = path.join(
  path.dirname(createRequire(import.meta.url).resolve('yaml-language-server/package.json')),
  'bin',
  'yaml-language-server',
);

/** A project as `asstctl init` leaves it; its folder is there until the tests of a file have ended. */
export async function project() {
  const folder = await mkdtemp(path.join(tmpdir(), 'asstctl-editor-'));
  after(() => rm(folder, { recursive: true, force: true }));
  await promisify(execFile)(PYTHON, ['-m', 'asstctl', 'init'], { cwd: folder, env: environment() });
  return folder;
}

/** An editor with this folder open. */
export async function edit(folder) {
  const child = spawn(process.execPath, [SERVER, '--stdio'], { cwd: folder });
  const ended = once(child, 'exit');
  const server = rpc.createMessageConnection(
    new rpc.StreamMessageReader(child.stdout),
    new rpc.StreamMessageWriter(child.stdin),
  );
  after(async () => {
    server.dispose();
    child.kill('SIGTERM');
    await ended;
  });
  const heard = new Map();
  server.onNotification('textDocument/publishDiagnostics', ({ uri, diagnostics }) => heard.get(uri)?.(diagnostics));
  server.onRequest('workspace/configuration', ({ items }) => items.map(() => ({})));
  server.onRequest('client/registerCapability', () => null);
  server.listen();
  const uri = pathToFileURL(folder).href;
  await server.sendRequest('initialize', {
    processId: process.pid,
    rootUri: uri,
    workspaceFolders: [{ uri, name: 'project' }],
    capabilities: { textDocument: { completion: {}, hover: {} }, workspace: { configuration: true } },
  });
  await server.sendNotification('initialized', {});

  // Beside the file of that name, for what the server says of a document that is opened again may be of its last text.
  let opened = 0;
  async function open(name, text) {
    opened += 1;
    const { dir, base } = path.parse(path.join(folder, name));
    const document = pathToFileURL(path.join(dir, `${opened}-${base}`)).href;
    const complaints = new Promise((resolve) => heard.set(document, resolve));
    const textDocument = { uri: document, languageId: 'yaml', version: 1, text };
    await server.sendNotification('textDocument/didOpen', { textDocument });
    return { document, complaints: (await complaints).map(({ range, message }) => [range.start.line + 1, message]) };
  }

  /** Ask about the place of `§` in a text that is being typed. */
  async function ask(method, name, text) {
    const [before, behind] = text.split('§');
    const { document } = await open(name, before + behind);
    const lines = before.split('\n');
    const position = { line: lines.length - 1, character: lines.at(-1).length };
    return server.sendRequest(method, { textDocument: { uri: document }, position });
  }

  return {
    /** What it complains about in a file, as the lines and what it says of them. */
    complaints: async (name, text) => (await open(name, text)).complaints,
    /** The words that it offers. */
    offers: async (name, text) => (await ask('textDocument/completion', name, text)).items.map(({ label }) => label),
    /** What it says of the word there. */
    says: async (name, text) => (await ask('textDocument/hover', name, text)).contents.value,
  };
}
