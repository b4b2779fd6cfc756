import { describe, expect, it } from 'vitest';
import type { PatientFacts } from '../../../../shared/itk3/document.ts';
import { isLatin1, toLatin1 } from '../../../../shared/itk3/latin1.ts';
import { profileOfWorkflow, profiles, wordingOf131 } from '../../../../shared/itk3/profiles.ts';
import { routingOf } from '../../../../shared/itk3/routing.ts';
import { subjectOf, textOf } from '../../../../shared/itk3/wording.ts';
import { documentToCompose } from '../../../fixtures/itk3/documents.ts';

const patient = (changes: Partial<PatientFacts> = {}): PatientFacts => ({
  nhsNumber: '9691375087',
  family: 'Smith',
  given: ['Richard'],
  birthDate: '1957-01-09',
  ...changes,
});

describe('the subject', () => {
  it('is the published sentence (GPCM-SD-061, GPCM-SD-064, GPCM-SD-091, GPC-SD06)', () => {
    const input = documentToCompose({ patient: patient(), version: 2 });
    expect(subjectOf(input)).toBe(
      'Consultation report for Richard Smith, NHS Number: 9691375087, seen at Harbour & Vale Walk-in Centre, RX1, Version: 2',
    );
    expect(subjectOf(input, { ...profiles.v1, wording: wordingOf131 })).toBe(
      'Consultation report for Richard Smith, NHS Number 9691375087, seen at Harbour & Vale Walk-in Centre, ODS Code RX1, Version 2',
    );
  });

  it('of a confidential notification says neither practice nor ODS code, as the text (GPCM-SD-119)', () => {
    const input = documentToCompose({ patient: patient(), confidential: true });
    const current = 'Consultation report for Richard Smith, NHS Number: 9691375087, Version: 1';
    expect([subjectOf(input), textOf(input)]).toEqual([current, current]);
    expect(subjectOf(input, { ...profiles.v1, wording: wordingOf131 })).toBe(
      'Consultation report for Richard Smith, NHS Number 9691375087, Version 1',
    );
    // What is not said takes no room from what is.
    const organisation = { odsCode: 'RX1', name: 'B'.repeat(255), phone: '0' };
    const name = 'A'.repeat(400);
    expect(subjectOf({ ...input, organisation, patient: patient({ given: [name] }) })).toContain(`${name} Smith`);
  });

  it('takes brackets in a name as they are', () => {
    const input = documentToCompose({ patient: patient({ given: ['[Rick]'] }), confidential: true });
    expect(textOf(input)).toContain('for [Rick] Smith, NHS');
  });

  it('is in Latin-1 where the text keeps every letter', () => {
    const input = documentToCompose({ patient: patient({ family: 'Şahin', given: ['Łucja', '名'] }) });
    expect(textOf(input)).toContain('Łucja 名 Şahin');
    expect(subjectOf(input)).toContain('for Lucja ? Sahin, NHS Number: 9691375087');
  });

  it('cuts the longest name when it is over 500 characters, never NHS number, ODS code or version', () => {
    const long = documentToCompose({
      version: 12,
      patient: patient({ given: ['A'.repeat(600)] }),
      organisation: { odsCode: 'RX1', name: 'B'.repeat(40), phone: '0' },
    });
    const subject = subjectOf(long);
    expect(subject).toHaveLength(500);
    expect(subject).toContain(`AAA..., NHS Number: 9691375087, seen at ${'B'.repeat(40)}, RX1, Version: 12`);
  });

  it('shares what is left when both names are too long', () => {
    const subject = subjectOf(
      documentToCompose({
        patient: patient({ given: ['A'.repeat(1000)] }),
        organisation: { odsCode: 'RX1', name: 'B'.repeat(1000), phone: '0' },
      }),
    );
    expect(subject.length).toBeLessThanOrEqual(500);
    expect(subject.length).toBeGreaterThan(490);
    expect(subject).toMatch(/A{190,}\.\.\., NHS Number: 9691375087, seen at B{190,}\.\.\., RX1, Version: 1$/);
  });

  it('takes a name that looks like a placeholder as it is', () => {
    expect(subjectOf(documentToCompose({ patient: patient({ family: '{ods}' }) }))).toContain('for Richard {ods}, NHS');
  });
});

describe('the transliteration of the subject', () => {
  it.each([
    ['Zoë Müller-Lüdenscheidt', 'Zoë Müller-Lüdenscheidt'],
    ['Zoe\u0308', 'Zoë'],
    ['O\u2019Hara \u2013 \u201Cx\u201D', 'O\'Hara - "x"'],
    ['Nguyễn', 'Nguyen'],
    ['Đorđević', 'Dordevic'],
    ['Œuvre €', 'OEuvre EUR'],
    ['ﬁ Ⅷ', 'fi VIII'],
    ['Анна', '????'],
    ['\u{1F600}', '?'],
    ['a\tb\u00A0c\u0007d\u200De', 'a b cde'],
    ['  x  ', 'x'],
    ['', ''],
  ])('writes %j as %j', (text, expected) => {
    expect(toLatin1(text)).toBe(expected);
    expect(isLatin1(toLatin1(text))).toBe(true);
  });
});

describe('the routing string', () => {
  it.each([
    ['Smith', 'Smith'],
    ["O'Hara-Lindqvist", "O'Hara-Lindqvist"],
    ['van der Berg', 'van der Berg'],
    ['Müller', 'Müller'],
    [' Smith ', 'Smith'],
  ])('carries the surname of %j verbatim (GPCM-SD-056, GPCM-SD-060, GPCM-SD-063)', (family, surname) => {
    expect(routingOf(patient({ family }))).toEqual({
      kind: 'routing',
      to: `GPPROVIDER_9691375087_19570109_${surname}`,
    });
  });

  it.each([
    ['SURNAME_HOLDS_UNDERSCORE', patient({ family: 'Smith_Jones' })],
    ['SURNAME_NOT_LATIN1', patient({ family: 'Łucka' })],
    ['SURNAME_NOT_LATIN1', patient({ family: 'Mu\u0308ller' })],
    ['SURNAME_NOT_LATIN1', patient({ family: 'Smi\u0007th' })],
    ['SURNAME_EMPTY', patient({ family: '  ' })],
    ['SURNAME_TOO_LONG', patient({ family: 'S'.repeat(70) })],
    ['NHS_NUMBER_NOT_ROUTABLE', patient({ nhsNumber: '969 137 5087' })],
    ['BIRTH_DATE_NOT_ROUTABLE', patient({ birthDate: '09/01/1957' })],
  ])('is refused as %s, with advice and no patient data', (code, facts) => {
    const routing = routingOf(facts);
    expect(routing).toMatchObject({ kind: 'problem', code });
    const message = routing.kind === 'problem' ? routing.message : '';
    expect(message.length).toBeGreaterThan(30);
    for (const fact of [facts.family.trim(), facts.nhsNumber, facts.birthDate].filter((text) => text !== ''))
      expect(message).not.toContain(fact);
  });

  it('still fits at the longest surname', () => {
    const routing = routingOf(patient({ family: 'S'.repeat(69) }));
    expect(routing.kind === 'routing' && routing.to.length).toBe(100);
  });
});

describe('the profiles', () => {
  it('know their workflows and those of their acknowledgements (GPCM-SD-057, GPCM-SD-058)', () => {
    expect(profileOfWorkflow('GPFED_CONSULT_REPORT')?.name).toBe('v1');
    expect(profileOfWorkflow('GPFED_CONSULT_REPORT_ACK')?.name).toBe('v1');
    expect(profileOfWorkflow('GPCONNECT_SEND_DOCUMENT')?.name).toBe('v2');
    expect(profileOfWorkflow('GPCONNECT_SEND_DOCUMENT_ACK')?.name).toBe('v2');
    expect(profileOfWorkflow('TOC_FHIR_IP_DISCH')).toBeUndefined();
  });
});
