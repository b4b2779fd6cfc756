import { describe, expect, it } from 'vitest';
import { responseCode, responseCodes } from '../../../../shared/itk3/response-codes.ts';

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => String(from + index));

describe('the table of response codes', () => {
  it('holds every published code and the retired one (RC-HS-01, RC-HS-02)', () => {
    expect(responseCodes.map(({ code }) => code)).toEqual([
      ...range(10001, 10010),
      ...range(20001, 20015),
      ...range(30001, 30025),
    ]);
  });

  it('counts three codes as positive, whatever an answer says of itself', () => {
    expect(responseCodes.filter(({ polarity }) => polarity === 'positive').map(({ code }) => code)).toEqual([
      '20013',
      '30001',
      '30004',
    ]);
  });

  it('takes the level from the number', () => {
    for (const { code, level } of responseCodes) expect(level).toBe(code < '3' ? 'infrastructure' : 'business');
  });

  it('says for every code what it means, what to do and whose move it is', () => {
    for (const row of responseCodes) {
      expect(row.meaning.length, row.code).toBeGreaterThan(20);
      expect(row.advice.length, row.code).toBeGreaterThan(10);
      expect(['nobody', 'sender', 'operator', 'practice']).toContain(row.move);
    }
  });

  it('says of an unknown patient that the practice holds a document about a stranger, and that this is to be reported', () => {
    const { meaning, advice } = responseCode('30002');
    expect(meaning).toContain('received a document about somebody whom it does not know');
    expect(advice).toContain('information governance incident');
  });

  it('expects no referral or registration outcome', () => {
    expect(responseCodes.filter(({ expected }) => !expected).map(({ code }) => code)).toEqual(range(30005, 30025));
  });

  it.each([
    ['20099', 'infrastructure'],
    ['30099', 'business'],
    ['40001', 'unknown'],
    ['INVALIDVALUE', 'unknown'],
    ['', 'unknown'],
    ['constructor', 'unknown'],
  ])('counts the unknown code %j as negative, level %s', (code, level) => {
    expect(responseCode(code)).toMatchObject({ code, level, polarity: 'negative', expected: false, move: 'operator' });
  });
});
