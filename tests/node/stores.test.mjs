// Files, uploads and vector stores through the helpers of the `openai` package for Node.

import assert from 'node:assert/strict';
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { toFile } from 'openai';
import { GUIDE } from './scene.mjs';
import { connect, serve } from './server.mjs';

const { url, folder } = await serve();
const { client } = connect(url);
const { files, uploads, vectorStores } = client;

const text = (content, name) => toFile(Buffer.from(content), name);

test('a file from disk comes back byte for byte', async () => {
  const name = path.join(folder, '课程.bin');
  const bytes = Buffer.alloc(1_280_000, Buffer.from([0, 1, 2, 253, 254, 255]));
  await writeFile(name, bytes);
  const made = await files.create({ file: createReadStream(name), purpose: 'assistants' });
  assert.equal(made.bytes, bytes.length);
  assert.equal(made.filename, '课程.bin');
  assert.equal((await files.waitForProcessing(made.id, { pollInterval: 10 })).status, 'processed');
  const content = await files.content(made.id);
  assert.deepEqual(Buffer.from(await content.arrayBuffer()), bytes);
  assert.deepEqual(await files.delete(made.id), { id: made.id, object: 'file', deleted: true });
});

test('parts become one file in the order that is asked for', async () => {
  const upload = await uploads.create({ filename: 'a.txt', purpose: 'assistants', bytes: 10, mime_type: 'text/plain' });
  assert.equal(upload.status, 'pending');
  const world = await uploads.parts.create(upload.id, { data: await text('world', 'part') });
  const hello = await uploads.parts.create(upload.id, { data: await text('hello', 'part') });
  const done = await uploads.complete(upload.id, { part_ids: [hello.id, world.id] });
  assert.equal(done.status, 'completed');
  assert.equal(done.file.filename, 'a.txt');
  assert.equal(await (await files.content(done.file.id)).text(), 'helloworld');
});

test('a store file is uploaded and polled until it can be searched', async () => {
  const store = await vectorStores.create({ name: 'guides' });
  const file = await vectorStores.files.uploadAndPoll(store.id, await text(GUIDE, 'guide.txt'));
  assert.equal(file.status, 'completed');
  assert.deepEqual(file.chunking_strategy, {
    type: 'static',
    static: { max_chunk_size_tokens: 800, chunk_overlap_tokens: 400 },
  });
  const page = await vectorStores.search(store.id, { query: 'When does the robotics lab meet?' });
  assert.equal(page.data[0].filename, 'guide.txt');
  assert.match(page.data[0].content[0].text, /Wednesday/);
  const parts = [];
  for await (const part of vectorStores.files.content(file.id, { vector_store_id: store.id })) {
    parts.push(part.text);
  }
  assert.equal(parts.join(''), GUIDE);
});

test('a batch of files is uploaded and polled', async () => {
  const store = await vectorStores.create({ name: 'guides' });
  const known = await files.create({ file: await text('Noodles on Monday.', 'menu.txt'), purpose: 'assistants' });
  const batch = await vectorStores.fileBatches.uploadAndPoll(store.id, {
    files: [await text(GUIDE, 'guide.txt'), await text('Notes on paper.', 'notes.txt')],
    fileIds: [known.id],
  });
  assert.equal(batch.status, 'completed');
  assert.deepEqual(batch.file_counts, { in_progress: 0, completed: 3, failed: 0, cancelled: 0, total: 3 });
  const met = [];
  for await (const file of vectorStores.fileBatches.listFiles(batch.id, { vector_store_id: store.id, limit: 1 })) {
    met.push(file.id);
  }
  assert.equal(new Set(met).size, 3);
});

test('a known file is attached and polled with its attributes', async () => {
  const store = await vectorStores.create({ name: 'guides' });
  const known = await files.create({ file: await text(GUIDE, 'guide.txt'), purpose: 'assistants' });
  const attributes = { year: 2026, open: true, room: 'B2' };
  const file = await vectorStores.files.createAndPoll(store.id, { file_id: known.id, attributes });
  assert.deepEqual([file.status, file.attributes], ['completed', attributes]);
});
