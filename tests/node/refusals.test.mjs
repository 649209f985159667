// What the `openai` package for Node raises, what its errors carry, and the headers of raw responses.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI from 'openai';
import { connect, serve, tool } from './server.mjs';

const { url } = await serve({ options: ['--api-key', 'right'] });
const { client } = connect(url, { apiKey: 'right' });
const { assistants, threads } = client.beta;

async function raised(promise, kind) {
  const error = await promise.then(() => assert.fail('nothing was raised'), (reason) => reason);
  assert.ok(error instanceof kind, `${error.constructor.name}: ${error.message}`);
  return error;
}

test('an unknown assistant is a NotFoundError', async () => {
  const error = await raised(assistants.retrieve('asst_gone'), OpenAI.NotFoundError);
  assert.deepEqual([error.status, error.code, error.param, error.type], [404, null, null, 'invalid_request_error']);
  assert.equal(error.error.message, "No assistant found with id 'asst_gone'.");
  assert.match(error.requestID, /^req_/);
});

test('an unknown file is a NotFoundError with its param', async () => {
  const error = await raised(client.files.retrieve('file-gone'), OpenAI.NotFoundError);
  assert.deepEqual([error.code, error.param], [null, 'id']);
  assert.equal(error.error.message, 'No such File object: file-gone');
});

test('a wrong parameter is a BadRequestError that names it', async () => {
  const wrong = { model: 'gpt-4o', metadata: { modified: true } };
  const error = await raised(assistants.create(wrong), OpenAI.BadRequestError);
  assert.deepEqual([error.code, error.param], ['invalid_type', 'metadata.modified']);
});

test('a locked thread is a BadRequestError that names the run', async () => {
  const tools = [tool('ask_database', 'query')];
  const assistant = await assistants.create({ model: 'gpt-4o', instructions: 'Be brief.', tools });
  const thread = await threads.create({ messages: [{ role: 'user', content: 'hello' }] });
  const start = { assistant_id: assistant.id, tool_choice: 'required' };
  const run = await threads.runs.createAndPoll(thread.id, start);
  const second = await raised(threads.runs.create(thread.id, start), OpenAI.BadRequestError);
  assert.equal(second.error.message, `Thread ${thread.id} already has an active run ${run.id}.`);
  const posted = threads.messages.create(thread.id, { role: 'user', content: 'more' });
  const more = await raised(posted, OpenAI.BadRequestError);
  assert.equal(more.error.message, `Can't add messages to ${thread.id} while a run ${run.id} is active.`);
});

test('a wrong key is an AuthenticationError', async () => {
  const stranger = connect(url, { apiKey: 'wrong' }).client;
  const error = await raised(stranger.models.list(), OpenAI.AuthenticationError);
  assert.deepEqual([error.status, error.code], [401, 'invalid_api_key']);
});

test('raw responses carry the headers of the service', async () => {
  const { data, response, request_id } = await threads.create().withResponse();
  assert.equal(data.object, 'thread');
  assert.match(request_id, /^req_/);
  assert.equal(response.headers.get('openai-version'), '2020-10-01');
  assert.match(response.headers.get('openai-processing-ms'), /^\d+$/);
});
