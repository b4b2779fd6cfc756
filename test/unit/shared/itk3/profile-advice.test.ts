import { describe, expect, it } from 'vitest';
import { responseCode } from '../../../../shared/itk3/response-codes.ts';
import { describeCode } from '../../../../shared/mesh/status-codes.ts';
import { meshAdvice } from '../../../../shared/pipeline/mesh-advice.ts';
import { senderFile } from '../../../../shared/senders/sender.ts';

const offers = (advice: string) =>
  advice.includes('npm run operate -- sender put FILE') && advice.includes('practiceProfiles');

const afterMesh = (code: string) => meshAdvice(code, describeCode(code).advice);

describe('the other generation of the standard', () => {
  it.each(['EPL-151', '12', '16', '17'])(
    'is offered by name of the command after MESH said %s (GPCM-SD-075)',
    (code) => {
      expect(offers(afterMesh(code))).toBe(true);
    },
  );

  it.each(['10004', '10005'])('is offered by name of the command after a practice answered %s', (code) => {
    expect(offers(responseCode(code).advice)).toBe(true);
  });

  it('is offered for nothing else', () => {
    for (const code of ['EPL-150', 'EPL-152', 'EPL-153', 'EPL-154', '14']) expect(offers(afterMesh(code))).toBe(false);
    for (const code of ['10001', '20013', '20015', '30002']) expect(offers(responseCode(code).advice)).toBe(false);
  });

  it('is chosen by the setting that is named', () => {
    expect(Object.keys(senderFile.shape)).toContain('practiceProfiles');
  });
});
