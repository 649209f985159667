// Every operation of the contract (A2), reached by the `openai` package for Node.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toFile } from 'openai';
import { ASK, GUIDE, Scene } from './scene.mjs';
import { connect, serve } from './server.mjs';

const INCLUDE = ['step_details.tool_calls[*].file_search.results[*].content'];
const CHUNKS = { type: 'static', static: { max_chunk_size_tokens: 200, chunk_overlap_tokens: 50 } };
const TOOLS = [ASK, { type: 'code_interpreter' }, { type: 'file_search', file_search: { max_num_results: 7 } }];
const TURN = { role: 'user', content: [{ type: 'text', text: 'hello' }], metadata: { k: 'v' } };
const WEEK = { anchor: 'last_active_at', days: 7 };
const HOUR = { anchor: 'created_at', seconds: 3600 };

// Route, what the answer says it is ('' where it is bytes), what is prepared, and the call.
const OPERATIONS = [
  ['GET /assistants', 'list', [], (c) => c.beta.assistants.list({ limit: 5, order: 'asc' })],
  [
    'POST /assistants',
    'assistant',
    ['file'],
    (c, file) =>
      c.beta.assistants.create({
        model: 'gpt-4o',
        name: 'Ruf',
        description: 'A guide',
        instructions: 'Be brief.',
        tools: TOOLS,
        tool_resources: { code_interpreter: { file_ids: [file.id] } },
        metadata: { k: 'v' },
        temperature: 0.5,
        top_p: 0.5,
        reasoning_effort: 'low',
        response_format: { type: 'text' },
      }),
  ],
  ['GET /assistants/{}', 'assistant', ['assistant'], (c, made) => c.beta.assistants.retrieve(made.id)],
  [
    'POST /assistants/{}',
    'assistant',
    ['new assistant'],
    (c, made) => c.beta.assistants.update(made.id, { name: 'b', metadata: {}, tools: TOOLS }),
  ],
  ['DELETE /assistants/{}', 'assistant.deleted', ['new assistant'], (c, made) => c.beta.assistants.delete(made.id)],

  [
    'POST /threads',
    'thread',
    ['file'],
    (c, file) =>
      c.beta.threads.create({
        messages: [TURN],
        metadata: { k: 'v' },
        tool_resources: { file_search: { vector_stores: [{ file_ids: [file.id] }] } },
      }),
  ],
  [
    'POST /threads/runs',
    'thread.run',
    ['assistant'],
    (c, made) =>
      c.beta.threads.createAndRun({ assistant_id: made.id, thread: { messages: [TURN] }, metadata: { k: 'v' } }),
  ],
  ['GET /threads/{}', 'thread', ['thread'], (c, made) => c.beta.threads.retrieve(made.id)],
  [
    'POST /threads/{}',
    'thread',
    ['new thread'],
    (c, made) => c.beta.threads.update(made.id, { metadata: { k: 'v' } }),
  ],
  ['DELETE /threads/{}', 'thread.deleted', ['new thread'], (c, made) => c.beta.threads.delete(made.id)],

  [
    'GET /threads/{}/messages',
    'list',
    ['run'],
    (c, run) => c.beta.threads.messages.list(run.thread_id, { run_id: run.id, limit: 100, order: 'desc' }),
  ],
  [
    'POST /threads/{}/messages',
    'thread.message',
    ['new thread', 'file'],
    (c, thread, file) =>
      c.beta.threads.messages.create(thread.id, {
        role: 'user',
        content: 'hello',
        attachments: [{ file_id: file.id, tools: [{ type: 'code_interpreter' }] }],
        metadata: { k: 'v' },
      }),
  ],
  [
    'GET /threads/{}/messages/{}',
    'thread.message',
    ['message'],
    (c, made) => c.beta.threads.messages.retrieve(made.id, { thread_id: made.thread_id }),
  ],
  [
    'POST /threads/{}/messages/{}',
    'thread.message',
    ['new message'],
    (c, made) => c.beta.threads.messages.update(made.id, { thread_id: made.thread_id, metadata: { k: 'v' } }),
  ],
  [
    'DELETE /threads/{}/messages/{}',
    'thread.message.deleted',
    ['new message'],
    (c, made) => c.beta.threads.messages.delete(made.id, { thread_id: made.thread_id }),
  ],

  [
    'GET /threads/{}/runs',
    'list',
    ['run'],
    (c, run) => c.beta.threads.runs.list(run.thread_id, { limit: 5, order: 'asc' }),
  ],
  [
    'POST /threads/{}/runs',
    'thread.run',
    ['new thread', 'assistant'],
    (c, thread, assistant) =>
      c.beta.threads.runs.create(thread.id, {
        assistant_id: assistant.id,
        include: INCLUDE,
        model: 'gpt-4o-mini',
        instructions: 'Be kind.',
        additional_instructions: 'Be brief.',
        additional_messages: [TURN],
        tools: TOOLS,
        tool_choice: 'auto',
        parallel_tool_calls: false,
        temperature: 1,
        top_p: 1,
        max_prompt_tokens: 10_000,
        max_completion_tokens: 10_000,
        truncation_strategy: { type: 'last_messages', last_messages: 4 },
        response_format: 'auto',
        reasoning_effort: 'low',
        metadata: { k: 'v' },
      }),
  ],
  [
    'GET /threads/{}/runs/{}',
    'thread.run',
    ['run'],
    (c, run) => c.beta.threads.runs.retrieve(run.id, { thread_id: run.thread_id }),
  ],
  [
    'POST /threads/{}/runs/{}',
    'thread.run',
    ['new run'],
    (c, run) => c.beta.threads.runs.update(run.id, { thread_id: run.thread_id, metadata: { k: 'v' } }),
  ],
  [
    'POST /threads/{}/runs/{}/cancel',
    'thread.run',
    ['new waitingRun'],
    (c, run) => c.beta.threads.runs.cancel(run.id, { thread_id: run.thread_id }),
  ],
  [
    'POST /threads/{}/runs/{}/submit_tool_outputs',
    'thread.run',
    ['new waitingRun'],
    (c, run) => {
      const [call] = run.required_action.submit_tool_outputs.tool_calls;
      const tool_outputs = [{ tool_call_id: call.id, output: '42' }];
      return c.beta.threads.runs.submitToolOutputs(run.id, { thread_id: run.thread_id, tool_outputs });
    },
  ],

  [
    'GET /threads/{}/runs/{}/steps',
    'list',
    ['run'],
    (c, run) =>
      c.beta.threads.runs.steps.list(run.id, { thread_id: run.thread_id, include: INCLUDE, limit: 5, order: 'asc' }),
  ],
  [
    'GET /threads/{}/runs/{}/steps/{}',
    'thread.run.step',
    ['step'],
    (c, made) => {
      const params = { thread_id: made.thread_id, run_id: made.run_id, include: INCLUDE };
      return c.beta.threads.runs.steps.retrieve(made.id, params);
    },
  ],

  ['GET /files', 'list', [], (c) => c.files.list({ purpose: 'assistants', limit: 1000, order: 'asc' })],
  [
    'POST /files',
    'file',
    [],
    async (c) => {
      const file = await toFile(Buffer.from(GUIDE), 'guide.txt');
      return c.files.create({ file, purpose: 'user_data', expires_after: HOUR });
    },
  ],
  ['GET /files/{}', 'file', ['file'], (c, file) => c.files.retrieve(file.id)],
  ['DELETE /files/{}', 'file', ['new file'], (c, file) => c.files.delete(file.id)],
  ['GET /files/{}/content', '', ['file'], (c, file) => c.files.content(file.id)],

  [
    'POST /uploads',
    'upload',
    [],
    (c) =>
      c.uploads.create({
        filename: 'guide.txt',
        purpose: 'assistants',
        bytes: 10,
        mime_type: 'text/plain',
        expires_after: HOUR,
      }),
  ],
  [
    'POST /uploads/{}/parts',
    'upload.part',
    ['new upload'],
    async (c, upload) => c.uploads.parts.create(upload.id, { data: await toFile(Buffer.from(GUIDE), 'part') }),
  ],
  [
    'POST /uploads/{}/complete',
    'upload',
    ['new part'],
    (c, part) => c.uploads.complete(part.upload_id, { part_ids: [part.id] }),
  ],
  ['POST /uploads/{}/cancel', 'upload', ['new upload'], (c, upload) => c.uploads.cancel(upload.id)],

  ['GET /vector_stores', 'list', [], (c) => c.vectorStores.list({ limit: 5, order: 'asc' })],
  [
    'POST /vector_stores',
    'vector_store',
    ['file'],
    (c, file) =>
      c.vectorStores.create({
        name: 'guides',
        description: 'What guests ask',
        file_ids: [file.id],
        chunking_strategy: CHUNKS,
        expires_after: WEEK,
        metadata: { k: 'v' },
      }),
  ],
  ['GET /vector_stores/{}', 'vector_store', ['store'], (c, store) => c.vectorStores.retrieve(store.id)],
  [
    'POST /vector_stores/{}',
    'vector_store',
    ['new store'],
    (c, store) => c.vectorStores.update(store.id, { name: 'b', expires_after: WEEK, metadata: { k: 'v' } }),
  ],
  ['DELETE /vector_stores/{}', 'vector_store.deleted', ['new store'], (c, store) => c.vectorStores.delete(store.id)],
  [
    'POST /vector_stores/{}/search',
    'vector_store.search_results.page',
    ['storeFile'],
    (c, file) =>
      c.vectorStores.search(file.vector_store_id, {
        query: ['robotics lab', 'laptop'],
        max_num_results: 5,
        filters: { type: 'and', filters: [{ type: 'gte', key: 'year', value: 2026 }] },
        ranking_options: { ranker: 'auto', score_threshold: 0 },
        rewrite_query: false,
      }),
  ],

  [
    'GET /vector_stores/{}/files',
    'list',
    ['storeFile'],
    (c, file) => c.vectorStores.files.list(file.vector_store_id, { filter: 'completed', limit: 5, order: 'asc' }),
  ],
  [
    'POST /vector_stores/{}/files',
    'vector_store.file',
    ['new store', 'file'],
    (c, store, file) =>
      c.vectorStores.files.create(store.id, {
        file_id: file.id,
        attributes: { year: 2026, open: true },
        chunking_strategy: CHUNKS,
      }),
  ],
  [
    'GET /vector_stores/{}/files/{}',
    'vector_store.file',
    ['storeFile'],
    (c, file) => c.vectorStores.files.retrieve(file.id, { vector_store_id: file.vector_store_id }),
  ],
  [
    'POST /vector_stores/{}/files/{}',
    'vector_store.file',
    ['new storeFile'],
    (c, file) =>
      c.vectorStores.files.update(file.id, { vector_store_id: file.vector_store_id, attributes: { year: 2027 } }),
  ],
  [
    'DELETE /vector_stores/{}/files/{}',
    'vector_store.file.deleted',
    ['new storeFile'],
    (c, file) => c.vectorStores.files.delete(file.id, { vector_store_id: file.vector_store_id }),
  ],
  [
    'GET /vector_stores/{}/files/{}/content',
    'vector_store.file_content.page',
    ['storeFile'],
    (c, file) => c.vectorStores.files.content(file.id, { vector_store_id: file.vector_store_id }),
  ],

  [
    'POST /vector_stores/{}/file_batches',
    'vector_store.files_batch',
    ['new store', 'file'],
    (c, store, file) =>
      c.vectorStores.fileBatches.create(store.id, {
        file_ids: [file.id],
        attributes: { year: 2026 },
        chunking_strategy: CHUNKS,
      }),
  ],
  [
    'GET /vector_stores/{}/file_batches/{}',
    'vector_store.files_batch',
    ['batch'],
    (c, made) => c.vectorStores.fileBatches.retrieve(made.id, { vector_store_id: made.vector_store_id }),
  ],
  [
    'POST /vector_stores/{}/file_batches/{}/cancel',
    'vector_store.files_batch',
    ['batch'],
    (c, made) => c.vectorStores.fileBatches.cancel(made.id, { vector_store_id: made.vector_store_id }),
  ],
  [
    'GET /vector_stores/{}/file_batches/{}/files',
    'list',
    ['batch'],
    (c, made) =>
      c.vectorStores.fileBatches.listFiles(made.id, {
        vector_store_id: made.vector_store_id,
        filter: 'completed',
        limit: 5,
        order: 'asc',
      }),
  ],

  ['GET /models', 'list', [], (c) => c.models.list()],
  ['GET /models/{}', 'model', [], (c) => c.models.retrieve('gpt-4o')],
  ['DELETE /models/{}', 'model', ['new tuned'], (c, made) => c.models.delete(made.model)],
];

const { url } = await serve();
const scene = new Scene(connect(url).client);

function prepared(name) {
  return name.startsWith('new ') ? scene[name.slice(4)]() : scene.shared(name);
}

test('the table holds 51 operations, each once', () => {
  assert.equal(new Set(OPERATIONS.map(([route]) => route)).size, 51);
});

for (const [route, object, needs, call] of OPERATIONS) {
  test(`${route} is reached and answers`, async () => {
    const objects = [];
    for (const name of needs) {
      objects.push(await prepared(name));
    }
    const { client, sent } = connect(url);
    const answer = await call(client, ...objects);
    assert.equal(sent.length, 1);
    assert.match(sent[0], new RegExp(`^${route.replaceAll('{}', '[^/]+')}$`));
    if (object) {
      assert.equal(answer.object ?? answer.body.object, object);
    } else {
      assert.equal(await answer.text(), GUIDE);
    }
  });
}
