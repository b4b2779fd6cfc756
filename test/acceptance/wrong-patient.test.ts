import { randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { SeenReceipt } from '../../local/run/follow.ts';
import { samplePdf } from '../../local/samples/sample-pdf.ts';
import { makeManifest, manifestBytes, manifestPatient, sha256Of, TEST_PATIENTS } from '../../local/samples/variants.ts';
import { runCommand } from '../../shared/operate/commands.ts';
import { targetOf } from '../../shared/operate/target.ts';
import { eventually, type SystemUnderTest, startForTest } from '../support/local-system.ts';

/** A report about somebody else than its manifest, in the system as `npm start` runs it: the bundle reads the PDF. */

let system: SystemUnderTest;
beforeAll(async () => {
  system = await startForTest();
});
afterAll(() => system.stop());

const receiptWhen = (name: string, wanted: (receipt: SeenReceipt) => boolean) => {
  let last: unknown;
  return eventually(
    async () => {
      const receipt = await system.receipt(name);
      last = receipt;
      return receipt && wanted(receipt) ? receipt : undefined;
    },
    90_000,
    () => `the receipt said last: ${JSON.stringify(last)}`,
  );
};

it('is held with the reason, and sent once a person has released it', async () => {
  const [patient, somebodyElse = patient] = TEST_PATIENTS;
  const encounterId = randomUUID();
  const pdf = await samplePdf(makeManifest({ patient: manifestPatient(somebodyElse) }));
  const json = manifestBytes(
    makeManifest({ patient: manifestPatient(patient), encounterId, pdf: { sha256: sha256Of(pdf) } }),
  );
  for (const [extension, Body] of [
    ['pdf', pdf],
    ['json', json],
  ] as const) {
    const Key = `inbox/RX1/${encounterId}.${extension}`;
    await system.s3.send(new PutObjectCommand({ Bucket: system.run.inboxBucket, Key, Body }));
  }

  const held = await receiptWhen(encounterId, ({ meaning }) => meaning.startsWith('Held'));
  expect(held).toMatchObject({ state: 'RECEIVED', whoseMove: 'the sender' });
  const documentId = held.documentId ?? '';
  const record = await system.record(documentId);
  expect(record?.holds).toMatchObject([{ reason: 'other-patient' }]);
  expect(await system.received()).toEqual([]);
  const target = targetOf({ dir: system.dir });
  if (target.kind === 'problem') throw new Error(target.sentence);
  const release = () =>
    runCommand(
      ['release', documentId],
      { ...target, readText: () => undefined },
      { reason: 'other-patient', by: 'Ann Bell', why: 'both are right', yes: true },
    );
  expect(await release()).toMatchObject({ ok: true });
  expect(await release()).toMatchObject({
    ok: true,
    lines: expect.arrayContaining([expect.stringContaining('was released before')]),
  });

  const accepted = await receiptWhen(encounterId, ({ state }) => state === 'ACCEPTED');
  expect(accepted.history).toContainEqual(
    expect.objectContaining({ what: 'released: other patient', detail: 'by Ann Bell: both are right' }),
  );
  expect(await system.received()).toHaveLength(1);
  for (const { nhsNumber } of [patient, somebodyElse]) expect(system.logs()).not.toContain(nhsNumber);
});
