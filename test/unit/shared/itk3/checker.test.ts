import { describe, expect, it } from 'vitest';
import { checkMessage } from '../../../../shared/itk3/checker.ts';
import { profiles } from '../../../../shared/itk3/profiles.ts';
import { composed, documentToCompose, parsed } from '../../../fixtures/itk3/documents.ts';

const input = documentToCompose({ version: 2, replaces: '11d5b8a5-53f6-5b0c-8f5e-8f2b3f6f0a99' });
const good = (await composed(input)).toString();

/** The message with one place changed; a change that finds nothing to change fails the test. */
const changed = (from: string | RegExp, to: string): string => {
  const xml = good.replace(from, to);
  if (xml === good) throw new Error(`Nothing to change: ${from}`);
  return xml;
};

const requirementsOf = (xml: string) => checkMessage(parsed(xml)).map(({ requirement }) => requirement);

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
    ['GPCM-SD-117', '<confidentiality value="N"/>', '<confidentiality value="R"/>'],
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
    ['GPCM-SD-036', `<family value="O'Hara-Lindqvist"/>`, ''],
    ['GPCM-SD-037', '<birthDate value="1957-01-09"/>', '<birthDate value="1957"/>'],
  ])('finds %s broken (%#)', (requirement, from, to) => {
    expect(requirementsOf(changed(from, to))).toContain(requirement);
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
    expect(issues.map(({ requirement, path }) => [requirement, path])).toEqual([
      ['GPCM-SD-039', 'MessageHeader.extension.RecipientType.code'],
      ['GPCM-SD-117', 'Composition.confidentiality'],
      ['GPCM-SD-037', 'Patient.birthDate'],
    ]);
    expect(JSON.stringify(issues)).not.toMatch(/9691375087|Lindqvist|Maren|1957/);
  });

  it('holds the headers against the message (GPCM-SD-038, 057, 064, 146)', () => {
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

  it('asks of version 2 what version 2 says', () => {
    expect(checkMessage(parsed(good), { profile: profiles.v2 }).map(({ requirement }) => requirement)).toEqual([
      'GPCM-SD-044',
      'CareConnect-Composition-1',
    ]);
  });

  it('survives XML that is no message at all', () => {
    expect(requirementsOf('<html/>').length).toBeGreaterThan(3);
    expect(requirementsOf('<Bundle><entry><resource/></entry><entry/><entry/></Bundle>').length).toBeGreaterThan(5);
  });
});
