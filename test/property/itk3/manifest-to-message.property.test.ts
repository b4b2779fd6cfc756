import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openFhirSchema } from '../../../local/practice/schema.ts';
import { makeManifest, manifestBytes } from '../../../local/samples/variants.ts';
import { attachmentTypeOf, attachmentTypes } from '../../../shared/itk3/attachment-types.ts';
import { checkMessage } from '../../../shared/itk3/checker.ts';
import { composeProblems } from '../../../shared/itk3/compose-problems.ts';
import { messageFacts } from '../../../shared/itk3/message-facts.ts';
import { routingOf } from '../../../shared/itk3/routing.ts';
import { subjectOf, textOf } from '../../../shared/itk3/wording.ts';
import { child, childrenOf, descendants, textWithin, valueAt } from '../../../shared/itk3/xml-tree.ts';
import { toCompose } from '../../../shared/pipeline/compose/document-to-compose.ts';
import { profileFor } from '../../../shared/senders/profile-for.ts';
import { type Sender, senderFile } from '../../../shared/senders/sender.ts';
import type { ManifestInput } from '../../../shared/submission/manifest.ts';
import { readManifest } from '../../../shared/submission/read-manifest.ts';
import { checkManifest, suppressionOf } from '../../../shared/submission/rules.ts';
import { composed, parsed } from '../../fixtures/itk3/documents.ts';
import { dropped, recordAfter } from '../../support/records.ts';
import { context } from '../../unit/shared/submission/support.ts';

const seed = 20260319;
const schema = openFhirSchema();
afterAll(() => schema.close());

const practice = 'Y12345';
const record = recordAfter(dropped());

/** One line of any script, with markup and marks; what the manifest takes. */
const line = (max: number) =>
  fc
    .oneof(
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: max }),
      fc.string({
        unit: fc.constantFrom('<', '>', '&', '"', "'", '[', ']', '{ods}', '{', '$1', 'é', 'e\u0301', '\u{1F600}'),
        minLength: 1,
        maxLength: 12,
      }),
    )
    .filter((text) => {
      const kept = text.trim().normalize('NFC');
      return kept !== '' && kept.length <= max && !/[\p{Cc}\p{Cs}\uFFFE\uFFFF\u202A-\u202E\u2066-\u2069]/u.test(text);
    });
const surname = fc
  .string({
    unit: fc.oneof(
      fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
      fc.integer({ min: 0xa0, max: 0xff }).map((code) => String.fromCharCode(code)),
    ),
    minLength: 1,
    maxLength: 60,
  })
  .filter((text) => text.trim() !== '' && !text.includes('_'));
const digits = fc.stringMatching(/^[1-9]\d{8}$/);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const coded = fc.record({ code: digits, display: line(80) });
const sha256 = fc.stringMatching(/^[0-9a-f]{64}$/);

const attachment = fc.record({
  name: fc.stringMatching(/^[A-Za-z0-9._-]{1,20}$/),
  contentType: fc.constantFrom(...attachmentTypes.flatMap(({ mediaType, alsoKnownAs }) => [mediaType, ...alsoKnownAs])),
  title: line(120),
  sha256,
});

const facts = fc.record({
  patient: fc.record({
    nhsNumber: fc.constantFrom('9691375087', '9691375095', '9691375109'),
    nhsNumberStatus: fc.constant('01' as const),
    family: surname,
    given: fc.array(line(60), { minLength: 1, maxLength: 10 }),
    prefix: maybe(line(35)),
    birthDate: fc
      .date({ min: new Date('1900-01-01'), max: new Date('2024-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString().slice(0, 10)),
  }),
  practitioner: fc.record({
    sdsUserId: digits,
    roleProfileId: maybe(digits),
    family: line(60),
    given: fc.array(line(60), { maxLength: 3 }),
    prefix: maybe(line(35)),
    phone: maybe(line(40)),
  }),
  version: fc.integer({ min: 1, max: 999 }),
  attachments: fc.uniqueArray(attachment, { maxLength: 4, selector: ({ name }) => name.toLowerCase() }),
});

const senders = fc.record({
  name: line(255),
  recipientType: fc.constantFrom('FA', 'FI'),
  wording: fc.constantFrom('1.3.2', '1.3.1'),
  replacementStatus: fc.constantFrom('final', 'amended'),
  distinctBundleIdentifier: fc.boolean(),
});
const senderOf = (settings: object): Sender =>
  senderFile.parse({ odsCode: 'RX1', phone: '01632 960100', mailboxId: 'RX1OT001', ...settings });

const v1 = fc.record({
  settings: senders,
  manifest: facts.map((some) => ({ ...makeManifest(), ...some })),
});
const v2 = fc.record({
  settings: senders.map((some) => ({ ...some, practiceProfiles: { [practice]: 'v2' } })),
  manifest: fc
    .tuple(
      facts,
      fc.record(
        {
          title: line(200),
          documentType: fc.constantFrom({ code: '371531000' }, { code: '149701000000109' }),
          careSetting: coded,
          events: fc.array(coded, { minLength: 1, maxLength: 3 }),
        },
        { requiredKeys: ['documentType'] },
      ),
      fc.boolean(),
    )
    .map(([some, more, known]) => {
      const { sdsUserId, ...practitioner } = some.practitioner;
      const { title: _, ...base } = makeManifest();
      return { ...base, ...some, ...more, practitioner: known ? { sdsUserId, ...practitioner } : practitioner };
    }),
});
const notification = fc.record({
  settings: senders.map((some) => ({ ...some, confidentialNotification: true })),
  manifest: facts.map((some) => ({ ...makeManifest(), ...some, attachments: [], confidential: true, redacted: true })),
});

const contentOf = (index: number) => Buffer.from(`file ${index} <&> ü`);

/** The way of a document through the project, from the bytes of the manifest to the bytes of the message. */
const throughTheProject = async (settings: object, written: ManifestInput, replaces: string | undefined) => {
  const sender = senderOf(settings);
  const read = readManifest(manifestBytes(written));
  if (read.kind !== 'manifest') throw new Error(JSON.stringify(read.problems));
  const { manifest } = read;
  expect(checkManifest(manifest, context({ profileFor: (ods) => profileFor(sender, ods) }))).toEqual([]);
  const profile = profileFor(sender, manifest.registeredPractice.odsCode);
  expect(suppressionOf(manifest, 'RX1', profile)).toBeUndefined();
  const [composition] = record.compositions;
  if (!composition) throw new Error('No composition.');
  const replacing = { ...record, compositions: [{ ...composition, ...(replaces === undefined ? {} : { replaces }) }] };
  const input = toCompose(replacing, manifest, sender);
  expect(composeProblems(input, profile)).toEqual([]);
  const routing = routingOf(input.patient);
  if (routing.kind !== 'routing') throw new Error(routing.code);
  const xml = await composed(input, { profile, files: input.files.map((_, index) => contentOf(index)) });
  return { manifest, profile, input, xml, subject: subjectOf(input, profile), to: routing.to };
};

const holds = (arbitrary: fc.Arbitrary<{ settings: object; manifest: ManifestInput }>, numRuns: number) =>
  fc.assert(
    fc.asyncProperty(arbitrary, fc.option(fc.uuid(), { nil: undefined }), async (one, replaces) => {
      const { manifest, profile, input, xml, subject, to } = await throughTheProject(
        one.settings,
        one.manifest,
        replaces,
      );
      expect(schema.validate(xml)).toEqual([]);
      const root = parsed(xml);
      const envelope = { to, subject, workflowId: profile.workflowId, localId: 'RX1' };
      expect(checkMessage(root, { profile, envelope })).toEqual([]);

      const told = messageFacts(root);
      expect(told).toMatchObject({
        version: manifest.version,
        replaces,
        title: input.title,
        senderReference: manifest.encounterId,
        practitionerGiven: manifest.practitioner.given,
        organisation: { odsCode: 'RX1', name: input.organisation.name },
        text: textOf(input, profile),
      });
      // GPCM-SD-038: the Patient, and the address that MESH finds the practice by, of one and the same.
      const { nhsNumber, birthDate, family, given } = manifest.patient;
      expect(told.patient).toEqual({ nhsNumber, birthDate, family, given });
      expect(to).toBe(`GPPROVIDER_${nhsNumber}_${birthDate.replaceAll('-', '')}_${family}`);
      expect(told.files).toEqual(
        [{ contentType: 'application/pdf' }, ...manifest.attachments].map(({ contentType }, index) => ({
          contentType: attachmentTypeOf(contentType)?.mediaType,
          content: contentOf(index).toString('base64'),
        })),
      );
      const [composition] = descendants(root, 'Composition');
      expect(
        childrenOf(composition, 'section').map((section) => child(section, 'title')?.attributes.get('value')),
      ).toEqual([input.title, ...manifest.attachments.map(({ title }) => title)]);
      expect(valueAt(composition, 'confidentiality')).toBe(manifest.confidential ? 'R' : 'N');
      expect(childrenOf(composition, 'event')).toHaveLength(manifest.events?.length ?? 0);
      expect(childrenOf(composition, 'extension')).toHaveLength(manifest.careSetting ? 1 : 0);

      expect(subject.length).toBeLessThanOrEqual(500);
      expect(subject).toMatch(/^[\u0020-\u007E\u00A0-\u00FF]+$/);
      expect(subject.endsWith(`${manifest.version}`)).toBe(true);
      if (manifest.confidential) {
        const shown = `${subject}|${textWithin(child(child(composition, 'text'), 'div'))}`;
        expect(shown).not.toContain(', seen at ');
        expect(shown).not.toMatch(/RX1, Version/);
      }
    }),
    { seed, numRuns },
  );

describe('any sound manifest becomes a message that says what the manifest says', () => {
  it('in v1, attachments included (GPCM-SD-109, GPCM-SD-111, GPCM-SD-118)', () => holds(v1, 120));
  it('in v2, with care setting, events and any title (GPCM-SD-109, GPCM-SD-115)', () => holds(v2, 120));
  it('as the notification of a confidential consultation (GPCM-SD-117, GPCM-SD-119)', () => holds(notification, 60));
});
