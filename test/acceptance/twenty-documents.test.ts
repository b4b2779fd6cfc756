import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ManifestOverrides, makeDrop, manifestPatient, pickTestPatients } from '../../local/samples/variants.ts';
import { currentComposition } from '../../shared/delivery/record.ts';
import { stateOf } from '../../shared/delivery/state-of.ts';
import { documentIdOf, type OdsCode } from '../../shared/platform/ids.ts';
import { eventually, type SystemUnderTest, startForTest } from '../support/local-system.ts';

/**
 * Twenty documents dropped by real PutObject calls into the system as `npm start` runs it: four of them bad in
 * different ways, one pair in reverse order, one pair dropped twice. Then forty at once; `npm run bench` times a hundred.
 */

let system: SystemUnderTest;
beforeAll(async () => {
  system = await startForTest();
});
afterAll(() => system.stop());

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

interface Made {
  readonly name: string;
  readonly pdf: Buffer;
  readonly json: Buffer;
  readonly documentId: string;
}

const make = async (name: string, index: number, overrides: ManifestOverrides = {}): Promise<Made> => {
  const [patient] = pickTestPatients(6).slice(index % 6);
  if (!patient) throw new Error('no patient');
  // Every seventh is large enough to travel compressed.
  const made = await makeDrop(
    { text: `Consultation report ${name}`, minBytes: index % 7 === 3 ? 1_500_000 : 0 },
    { encounterId: randomUUID(), patient: manifestPatient(patient), ...overrides },
  );
  const { encounterId, version } = made.manifest;
  return { name, pdf: made.pdf, json: made.json, documentId: documentIdOf('RX1' as OdsCode, encounterId, version) };
};

const put = (key: string, body: Uint8Array) =>
  system.s3.send(new PutObjectCommand({ Bucket: system.run.inboxBucket, Key: key, Body: body }));
const putPdf = ({ name, pdf }: Made) => put(`inbox/RX1/${name}.pdf`, pdf);
const putManifest = ({ name, json }: Made) => put(`inbox/RX1/${name}.json`, json);
const drop = async (made: Made) => {
  await putPdf(made);
  await putManifest(made);
};

const ended = (names: readonly string[], limitMs: number) => {
  let open: string[] = [];
  return eventually(
    async () => {
      const receipts = await Promise.all(names.map((name) => system.receipt(name)));
      open = names.filter((_, index) => !['ACCEPTED', 'REJECTED'].includes(receipts[index]?.state ?? ''));
      return open.length === 0 ? receipts : undefined;
    },
    limitMs,
    () => `not ended: ${open.join(', ')}`,
  );
};

describe('twenty documents', () => {
  const good: Made[] = [];
  const bad: Made[] = [];

  it('all end, the good ones ACCEPTED and the bad ones REJECTED with everything that is wrong', async () => {
    for (let index = 0; index < 16; index++) good.push(await make(`good-${index}`, index));
    bad.push(await make('bad-number', 0, { patient: { nhsNumber: '9691375088' } }));
    bad.push(
      await make('bad-many', 1, {
        patient: { family: 'Under_score', birthDate: '2999-12-31', nhsNumberStatus: '02' },
        consultation: { savedAt: '2999-12-31T00:00:00Z' },
      }),
    );
    const truncated = await make('bad-truncated', 2);
    const cut = truncated.pdf.subarray(0, 400);
    bad.push({
      ...truncated,
      pdf: cut,
      json: Buffer.from(truncated.json.toString().replace(sha256(truncated.pdf), sha256(cut))),
    });
    const notJson = await make('bad-json', 3);
    bad.push({ ...notJson, json: Buffer.from('{ "patient": ') });

    const [reversed, twice, ...others] = good;
    if (!reversed || !twice) throw new Error('too few');
    await putManifest(reversed);
    await putPdf(reversed);
    await Promise.all([...others, ...bad].map(drop));
    await drop(twice);
    await drop(twice);

    const receipts = await ended(
      [...good, ...bad].map(({ name }) => name),
      60_000,
    );
    expect(receipts.map((receipt) => receipt?.state)).toEqual([
      ...good.map(() => 'ACCEPTED'),
      ...bad.map(() => 'REJECTED'),
    ]);
    const problemsOf = (name: string) =>
      receipts[good.length + bad.findIndex((one) => one.name === name)]?.problems ?? [];
    expect(problemsOf('bad-number')).toEqual([expect.objectContaining({ path: 'patient.nhsNumber' })]);
    expect(
      problemsOf('bad-many')
        .map(({ path }) => path)
        .sort(),
    ).toEqual(['consultation.savedAt', 'patient.birthDate', 'patient.family', 'patient.nhsNumberStatus']);
    expect(problemsOf('bad-truncated')).toEqual([expect.objectContaining({ path: 'pdf', code: 'PDF_TRUNCATED' })]);
    expect(problemsOf('bad-json')).toEqual([expect.objectContaining({ path: 'manifest', code: 'MANIFEST_NOT_JSON' })]);
  }, 90_000);

  it('the records agree with the receipts, and say how each document went', async () => {
    for (const { documentId, name } of good) {
      const record = await system.record(documentId);
      if (!record) throw new Error(`${name} has no record`);
      expect(stateOf(record)).toBe('ACCEPTED');
      const composition = currentComposition(record);
      expect(composition.attempts).toHaveLength(1);
      expect(composition.infrastructure?.code).toBe('20013');
      expect(composition.business?.code).toBe('30001');
      expect(composition.possibleDuplicate).toBeUndefined();
      expect((await system.receipt(name))?.documentId).toBe(documentId);
    }
  });

  it('the practice received each good PDF once, byte for byte, and nothing of the bad ones', async () => {
    const received = await system.received();
    const digests = received.map((line) => line.sha256);
    for (const { name, pdf } of good) {
      expect(
        digests.filter((digest) => digest === sha256(pdf)),
        name,
      ).toHaveLength(1);
      const line = received.find((one) => one.sha256 === sha256(pdf));
      expect(readFileSync(join(system.practiceDir, line?.folder ?? '', 'document-1.pdf')).equals(pdf), name).toBe(true);
    }
    expect(received).toHaveLength(good.length);
    expect(received.every(({ filed }) => filed)).toBe(true);
  });
});

describe('many documents dropped together', () => {
  it('are all ACCEPTED, none twice', async () => {
    const made = await Promise.all(Array.from({ length: 40 }, (_, index) => make(`batch-${index}`, index * 7)));
    await Promise.all(made.map(drop));
    const receipts = await ended(
      made.map(({ name }) => name),
      300_000,
    );
    expect(receipts.every((receipt) => receipt?.state === 'ACCEPTED')).toBe(true);
    const received = (await system.received()).map((line) => line.sha256);
    for (const { pdf, name } of made)
      expect(
        received.filter((digest) => digest === sha256(pdf)),
        name,
      ).toHaveLength(1);
  }, 330_000);
});

describe('what all this left behind', () => {
  it('the inbox is empty', async () => {
    const listed = await eventually(
      async () => {
        const page = await system.s3.send(
          new ListObjectsV2Command({ Bucket: system.run.inboxBucket, Prefix: 'inbox/' }),
        );
        // A half of the pair that was dropped twice may stay for an hour: it could be the first half of another drop.
        const left = (page.Contents ?? []).filter(({ Key = '' }) => !Key.startsWith('inbox/RX1/good-1.'));
        return left.length === 0 ? left : undefined;
      },
      20_000,
      () => 'objects are left in the inbox',
    );
    expect(listed).toEqual([]);
  });

  it('no function called anything outside its role', () => {
    expect(system.engine.outsideRole.count).toBe(0);
  });

  it('no log holds anything of a patient', () => {
    const logs = system.logs();
    expect(logs).toContain('POLL_DONE');
    for (const patient of pickTestPatients(6)) {
      for (const secret of [
        patient.nhsNumber,
        patient.birthDate,
        patient.birthDate.replaceAll('-', ''),
        patient.family,
      ]) {
        expect(logs.includes(secret), `a log holds ${secret}`).toBe(false);
      }
    }
  });

  it('nothing is on a dead-letter queue, and the engine has nothing to say', async () => {
    const { region, credentials, sqsEndpoint: endpoint } = system.run;
    const sqs = new SQSClient({ endpoint, region, credentials });
    const names = ['IngestDeadLetterQueue', 'IngestUndeliveredQueue', 'OutboxDeadLetterQueue', 'PollDeadLetterQueue'];
    const depths = await Promise.all(
      names.map(async (name) => {
        const QueueUrl = system.engine.resources.output(`${name}Url`);
        const { Attributes } = await sqs.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['ApproximateNumberOfMessages'] }),
        );
        return Attributes?.ApproximateNumberOfMessages;
      }),
    );
    sqs.destroy();
    expect(depths).toEqual(names.map(() => '0'));
    expect(system.engine.warnings).toEqual([]);
  });
});
