// The helpers of the `openai` package that wait for a run, and what is left on the thread afterwards.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, outputsFor, serve, tool } from './server.mjs';

const { url } = await serve();
const { client, sent } = connect(url);
const { assistants, threads } = client.beta;
const ASK = tool('ask_database', 'query');

async function started(text, options = {}) {
  const assistant = await assistants.create({ model: 'gpt-4o', instructions: 'Be brief.', ...options });
  const thread = await threads.create({ messages: [{ role: 'user', content: text }] });
  return { assistant, thread };
}

async function texts(threadId) {
  const page = await threads.messages.list(threadId, { order: 'asc' });
  return page.data.map((message) => message.content[0].text.value);
}

test('createAndPoll ends with the answer on the thread', async () => {
  const { assistant, thread } = await started('周三有什么课?');
  const run = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
  assert.equal(run.status, 'completed');
  assert.equal(run.usage.total_tokens, run.usage.prompt_tokens + run.usage.completion_tokens);
  assert.deepEqual(await texts(thread.id), ['周三有什么课?', '周三有什么课?']);
  // A1: the header tells the helper when to look again, so it is quick without being told by its user.
  assert.ok(sent.filter((request) => request === `GET /threads/${thread.id}/runs/${run.id}`).length < 50);
});

test('createAndRunPoll makes the thread', async () => {
  const { assistant } = await started('unused');
  const thread = { messages: [{ role: 'user', content: 'hello' }] };
  const run = await threads.createAndRunPoll({ assistant_id: assistant.id, thread });
  assert.equal(run.status, 'completed');
  assert.deepEqual(await texts(run.thread_id), ['hello', 'hello']);
});

test('submitToolOutputsAndPoll answers a forced function', async () => {
  const { assistant, thread } = await started('SELECT 1', { tools: [ASK] });
  const start = { assistant_id: assistant.id, tool_choice: 'required' };
  const waiting = await threads.runs.createAndPoll(thread.id, start, { pollIntervalMs: 5 });
  assert.equal(waiting.status, 'requires_action');
  const [call] = waiting.required_action.submit_tool_outputs.tool_calls;
  assert.equal(call.function.name, 'ask_database');
  assert.deepEqual(JSON.parse(call.function.arguments), { query: 'SELECT 1' });
  const tool_outputs = outputsFor(waiting, { ask_database: 'one row' });
  const run = await threads.runs.submitToolOutputsAndPoll(waiting.id, { thread_id: thread.id, tool_outputs });
  assert.equal(run.status, 'completed');
  assert.equal(run.required_action, null);
  assert.deepEqual(await texts(thread.id), ['SELECT 1', 'one row']);
  const steps = await threads.runs.steps.list(run.id, { thread_id: thread.id, order: 'asc' });
  assert.deepEqual(
    steps.data.map((step) => step.type),
    ['tool_calls', 'message_creation'],
  );
  assert.equal(steps.data[0].step_details.tool_calls[0].function.output, 'one row');
});

test('a cancelled run is polled to its end and frees its thread', async () => {
  const { assistant, thread } = await started('hello', { tools: [ASK] });
  const start = { assistant_id: assistant.id, tool_choice: 'required' };
  const waiting = await threads.runs.createAndPoll(thread.id, start);
  assert.equal((await threads.runs.cancel(waiting.id, { thread_id: thread.id })).status, 'cancelling');
  assert.equal((await threads.runs.poll(waiting.id, { thread_id: thread.id })).status, 'cancelled');
  const again = await threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id });
  assert.equal(again.status, 'completed');
});

for (const [order, expected] of [
  ['asc', ['0', '1', '2', '3', '4', '5', '6']],
  ['desc', ['6', '5', '4', '3', '2', '1', '0']],
]) {
  test(`messages are met once each in order ${order}`, async () => {
    const thread = await threads.create({
      messages: ['0', '1', '2', '3', '4', '5', '6'].map((content) => ({ role: 'user', content })),
    });
    const met = [];
    for await (const message of threads.messages.list(thread.id, { order, limit: 3 })) {
      met.push(message.content[0].text.value);
    }
    assert.deepEqual(met, expected);
    assert.equal(sent.filter((request) => request === `GET /threads/${thread.id}/messages`).length, 3);
  });
}
