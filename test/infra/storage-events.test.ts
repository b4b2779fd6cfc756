import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ingestMessage } from '../../shared/platform/queue-messages.ts';
import { synthesise } from './support.ts';

const system = synthesise();
const rule = system.one('AWS::Events::Rule', 'Dropped');
const drops = system.ref(system.one('AWS::S3::Bucket', 'Drops'));
const { Targets } = z
  .object({
    Targets: z.tuple([
      z.object({
        Arn: z.string(),
        DeadLetterConfig: z.object({ Arn: z.string() }),
        InputTransformer: z.object({ InputPathsMap: z.record(z.string(), z.string()), InputTemplate: z.string() }),
      }),
    ]),
  })
  .parse(rule.properties);
const [target] = Targets;

const event = (key: string) => ({
  version: '0',
  id: '17793124-05d4-b198-2fde-7ededc63b103',
  'detail-type': 'Object Created',
  source: 'aws.s3',
  account: '111122223333',
  time: '2026-11-12T00:00:00Z',
  region: 'eu-west-2',
  resources: [`arn:aws:s3:::${drops}`],
  detail: {
    version: '0',
    bucket: { name: drops },
    object: {
      key,
      size: 5,
      etag: 'b57f9512698f4b09e608f4f2a65852e5',
      'version-id': 'IYV3p45BT0ac8hjHg1houSdS1a.Mro8e',
      sequencer: '00617F08299329D189',
    },
    'request-id': 'N4N7GDK58NMKJ12R',
    requester: '123456789012',
    'source-ip-address': '1.2.3.4',
    reason: 'PutObject',
  },
});

const at = (path: string, from: unknown): unknown =>
  path
    .replace(/^\$\./, '')
    .split('.')
    .reduce<unknown>((inner, name) => z.record(z.string(), z.unknown()).parse(inner)[name], from);

/** EventBridge puts the JSON value of the path in place of a placeholder that stands outside quotes. */
const transformed = (from: unknown): unknown =>
  JSON.parse(
    target.InputTransformer.InputTemplate.replace(/<([^>]+)>/g, (_, name: string) =>
      JSON.stringify(at(target.InputTransformer.InputPathsMap[name] ?? 'missing', from)),
    ),
  );

describe('storage events', () => {
  it('are sent by the drops bucket alone', () => {
    const sending = system
      .of('AWS::S3::Bucket')
      .filter(({ properties }) => properties.NotificationConfiguration !== undefined);
    expect(sending.map((each) => [system.ref(each), each.properties.NotificationConfiguration])).toEqual([
      [drops, { EventBridgeConfiguration: { EventBridgeEnabled: true } }],
    ]);
  });

  it('of objects made under inbox/ reach the ingest queue, and no others', () => {
    expect(rule.properties.State).toBe('ENABLED');
    expect(rule.properties.EventPattern).toEqual({
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: [drops] }, object: { key: [{ prefix: 'inbox/' }] } },
    });
    expect(target.Arn).toBe(system.arn(system.one('AWS::SQS::Queue', 'IngestQueue')));
  });

  it.each(['inbox/RX1/letter.pdf', 'inbox/RX1/an "odd" \\ name é.json'])(
    'become exactly an ingest message: %s',
    (key) => {
      const message = transformed(event(key));
      expect(ingestMessage.strict().parse(message)).toEqual({
        bucket: drops,
        key,
        versionId: 'IYV3p45BT0ac8hjHg1houSdS1a.Mro8e',
        sequencer: '00617F08299329D189',
        size: 5,
      });
    },
  );

  it('that cannot be delivered are kept, and somebody is told', () => {
    const undelivered = system.one('AWS::SQS::Queue', 'IngestUndelivered');
    expect(target.DeadLetterConfig.Arn).toBe(system.arn(undelivered));
    expect(system.one('AWS::CloudWatch::Alarm', 'IngestUndelivered').properties.AlarmName).toBe(
      'send-document-local/StorageEvents/DeadLetterQueueNotEmpty',
    );
  });
});
