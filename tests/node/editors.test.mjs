// What an editor makes of the schemas of `asstctl schema`, and of the modelines in files that `asstctl init` writes.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { edit, project } from './editor.mjs';

const folder = await project();
const editor = await edit(folder);

const BOT = 'assistants/bot.yaml';
const TALK = 'assistants/bot.convo.yaml';
const MANIFEST = '# yaml-language-server: $schema=../.schemas/manifest.json\nkind: assistant\n';
const CONVERSATION = '# yaml-language-server: $schema=../.schemas/conversation.json\nassistant: tutor\nturns:\n';
const PROJECT = '# yaml-language-server: $schema=.schemas/project.json\nversion: 1\nproject: p\ntargets:\n';

for (const name of ['asstctl.yaml', 'assistants/solves.convo.yaml', 'assistants/tutor.replies.yaml']) {
  test(`nothing is wrong in ${name}, as init writes it`, async () => {
    const text = await readFile(path.join(folder, name), 'utf8');
    assert.match(text, /^# yaml-language-server: \$schema=/);
    assert.deepEqual(await editor.complaints(name, text), []);
  });
}

const MISTAKES = [
  ['a misspelled field', BOT, `${MANIFEST}modle: gpt-4o\n`, [3, /modle/]],
  ['a field of another tool', BOT, `${MANIFEST}tools:\n  - type: file_search\n    container: {}\n`, [5, /container/]],
  ['a misspelled check', TALK, `${CONVERSATION}  - user: hi\n    expect:\n      contain: x\n`, [6, /contain\b/]],
  ['a target without its key', 'asstctl.yaml', `${PROJECT}  prod:\n    provider: openai\n`, [5, /api_key/]],
];

for (const [what, name, text, [line, about]] of MISTAKES) {
  test(`${what} is marked at its line, and nothing else is`, async () => {
    const complaints = await editor.complaints(name, text);
    assert.deepEqual(
      complaints.map(([at]) => at),
      [line],
    );
    assert.match(complaints[0][1], about);
  });
}

const OFFERS = [
  ['fields of an assistant', BOT, `${MANIFEST}§`, ['model', 'instructions', 'tools', 'temperature', 'protect']],
  ['fields of a tool', BOT, `${MANIFEST}tools:\n  - type: file_search\n    §`, ['file_search', 'only', 'except']],
  ['the tools', BOT, `${MANIFEST}tools:\n  - type: §`, ['code_interpreter', 'file_search', 'function']],
  ['checks of a reply', TALK, `${CONVERSATION}  - user: hi\n    expect:\n      §`, ['contains', 'regex', 'not-cites']],
  ['the providers', 'asstctl.yaml', `${PROJECT}  prod:\n    provider: §`, ['local', 'assistants', 'openai']],
];

for (const [what, name, text, words] of OFFERS) {
  test(`${what} are offered`, async () => {
    const offered = await editor.offers(name, text);
    assert.deepEqual(
      words.filter((word) => !offered.includes(word)),
      [],
    );
  });
}

test('a field is explained where it stands', async () => {
  assert.match(await editor.says(BOT, `${MANIFEST}mo§del: gpt-4o\n`), /The model that answers/);
});
