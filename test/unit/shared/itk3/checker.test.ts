import { describe, expect, it } from 'vitest';
import {
  checkMessage,
  checkMessageBytes,
  checkSkeleton,
  isConformant,
  operationOutcome,
} from '../../../../shared/itk3/checker.ts';
import { composeMessage } from '../../../../shared/itk3/message.ts';
import { messageFacts } from '../../../../shared/itk3/message-facts.ts';
import { type MessageProfile, profiles } from '../../../../shared/itk3/profiles.ts';
import { routingOf } from '../../../../shared/itk3/routing.ts';
import { subjectOf } from '../../../../shared/itk3/wording.ts';
import { composed, documentToCompose, parsed } from '../../../fixtures/itk3/documents.ts';
import { goldenDocuments } from '../../../fixtures/itk3/golden-documents.ts';

const input = documentToCompose({ version: 2, replaces: '11d5b8a5-53f6-5b0c-8f5e-8f2b3f6f0a99' });
const good = (await composed(input)).toString();

/** The message with one place changed; a change that finds nothing to change fails the test. */
const changed = (from: string | RegExp, to: string): string => {
  const xml = good.replace(from, to);
  if (xml === good) throw new Error(`Nothing to change: ${from}`);
  return xml;
};

const requirementsOf = (xml: string) => checkMessage(parsed(xml)).flatMap(({ requirements }) => requirements);

const resource = (name: string) =>
  new RegExp(`<entry><fullUrl value="[^"]*"/><resource><${name}>.*?</${name}></resource></entry>`);

describe('the checker', () => {
  it('finds nothing in what the composer writes', () => {
    expect(checkMessage(parsed(good))).toEqual([]);
  });

  it.each<[string, string | RegExp, string]>([
    [
      'GPCM-SD-040',
      '<extension url="BusAckRequested"><valueBoolean value="true"/>',
      '<extension url="BusAckRequested"><valueBoolean value="false"/>',
    ],
    [
      'GPCM-SD-041',
      '<extension url="InfAckRequested"><valueBoolean value="true"/>',
      '<extension url="InfAckRequested"><valueBoolean value="false"/>',
    ],
    ['GPCM-SD-039', '<code value="FA"/>', '<code value="FI"/>'],
    ['GPCM-SD-039', 'CodeSystem/ITK-RecipientType-1', 'CodeSystem/ITK-RecipientType-2'],
    ['GPCM-SD-044', /<extension url="LocalExtension">.*?<\/extension>/, ''],
    [
      'GPCM-SD-043',
      'ITK-GPConnectSendDocument-MessageDefinition-1',
      'ITK-GPConnectSendDocument-MessageDefinition-Instance-1',
    ],
    [
      'GPCM-SD-042',
      /<extension url="SenderReference">.*?<\/extension>/,
      '<extension url="SenderReference"><valueString value=" "/></extension>',
    ],
    ['GPCM-SD-044', 'SendDocument-ConsultationReport', 'SendDocument-ConsultationSummary'],
    ['Extension-ITK-MessageHandling-2', /<extension url="LocalExtension">.*?<\/extension>/, ''],
    ['Extension-ITK-MessageHandling-2', /(<extension url="InfAckRequested">.*?<\/extension>)/, '$1$1'],
    ['ITK-MessageHeader-2', /<extension url="https.*?<\/extension><\/extension>/, ''],
    ['GPCM-SD-047', 'CodeSystem/ITK-MessageEvent-2', 'CodeSystem/ITK-MessageEvent-1'],
    ['GPCM-SD-047', 'ITK007C', 'ITK008M'],
    ['GPCM-SD-047', 'ITK GP Connect Send Document', 'GP Connect Send Document'],
    ['GPCM-SD-049', '<sender>', '<receiver><reference value="https://example.org/Organization/1"/></receiver><sender>'],
    [
      'GPCM-SD-045',
      /<sender>.*?<\/sender>/,
      `<sender><reference value="urn:uuid:${input.ids.organizationId}"/></sender>`,
    ],
    ['GPCM-SD-045', resource('Organization'), ''],
    ['GPCM-SD-048', /<timestamp value="[^"]*"\/>/, '<timestamp value="2026-03-18"/>'],
    ['GPCM-SD-046', /<source>.*?<\/source>/, ''],
    ['GPCM-SD-103', /<focus>.*?<\/focus>/, ''],
    [
      'FHIR-PAY-02',
      /<focus>.*?<\/focus>/,
      '<focus><reference value="urn:uuid:6f3c1f1e-3d77-5a3a-8a55-000000000000"/></focus>',
    ],
    ['ITK-Message-Bundle-1', '<type value="message"/>', '<type value="collection"/>'],
    ['ITK-Message-Bundle-1', '<type value="message"/>', '<type value="message"/><total value="3"/>'],
    ['ITK-Message-Bundle-1', `urn:uuid:${input.ids.messageHeaderId}`, `urn:uuid:${input.ids.messageBundleId}`],
    ['ITK-Message-Bundle-1', /<\/entry><\/Bundle>$/, '</entry><entry><fullUrl value="urn:uuid:x"/></entry></Bundle>'],
    [
      'bdl-7',
      `<fullUrl value="urn:uuid:${input.ids.headerOrganizationId}"/>`,
      `<fullUrl value="urn:uuid:${input.ids.messageHeaderId}"/>`,
    ],
    [
      'CareConnect-ITK-Header-Organization-1',
      '</identifier></Organization>',
      '</identifier><name value="x"/></Organization>',
    ],
    ['ITK-Document-Bundle-1', /<lastUpdated [^>]*>/, ''],
    ['ITK-Document-Bundle-1', '<type value="document"/>', '<type value="message"/>'],
    ['ITK-Document-Bundle-1', resource('Patient'), ''],
    ['ITK-Document-Bundle-1', resource('Practitioner'), ''],
    ['ITK-Document-Bundle-1', resource('Binary'), ''],
    [
      'bdl-9',
      /(-Bundle-1"\/><\/meta><identifier>)<system [^>]*>(<value [^>]*><\/identifier><type value="document"\/>)/,
      '$1$2',
    ],
    ['GPCM-SD-104', resource('Composition'), ''],
    ['GPCM-SD-114', '<status value="final"/>', '<status value="preliminary"/>'],
    ['GPCM-SD-115', '371531000', '149701000000109'],
    ['GPCM-SD-115', 'http://snomed.info/sct', 'http://snomed.info/id'],
    ['GPCM-SD-116', /<date value="[^"]*"\/>/, '<date value="2026-03-18"/>'],
    ['GPCM-SD-117', '<confidentiality value="N"/>', '<confidentiality value="V"/>'],
    ['GPCM-SD-119', '<confidentiality value="N"/>', '<confidentiality value="R"/>'],
    ['GPCM-SD-117', '<confidentiality value="N"/>', ''],
    ['GPCM-SD-118', '<title value="Consultation report"/><confidentiality', '<title value="Letter"/><confidentiality'],
    ['GPCM-SD-119', /<text>.*?<\/text>/, ''],
    ['GPCM-SD-119', '<p>Consultation report for Maren', '<p>Consultation report for Moren'],
    ['GPCM-SD-119', 'NHS Number: 9691375087', 'NHS Number: 9691375095'],
    ['GPCM-SD-120', /<subject>.*?<\/subject>/, ''],
    [
      'GPCM-SD-121',
      /<author>.*?<\/author>/,
      `<author><reference value="urn:uuid:${input.ids.organizationId}"/></author>`,
    ],
    ['GPCM-SD-122', /<custodian>.*?<\/custodian>/, ''],
    ['GPCM-SD-131', '<code value="replaces"/>', '<code value="appends"/>'],
    ['GPCM-SD-123', '11d5b8a5-53f6-5b0c-8f5e-8f2b3f6f0a99', input.ids.documentBundleId],
    ['GPCM-SD-109', /<section>.*?<\/section>/, ''],
    ['GPCM-SD-110', /(<section><title [^>]*>)(<entry>.*?<\/entry>)/, '$1$2$2'],
    ['GPCM-SD-112', '<contentType value="application/pdf"/>', '<contentType value="image/png"/>'],
    ['GPCM-SD-111', /<content value="[^"]*"\/>/, '<content value="not base64"/>'],
    ['ITK-Attachment-Binary-1', '<contentType value="application/pdf"/>', '<contentType value="application/zip"/>'],
    ['GPCM-SD-032', 'https://fhir.nhs.uk/Id/sds-user-id', 'https://fhir.nhs.uk/Id/other'],
    [
      'GPCM-SD-033',
      '<use value="official"/><family value="Ashdown"/>',
      '<use value="usual"/><family value="Ashdown"/>',
    ],
    ['GPCM-SD-029', /(CareConnect-Organization-1"\/><\/meta>)<identifier>.*?<\/identifier>/, '$1'],
    ['GPCM-SD-030', '<name value="Harbour &amp; Vale Walk-in Centre"/>', ''],
    ['GPCM-SD-031', /<telecom>((?!<telecom>).)*?<\/telecom><\/Organization>/, '</Organization>'],
    ['GPCM-SD-035', '<value value="9691375087"/>', '<value value="969137508"/>'],
    ['FHIR-PDS-10', '<code value="01"/>', '<code value="03"/>'],
    [
      'FHIR-PDS-10',
      'Extension-CareConnect-NHSNumberVerificationStatus-1',
      'Extension-CareConnect-GPC-NHSNumberVerificationStatus-1',
    ],
    ['FHIR-PDS-05', '<value value="9691375087"/>', '<value value="9691375088"/>'],
    ['FHIR-PDS-02', '<code value="01"/>', '<code value="02"/>'],
    ['FHIR-SR-01', /<extension url="RecipientType">.*?<\/extension>/, '<extension url="RecipientType"/>'],
    ['FHIR-SR-02', /<extension url="SenderReference">.*?<\/extension>/, '<extension url="SenderReference"/>'],
    ['FHIR-SR-03', /(<extension url="SenderReference"><valueString value=")[^"]*/, `$1${'8'.repeat(256)}`],
    ['FHIR-SR-05', /<extension url="MessageDefinition">.*?<\/extension>/, '<extension url="MessageDefinition"/>'],
    ['FHIR-SR-06', /<extension url="LocalExtension">.*?<\/extension>/, '<extension url="LocalExtension"/>'],
    ['FHIR-DOC-05', '<system value="http://snomed.info/sct"/>', '<system value="http://read.info"/>'],
    ['GPCM-SD-105', /<custodian>.*?<\/custodian>/, ''],
    [
      'GPCM-SD-106',
      /<subject>.*?<\/subject>/,
      `<subject><reference value="urn:uuid:${input.ids.organizationId}"/></subject>`,
    ],
    ['GPCM-SD-107', /<author>.*?<\/author>/, ''],
    ['GPCM-SD-113', resource('Composition'), ''],
    ['GPCM-SD-124', /<section>.*?<\/section>/, ''],
    ['GPCM-SD-132', /(<targetIdentifier><system [^>]*><value value=")[^"]*/, '$1previous'],
    ['GPCM-SD-028', '<name value="Harbour &amp; Vale Walk-in Centre"/>', ''],
    [
      'GPCM-SD-034',
      /(<telecom><system value="phone"\/>)<value [^>]*>(<use value="work"\/><\/telecom><\/Practitioner>)/,
      '$1$2',
    ],
    ['GPCM-SD-036', `<family value="O'Hara-Lindqvist"/>`, ''],
    ['GPCM-SD-037', '<birthDate value="1957-01-09"/>', '<birthDate value="1957"/>'],
  ])('finds %s broken (%#)', (requirement, from, to) => {
    expect(requirementsOf(changed(from, to))).toContain(requirement);
  });

  const another = '6f3c1f1e-3d77-5a3a-8a55-0d7c1b6a3eff';
  const entryOfAnother = `<entry><fullUrl value="urn:uuid:${another}"/><resource><Basic><id value="${another}"/></Basic></resource></entry>`;
  const verification = 'Patient.identifier:nhsNumber.extension:nhsNumberVerificationStatus.valueCodeableConcept.coding';
  const recipient = 'MessageHeader.extension:ITKMessageHandling.extension:RecipientType.valueCoding';

  it.each<[path: string, from: string | RegExp, to: string]>([
    ['Bundle', /<Bundle (xmlns[\s\S]*)<\/Bundle>$/, '<Parcel $1</Parcel>'],
    ['Bundle.identifier.value', /<value [^>]*>(<\/identifier><type value="message"\/>)/, '$1'],
    ['Bundle.entry', /<\/Bundle>$/, `${entryOfAnother}</Bundle>`],
    ['Bundle.entry[0]', /<MessageHeader>([\s\S]*)<\/MessageHeader>/, '<Basic>$1</Basic>'],
    ['Bundle.entry[1]', /<Organization>([\s\S]*?)<\/Organization>/, '<Practitioner>$1</Practitioner>'],
    ['Bundle.entry[2]', /<resource><Bundle>([\s\S]*)<\/Bundle><\/resource>/, '<resource><Basic>$1</Basic></resource>'],
    ['Organization(header).identifier', /(Header-Organization-1"\/><\/meta>)<identifier>.*?<\/identifier>/, '$1'],
    ['Organization(header).child[3]', /(<Organization>.*?<\/identifier>)/, '$1<type><text value="x"/></type>'],
    ['MessageHeader.event.system', 'CodeSystem/ITK-MessageEvent-2', 'CodeSystem/ITK-MessageEvent-1'],
    [
      'MessageHeader.response',
      '<focus>',
      `<response><identifier value="${another}"/><code value="ok"/></response><focus>`,
    ],
    [`${recipient}.system`, 'CodeSystem/ITK-RecipientType-1', 'CodeSystem/ITK-RecipientType-2'],
    [`${recipient}.display`, 'For Action', 'For action'],
    ['Bundle.entry[0].resource.reference', input.ids.headerOrganizationId, another],
    [
      'Bundle.entry[0].resource.reference',
      /(<sender><reference value="urn:uuid:)[^"]*/,
      `$1${input.ids.messageHeaderId}`,
    ],
    ['Bundle.entry[0].resource.id', `<id value="${input.ids.messageHeaderId}"/>`, '<id value="1"/>'],
    [
      'Bundle.entry[1].resource.id',
      `<id value="${input.ids.headerOrganizationId}"/>`,
      `<id value="${input.ids.messageHeaderId}"/>`,
    ],
    ['Bundle.entry[1].resource', /(<\/Organization>)/, '$1<Basic/>'],
    ['Composition.identifier.system', /(<\/text><identifier><system value=")[^"]*/, '$1urn:ietf:rfc:3986'],
    ['Composition.identifier.value', /(<\/text><identifier><system [^>]*><value value=")[^"]*/, '$1D'],
    ['Composition.meta.versionId', /(<Composition>.*?<meta>)/, '$1<versionId value="2"/>'],
    ['Composition.type.coding.display', 'Report of clinical encounter', 'Consultation report'],
    ['Composition.text.status', '<status value="generated"/>', '<status value="additional"/>'],
    ['Composition.author', /(<author>.*?<\/author>)/, '$1$1'],
    [
      'Composition.relatesTo.targetIdentifier.system',
      /(<targetIdentifier><system value=")[^"]*/,
      '$1urn:ietf:rfc:3986',
    ],
    [
      'Binary[0].securityContext',
      '<contentType',
      '<securityContext><display value="x"/></securityContext><contentType',
    ],
    [
      'Practitioner.communication',
      '</Practitioner>',
      '<communication><text value="x"/></communication></Practitioner>',
    ],
    ['Organization.child[5]', /(<\/telecom>)(<\/Organization>)/, '$1<hours value="x"/>$2'],
    [`${verification}.system`, 'CodeSystem/CareConnect-NHSNumberVerificationStatus-1', 'CodeSystem/Verification'],
    [`${verification}.display`, 'Number present and verified', 'Verified'],
    ['Bundle(document).entry[5].resource', /<\/Bundle><\/resource>/, `${entryOfAnother}</Bundle></resource>`],
    [
      'Bundle(document).identifier.value',
      /<value [^>]*>(<\/identifier><type value="document"\/>)/,
      '<value value="D"/>$1',
    ],
  ])('finds what is wrong at %s', (path, from, to) => {
    expect(checkMessage(parsed(changed(from, to))).map((issue) => issue.path)).toContain(path);
  });

  it('misses the profile of no resource (GPCM-SD-108)', () => {
    const profileUrls = [...good.matchAll(/<profile value="[^"]*"\/>/g)];
    expect(profileUrls).toHaveLength(9);
    for (const { index, 0: text } of profileUrls) {
      const without = good.slice(0, index) + good.slice(index + text.length);
      expect(requirementsOf(without)).toContain('GPCM-SD-108');
    }
  });

  it('returns every issue at once, with paths and without values', () => {
    const issues = checkMessage(
      parsed(
        changed('<birthDate value="1957-01-09"/>', '')
          .replace('<confidentiality value="N"/>', '')
          .replace('<code value="FA"/>', '<code value="FI"/>'),
      ),
    );
    expect(issues.map(({ requirements, path, code }) => [requirements[0], path, code])).toEqual([
      ['GPCM-SD-039', 'MessageHeader.extension:ITKMessageHandling.extension:RecipientType.valueCoding.code', 'value'],
      ['GPCM-SD-117', 'Composition.confidentiality', 'required'],
      ['GPCM-SD-037', 'Patient.birthDate', 'required'],
    ]);
    expect(JSON.stringify(issues)).not.toMatch(/9691375087|Lindqvist|Maren|1957/);
  });

  it('holds the headers against the message (GPCM-SD-038, GPCM-SD-057, GPCM-SD-061, GPCM-SD-064, GPCM-SD-146)', () => {
    const envelope = {
      to: "GPPROVIDER_9691375087_19570109_O'Hara-Lindquist",
      subject: 'Consultation report',
      workflowId: 'GPCONNECT_SEND_DOCUMENT',
      localId: 'RX10',
    };
    expect(checkMessage(parsed(good), { envelope }).map(({ path }) => path)).toEqual([
      'Mex-To',
      'Mex-Subject',
      'Mex-WorkflowID',
      'Mex-LocalID',
    ]);
  });

  it('takes the message’s own id for a local id: NHS England can agree to unique ones (GPCM-SD-146)', () => {
    const { messageHeaderId } = messageFacts(parsed(good));
    expect(checkMessage(parsed(good), { envelope: { localId: messageHeaderId } })).toEqual([]);
  });

  it('asks of version 2 what version 2 says, and only recommends the version id', () => {
    const issues = checkMessage(parsed(good), { profile: profiles.v2 });
    expect(issues.map(({ requirements, severity }) => [requirements[0], severity])).toEqual([
      ['GPCM-SD-044', 'error'],
      ['GPCM-SD-098', 'warning'],
    ]);
    expect(isConformant(issues)).toBe(false);
    expect(isConformant(issues.slice(1))).toBe(true);
  });

  it.each(['preliminary', 'amended', 'entered-in-error'])(
    'takes a first document that is %s in version 2, not in version 1 (GPCM-SD-114)',
    async (status) => {
      const told = async (profile: MessageProfile) => {
        const xml = (await composed(documentToCompose(), { profile })).toString();
        return checkMessage(parsed(xml.replace('"final"', `"${status}"`)), { profile }).map(({ path }) => path);
      };
      expect(await told(profiles.v2)).toEqual([]);
      expect(await told(profiles.v1)).toEqual(['Composition.status']);
    },
  );

  it.each<[path: string, from: string | RegExp, to: string]>([
    ['Composition.meta.versionId', '<versionId value="2"/>', '<versionId value="3"/>'],
    ['Composition.title', '<title value="Consultation report"/><confidentiality', '<confidentiality'],
  ])('finds what is wrong in version 2 at %s', async (path, from, to) => {
    const xml = (await composed(input, { profile: profiles.v2 })).toString();
    expect(xml.replace(from, to)).not.toBe(xml);
    const issues = checkMessage(parsed(xml.replace(from, to)), { profile: profiles.v2 });
    expect(issues.map((issue) => issue.path)).toContain(path);
  });

  it('survives XML that is no message at all', () => {
    expect(requirementsOf('<html/>').length).toBeGreaterThan(3);
    expect(requirementsOf('<Bundle><entry><resource/></entry><entry/><entry/></Bundle>').length).toBeGreaterThan(5);
  });

  it('tells one fault once, with every id that asks the same', () => {
    const issues = checkMessage(parsed(changed('<status value="final"/>', '<status value="done"/>')));
    expect(issues.map(({ requirements, path }) => [path, requirements])).toEqual([
      ['Composition.status', ['GPCM-SD-114', 'FHIR-STU3']],
    ]);
  });

  it('does not mind prefixes, white space, comments and other instants of the same kind', () => {
    const prefixed = good
      .replace(/<(\/?)(?!\?|div|\/div|p>|\/p>)(\w)/g, '<$1f:$2')
      .replace('xmlns="http://hl7.org/fhir"', 'xmlns:f="http://hl7.org/fhir"');
    expect(checkMessage(parsed(prefixed))).toEqual([]);
    const spaced = good.replaceAll('><', '>\n  <!-- x --> <').replaceAll('"/>', '" />');
    expect(checkMessage(parsed(spaced))).toEqual([]);
    expect(checkMessage(parsed(good.replace('+00:00"/><source', '.250Z"/><source')))).toEqual([]);
  });

  it('sees a care setting that is not coded in SNOMED CT (FHIR-DOC-06)', async () => {
    const careSetting = { code: '310065000', display: 'Open access service' };
    const xml = (await composed(documentToCompose({ careSetting }), { profile: profiles.v2 })).toString();
    const place = /(CareSettingType-1"><valueCodeableConcept><coding><system value=")[^"]*/;
    expect(checkMessage(parsed(xml), { profile: profiles.v2 })).toEqual([]);
    const issues = checkMessage(parsed(xml.replace(place, '$1http://read.info')), { profile: profiles.v2 });
    expect(issues.map(({ path }) => path)).toEqual([
      'Composition.extension:careSettingTypeExtension.valueCodeableConcept.coding.system',
    ]);
  });

  it('sees elements of another namespace, which a schema would not know', () => {
    expect(requirementsOf(changed('xmlns="http://hl7.org/fhir"', 'xmlns="http://hl7.org/fhir2"'))).toContain(
      'FHIR-STU3',
    );
    expect(requirementsOf(changed(' xmlns="http://hl7.org/fhir"', ''))).toContain('FHIR-STU3');
  });

  it('names no element, extension or id by the sender’s own words', () => {
    const xml = changed('<birthDate', '<Lindqvist9691375087 value="x"/><extension url="urn:Lindqvist"/><birthDate');
    const ids = good.replaceAll(/urn:uuid:[0-9a-f-]{36}/g, 'urn:uuid:Lindqvist');
    for (const wrong of [xml, ids, good.replaceAll(/value="[0-9a-f-]{36}"/g, 'value="Lindqvist-9691375087"')]) {
      const issues = checkMessage(parsed(wrong));
      expect(issues.length).toBeGreaterThan(1);
      expect(JSON.stringify(issues)).not.toMatch(/Lindqvist|9691375087/);
    }
  });
});

describe('the bytes of a message', () => {
  it('are read and checked, and may be those of any file', () => {
    expect(checkMessageBytes(Buffer.from(good))).toMatchObject({ kind: 'checked', issues: [], facts: { version: 2 } });
    for (const bytes of ['', 'PDF', '<Bundle>', '<!DOCTYPE a [<!ENTITY b "c">]><Bundle>&b;</Bundle>', '<a>&b;</a>']) {
      const { kind, issues } = checkMessageBytes(Buffer.from(bytes));
      expect(kind).toBe('unreadable');
      expect(issues.map(({ code, severity }) => [code, severity])).toEqual([['structure', 'error']]);
    }
  });

  it('must be of the encoding that they name: a name with a letter lost is not the name that was meant', () => {
    const bytes = Buffer.from(changed(/<family value="/, '<family value="\u00e9'), 'latin1');
    const { kind, issues } = checkMessageBytes(bytes);
    expect([kind, issues.map(({ message }) => message)]).toEqual(['unreadable', ['the message is wrongly encoded']]);
  });

  it('are an OperationOutcome of what is wrong, as every FHIR tool reads it', () => {
    expect(operationOutcome([])).toMatchObject({ issue: [{ severity: 'information' }] });
    const { issues } = checkMessageBytes(Buffer.from(changed('<status value="final"/>', '')));
    expect(operationOutcome(issues)).toMatchObject({
      resourceType: 'OperationOutcome',
      issue: [
        {
          severity: 'error',
          code: 'required',
          details: { coding: [{ code: 'GPCM-SD-114' }, { code: 'FHIR-STU3' }], text: 'must be final or amended' },
          expression: ['Composition.status'],
        },
      ],
    });
  });
});

describe('the skeleton of a message, before anything of it is stored (FHIR-V&V-01)', () => {
  const envelope = (document = input, profile = profiles.v1) => {
    const routing = routingOf(document.patient);
    return {
      to: routing.kind === 'routing' ? routing.to : '',
      subject: subjectOf(document, profile),
      workflowId: profile.workflowId,
      localId: document.organisation.odsCode,
      from: document.mailboxId,
    };
  };

  it.each(goldenDocuments)('has no issues when it is right: $name', ({ input: document, profile }) => {
    const { pieces } = composeMessage(document, profile);
    expect(checkSkeleton(pieces, profile, envelope(document, profile))).toEqual([]);
  });

  it('has an issue where headers, places for files or well-formedness are wrong', () => {
    const { pieces } = composeMessage(input);
    const pathsOf = (some: readonly string[], of = envelope()) =>
      checkSkeleton(some, profiles.v1, of).map(({ path }) => path);
    expect(pathsOf(pieces, { ...envelope(), from: 'OTHER', to: 'GPPROVIDER_9691375095_19570109_Ashdown' })).toEqual([
      'Mex-To',
      'Mex-From',
    ]);
    expect(pathsOf([pieces.join('')])).toEqual(['Binary.content']);
    expect(pathsOf([...pieces, '<'])).toEqual(['Bundle']);
    expect(pathsOf([`${pieces[0]}JVBERi0=`, ...pieces.slice(1)])).toEqual(['Binary.content']);
  });

  it('is never a notification that the sender has not chosen (GPCM-SD-117)', () => {
    const confidential = documentToCompose({ confidential: true });
    const { pieces } = composeMessage(confidential);
    const issues = checkSkeleton(pieces, profiles.v1, envelope(confidential));
    expect(issues.map(({ path }) => path)).toEqual(['Composition.confidentiality']);
  });
});

describe('a confidential notification (GPCM-SD-102, GPCM-SD-117, GPCM-SD-119)', () => {
  const restricted = (changes: Parameters<typeof documentToCompose>[0] = {}) =>
    composed(documentToCompose({ confidential: true, ...changes }));

  it('may be sent in version 1, not in version 2', async () => {
    const root = parsed(await restricted());
    expect(checkMessage(root)).toEqual([]);
    expect(checkMessage(root, { profile: profiles.v2 }).map(({ path }) => path)).toContain(
      'Composition.confidentiality',
    );
  });

  it('names no place in text and subject, and has no attachments', async () => {
    const place = ', seen at Harbour &amp; Vale Walk-in Centre, RX1, Version';
    const named = (await restricted()).toString().replace(', Version', place);
    const subject = subjectOf(input).replace('Version: 2', 'Version: 1');
    expect(checkMessage(parsed(named), { envelope: { subject } }).map(({ path }) => path)).toEqual([
      'Composition.text.div',
      'Mex-Subject',
    ]);
    const report = { contentType: 'application/pdf', title: 'Consultation report' };
    expect(checkMessage(parsed(await restricted({ files: [report, report] }))).map(({ path }) => path)).toEqual([
      'Composition.section',
    ]);
  });
});
