import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkMessage, type Envelope, isConformant } from '../../../shared/itk3/checker.ts';
import type { DocumentToCompose } from '../../../shared/itk3/document.ts';
import { type MessageProfile, profiles } from '../../../shared/itk3/profiles.ts';
import { routingOf } from '../../../shared/itk3/routing.ts';
import { subjectOf } from '../../../shared/itk3/wording.ts';
import type { XmlElement } from '../../../shared/itk3/xml-tree.ts';
import { composed, documentToCompose, parsed } from '../../fixtures/itk3/documents.ts';
import { goldenDocuments } from '../../fixtures/itk3/golden-documents.ts';
import { type Mutation, mutationsOf } from '../../support/profiles/mutations.ts';

const seed = 20260318;

/** What the standard leaves to the sender: `kind place`, a place with its whole inside where it ends with `*`. */
const leftToTheSender: readonly string[] = [
  // Optional, and no requirement asks for it.
  'remove Bundle.id',
  'remove Bundle.identifier:rfc4122.system',
  'alter Bundle.identifier:rfc4122.system',
  'remove Composition.section.title',
  'remove Practitioner.name.given',
  'remove Practitioner.name.prefix',
  'remove Practitioner.telecom',
  'remove Practitioner.telecom.use',
  'remove Organization.telecom.use',
  'remove Patient.name.prefix',
  'remove Practitioner.identifier:sds-role-profile-id',
  'remove Practitioner.identifier:sds-role-profile-id.system',
  'alter Practitioner.identifier:sds-role-profile-id.system',
  // Whether a document replaces another is for the record to say.
  'remove Composition.relatesTo',
  // Only recommended, or optional, in version 2.
  'remove Composition.meta.versionId',
  'remove Composition.confidentiality',
  'remove Practitioner.identifier:sds-user-id',
  'remove Practitioner.identifier:sds-user-id.system',
  'alter Practitioner.identifier:sds-user-id.system',
  'remove Composition.extension:Extension-CareConnect-CareSettingType-1',
  'alter Composition.extension:Extension-CareConnect-CareSettingType-1',
  'alter Composition.extension:Extension-CareConnect-CareSettingType-1.valueCodeableConcept.coding.code',
  'alter Composition.extension:Extension-CareConnect-CareSettingType-1.valueCodeableConcept.coding.display',
  'remove Composition.event*',
  'duplicate Composition.event*',
  'alter Composition.event*',
  // May be there more than once, the same again without harm.
  'duplicate Bundle.meta.profile',
  'duplicate MessageHeader.meta.profile',
  'duplicate Organization.meta.profile',
  'duplicate Composition.meta.profile',
  'duplicate Binary.meta.profile',
  'duplicate Practitioner.meta.profile',
  'duplicate Patient.meta.profile',
  'duplicate Composition.type.coding',
  'duplicate Patient.identifier:nhs-number.extension:Extension-CareConnect-NHSNumberVerificationStatus-1.valueCodeableConcept.coding',
  'duplicate Practitioner.identifier:sds-role-profile-id',
  'duplicate Practitioner.name.given',
  'duplicate Practitioner.name.prefix',
  'duplicate Practitioner.telecom',
  'duplicate Organization.telecom',
  'duplicate Patient.name.prefix',
  // Any text, which nothing else in the message repeats.
  'alter MessageHeader.extension:Extension-ITK-MessageHandling-2.extension:SenderReference.valueString',
  'alter Composition.section.title',
  'alter Practitioner.identifier:sds-user-id.value',
  'alter Practitioner.identifier:sds-role-profile-id.value',
  'alter Practitioner.name.family',
  'alter Practitioner.name.given',
  'alter Practitioner.name.prefix',
  'alter Practitioner.telecom.value',
  'alter Organization.telecom.value',
  'alter Patient.name.prefix',
  // Said nowhere else where the text must not name the place.
  'alter Organization.name',
];

const isLeft = ({ kind, place }: Mutation): boolean =>
  leftToTheSender.some((one) =>
    one.endsWith('*') ? `${kind} ${place}`.startsWith(one.slice(0, -1)) : one === `${kind} ${place}`,
  );

const envelopeOf = (input: DocumentToCompose, profile: MessageProfile): Envelope => {
  const routing = routingOf(input.patient);
  return {
    to: routing.kind === 'routing' ? routing.to : '',
    subject: subjectOf(input, profile),
    workflowId: profile.workflowId,
    localId: input.organisation.odsCode,
    from: input.mailboxId,
  };
};

const golden = (name: string): XmlElement =>
  parsed(readFileSync(new URL(`../../fixtures/itk3/golden/${name}.xml`, import.meta.url)));

const unseen = (root: XmlElement, profile: MessageProfile, envelope: Envelope): readonly Mutation[] =>
  mutationsOf(root).filter((mutation) => isConformant(checkMessage(mutation.root, { profile, envelope })));

describe('any one element removed, doubled, altered or moved', () => {
  const everMissed = new Set<string>();

  it.each(goldenDocuments)('is seen in $name, the sender’s own choices aside (FHIR-V&V-01)', (document) => {
    const { name, profile, input } = document;
    const root = golden(name);
    const envelope = envelopeOf(input, profile);
    expect(checkMessage(root, { profile, envelope })).toEqual([]);
    expect(mutationsOf(root).length).toBeGreaterThan(500);
    const missed = unseen(root, profile, envelope);
    for (const { kind, place } of missed) everMissed.add(`${kind} ${place}`);
    expect(missed.filter((mutation) => !isLeft(mutation)).map(({ kind, place }) => `${kind} ${place}`)).toEqual([]);
  });

  it('is never a place of the list that the checker sees anyway', () => {
    const needless = leftToTheSender.filter((one) =>
      one.endsWith('*') ? ![...everMissed].some((each) => each.startsWith(one.slice(0, -1))) : !everMissed.has(one),
    );
    expect(needless).toEqual([]);
  });

  it('is never a place that the requirements name one by one', () => {
    const asked = [
      'Composition.text',
      'Composition.title',
      'Patient.identifier:nhs-number',
      'Patient.identifier:nhs-number.value',
      'Patient.birthDate',
      'Patient.name',
      'Patient.name.family',
      'Organization.identifier:ods-organization-code',
      'Organization.name',
      'Organization.telecom',
      'Composition.custodian',
      'Composition.subject',
      'Composition.author',
    ];
    expect(asked.filter((place) => everMissed.has(`remove ${place}`))).toEqual([]);
    expect(everMissed.has('remove Composition.section')).toBe(false);
  });
});

describe('any one change to the message of any person', () => {
  const words = fc.string({
    unit: fc.constantFrom('A', 'é', ' ', "'", '<', '&', '-', 'ß', 'z'),
    minLength: 1,
    maxLength: 20,
  });
  const name = words.map((text) => text.trim()).filter((text) => text !== '');
  const birthDate = fc
    .date({ min: new Date('1900-01-01'), max: new Date('2026-01-01'), noInvalidDate: true })
    .map((date) => date.toISOString().slice(0, 10));

  it('is seen too', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({ family: name, given: fc.array(name, { minLength: 1, maxLength: 3 }), practice: name, birthDate }),
        fc.constantFrom(profiles.v1, profiles.v2),
        fc.nat(),
        async ({ family, given, practice, birthDate: date }, profile, choice) => {
          const base = documentToCompose();
          const input = documentToCompose({
            patient: { ...base.patient, family, given, birthDate: date },
            organisation: { ...base.organisation, name: practice },
          });
          const root = parsed(await composed(input, { profile }));
          const envelope = envelopeOf(input, profile);
          expect(checkMessage(root, { profile, envelope })).toEqual([]);
          const required = mutationsOf(root).filter((mutation) => !isLeft(mutation));
          const mutation = required[choice % required.length];
          if (!mutation) throw new Error('A message without a required element.');
          const seen = !isConformant(checkMessage(mutation.root, { profile, envelope }));
          expect(seen, `${mutation.kind} ${mutation.place}`).toBe(true);
        },
      ),
      { seed, numRuns: 150 },
    );
  });
});
