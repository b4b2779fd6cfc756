import { structureDefinitions, systems } from './fixed-values.ts';
import { child, childrenOf, descendants, textWithin, valueAt, type XmlElement } from './xml-tree.ts';

/** What a Send Document message says, read back from its XML as far as it says it. */
export interface MessageFacts {
  readonly event: string | undefined;
  readonly messageHeaderId: string | undefined;
  /** D */
  readonly documentBundleId: string | undefined;
  /** D of the version that this one replaces. */
  readonly replaces: string | undefined;
  readonly senderReference: string | undefined;
  readonly senderOds: string | undefined;
  readonly businessAckRequested: boolean;
  readonly infrastructureAckRequested: boolean;
  /** Out of the document's text: v1 says it nowhere else. */
  readonly version: number | undefined;
  readonly text: string;
  readonly title: string | undefined;
  readonly patient: {
    readonly nhsNumber: string | undefined;
    readonly birthDate: string | undefined;
    readonly family: string | undefined;
    readonly given: readonly string[];
  };
  readonly practitionerGiven: readonly string[];
  readonly organisation: { readonly odsCode: string | undefined; readonly name: string | undefined };
  /** In document order. `content` is base64. */
  readonly files: readonly { readonly contentType: string | undefined; readonly content: string }[];
}

/** The resource inside an entry. */
export const resourceOf = (entry: XmlElement | undefined): XmlElement | undefined =>
  child(entry, 'resource')?.children[0];

/** The Bundle of type document, wherever it stands. */
export const documentBundleOf = (root: XmlElement): XmlElement | undefined =>
  descendants(root, 'Bundle').find((bundle) => valueAt(bundle, 'type') === 'document');

/** The value of the identifier of this system. */
export const identifierOf = (resource: XmlElement | undefined, system: string): string | undefined =>
  valueAt(
    childrenOf(resource, 'identifier').find((identifier) => valueAt(identifier, 'system') === system),
    'value',
  );

/** The sub-extension `url` of the handling extension of a MessageHeader, all of its occurrences. */
export const handlingParts = (header: XmlElement | undefined, url: string): readonly XmlElement[] =>
  childrenOf(header, 'extension')
    .filter((extension) => extension.attributes.get('url') === structureDefinitions.messageHandling)
    .flatMap((extension) => childrenOf(extension, 'extension'))
    .filter((part) => part.attributes.get('url') === url);

const namesOf = (resource: XmlElement | undefined): readonly string[] =>
  childrenOf(child(resource, 'name'), 'given').flatMap((given) => {
    const value = given.attributes.get('value');
    return value === undefined ? [] : [value];
  });

export const messageFacts = (root: XmlElement): MessageFacts => {
  const header = descendants(root, 'MessageHeader')[0];
  const document = documentBundleOf(root);
  const resources = childrenOf(document, 'entry').flatMap((entry) => resourceOf(entry) ?? []);
  const first = (name: string) => resources.find((resource) => resource.name === name);
  const composition = first('Composition');
  const patient = first('Patient');
  const organisation = first('Organization');
  const handling = (url: string) =>
    child(handlingParts(header, url)[0], url.endsWith('Requested') ? 'valueBoolean' : 'valueString');
  const text = textWithin(child(child(composition, 'text'), 'div')).trim();
  const version = /Version:? (\d+)$/.exec(text)?.[1];
  return {
    event: valueAt(header, 'event', 'code'),
    messageHeaderId: valueAt(header, 'id'),
    documentBundleId: valueAt(document, 'id'),
    replaces: valueAt(composition, 'relatesTo', 'targetIdentifier', 'value'),
    senderReference: valueAt(handling('SenderReference')),
    senderOds: descendants(root, 'Organization')
      .map((organization) => identifierOf(organization, systems.odsCode))
      .find((ods) => ods !== undefined),
    businessAckRequested: valueAt(handling('BusAckRequested')) === 'true',
    infrastructureAckRequested: valueAt(handling('InfAckRequested')) === 'true',
    version: version === undefined ? undefined : Number(version),
    text,
    title: child(composition, 'title')?.attributes.get('value'),
    patient: {
      nhsNumber: identifierOf(patient, systems.nhsNumber),
      birthDate: valueAt(patient, 'birthDate'),
      family: child(child(patient, 'name'), 'family')?.attributes.get('value'),
      given: namesOf(patient),
    },
    practitionerGiven: namesOf(first('Practitioner')),
    organisation: {
      odsCode: identifierOf(organisation, systems.odsCode),
      name: child(organisation, 'name')?.attributes.get('value'),
    },
    files: resources
      .filter((resource) => resource.name === 'Binary')
      .map((binary) => ({
        contentType: valueAt(binary, 'contentType'),
        content: child(binary, 'content')?.attributes.get('value') ?? '',
      })),
  };
};
