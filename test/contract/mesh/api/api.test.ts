import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import { authorisationSteps } from './authorisation-steps.ts';
import { openEndpoint } from './endpoint.ts';
import { connect, type Mesh } from './mesh.ts';
import { messageSteps } from './message-steps.ts';
import { reportSteps } from './report-steps.ts';
import { troubleSteps } from './trouble-steps.ts';
import { witnessSteps } from './witness-steps.ts';

// The API as published, against whatever MESH the environment names (run.ts beside this folder), else our simulator.

let connected: Mesh | undefined;
const mesh = (): Mesh => {
  if (!connected) throw new Error('No MESH was reached.');
  return connected;
};

beforeAll(async () => {
  connected = await connect(await openEndpoint());
});
afterEach(() => connected?.tidy());
afterAll(() => connected?.shut());

describe('the MESH API', () => {
  witnessSteps(mesh);
  authorisationSteps(mesh);
  messageSteps(mesh);
  reportSteps(mesh);
  troubleSteps(mesh);
});
