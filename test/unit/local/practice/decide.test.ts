import { describe, expect, it } from 'vitest';
import { decide, isFiled, type Known } from '../../../../local/practice/decide.ts';
import type { DocumentToCompose } from '../../../../shared/itk3/document.ts';
import { messageFacts } from '../../../../shared/itk3/message-facts.ts';
import { composed, documentToCompose, parsed } from '../../../fixtures/itk3/documents.ts';

const { patient, practitioner, ids } = documentToCompose();
const known: Known = {
  patients: new Set([patient.nhsNumber]),
  messageHeaderIds: new Set(),
  documentIds: new Set(),
  filedDocumentIds: new Set(),
};

const factsOf = async (changes: Partial<DocumentToCompose> = {}) =>
  messageFacts(parsed(await composed(documentToCompose(changes))));
const codesOf = async (changes: Partial<DocumentToCompose>, knowing: Partial<Known> = {}, problems: string[] = []) =>
  decide({ facts: await factsOf(changes), problems }, { ...known, ...knowing }).answers.map(({ code }) => code);
const givenTo = (...given: string[]): Partial<DocumentToCompose> => ({ practitioner: { ...practitioner, given } });

describe('what a practice answers', () => {
  it('is success and then whether it knows the patient (GPCM-SD-040, GPCM-SD-041)', async () => {
    expect(await codesOf({})).toEqual(['20013', '30001']);
    expect(await codesOf({}, { patients: new Set() })).toEqual(['20013', '30002']);
  });

  it('is only what the message asks for', async () => {
    const facts = await factsOf();
    const codes = (infrastructureAckRequested: boolean, businessAckRequested: boolean) =>
      decide(
        { facts: { ...facts, infrastructureAckRequested, businessAckRequested }, problems: [] },
        known,
      ).answers.map(({ code }) => code);
    expect(codes(true, false)).toEqual(['20013']);
    expect(codes(false, true)).toEqual(['30001']);
    expect(codes(false, false)).toEqual([]);
  });

  it('is one refusal with every reason for a faulty message, and nothing after it (GPCM-SD-066, GPCM-SD-074)', async () => {
    const { answers } = decide({ facts: await factsOf(), problems: ['one thing', 'another'] }, known);
    expect(answers).toEqual([{ code: '20009', diagnostics: 'one thing; another' }]);
    const many = decide({ facts: await factsOf(), problems: Array.from({ length: 14 }, (_, n) => `p${n}`) }, known);
    expect(many.answers[0]?.diagnostics).toMatch(/p9; and 4 more$/);
  });

  it('is 10009 for what cannot be read', () => {
    expect(decide({ facts: undefined, problems: ['The message is not XML.'] }, known).answers).toEqual([
      { code: '10009', diagnostics: 'The message is not XML.' },
    ]);
  });

  it('is 20007 for a message and 20008 for a document that it had before', async () => {
    expect(await codesOf({}, { messageHeaderIds: new Set([ids.messageHeaderId]) })).toEqual(['20007']);
    expect(await codesOf({}, { documentIds: new Set([ids.documentBundleId]) })).toEqual(['20008']);
    const both = {
      messageHeaderIds: new Set([ids.messageHeaderId]),
      documentIds: new Set([ids.documentBundleId]),
    };
    expect(await codesOf({}, both)).toEqual(['20007']);
  });

  it('is 20014 for a replacement of what it does not hold, success for one of what it does', async () => {
    const replaces = '11d5b8a5-53f6-5b0c-8f5e-8f2b3f6f0a99';
    expect(await codesOf({ version: 2, replaces })).toEqual(['20014']);
    expect(await codesOf({ version: 2, replaces }, { documentIds: new Set([replaces]) })).toEqual(['20014']);
    expect(await codesOf({ version: 2, replaces }, { filedDocumentIds: new Set([replaces]) })).toEqual([
      '20013',
      '30001',
    ]);
  });
});

describe('the steering words of the test harness', () => {
  it.each([
    ['noresponse', []],
    ['invrep', ['INVALIDVALUE']],
    ['10001', ['10001']],
    ['10010', ['10010']],
    ['20009', ['20009']],
    ['20014', ['20014']],
    ['30002', ['30002']],
    ['30004', ['30004']],
    ['IB001', ['20013', '30001']],
    ['IB003', ['20013', '30003']],
    ['IB025', ['20013', '30025']],
    ['10011', ['20013', '30001']],
    ['20016', ['20013', '30001']],
    ['IB026', ['20013', '30001']],
    ['ib003', ['20013', '30001']],
    ['IB0033', ['20013', '30001']],
    ['twice', ['20013', '20013', '30001', '30001']],
  ])('%s → %j', async (word, codes) => {
    expect(await codesOf(givenTo(word))).toEqual(codes);
  });

  it('work as a given name of the patient too, beside other names', async () => {
    expect(await codesOf({ patient: { ...patient, given: ['Maren', 'IB003'] } })).toEqual(['20013', '30003']);
    expect(await codesOf(givenTo('twice', '30003'))).toEqual(['30003', '30003']);
  });

  it('do not hide what is wrong with a message, save that silence stays silence', async () => {
    expect(await codesOf(givenTo('IB001'), {}, ['a fault'])).toEqual(['20009']);
    expect(await codesOf(givenTo('noresponse'), {}, ['a fault'])).toEqual([]);
  });

  it('delay the answers for late', async () => {
    const late = decide({ facts: await factsOf(givenTo('late')), problems: [] }, known);
    expect(late).toMatchObject({ late: true, answers: [{ code: '20013' }, { code: '30001' }] });
    expect(decide({ facts: await factsOf(), problems: [] }, known).late).toBe(false);
  });
});

describe('a document is filed', () => {
  it('when no answer is negative', () => {
    expect(isFiled([{ code: '20013' }, { code: '30001' }])).toBe(true);
    expect(isFiled([])).toBe(true);
    expect(isFiled([{ code: '20013' }, { code: '30002' }])).toBe(false);
    expect(isFiled([{ code: 'INVALIDVALUE' }])).toBe(false);
  });
});
