import { expect, test } from 'vitest';
import { MeshHeaders } from '../../../../shared/mesh/mesh-headers.ts';
import { parseReport, parseStatusTimestamp } from '../../../../shared/mesh/reports.ts';
import { describeCode, statusCode, statusCodes } from '../../../../shared/mesh/status-codes.ts';

const report = (changes: Record<string, string> = {}) =>
  new MeshHeaders(
    Object.entries({
      'Mex-MessageType': 'REPORT',
      'Mex-MessageID': '20200601122152994285_D59900',
      'MEX-LINKEDMSGID': '20200529155357895317_3573F8',
      'mex-statuscode': 'EPL-152',
      'mex-statusevent': 'SEND',
      'mex-statusdescription': 'Invalid NHS Number',
      'mex-statussuccess': 'ERROR',
      'mex-statustimestamp': '20200601122152',
      'mex-workflowid': 'GPFED_CONSULT_REPORT',
      'mex-localid': 'RX1',
      'mex-subject': 'Consultation report for Pat Patient, NHS Number 9691375087',
      'mex-to': 'GPPROVIDER_9691375087_19570109_Smith',
      ...changes,
    }),
  );

test('a report names the message it is about and what to do (GPCM-SD-075)', () => {
  expect(parseReport(report())).toMatchObject({
    linkedMessageId: '20200529155357895317_3573F8',
    statusCode: 'EPL-152',
    statusEvent: 'SEND',
    statusDescription: 'Invalid NHS Number',
    timestamp: Date.parse('2020-06-01T12:21:52Z'),
    workflowId: 'GPFED_CONSULT_REPORT',
    delivered: false,
    meaning: 'The NHS number is not valid.',
    advice: expect.stringContaining('Never repeat it unchanged'),
  });
});

test('a report has neither recipient nor subject: both may be patient data', () => {
  expect(JSON.stringify(parseReport(report()))).not.toMatch(/Patient|GPPROVIDER|9691375087/);
});

test.each<[string, string, string, boolean]>([
  ['a transfer report', '00', 'SUCCESS', true],
  ['the code of success alone', '00', '', true],
  ['success without a code', '', 'SUCCESS', true],
  ['success written otherwise', '0', 'success', true],
  ['neither', '', '', false],
  ['an error that has the code of success', '00', 'ERROR', false],
  ['a code of failure that calls itself success', '14', 'SUCCESS', false],
  ['a failure', '14', 'ERROR', false],
  ['a code that nobody knows', 'EPL-999', '', false],
])('%s is good news only where nothing speaks against it', (_, code, success, delivered) => {
  const parsed = parseReport(report({ 'mex-statuscode': code, 'mex-statussuccess': success }));
  expect(parsed?.delivered).toBe(delivered);
});

test('a report is not read out of a message with data', () => {
  expect(parseReport(report({ 'Mex-MessageType': 'DATA' }))).toBeUndefined();
  expect(parseReport(new MeshHeaders([]))).toBeUndefined();
});

test('a report with an unknown code keeps the code and says so', () => {
  const parsed = parseReport(report({ 'mex-statuscode': 'EPL-999' }));
  expect(parsed?.statusCode).toBe('EPL-999');
  expect(parsed?.meaning).toContain('EPL-999');
});

test('a report without code, link and time is still a report', () => {
  const bare = parseReport(new MeshHeaders([['mex-messagetype', 'report']]));
  expect(bare).toMatchObject({ statusCode: '', advice: expect.stringContaining('service desk') });
  expect(bare).not.toHaveProperty('linkedMessageId');
});

test.each(['', '2020', '20201301122152', 'yesterday'])('%s is not a time', (text) => {
  expect(parseStatusTimestamp(text)).toBeUndefined();
});

test('a code is found with or without its leading zero, in any case', () => {
  expect(statusCode('6')?.code).toBe('06');
  expect(statusCode(' epl-154 ')?.code).toBe('EPL-154');
});

test.each(['EPL-150', 'EPL-151', 'EPL-152', 'EPL-153', 'EPL-154', '14', '12', '16', '17'])(
  'code %s has a meaning and advice of our own',
  (code) => {
    expect(statusCodes).toContain(describeCode(code));
    expect(describeCode(code).advice.length).toBeGreaterThan(20);
  },
);

test('every code that MESH lists has a meaning and plain advice, for a document as well (GPCM-SD-075)', () => {
  const listed = ['02', '06', '07', '08', '09', '11', '12', '14', '15', '16', '17', '18', '19', '20', '100'];
  const routing = ['EPL-150', 'EPL-151', 'EPL-152', 'EPL-153', 'EPL-154'];
  for (const code of [...listed, ...routing]) {
    expect(statusCode(code)?.code, code).toBe(code);
    expect(statusCode(code)?.advice, code).toMatch(/^[A-Z].*\.$/);
    expect(statusCode(code)?.advice, code).not.toMatch(/nothing to do\.?$/i);
  }
});
