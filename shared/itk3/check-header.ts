import { checkProfile } from './check-profile.ts';
import { events, messageDefinitions, structureDefinitions, systems, urnOf } from './fixed-values.ts';
import { type Issues, isInstant, isUuid } from './issues.ts';
import { handlingParts, identifierOf, resourceOf } from './message-facts.ts';
import type { MessageProfile } from './profiles.ts';
import { child, childrenOf, descendants, valueAt, type XmlElement } from './xml-tree.ts';

/** The message bundle, its header and the header's organisation (reference 1.3 to 1.6). */
export const checkHeader = (root: XmlElement, profile: MessageProfile, issues: Issues): void => {
  issues.expect(root.name === 'Bundle', 'ITK-Message-Bundle-1', 'Bundle', 'the message must be a Bundle', 'structure');
  issues.profile(root, structureDefinitions.messageBundle, 'Bundle');
  const system = valueAt(root, 'identifier', 'system');
  const value = valueAt(root, 'identifier', 'value');
  issues.expect(
    system === undefined || system === systems.uuid ? isUuid(value) : value !== undefined,
    'ITK-Message-Bundle-1',
    'Bundle.identifier.value',
    'must be there, a UUID',
    value === undefined ? 'required' : 'value',
  );
  issues.value(root, ['type'], 'message', 'ITK-Message-Bundle-1', 'Bundle');
  const entries = childrenOf(root, 'entry');
  issues.expect(entries.length === 3, 'ITK-Message-Bundle-1', 'Bundle.entry', 'must be exactly three', 'structure');
  checkEntries(root, 'Bundle', 'ITK-Message-Bundle-1', issues);
  checkIds(root, issues);

  const [header, organization, document] = entries.map(resourceOf);
  if (header?.name !== 'MessageHeader')
    issues.add('ITK-Message-Bundle-1', 'Bundle.entry[0]', 'the first entry must be the MessageHeader', 'structure');
  else checkMessageHeader(header, profile, issues, idOf(organization), idOf(document));

  if (organization?.name !== 'Organization')
    issues.add('GPCM-SD-045', 'Bundle.entry[1]', 'the second entry must be the header’s Organization', 'structure');
  else {
    const name = 'Organization(header)';
    issues.profile(organization, structureDefinitions.headerOrganization, name);
    issues.expect(
      identifierOf(organization, systems.odsCode) !== undefined,
      ['CareConnect-ITK-Header-Organization-1', 'GPCM-SD-045'],
      `${name}.identifier`,
      'must hold the ODS code',
      'required',
    );
    checkProfile(organization, 'CareConnect-ITK-Header-Organization-1', name, issues);
    for (const [index, extra] of organization.children.entries())
      if (!['id', 'meta', 'identifier'].includes(extra.name))
        issues.profileFault(
          'CareConnect-ITK-Header-Organization-1',
          `${name}.child[${index}]`,
          'must not be there',
          'structure',
        );
  }
  checkProfile(root, 'ITK-Message-Bundle-1', 'Bundle', issues);
};

const idOf = (resource: XmlElement | undefined): string | undefined => valueAt(resource, 'id');

const handlingRequirements = {
  BusAckRequested: 'GPCM-SD-040',
  InfAckRequested: 'GPCM-SD-041',
  RecipientType: 'GPCM-SD-039',
  MessageDefinition: 'GPCM-SD-043',
  SenderReference: 'GPCM-SD-042',
  LocalExtension: 'GPCM-SD-044',
} as const;

type HandlingUrl = keyof typeof handlingRequirements;

const handlingUrls = [
  'BusAckRequested',
  'InfAckRequested',
  'RecipientType',
  'MessageDefinition',
  'SenderReference',
  'LocalExtension',
] as const satisfies readonly HandlingUrl[];

/** The codes of ITK-RecipientType-1 with their display texts; version 1 fixes the first. */
const recipientTypes = [
  { code: 'FA', display: 'For Action' },
  { code: 'FI', display: 'For Information' },
] as const;

const checkMessageHeader = (
  header: XmlElement,
  profile: MessageProfile,
  issues: Issues,
  organizationId: string | undefined,
  documentId: string | undefined,
): void => {
  const name = 'MessageHeader';
  issues.profile(header, structureDefinitions.messageHeader, name);
  checkHandling(header, profile, issues);
  issues.value(header, ['event', 'system'], systems.messageEvent, 'GPCM-SD-047', name);
  issues.value(header, ['event', 'code'], events.sendDocument.code, 'GPCM-SD-047', name);
  issues.value(header, ['event', 'display'], events.sendDocument.display, 'GPCM-SD-047', name);
  issues.absent(header, ['destination', 'receiver'], 'GPCM-SD-049', name);
  issues.absent(header, ['response'], 'ITK-MessageHeader-2', name);
  issues.leads(
    child(header, 'sender'),
    `${name}.sender.reference`,
    organizationId,
    'GPCM-SD-045',
    'must lead to the header’s Organization',
  );
  issues.expect(
    isInstant(valueAt(header, 'timestamp')),
    'GPCM-SD-048',
    `${name}.timestamp`,
    'must be an instant with seconds and an offset',
  );
  issues.present(header, ['source', 'endpoint'], 'GPCM-SD-046', name);
  issues.leads(
    child(header, 'focus'),
    `${name}.focus.reference`,
    documentId,
    'GPCM-SD-103',
    'must lead to the document bundle',
  );
  checkProfile(header, 'ITK-MessageHeader-2', name, issues);
};

/** The six parts of Extension-ITK-MessageHandling-2 (reference 1.5). */
const checkHandling = (header: XmlElement, profile: MessageProfile, issues: Issues): void => {
  const part = (url: HandlingUrl) => handlingParts(header, url)[0];
  const at = (url: HandlingUrl) => `MessageHeader.extension:ITKMessageHandling.extension:${url}`;
  for (const url of handlingUrls)
    issues.expect(
      handlingParts(header, url).length === 1,
      [handlingRequirements[url], 'Extension-ITK-MessageHandling-2'],
      at(url),
      'must be there exactly once',
      'required',
    );
  const present = (url: HandlingUrl) => part(url) !== undefined;
  if (present('BusAckRequested'))
    issues.value(part('BusAckRequested'), ['valueBoolean'], 'true', 'GPCM-SD-040', at('BusAckRequested'));
  if (present('InfAckRequested'))
    issues.value(part('InfAckRequested'), ['valueBoolean'], 'true', 'GPCM-SD-041', at('InfAckRequested'));
  if (present('RecipientType')) {
    const recipient = child(part('RecipientType'), 'valueCoding');
    const path = `${at('RecipientType')}.valueCoding`;
    const allowed = recipientTypes.filter(({ code }) => code === 'FA' || profile.name === 'v2');
    const requirements = ['GPCM-SD-039', 'FHIR-SR-01'];
    issues.value(recipient, ['system'], systems.recipientType, requirements, path);
    const type = allowed.find(({ code }) => code === valueAt(recipient, 'code'));
    const codes = allowed.map(({ code }) => code).join(' or ');
    issues.expect(type !== undefined, requirements, `${path}.code`, `must be ${codes}`);
    if (type) issues.value(recipient, ['display'], type.display, requirements, path);
  }
  if (present('MessageDefinition'))
    issues.value(
      part('MessageDefinition'),
      ['valueReference', 'reference'],
      messageDefinitions.sendDocument,
      ['GPCM-SD-043', 'FHIR-SR-05'],
      at('MessageDefinition'),
    );
  if (present('SenderReference')) {
    const reference = valueAt(part('SenderReference'), 'valueString');
    issues.expect(
      reference !== undefined && reference.length <= 255 && /\w/.test(reference),
      ['GPCM-SD-042', 'FHIR-SR-02', 'FHIR-SR-03'],
      `${at('SenderReference')}.valueString`,
      'must be the encounter’s reference, at most 255 characters, a letter or digit among them',
      reference === undefined ? 'required' : 'value',
    );
  }
  if (present('LocalExtension'))
    issues.value(
      part('LocalExtension'),
      ['valueString'],
      profile.localExtension,
      ['GPCM-SD-044', 'FHIR-SR-06'],
      at('LocalExtension'),
    );
};

/** What both bundles share: full URLs that are unique and end with their resource's id, and references that resolve. */
export const checkEntries = (bundle: XmlElement, name: string, requirement: string, issues: Issues): void => {
  const entries = childrenOf(bundle, 'entry');
  const urls = new Map<string, XmlElement>();
  for (const [index, entry] of entries.entries()) {
    const path = `${name}.entry[${index}]`;
    const fullUrl = valueAt(entry, 'fullUrl');
    const id = idOf(resourceOf(entry));
    issues.expect(
      id !== undefined && fullUrl === urnOf(id),
      requirement,
      `${path}.fullUrl`,
      'must be urn:uuid: and the id of the resource',
      fullUrl === undefined ? 'required' : 'value',
    );
    issues.expect(
      (child(entry, 'resource')?.children.length ?? 0) === 1,
      requirement,
      `${path}.resource`,
      'must hold exactly one resource',
      'structure',
    );
    if (fullUrl === undefined) continue;
    issues.expect(!urls.has(fullUrl), 'bdl-7', `${path}.fullUrl`, 'must be unique in the bundle', 'duplicate');
    urls.set(fullUrl, entry);
  }
  for (const [index, entry] of entries.entries()) {
    const resource = resourceOf(entry);
    if (!resource || resource.name === 'Bundle') continue;
    const path = `${name}.entry[${index}].resource`;
    for (const reference of referencesOf(resource)) {
      const target = urls.get(reference);
      issues.expect(
        target !== undefined,
        'FHIR-PAY-02',
        `${path}.reference`,
        'must lead to a resource of the same bundle',
        'not-found',
      );
      issues.expect(
        target !== entry,
        'FHIR-PAY-02',
        `${path}.reference`,
        'must not lead to its own resource',
        'invariant',
      );
    }
  }
};

/** Every reference of a resource but the handling extension's, which names a definition outside the message. */
const referencesOf = (resource: XmlElement): readonly string[] =>
  resource.children
    .filter((part) => part.attributes.get('url') !== structureDefinitions.messageHandling)
    .flatMap((part) => descendants(part, 'reference'))
    .map((reference) => reference.attributes.get('value')?.trim() ?? '');

/** Ids are UUIDs, and no two resources of the message share one (GPCM-C-02). */
const checkIds = (root: XmlElement, issues: Issues): void => {
  const seen = new Set<string>();
  const check = (resource: XmlElement, path: string, isRoot: boolean): void => {
    const id = idOf(resource);
    // The outer bundle's id is optional; what lies in an entry is referred to by its id.
    if (id !== undefined || !isRoot) {
      issues.expect(
        isUuid(id),
        ['GPCM-C-02', 'FHIR-VER-01'],
        `${path}.id`,
        'must be a UUID',
        id === undefined ? 'required' : 'value',
      );
      if (id !== undefined)
        issues.expect(!seen.has(id), 'FHIR-VER-01', `${path}.id`, 'must be of this resource alone', 'duplicate');
    }
    if (id !== undefined) seen.add(id);
    for (const [index, entry] of childrenOf(resource, 'entry').entries()) {
      const inner = resourceOf(entry);
      if (inner && resource.name === 'Bundle') check(inner, `${path}.entry[${index}].resource`, false);
    }
  };
  check(root, 'Bundle', true);
};
