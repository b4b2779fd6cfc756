import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { MeshHeaders } from '../../../../shared/mesh/mesh-headers.ts';

const headers = MeshHeaders.fromHttp({
  'mex-messageid': '20200529155357895317_3573F8',
  'mex-to': 'GPPROVIDER_9691375087_19570109_Marker',
  'mex-subject': 'Consultation report for Marker',
  'mex-from': '',
  'content-encoding': 'GZIP',
  'mex-chunk-range': '1:3',
  'set-cookie': ['a', 'b'],
});

test('headers are read without regard to case, and blank is absent', () => {
  expect(headers.get('Mex-To')).toContain('Marker');
  expect(headers.from).toBeUndefined();
  expect(headers.contentEncoding).toBe('gzip');
  expect(headers.chunkRange).toEqual({ part: 1, total: 3 });
});

test('no way of printing headers shows patient data', () => {
  for (const printed of [
    JSON.stringify({ headers }),
    inspect({ headers }, { depth: 9 }),
    String(headers),
    `${inspect(headers)}`,
  ]) {
    expect(printed).not.toContain('Marker');
  }
  expect(JSON.stringify(headers)).toContain('20200529155357895317_3573F8');
});

test('the archive gets everything', () => {
  expect(new Map(headers.entries()).get('mex-subject')).toBe('Consultation report for Marker');
});
