import { events, messageDefinitions, structureDefinitions, systems, urnOf } from './fixed-values.ts';
import { type Issues, isInstant } from './issues.ts';
import { handlingParts, resourceOf } from './message-facts.ts';
import type { MessageProfile } from './profiles.ts';
import { child, childrenOf, descendants, valueAt, type XmlElement } from './xml-tree.ts';

/** The message bundle, its header and the header's organisation (reference 1.3 to 1.6). */
export const checkHeader = (root: XmlElement, profile: MessageProfile, issues: Issues): void => {
  issues.expect(root.name === 'Bundle', 'ITK-Message-Bundle-1', root.name, 'the message must be a Bundle');
  issues.profile(root, structureDefinitions.messageBundle, 'Bundle');
  issues.present(root, ['identifier', 'value'], 'ITK-Message-Bundle-1', 'Bundle');
  issues.value(root, ['type'], 'message', 'ITK-Message-Bundle-1', 'Bundle');
  const entries = childrenOf(root, 'entry');
  issues.expect(entries.length === 3, 'ITK-Message-Bundle-1', 'Bundle.entry', 'must be exactly three');
  checkEntries(root, 'Bundle', 'ITK-Message-Bundle-1', issues);
  checkReferences(root, issues);

  const [header, organization, document] = entries.map(resourceOf);
  if (header?.name !== 'MessageHeader')
    issues.add('ITK-Message-Bundle-1', 'Bundle.entry[0]', 'the first entry must be the MessageHeader');
  else checkMessageHeader(header, profile, issues, idOf(organization), idOf(document));

  if (organization?.name !== 'Organization')
    issues.add('GPCM-SD-045', 'Bundle.entry[1]', 'the second entry must be the header’s Organization');
  else {
    issues.profile(organization, structureDefinitions.headerOrganization, 'Organization(header)');
    issues.expect(
      childrenOf(organization, 'identifier').some(
        (i) => valueAt(i, 'system') === systems.odsCode && valueAt(i, 'value') !== undefined,
      ),
      'CareConnect-ITK-Header-Organization-1',
      'Organization(header).identifier',
      'must hold the ODS code',
    );
    for (const extra of organization.children.filter((c) => !['id', 'meta', 'identifier'].includes(c.name)))
      issues.add('CareConnect-ITK-Header-Organization-1', `Organization(header).${extra.name}`, 'must not be there');
  }
};

const idOf = (resource: XmlElement | undefined): string | undefined => valueAt(resource, 'id');

const handlingUrls = [
  'BusAckRequested',
  'InfAckRequested',
  'RecipientType',
  'MessageDefinition',
  'SenderReference',
  'LocalExtension',
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
  issues.present(header, ['id'], 'ITK-MessageHeader-2', name);

  const handling = childrenOf(header, 'extension').filter(
    (e) => e.attributes.get('url') === structureDefinitions.messageHandling,
  );
  issues.expect(handling.length === 1, 'ITK-MessageHeader-2', `${name}.extension`, 'must be one ITKMessageHandling');
  for (const url of handlingUrls)
    issues.expect(
      handlingParts(header, url).length === 1,
      'Extension-ITK-MessageHandling-2',
      `${name}.extension.${url}`,
      'must be there exactly once',
    );
  const part = (url: (typeof handlingUrls)[number]) => handlingParts(header, url)[0];
  const at = (url: string) => `${name}.extension.${url}`;
  issues.value(part('BusAckRequested'), ['valueBoolean'], 'true', 'GPCM-SD-040', at('BusAckRequested'));
  issues.value(part('InfAckRequested'), ['valueBoolean'], 'true', 'GPCM-SD-041', at('InfAckRequested'));
  const recipient = child(part('RecipientType'), 'valueCoding');
  issues.value(recipient, ['system'], systems.recipientType, 'GPCM-SD-039', at('RecipientType'));
  issues.value(recipient, ['code'], profile.recipientType.code, 'GPCM-SD-039', at('RecipientType'));
  issues.value(recipient, ['display'], profile.recipientType.display, 'GPCM-SD-039', at('RecipientType'));
  issues.value(
    part('MessageDefinition'),
    ['valueReference', 'reference'],
    messageDefinitions.sendDocument,
    'GPCM-SD-043',
    at('MessageDefinition'),
  );
  const senderReference = valueAt(part('SenderReference'), 'valueString');
  issues.expect(
    senderReference !== undefined && senderReference.length <= 255,
    'GPCM-SD-042',
    at('SenderReference'),
    'must be the encounter’s reference, at most 255 characters',
  );
  issues.value(part('LocalExtension'), ['valueString'], profile.localExtension, 'GPCM-SD-044', at('LocalExtension'));

  issues.value(header, ['event', 'system'], systems.messageEvent, 'GPCM-SD-047', name);
  issues.value(header, ['event', 'code'], events.sendDocument.code, 'GPCM-SD-047', name);
  issues.value(header, ['event', 'display'], events.sendDocument.display, 'GPCM-SD-047', name);
  issues.absent(header, ['destination', 'receiver'], 'GPCM-SD-049', name);
  issues.absent(header, ['enterer', 'author', 'responsible', 'reason', 'response'], 'ITK-MessageHeader-2', name);
  issues.value(header, ['sender', 'reference'], urnOf(organizationId ?? ''), 'GPCM-SD-045', name);
  issues.expect(
    isInstant(valueAt(header, 'timestamp')),
    'GPCM-SD-048',
    `${name}.timestamp`,
    'must be an instant with seconds and an offset',
  );
  issues.present(header, ['source', 'endpoint'], 'GPCM-SD-046', name);
  issues.absent(
    child(header, 'source'),
    ['name', 'software', 'version', 'contact'],
    'ITK-MessageHeader-2',
    `${name}.source`,
  );
  issues.value(header, ['focus', 'reference'], urnOf(documentId ?? ''), 'GPCM-SD-103', name);
};

/** What both bundles share: forbidden parts, and full URLs that are unique and end with their resource's id. */
export const checkEntries = (bundle: XmlElement, name: string, requirement: string, issues: Issues): void => {
  issues.absent(bundle, ['total', 'link', 'signature'], requirement, name);
  const seen = new Set<string>();
  for (const [index, entry] of childrenOf(bundle, 'entry').entries()) {
    const path = `${name}.entry[${index}]`;
    issues.absent(entry, ['link', 'search', 'request', 'response'], requirement, path);
    const fullUrl = valueAt(entry, 'fullUrl');
    const id = idOf(resourceOf(entry));
    issues.expect(
      id !== undefined && fullUrl === urnOf(id),
      requirement,
      `${path}.fullUrl`,
      'must be urn:uuid: and the id of the resource',
    );
    if (fullUrl === undefined) continue;
    issues.expect(!seen.has(fullUrl), 'bdl-7', `${path}.fullUrl`, 'must be unique in the bundle');
    seen.add(fullUrl);
  }
};

/** Every reference into the message resolves, and none leads to the resource that holds it. */
const checkReferences = (root: XmlElement, issues: Issues): void => {
  const entries = descendants(root, 'entry').filter((entry) => child(entry, 'resource'));
  const urls = new Set(entries.map((entry) => valueAt(entry, 'fullUrl')));
  for (const entry of entries) {
    const resource = resourceOf(entry);
    if (!resource || resource.name === 'Bundle') continue;
    for (const reference of descendants(resource, 'reference')) {
      const url = reference.attributes.get('value');
      if (!url?.startsWith('urn:')) continue;
      issues.expect(urls.has(url), 'FHIR-PAY-02', `${resource.name}.reference`, 'must resolve inside the message');
      issues.expect(
        url !== valueAt(entry, 'fullUrl'),
        'FHIR-PAY-02',
        `${resource.name}.reference`,
        'must not lead to its own resource',
      );
    }
  }
};
