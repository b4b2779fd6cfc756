import { describe, expect, it } from 'vitest';
import { meanings } from '../../../../shared/delivery/states.ts';
import { wordings } from '../../../../shared/delivery/wording.ts';

const said = ({ putRight, namedFilesMissing, otherContent, history }: (typeof wordings)['drop']): string =>
  [
    putRight,
    namedFilesMissing(['pdf']),
    namedFilesMissing(['attachments[1]']),
    otherContent,
    ...Object.values(history),
  ].join('\n');

describe('what to do', () => {
  it('is said to whoever submits without a word of dropping, and the other way round', () => {
    expect(said(wordings.submission)).not.toMatch(/\bdrop/i);
    expect(said(wordings.drop)).not.toMatch(/\bsubmit/i);
  });

  it('is said in no such word where both are told the same', () => {
    for (const { meaning } of Object.values(meanings)) expect(meaning).not.toMatch(/\b(drop|submit)/i);
  });
});
