import {
  type AddressList,
  addressesOf,
  addressListNames,
  checkAddresses,
  isForOperators,
  listsWith,
} from '../../notices/addresses.ts';
import type { Subscriptions } from '../../platform/subscriptions.ts';
import { listSenders, noteOnSender, putSender, readSender } from '../../senders/registry.ts';
import { type Sender, senderFile } from '../../senders/sender.ts';
import { addressRows, letHave, operatorsOwn, subscribeAddresses } from '../addresses.ts';
import {
  type Command,
  type CommandContext,
  type CommandOption,
  type CommandOptions,
  type CommandResult,
  misused,
  refused,
  succeeded,
} from '../command.ts';
import { byWhom } from '../pausing.ts';
import { problemLines, who, whoOptions } from '../who.ts';

const unknownTopic = (): CommandResult =>
  refused(
    'Which topic tells people is not known yet: watch writes it within a minute or two of the deployment. Nothing was changed.',
  );

const forOption = (meaning: string): CommandOption => ({ name: 'for', form: 'LIST', meaning });

const isList = (text: unknown): text is AddressList => (addressListNames as readonly unknown[]).includes(text);

const list = async (odsCode: string | undefined, { table, subscriptions }: CommandContext): Promise<CommandResult> => {
  const reached = await subscriptions?.();
  if (!reached) return unknownTopic();
  const one = odsCode === undefined ? undefined : await readSender(table, odsCode);
  if (odsCode !== undefined && !one) return refused(`There is no sender ${odsCode}.`);
  const senders = one ? [one] : await listSenders(table);
  const found = [];
  for (const { setting } of senders)
    found.push({ odsCode: setting.odsCode, addresses: await addressRows(setting, reached) });
  return succeeded(
    found.flatMap(({ odsCode: ods, addresses }) => [
      `${ods}${addresses.length === 0 ? ': no address' : ''}`,
      ...addresses.map(
        ({ address, lists, state }) =>
          `  ${address}  for ${lists.join(', ')}  ${state === 'confirmed' ? state : state.toUpperCase()}`,
      ),
    ]),
    found,
  );
};

/** Puts the sender's setting with other addresses, as `sender put` would, and has the subscriptions follow. */
const changed = async (
  odsCode: string,
  address: string,
  options: CommandOptions,
  context: CommandContext,
  next: (addresses: Sender['addresses'], address: string) => Sender['addresses'] | string,
): Promise<CommandResult> => {
  const { table, clock, subscriptions } = context;
  const by = who.safeParse(options);
  if (!by.success) return misused('Nothing was changed; put these right:', ...problemLines(by.error));
  if (!(await subscriptions?.())) return unknownTopic();
  const stored = await readSender(table, odsCode);
  if (!stored) return refused(`There is no sender ${odsCode}.`);
  const addresses = next(addressesOf(stored.setting), address.trim().toLowerCase());
  if (typeof addresses === 'string') return refused(addresses);
  const parsed = senderFile.safeParse({ ...stored.setting, addresses });
  if (!parsed.success) {
    return refused(
      'Nothing was changed:',
      ...parsed.error.issues.map(({ path, message }) => `  ${path.join('.')}: ${message}`),
    );
  }
  if (stored.active && addresses.notices.length === 0) {
    return refused(
      `${odsCode} is active, and nobody would be told of a document that did not arrive: add another address first, or deactivate it.`,
    );
  }
  const outcome = await putSender(table, parsed.data, { at: clock.now(), ...by.data }, stored.version);
  if (outcome.kind === 'overtaken') {
    return refused(`${outcome.by} has changed ${odsCode} meanwhile (version ${outcome.version}). Ask again.`);
  }
  const about = address.trim().toLowerCase();
  const lines = await subscribeAddresses(context, parsed.data, [about], about);
  return succeeded([`Sender ${odsCode}, version ${outcome.version}: ${addressWords(addresses, address)}`, ...lines], {
    version: outcome.version,
    addresses,
  });
};

const addressWords = (addresses: Sender['addresses'], address: string): string => {
  const lists = listsWith({ addresses }, address.trim().toLowerCase());
  return lists.length === 0 ? `${address} is in no list.` : `${address} is told ${lists.join(', ')}.`;
};

const add = (odsCode: string, address: string, options: CommandOptions, context: CommandContext) => {
  const to = options.for ?? 'notices';
  if (!isList(to)) return misused(`--for: one of ${addressListNames.join(', ')}`);
  return changed(odsCode, address, options, context, (addresses, added) => ({
    ...addresses,
    [to]: [...new Set([...addresses[to], added])],
  }));
};

const remove = (odsCode: string, address: string, options: CommandOptions, context: CommandContext) => {
  const from = options.for;
  if (from !== undefined && !isList(from)) return misused(`--for: one of ${addressListNames.join(', ')}`);
  return changed(odsCode, address, options, context, (addresses, removed) =>
    listsWith({ addresses }, removed).length === 0
      ? `${removed} is in no list of ${odsCode}. Nothing was changed.`
      : (Object.fromEntries(
          addressListNames.map((name) => [
            name,
            from === undefined || from === name ? addresses[name].filter((one) => one !== removed) : addresses[name],
          ]),
        ) as unknown as Sender['addresses']),
  );
};

/** What the e-mail says: the token itself, or the link that holds it. */
const tokenOf = (text: string): string => {
  try {
    return new URL(text).searchParams.get('Token') ?? text;
  } catch {
    return text;
  }
};

const confirmed = async (
  subscriptions: Subscriptions,
  address: string,
  text: string,
): Promise<{ readonly arn: string; readonly before?: true } | string> => {
  const there = (await subscriptions.list()).find((one) => one.address === address);
  if (!there) return `${address} was not asked to confirm: sender address add asks it.`;
  if (there.arn !== undefined) {
    if (isForOperators(await subscriptions.filterOf(there.arn))) return operatorsOwn(address);
    return (await subscriptions.isGuarded(there.arn))
      ? { arn: there.arn, before: true }
      : `${address} has followed the link itself, so anybody with one of its e-mails can end it: remove it, add it again, and confirm it by this command.`;
  }
  const outcome = await subscriptions.confirm(tokenOf(text));
  return outcome.kind === 'unknown'
    ? 'That is not what the last e-mail says, or it is older than two days: sender address add sends another.'
    : outcome;
};

const confirm = async (
  odsCode: string,
  given: string,
  text: string,
  options: CommandOptions,
  { table, clock, subscriptions: reach }: CommandContext,
): Promise<CommandResult> => {
  const by = who.safeParse(options);
  if (!by.success) return misused('Nothing was confirmed; put these right:', ...problemLines(by.error));
  const address = given.trim().toLowerCase();
  const subscriptions = await reach?.();
  if (!subscriptions) return unknownTopic();
  const sender = await readSender(table, odsCode);
  if (!sender) return refused(`There is no sender ${odsCode}.`);
  if (listsWith(sender.setting, address).length === 0) {
    return refused(`${address} is in no list of ${odsCode}. Nothing was confirmed.`);
  }
  const outcome = await confirmed(subscriptions, address, text);
  if (typeof outcome === 'string') return refused(outcome);
  const whose = (await subscriptions.list()).find(({ arn }) => arn === outcome.arn)?.address;
  if (whose !== address) {
    return refused(
      `That confirmed ${whose ?? 'another address'}, not ${address}. Use what the e-mail to ${address} says.`,
    );
  }
  // What it is named for may have changed since it was asked.
  await letHave(table, subscriptions, { address, arn: outcome.arn });
  await checkAddresses(table, subscriptions, clock.now());
  const what = `address ${address} confirmed`;
  const noted = outcome.before && sender.history.findLast((entry) => entry.what === what);
  if (noted) return succeeded([`${address} was confirmed before, ${byWhom(noted)}. Nothing was changed.`], { address });
  await noteOnSender(table, odsCode, what, { at: clock.now(), ...by.data });
  return succeeded([`${address} is confirmed. Nobody ends that but by sender address remove.`], { address });
};

export const addressCommands: readonly Command[] = [
  {
    words: 'sender address list',
    takes: ['[ODS]'],
    does: 'who is told by e-mail, and whether they have confirmed it',
    examples: ['sender address list RX1 --table TABLENAME', 'sender address list --json --table TABLENAME'],
    run: ([odsCode], _, context) => list(odsCode, context),
  },
  {
    words: 'sender address add',
    takes: ['ODS', 'ADDRESS'],
    changes: true,
    does: 'tell another address; it is asked to confirm, or asked again',
    notes: ['A new version of the settings of the sender, as sender put makes one.'],
    options: [forOption('notices (unless said otherwise), escalation or digest'), ...whoOptions],
    examples: [
      "sender address add RX1 records@northfield.example --by 'Ann Bell' --why 'their records office' --table TABLENAME",
      "sender address add RX1 lead@northfield.example --for escalation --by 'Ann Bell' --why 'clinical lead' --table TABLENAME",
    ],
    run: ([odsCode = '', address = ''], options, context) => add(odsCode, address, options, context),
  },
  {
    words: 'sender address confirm',
    takes: ['ODS', 'ADDRESS', 'LINK'],
    changes: true,
    does: 'confirm an address, with the link of the e-mail that asked it, or the token in it',
    notes: [
      'Whoever reads the address sends you the link without following it. Confirmed so, no link in an e-mail ends it.',
    ],
    options: whoOptions,
    examples: [
      "sender address confirm RX1 records@northfield.example 'https://sns…&Token=2336…' --by 'Ann Bell' --why 'they sent it' --table TABLENAME",
    ],
    run: ([odsCode = '', address = '', text = ''], options, context) =>
      confirm(odsCode, address, text, options, context),
  },
  {
    words: 'sender address remove',
    takes: ['ODS', 'ADDRESS'],
    changes: true,
    does: 'tell it nothing more; refused for the last one of an active sender',
    options: [forOption('only of this list; otherwise of all'), ...whoOptions],
    examples: ["sender address remove RX1 old@northfield.example --by 'Ann Bell' --why 'has left' --table TABLENAME"],
    run: ([odsCode = '', address = ''], options, context) => remove(odsCode, address, options, context),
  },
];
