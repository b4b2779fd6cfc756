import { expect, test } from 'vitest';
import { parseErrorBody } from '../../../../shared/mesh/error-body.ts';

test('a v1 body gives its code', () => {
  const body = { messageID: '1', errorEvent: 'SEND', errorCode: '12', errorDescription: 'Unregistered to address' };
  expect(parseErrorBody(JSON.stringify(body))).toEqual({ code: '12', event: 'SEND' });
});

test('a v2 body gives the first code of its details', () => {
  const detail = [
    { event: '', code: '', msg: 'x' },
    { loc: ['header', 'mex-to'] },
    { event: 'SEND', code: 12, msg: 'x' },
  ];
  expect(parseErrorBody(JSON.stringify({ message_id: '1', internal_id: '2', detail }))).toEqual({
    code: '12',
    event: 'SEND',
  });
});

test('a code that is none of ours is kept as it came', () => {
  expect(parseErrorBody('{"errorCode":"EPL-199"}')).toEqual({ code: 'EPL-199' });
  expect(parseErrorBody('{"errorCode":"Invalid checksum"}')).toEqual({ code: 'Invalid checksum' });
});

test('what could be patient data in place of a code is not passed on', () => {
  expect(parseErrorBody('{"errorCode":"GPPROVIDER_9691375087_19570109_Smith"}')).toEqual({});
});

test.each([
  '',
  'null',
  '[]',
  '"text"',
  '<html><body>403 Forbidden</body></html>',
  '<?xml version="1.0"?><soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/"><soap:Fault/></soap:Envelope>',
  '{"detail":"Not Found"}',
  '{"detail":[]}',
  '{"detail":[null,1,{"code":null}]}',
  '{"errorCode":""}',
  '{"detail":[{"loc":["header","mex-osname"],"msg":"field required","type":"value_error.missing"}]}',
])('there is no code in %s', (body) => {
  expect(parseErrorBody(body)).toEqual({});
});
