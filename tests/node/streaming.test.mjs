// Streams as the `openai` package for Node reads them: AssistantStream with its events, and what it is restored from.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AssistantStream } from 'openai/lib/AssistantStream';
import { toFile } from 'openai';
import { GUIDE } from './scene.mjs';
import { connect, outputsFor, serve, tool, withoutRepeats } from './server.mjs';

const RULES = `
rules:
  - tool: course_of
    say: "You have {{ output }}."
  - user: weather and course
    call:
      - weather: {city: Kunming}
      - course_of: {day: Wednesday}
  - user: course
    say: One moment.
    call: {course_of: {day: Wednesday}}
  - user: add up
    code: |
      total = sum([1, 2, 39])
      print("total", total)
  - tool: code_interpreter
    say: "It says: {{ output }}"
  - user: lab
    search: robotics lab
  - tool: file_search
    say: "On Wednesday{{ passages.0.marker }}."
  - say: "The answer to {{ user }} is forty-two, as everybody knows."
`;
const ANSWER = 'The answer to hello is forty-two, as everybody knows.';
const COURSE = tool('course_of', 'day');
const WEATHER = tool('weather', 'city');

// A5: plain run, function call, submit stream
const MESSAGE_STEP = [
  'thread.run.step.created',
  'thread.run.step.in_progress',
  'thread.message.created',
  'thread.message.in_progress',
  'thread.message.delta',
  'thread.message.completed',
  'thread.run.step.completed',
];
const STARTED = ['thread.run.created', 'thread.run.queued', 'thread.run.in_progress'];
const PLAIN_RUN = [...STARTED, ...MESSAGE_STEP, 'thread.run.completed'];
const FUNCTION_CALL = [
  'thread.run.step.created',
  'thread.run.step.in_progress',
  'thread.run.step.delta',
  'thread.run.requires_action',
];
const SERVER_TOOL = [
  'thread.run.step.created',
  'thread.run.step.in_progress',
  'thread.run.step.delta',
  'thread.run.step.completed',
];
const SUBMITTED = [
  'thread.run.step.completed',
  'thread.run.queued',
  'thread.run.in_progress',
  ...MESSAGE_STEP,
  'thread.run.completed',
];
const EMITTED = [
  'connect',
  'run',
  'messageCreated',
  'messageDelta',
  'messageDone',
  'runStepCreated',
  'runStepDelta',
  'runStepDone',
  'toolCallCreated',
  'toolCallDelta',
  'toolCallDone',
  'textCreated',
  'textDelta',
  'textDone',
  'error',
  'abort',
  'end',
];

const { url } = await serve({ rules: RULES });
const { client } = connect(url);
const { assistants, threads } = client.beta;

async function started(text, options = {}) {
  const assistant = await assistants.create({ model: 'gpt-4o', instructions: 'Be brief.', ...options });
  const thread = await threads.create({ messages: [{ role: 'user', content: text }] });
  return { assistant, thread };
}

/** What a stream emits, in order: the events of the wire apart from those of the library. */
function noted(stream) {
  const notes = { events: [], emitted: [], given: {} };
  stream.on('event', (event) => notes.events.push(event.event));
  for (const name of EMITTED) {
    stream.on(name, (...given) => {
      notes.emitted.push(name);
      // Copies: the library goes on adding to the first delta that it was given.
      (notes.given[name] ??= []).push(name === 'error' || name === 'abort' ? given : structuredClone(given));
    });
  }
  return notes;
}

async function names(stream) {
  const met = [];
  for await (const event of stream) {
    met.push(event.event);
  }
  return withoutRepeats(met);
}

test('a plain run emits its events in order', async () => {
  const { assistant, thread } = await started('hello');
  const stream = threads.runs.stream(thread.id, { assistant_id: assistant.id });
  const notes = noted(stream);
  const run = await stream.finalRun();
  await stream.done();
  assert.equal(run.status, 'completed');
  assert.ok(run.usage.total_tokens > 0);
  assert.deepEqual(withoutRepeats(notes.events), PLAIN_RUN);
  const firsts = notes.emitted.filter((name, index) => notes.emitted.indexOf(name) === index);
  assert.deepEqual(firsts, [
    'connect',
    'runStepCreated',
    'messageCreated',
    'textCreated',
    'messageDelta',
    'textDelta',
    'textDone',
    'messageDone',
    'runStepDone',
    'run',
    'end',
  ]);
  assert.equal(notes.given.textDelta.map(([delta]) => delta.value).join(''), ANSWER);
  assert.deepEqual(
    notes.given.textDone.map(([text]) => text.value),
    [ANSWER],
  );
  const [message] = await stream.finalMessages();
  assert.deepEqual(message, await threads.messages.retrieve(message.id, { thread_id: thread.id }));
  const [step] = await stream.finalRunSteps();
  const read = await threads.runs.steps.retrieve(step.id, { thread_id: thread.id, run_id: run.id });
  assert.deepEqual(step, read);
  assert.deepEqual(run, await threads.runs.retrieve(run.id, { thread_id: thread.id }));
});

test('a call is emitted piece by piece', async () => {
  const { assistant, thread } = await started('Which course?', { tools: [COURSE] });
  const stream = threads.runs.stream(thread.id, { assistant_id: assistant.id });
  const notes = noted(stream);
  const run = await stream.finalRun();
  assert.equal(run.status, 'requires_action');
  assert.deepEqual(withoutRepeats(notes.events), [...STARTED, ...MESSAGE_STEP, ...FUNCTION_CALL]);
  const [[created]] = notes.given.toolCallCreated;
  assert.match(created.id, /^call_/);
  const pieces = notes.given.toolCallDelta.map(([delta]) => delta.function.arguments ?? '').join('');
  const [call] = run.required_action.submit_tool_outputs.tool_calls;
  assert.deepEqual(JSON.parse(pieces), { day: 'Wednesday' });
  assert.equal(call.function.arguments, pieces);
  assert.equal(call.id, created.id);
});

test('parallel calls come one after the other in one step', async () => {
  const { assistant, thread } = await started('weather and course?', { tools: [COURSE, WEATHER] });
  const stream = threads.runs.stream(thread.id, { assistant_id: assistant.id });
  const notes = noted(stream);
  await stream.finalRun();
  assert.deepEqual(
    notes.given.toolCallCreated.map(([call]) => call.function.name),
    ['weather', 'course_of'],
  );
  assert.equal(notes.given.runStepCreated.length, 1);
});

test('outputs are submitted from inside the handler while the first stream is open', async () => {
  const { assistant, thread } = await started('Which course?', { tools: [COURSE] });
  const answered = Promise.withResolvers();
  const first = threads.runs.stream(thread.id, { assistant_id: assistant.id });
  first.on('event', (event) => {
    if (event.event !== 'thread.run.requires_action') {
      return;
    }
    const tool_outputs = outputsFor(event.data, { course_of: 'Robotics' });
    const second = threads.runs.submitToolOutputsStream(event.data.id, { thread_id: thread.id, tool_outputs });
    const notes = noted(second);
    second.finalRun().then((run) => answered.resolve({ run, notes }), answered.reject);
  });
  const { run, notes } = await answered.promise;
  await first.done();
  assert.equal(run.status, 'completed');
  assert.deepEqual(withoutRepeats(notes.events), SUBMITTED);
  assert.equal(notes.given.textDone[0][0].value, 'You have Robotics.');
  const page = await threads.messages.list(thread.id, { order: 'asc' });
  assert.deepEqual(
    page.data.map((message) => message.content[0].text.value),
    ['Which course?', 'One moment.', 'You have Robotics.'],
  );
});

test('code that runs is emitted, and its pieces add up', async () => {
  const { assistant, thread } = await started('Please add up', { tools: [{ type: 'code_interpreter' }] });
  const stream = threads.runs.stream(thread.id, { assistant_id: assistant.id });
  const notes = noted(stream);
  const run = await stream.finalRun();
  const wire = [...STARTED, ...SERVER_TOOL, ...MESSAGE_STEP, 'thread.run.completed'];
  assert.deepEqual(withoutRepeats(notes.events), wire);
  const [[created]] = notes.given.toolCallCreated;
  const [[, snapshot]] = notes.given.toolCallDelta.slice(-1);
  const [[done]] = notes.given.runStepDone;
  const read = await threads.runs.steps.retrieve(done.id, { thread_id: thread.id, run_id: run.id });
  const [call] = read.step_details.tool_calls;
  assert.equal(created.id, call.id);
  assert.equal(snapshot.code_interpreter.input, call.code_interpreter.input);
  assert.deepEqual(
    call.code_interpreter.outputs.map((output) => [output.type, output.logs.trim()]),
    [['logs', 'total 42']],
  );
  assert.equal(notes.given.textDone[0][0].value.trim(), 'It says: total 42');
});

test('a search in files is emitted, and the answer cites it', async () => {
  const store = await client.vectorStores.create({ name: 'guides' });
  const guide = await toFile(Buffer.from(GUIDE), 'guide.txt');
  const file = await client.vectorStores.files.uploadAndPoll(store.id, guide);
  const { assistant, thread } = await started('When is the lab?', {
    tools: [{ type: 'file_search' }],
    tool_resources: { file_search: { vector_store_ids: [store.id] } },
  });
  const stream = threads.runs.stream(thread.id, { assistant_id: assistant.id });
  const notes = noted(stream);
  await stream.finalRun();
  const wire = [...STARTED, ...SERVER_TOOL, ...MESSAGE_STEP, 'thread.run.completed'];
  assert.deepEqual(withoutRepeats(notes.events), wire);
  const [[{ value, annotations }]] = notes.given.textDone;
  assert.equal(annotations.length, 1);
  const [{ text, start_index, end_index, file_citation }] = annotations;
  assert.equal(value, `On Wednesday${text}.`);
  assert.equal(value.slice(start_index, end_index), text);
  assert.equal(file_citation.file_id, file.id);
  const [[step]] = notes.given.runStepDone;
  assert.equal(step.step_details.tool_calls[0].file_search.results[0].file_name, 'guide.txt');
});

test('createAndRunStream begins with the thread', async () => {
  const { assistant } = await started('unused');
  const thread = { messages: [{ role: 'user', content: 'hello' }] };
  const stream = threads.createAndRunStream({ assistant_id: assistant.id, thread });
  assert.deepEqual(await names(stream), ['thread.created', ...PLAIN_RUN]);
});

test('raw events are iterated, of all three operations that stream', async () => {
  const { assistant, thread } = await started('hello', { tools: [COURSE] });
  const start = { assistant_id: assistant.id, stream: true };
  assert.deepEqual(await names(await threads.runs.create(thread.id, start)), PLAIN_RUN);
  const asked = { messages: [{ role: 'user', content: 'Which course?' }] };
  let waiting;
  for await (const event of await threads.createAndRun({ ...start, thread: asked })) {
    waiting = event;
  }
  assert.equal(waiting.event, 'thread.run.requires_action');
  const tool_outputs = outputsFor(waiting.data, { course_of: 'Robotics' });
  const params = { thread_id: waiting.data.thread_id, tool_outputs, stream: true };
  assert.deepEqual(await names(await threads.runs.submitToolOutputs(waiting.data.id, params)), SUBMITTED);
});

test('a stream that is handed on as lines of JSON is restored whole', async () => {
  const { assistant, thread } = await started('hello');
  const lines = threads.runs.stream(thread.id, { assistant_id: assistant.id }).toReadableStream();
  const restored = AssistantStream.fromReadableStream(lines);
  const notes = noted(restored);
  const [message] = await restored.finalMessages();
  assert.equal(message.content[0].text.value, ANSWER);
  assert.deepEqual(withoutRepeats(notes.events), PLAIN_RUN);
});

test('a client that goes away does not stop the run', async () => {
  const { assistant, thread } = await started('hello');
  const stream = await threads.runs.create(thread.id, { assistant_id: assistant.id, stream: true });
  for await (const event of stream) {
    assert.equal(event.event, 'thread.run.created');
    break;
  }
  const [run] = (await threads.runs.list(thread.id)).data;
  assert.equal((await threads.runs.poll(run.id, { thread_id: thread.id })).status, 'completed');
});

test('a refused stream is an ordinary error', async () => {
  const { thread } = await started('hello');
  const stream = threads.runs.stream(thread.id, { assistant_id: 'asst_gone' });
  await assert.rejects(stream.done(), { status: 404, message: "404 No assistant found with id 'asst_gone'." });
});
