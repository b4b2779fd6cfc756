import { noticesKey } from '../delivery/keys.ts';
import { days } from '../platform/clock.ts';
import { change, type Table } from '../platform/table.ts';
import type { TopicMessage } from '../platform/topic.ts';
import type { Mailbox } from '../senders/mailbox.ts';
import type { SenderItem } from '../senders/sender.ts';
import { type Addresses, addressesOf } from './addresses.ts';
import {
  indexedWaiting,
  type Notice,
  noneWaiting,
  noticeId,
  operators,
  roomIn,
  type Waiting,
  withNotices,
} from './pending.ts';
import { count, subjectOf, timeWords } from './words.ts';

/** What operators must know of a mailbox or an organisation, beside what alarms tell them. */
export const standingCodes = ['NO_CONFIRMED_ADDRESS', 'MAILBOX_CIRCUIT_OPEN', 'CERTIFICATE_NEAR_ITS_END'] as const;
export type StandingCode = (typeof standingCodes)[number];

export interface Standing {
  readonly code: StandingCode;
  /** An ODS code or a mailbox id. */
  readonly about: string;
}

/** Days before its end at which a certificate is told of. */
export const certificateDays = 30;

/** What is so now. Pure. */
export const standingOf = (
  senders: readonly SenderItem[],
  mailboxes: readonly Mailbox[],
  addresses: Addresses | undefined,
  now: number,
): readonly Standing[] => [
  ...(addresses === undefined ? [] : senders)
    .filter(({ active, setting }) => {
      const isConfirmed = (address: string) => addresses?.confirmed.includes(address) ?? false;
      return active !== undefined && !addressesOf(setting).notices.some(isConfirmed);
    })
    .map(({ setting }): Standing => ({ code: 'NO_CONFIRMED_ADDRESS', about: setting.odsCode })),
  ...mailboxes.flatMap(({ setting: { mailboxId }, course }): Standing[] => [
    ...(course.circuit === undefined ? [] : [{ code: 'MAILBOX_CIRCUIT_OPEN' as const, about: mailboxId }]),
    ...(course.certificateExpiresAt !== undefined && course.certificateExpiresAt - now <= days(certificateDays)
      ? [{ code: 'CERTIFICATE_NEAR_ITS_END' as const, about: mailboxId }]
      : []),
  ]),
];

const words: Readonly<Record<StandingCode, { readonly what: string; readonly todo: string; readonly over: string }>> = {
  NO_CONFIRMED_ADDRESS: {
    what: 'No address for notices of this organisation is confirmed: nobody there is told of a document that does not arrive. Its notices come to you.',
    todo: 'Telephone the organisation, and have an address confirmed: operate sender address list, add, confirm.',
    over: 'An address is confirmed again, or the organisation is not active any more.',
  },
  MAILBOX_CIRCUIT_OPEN: {
    what: 'MESH does not take this mailbox’s certificate, key or password, or a secret cannot be read. Its documents wait; nothing is lost.',
    todo: 'Put it right as the runbook says (mailbox circuit open). A handshake every five minutes closes it by itself.',
    over: 'MESH takes the mailbox again; what waited goes, oldest first.',
  },
  CERTIFICATE_NEAR_ITS_END: {
    what: `The mailbox’s certificate ends within ${certificateDays} days. After that nothing is sent or received.`,
    todo: 'Have it renewed and put it as the runbook says (certificate).',
    over: 'A certificate that lasts longer is in use.',
  },
};

/** `NOTICES#operators`: what waits to be told, and what they were told that has not ended. */
export interface OperatorsItem extends Waiting {
  readonly open?: readonly (Standing & { readonly since: number })[];
}

/** Leaves notices of what has begun and what is over since the last look: in the write that notes it. */
export const leaveStanding = (table: Table, found: readonly Standing[], now: number): Promise<undefined> =>
  change<OperatorsItem, undefined>(table, noticesKey(operators), (stored) => {
    const open = stored?.open ?? [];
    const same = (a: Standing) => (b: Standing) => a.code === b.code && a.about === b.about;
    const begun = found.filter((one) => !open.some(same(one))).map((one) => ({ ...one, since: now }));
    const over = open.filter((one) => !found.some(same(one)));
    if (begun.length === 0 && over.length === 0) return { kind: 'keep', result: undefined };
    const noticeOf = (kind: Notice['kind'], { code, about, since }: Standing & { since: number }): Notice => ({
      id: noticeId(about, { kind, code, since, at: now }),
      kind,
      about,
      code,
      since,
      at: now,
    });
    const notices = [...begun.map((one) => noticeOf('start', one)), ...over.map((one) => noticeOf('clear', one))];
    // What there is no room for is not noted either, so that the next look leaves it.
    const left = notices.slice(0, roomIn(stored ?? noneWaiting));
    const waiting = withNotices(stored ?? noneWaiting, left);
    if (typeof waiting === 'string') return { kind: 'keep', result: undefined };
    const isLeft = (kind: Notice['kind'], one: Standing): boolean =>
      left.some((notice) => notice.kind === kind && notice.code === one.code && notice.about === one.about);
    const item: OperatorsItem = {
      ...waiting,
      open: [
        ...open.filter((one) => !over.includes(one) || !isLeft('clear', one)),
        ...begun.filter((one) => isLeft('start', one)),
      ],
    };
    return { kind: 'put', item, indexed: indexedWaiting(item, now), result: undefined };
  });

/** What is so of many is explained once. */
const section = (code: StandingCode, notices: readonly Notice[], isOver: boolean): string[] => {
  if (notices.length === 0) return [];
  const { what, todo, over } = words[code];
  return [
    isOver ? `${code}, over` : code,
    ...(isOver
      ? [`   ${over}`]
      : [`   What happened: ${what}`, '   Whose move: the operators', `   What to do: ${todo}`]),
    ...notices.map(({ about, since, id }) => `   ${about}, since ${timeWords(since)}. Notice ${id}`),
    '',
  ];
};

/** One message with all that operators are to be told now. */
export const operatorsMessage = (stage: string, notices: readonly Notice[]): TopicMessage => {
  const over = notices.filter(({ kind }) => kind === 'clear');
  const begun = notices.filter((notice) => !over.includes(notice));
  const summary = [
    ...(begun.length > 0 ? [`${count(begun.length, 'matter needs', 'matters need')} you`] : []),
    ...(over.length > 0 ? [`${over.length} ${over.length === 1 ? 'is' : 'are'} over`] : []),
  ].join('; ');
  return {
    subject: subjectOf(`Send Document (${stage}): ${summary}`),
    body: [
      `Send Document, stage ${stage}: ${summary}.`,
      '',
      ...[begun, over].flatMap((some) =>
        standingCodes.flatMap((code) =>
          section(
            code,
            some.filter((notice) => notice.code === code),
            some === over,
          ),
        ),
      ),
      'A notice that comes twice has the same id: it is one.',
    ].join('\n'),
  };
};
