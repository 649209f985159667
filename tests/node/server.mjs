// The server as a process with a database of its own, and a client that notes which requests it sends.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createInterface } from 'node:readline';
import { after } from 'node:test';
import OpenAI from 'openai';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const PYTHON = process.env.SERVER_PYTHON ?? path.join(ROOT, '.venv', 'bin', 'python');
/** What is under test; options follow. */
const PROGRAM = ['-m', 'asstctl', 'serve', '--port', '0'];
const PATIENCE = 20_000;

/** The environment of a process, without what is set up for a user's own targets. */
export function environment() {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(ASSTCTL|OPENAI)_/.test(name)));
}

/** Start a server, before any test of a file; it ends after all of them. `rules` is the text of a replies file. */
export async function serve({ rules, options = [] } = {}) {
  const folder = await mkdtemp(path.join(tmpdir(), 'asstctl-node-'));
  const file = path.join(folder, 'tests.replies.yaml');
  if (rules !== undefined) {
    await writeFile(file, rules);
  }
  const replies = ['--replies', rules === undefined ? 'echo' : file];
  const command = [...PROGRAM, '--database', path.join(folder, 'local.db'), ...replies, ...options];
  const child = spawn(PYTHON, command, { cwd: folder, env: environment() });
  after(async () => {
    if (child.exitCode === null) {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
    await rm(folder, { recursive: true, force: true });
  });
  return { url: await listening(child), folder };
}

async function listening(child) {
  const said = [];
  child.stderr.setEncoding('utf8').on('data', (text) => said.push(text));
  const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE);
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      said.push(`${line}\n`);
      const found = /http:\/\/127\.0\.0\.1:\d+\/v1/.exec(line);
      if (found) {
        child.stdout.resume(); // whatever it says from here on must not fill the pipe and hold it up
        return found[0];
      }
    }
    throw new Error(`the server ended before it listened, saying: ${said.join('')}`);
  } finally {
    clearTimeout(late);
  }
}

/** A client, and the requests that it sent as method and path. */
export function connect(url, options = {}) {
  const sent = [];
  const noted = (address, init) => {
    sent.push(`${init.method.toUpperCase()} ${new URL(address).pathname.replace(/^\/v1/, '')}`);
    return fetch(address, init);
  };
  return { client: new OpenAI({ baseURL: url, apiKey: 'any', maxRetries: 0, fetch: noted, ...options }), sent };
}

/** A function tool with one string argument. */
export function tool(name, argument) {
  const parameters = { type: 'object', properties: { [argument]: { type: 'string' } }, required: [argument] };
  return { type: 'function', function: { name, parameters } };
}

/** The outputs for the calls that a run waits for. */
export function outputsFor(run, outputs) {
  const calls = run.required_action.submit_tool_outputs.tool_calls;
  return calls.map((call) => ({ tool_call_id: call.id, output: outputs[call.function.name] }));
}

/** Names with immediate repetitions left out. */
export function withoutRepeats(names) {
  return names.filter((name, index) => name !== names[index - 1]);
}
