import { addressesKey } from '../delivery/keys.ts';
import type { Subscriptions } from '../platform/subscriptions.ts';
import { change, type Table } from '../platform/table.ts';
import type { Sender } from '../senders/sender.ts';

/** Whom a message is for, as subscriptions filter. */
export type Audience = 'sender' | 'escalation' | 'digest' | 'operators';

/** The lists of a sender's addresses, and what each is told. */
export const addressLists = {
  notices: 'sender',
  escalation: 'escalation',
  digest: 'digest',
} as const satisfies Readonly<Record<keyof Sender['addresses'], Audience>>;
export type AddressList = keyof typeof addressLists;
export const addressListNames = Object.keys(addressLists) as readonly AddressList[];

/** A sender that was put before there were lists has none. */
export const addressesOf = (sender: Partial<Pick<Sender, 'addresses'>>): Sender['addresses'] =>
  sender.addresses ?? { notices: [], escalation: [], digest: [] };

export const listsWith = (sender: Partial<Pick<Sender, 'addresses'>>, address: string): readonly AddressList[] =>
  addressListNames.filter((list) => addressesOf(sender)[list].includes(address));

interface Rule {
  readonly senderOds: readonly string[];
  readonly audience: readonly Audience[];
}

/** A subscription's filter on the attributes of messages. */
export type FilterPolicy = Rule | { readonly $or: readonly Rule[] };

/**
 * What an address is to get, of all senders that name it; `undefined` where none does. An address has one subscription,
 * so one filter: organisations that name it for the same things share a rule of it, and nobody gets what another rule is for.
 */
export const filterFor = (
  address: string,
  senders: readonly Pick<Sender, 'odsCode' | 'addresses'>[],
): FilterPolicy | undefined => {
  const rules = new Map<string, { senderOds: string[]; audience: Audience[] }>();
  for (const sender of senders) {
    const audience = listsWith(sender, address).map((list) => addressLists[list]);
    if (audience.length === 0) continue;
    const key = audience.join();
    const rule = rules.get(key) ?? { senderOds: [], audience };
    rule.senderOds.push(sender.odsCode);
    rules.set(key, rule);
  }
  const [first, ...others] = [...rules.values()];
  if (!first) return undefined;
  return others.length === 0 ? first : { $or: [first, ...others] };
};

/** Is it the stage's own, by which operators are told (`alarmEmail`)? A topic knows each address once, so nobody else's may take its place. */
export const isForOperators = (filter: unknown): boolean =>
  typeof filter === 'object' &&
  filter !== null &&
  'audience' in filter &&
  Array.isArray(filter.audience) &&
  filter.audience.includes('operators' satisfies Audience);

/** `ADDRESSES`: which addresses were confirmed when somebody last looked. */
export interface Addresses {
  readonly checkedAt: number;
  readonly confirmed: readonly string[];
}

export const readAddresses = (table: Table): Promise<Addresses | undefined> => table.read<Addresses>(addressesKey);

/** Looks at the subscriptions and notes which are confirmed. */
export const checkAddresses = async (
  table: Table,
  subscriptions: Pick<Subscriptions, 'list'>,
  now: number,
): Promise<Addresses> => {
  const confirmed = (await subscriptions.list()).filter((one) => one.arn !== undefined).map(({ address }) => address);
  const item: Addresses = { checkedAt: now, confirmed: [...new Set(confirmed)].sort() };
  await change<Addresses, undefined>(table, addressesKey, () => ({ kind: 'put', item, result: undefined }));
  return item;
};

/**
 * Who gets a message for an organisation: those it is meant for, or, where none of them has confirmed, who comes next.
 * A condition is left unspoken to nobody.
 */
export const reached = (
  sender: Partial<Pick<Sender, 'addresses'>> | undefined,
  /** `undefined`: nobody has looked yet, so it goes to whom it is meant for. */
  confirmed: readonly string[] | undefined,
  wanted: 'sender' | 'escalation',
): Exclude<Audience, 'digest'> => {
  if (confirmed === undefined) return wanted;
  const lists = addressesOf(sender ?? {});
  const has = (list: AddressList) => lists[list].some((address) => confirmed.includes(address));
  if (wanted === 'escalation' && has('escalation')) return 'escalation';
  return has('notices') ? 'sender' : 'operators';
};
