import { isDeepStrictEqual } from 'node:util';
import {
  addressesOf,
  addressListNames,
  checkAddresses,
  type FilterPolicy,
  filterFor,
  isForOperators,
  listsWith,
} from '../notices/addresses.ts';
import type { Subscriptions } from '../platform/subscriptions.ts';
import type { Table } from '../platform/table.ts';
import { listSenders } from '../senders/registry.ts';
import type { Sender } from '../senders/sender.ts';
import type { CommandContext } from './command.ts';

/** E-mail subscriptions brought in line with the addresses in senders' settings. */

export type AddressState = 'confirmed' | 'not confirmed' | 'anybody can end it' | 'not asked';

const allOf = (setting: Partial<Pick<Sender, 'addresses'>>): readonly string[] => [
  ...new Set(addressListNames.flatMap((list) => addressesOf(setting)[list])),
];

export interface AddressRow {
  readonly address: string;
  readonly lists: readonly string[];
  readonly state: AddressState;
}

/** A sender's addresses, and how each stands. */
export const addressRows = async (
  setting: Pick<Sender, 'addresses'>,
  subscriptions: Subscriptions,
): Promise<readonly AddressRow[]> => {
  const there = await subscriptions.list();
  const rows: AddressRow[] = [];
  for (const address of allOf(setting)) {
    const own = there.filter((one) => one.address === address);
    const confirmed = own.find(({ arn }) => arn !== undefined);
    const state: AddressState =
      confirmed?.arn !== undefined
        ? (await subscriptions.isGuarded(confirmed.arn))
          ? 'confirmed'
          : 'anybody can end it'
        : own.length > 0
          ? 'not confirmed'
          : 'not asked';
    rows.push({ address, lists: listsWith(setting, address), state });
  }
  return rows;
};

/** Addresses for notices that count: confirmed so that nobody ends it unidentified. `undefined`: it cannot be asked. */
export const guardedAddresses = async (
  setting: Sender,
  reach: CommandContext['subscriptions'],
): Promise<readonly string[] | undefined> => {
  const subscriptions = await reach?.();
  if (!subscriptions) return undefined;
  const rows = await addressRows(setting, subscriptions);
  return rows.filter(({ state }) => state === 'confirmed').map(({ address }) => address);
};

const howToConfirm = (odsCode: string): string =>
  `Whoever reads an address sends you the link of the e-mail, without following it: sender address confirm ${odsCode} ADDRESS LINK.`;

export const operatorsOwn = (address: string): string =>
  `${address} is where the operators of this deployment are told (alarmEmail), and a topic knows each address once. It is told nothing of an organisation: name another.`;

const settingsOf = async (table: Table): Promise<readonly Sender[]> =>
  (await listSenders(table)).map(({ setting }) => setting);

/** What organisations name an address for. Looked at again once it is set: another may have been changed meanwhile. */
export const letHave = async (
  table: Table,
  subscriptions: Subscriptions,
  { address, arn }: { readonly address: string; readonly arn: string },
  filter?: FilterPolicy,
): Promise<void> => {
  let wanted = filter ?? filterFor(address, await settingsOf(table));
  while (wanted !== undefined) {
    await subscriptions.setFilter(arn, wanted);
    const now = filterFor(address, await settingsOf(table));
    if (isDeepStrictEqual(now, wanted)) return;
    wanted = now;
  }
};

/** Asks addresses that were not asked, ends what nobody names, and lets each have what it is named for. */
export const subscribeAddresses = async (
  { table, clock, subscriptions: reach }: CommandContext,
  setting: Sender,
  /** Addresses that it named before; of none else is it known that they may be ended. */
  before: readonly string[] = [],
  /** Is asked once more, if it has not confirmed. */
  again?: string,
): Promise<readonly string[]> => {
  const wanted = allOf(setting);
  if (wanted.length === 0 && before.length === 0) return [];
  const subscriptions = await reach?.();
  if (!subscriptions) {
    return [
      `Its addresses are not asked to confirm yet, because which topic tells people is not known: watch writes it within a minute or two of the deployment. Then: sender put again, or sender address add.`,
    ];
  }
  const settings = await settingsOf(table);
  const there = await subscriptions.list();
  const lines: string[] = [];
  let asked = 0;
  for (const address of [...new Set([...wanted, ...before])]) {
    const filter = filterFor(address, settings);
    const own = there.find((one) => one.address === address);
    if (own?.arn !== undefined && isForOperators(await subscriptions.filterOf(own.arn))) {
      if (filter) lines.push(operatorsOwn(address));
    } else if (filter === undefined) {
      if (own?.arn !== undefined) await subscriptions.remove(own.arn);
      if (own) {
        lines.push(
          own.arn === undefined
            ? `${address} was never confirmed: the question expires by itself. If it is answered all the same, remove it again.`
            : `${address} is told nothing any more.`,
        );
      }
    } else if (own?.arn !== undefined) {
      await letHave(table, subscriptions, { address, arn: own.arn }, filter);
    } else if (!own || address === again) {
      await subscriptions.subscribe(address, filter);
      asked += 1;
      lines.push(`${address} was sent an e-mail that asks to confirm.`);
    }
  }
  if (asked > 0) lines.push(howToConfirm(setting.odsCode));
  await checkAddresses(table, subscriptions, clock.now());
  return lines;
};
