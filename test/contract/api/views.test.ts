import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { apiHandler } from '../../../lambdas/api/handler.ts';
import { type ViewAudit, viewAudit } from '../../../shared/audit/entry.ts';
import { readWhole } from '../../../shared/platform/objects.ts';
import { createApiRig, eventOf } from './support.ts';

/** FHIR-DOC-02: who looked at what is kept, before it is shown. */

let rig: Awaited<ReturnType<typeof createApiRig>>;
let documentId: string;
beforeAll(async () => {
  rig = await createApiRig();
  ({ documentId } = await rig.drop('seen', { encounterId: 'seen' }));
  await rig.takeEvents();
});
afterAll(() => rig.close());

const viewsUnder = async (folder: string): Promise<readonly ViewAudit[]> => {
  const found: ViewAudit[] = [];
  for (const key of await rig.keys(rig.archive, `views/${folder}/`)) {
    const object = await readWhole(rig.archive, key, 1 << 20);
    if (object && object !== 'too-large') found.push(viewAudit.parse(JSON.parse(object.bytes.toString('utf8'))));
  }
  return found;
};
const id = { 'X-Request-ID': randomUUID() };

describe('a view through the API', () => {
  it('of a document is recorded with the organisation, its client and the request (FHIR-DOC-02, FHIR-DOC-03)', async () => {
    const shown = await rig.call({ path: `/v1/documents/${documentId}`, headers: id });
    expect(shown.status).toBe(200);
    const [view, ...others] = await viewsUnder(documentId);
    expect(others).toEqual([]);
    expect(view).toMatchObject({
      kind: 'viewed',
      what: 'document',
      documentId,
      actor: { kind: 'organisation', id: 'RX1', requestId: id['X-Request-ID'] },
    });
    expect(view?.actor.clientId).toBeTruthy();
  });

  it('of a list is recorded once, with the documents that it showed', async () => {
    expect((await rig.call({ path: '/v1/documents' })).status).toBe(200);
    const views = await viewsUnder('RX1');
    expect(views.map(({ what, documentIds }) => [what, documentIds])).toEqual([['list', [documentId]]]);
  });

  it('of what is not there is no view', async () => {
    const unknown = randomUUID();
    expect((await rig.call({ path: `/v1/documents/${unknown}` })).status).toBe(404);
    expect(await viewsUnder(unknown)).toEqual([]);
  });

  it('that cannot be recorded is not given: 503, and the same request later is answered', async () => {
    const failing = apiHandler({
      ...rig.apiContext,
      audit: { ...rig.archive, put: () => Promise.reject(new Error('inner words')) },
    });
    for (const path of [`/v1/documents/${documentId}`, '/v1/documents']) {
      const answer = await failing(eventOf({ path }));
      expect(answer.statusCode).toBe(503);
      expect(answer.body).not.toContain('RECEIVED');
      expect(answer.body).not.toContain('inner words');
    }
    expect(rig.lines.some((line) => line.includes('VIEW_NOT_RECORDED'))).toBe(true);
    expect((await rig.call({ path: `/v1/documents/${documentId}` })).status).toBe(200);
  });
});
