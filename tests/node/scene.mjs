// Objects for operations to act on. What is asked for by `shared` is made once and never changed.

import { toFile } from 'openai';
import { tool } from './server.mjs';

export const GUIDE = 'The robotics lab meets on Wednesday at four. Bring a laptop and a notebook.\n';
export const ASK = tool('ask_database', 'query');

export class Scene {
  #made = new Map();

  constructor(client) {
    this.client = client;
    this.beta = client.beta;
  }

  /** The same object for everybody who asks for it by this name. */
  shared(name) {
    if (!this.#made.has(name)) {
      this.#made.set(name, this[name]());
    }
    return this.#made.get(name);
  }

  assistant() {
    return this.beta.assistants.create({ model: 'gpt-4o', instructions: 'Be brief.', tools: [ASK] });
  }

  /** With a fine-tuned model, which the server knows because this assistant names it. */
  tuned() {
    return this.beta.assistants.create({ model: `ft:gpt-4o-mini:school:tutor:${Math.random()}` });
  }

  thread() {
    return this.beta.threads.create({ messages: [{ role: 'user', content: 'hello' }] });
  }

  async message() {
    const thread = await this.thread();
    return this.beta.threads.messages.create(thread.id, { role: 'user', content: 'more' });
  }

  async run(options = {}) {
    const [assistant, thread] = [await this.shared('assistant'), await this.thread()];
    return this.beta.threads.runs.createAndPoll(thread.id, { assistant_id: assistant.id, ...options });
  }

  /** A run in requires_action. */
  waitingRun() {
    return this.run({ tool_choice: 'required' });
  }

  async step() {
    const run = await this.shared('run');
    return (await this.beta.threads.runs.steps.list(run.id, { thread_id: run.thread_id })).data[0];
  }

  async file() {
    return this.client.files.create({ file: await toFile(Buffer.from(GUIDE), 'guide.txt'), purpose: 'assistants' });
  }

  upload() {
    const bytes = Buffer.byteLength(GUIDE);
    return this.client.uploads.create({ filename: 'guide.txt', purpose: 'assistants', bytes, mime_type: 'text/plain' });
  }

  async part() {
    const upload = await this.upload();
    return this.client.uploads.parts.create(upload.id, { data: await toFile(Buffer.from(GUIDE), 'part') });
  }

  store() {
    return this.client.vectorStores.create({ name: 'guides' });
  }

  async storeFile() {
    const [file, store] = [await this.file(), await this.store()];
    const attributes = { year: 2026, open: true };
    return this.client.vectorStores.files.createAndPoll(store.id, { file_id: file.id, attributes });
  }

  async batch() {
    const [file, store] = [await this.file(), await this.store()];
    return this.client.vectorStores.fileBatches.createAndPoll(store.id, { file_ids: [file.id] });
  }
}
