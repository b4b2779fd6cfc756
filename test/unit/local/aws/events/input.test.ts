import { describe, expect, test } from 'vitest';
import { InvalidInput, transformInput } from '../../../../../local/aws/events/input.ts';
import { atPath } from '../../../../../local/aws/events/json-path.ts';
import { ingestMessage } from '../../../../../shared/platform/queue-messages.ts';
import { storageEvent } from './event.ts';

const event = storageEvent('inbox/RX1/a.pdf');
const paths = {
  key: '$.detail.object.key',
  size: '$.detail.object.size',
  object: '$.detail.object',
  none: '$.detail.x',
};
const fill = (inputTemplate: string, of = event) => transformInput({ inputPathsMap: paths, inputTemplate }, of);

describe('JSON paths', () => {
  test('names with dashes, indexes and wildcards are followed', () => {
    expect(atPath(event, '$')).toBe(event);
    expect(atPath(event, '$.detail-type')).toBe('Object Created');
    expect(atPath(event, '$.resources[0]')).toBe('arn:aws:s3:::drops');
    expect(atPath(event, "$.detail.object['version-id']")).toBe('v1');
    expect(atPath({ a: [{ b: 1 }, { b: 2 }, {}] }, '$.a[*].b')).toEqual([1, 2]);
    expect(atPath({ a: { x: 1, y: 2 } }, '$.a.*')).toEqual([1, 2]);
    expect(atPath(event, '$.detail.object.key.more')).toBeUndefined();
  });

  test('what is no path is a fault', () => {
    expect(() => atPath(event, 'detail')).toThrow('does not begin with $');
    expect(() => atPath(event, '$.detail[?(@.a)]')).toThrow('is not understood');
  });
});

describe('input transformers', () => {
  test('the ingest message comes out of a storage event as its reader expects it', () => {
    const body = transformInput(
      {
        inputPathsMap: {
          'detail-bucket-name': '$.detail.bucket.name',
          'detail-object-key': '$.detail.object.key',
          'detail-object-version-id': '$.detail.object.version-id',
          'detail-object-sequencer': '$.detail.object.sequencer',
          'detail-object-size': '$.detail.object.size',
        },
        inputTemplate:
          '{"bucket":<detail-bucket-name>,"key":<detail-object-key>,"versionId":<detail-object-version-id>,"sequencer":<detail-object-sequencer>,"size":<detail-object-size>}',
      },
      event,
    );
    expect(ingestMessage.parse(JSON.parse(body))).toEqual({
      bucket: 'drops',
      key: 'inbox/RX1/a.pdf',
      versionId: 'v1',
      sequencer: '00617F08299329D189',
      size: 1024,
    });
  });

  test('in a value’s place a placeholder becomes JSON, with the quotes that text needs', () => {
    expect(fill('{"key": <key>, "size": <size>, "all": [<size>, true]}')).toBe(
      '{"key":"inbox/RX1/a.pdf","size":1024,"all":[1024,true]}',
    );
    expect(JSON.parse(fill('{"object": <object>}')).object.etag).toBe('b1946ac9');
    expect(JSON.parse(fill('{"key": <key>}', storageEvent('inbox/a"b\\c.pdf')))).toEqual({ key: 'inbox/a"b\\c.pdf' });
  });

  test('within quotes a placeholder is put in as text', () => {
    expect(fill('{"what": "object \\"<key>\\" of <size> bytes"}')).toBe(
      '{"what":"object \\"inbox/RX1/a.pdf\\" of 1024 bytes"}',
    );
    expect(fill('{"o": "<object>"}')).toContain('"{key:inbox/RX1/a.pdf,size:1024');
  });

  test('within quotes nothing is escaped, so a quote in a value breaks the JSON and the event cannot be delivered', () => {
    expect(() => fill('{"key": "<key>"}', storageEvent('inbox/a"b.pdf'))).toThrow(InvalidInput);
  });

  test('a path that finds nothing leaves nothing', () => {
    expect(fill('{"none": "<none>"}')).toBe('{"none":""}');
    expect(() => fill('{"none": <none>}')).toThrow(InvalidInput);
    expect(fill('"<none>|<unknown>"')).toBe('"|"');
  });

  test('a template that is a string keeps its quotes', () => {
    expect(fill('"<key> has <size> bytes"')).toBe('"inbox/RX1/a.pdf has 1024 bytes"');
  });

  test('predefined variables tell of the rule and the event', () => {
    const rule = { name: 'drops', arn: 'arn:rule', ingestedAt: '2026-11-22T10:00:01.000Z' };
    const body = transformInput(
      {
        inputTemplate:
          '{"n":<aws.events.rule-name>,"a":<aws.events.rule-arn>,"t":<aws.events.event.ingestion-time>,"e":<aws.events.event>,"j":<aws.events.event.json>}',
      },
      event,
      rule,
    );
    const { detail, ...envelope } = event;
    expect(JSON.parse(body)).toEqual({ n: 'drops', a: 'arn:rule', t: rule.ingestedAt, e: envelope, j: event });
    expect(detail).toBeDefined();
  });
});
