import { checkAddresses, readAddresses } from '../../notices/addresses.ts';
import { giveNotices } from '../../notices/give.ts';
import { giveDigests } from '../../notices/give-digests.ts';
import { leaveStanding, standingOf } from '../../notices/operators.ts';
import { days } from '../../platform/clock.ts';
import { errorText } from '../../platform/log.ts';
import { listMailboxes, listSenders } from '../../senders/registry.ts';
import type { WatchContext } from './watch.ts';

/** How often it is asked which addresses are confirmed. */
const addressesEvery = days(1);

const people = (context: WatchContext) => ({ ...context, stage: context.connection.stage });

/** Gives what waits to be told to an organisation or the operators. What the topic does not take waits for the next minute. */
export const watchNotices = async (context: WatchContext, audience: string): Promise<void> => {
  try {
    await giveNotices(people(context), audience);
  } catch (error) {
    context.measure.count('ItemsFailed');
    context.log.error('NOTICES_NOT_GIVEN', { odsCode: audience, error: errorText(error) });
  }
};

/** What of it fails is counted, and waits for the next minute; the rest goes on. */
const part = async ({ measure, log }: WatchContext, what: string, run: () => Promise<void>): Promise<void> => {
  try {
    await run();
  } catch (error) {
    measure.count('ItemsFailed');
    log.error('PEOPLE_NOT_LOOKED_AFTER', { what, error: errorText(error) });
  }
};

/** Once a day: who has confirmed. Before anything is given, so that it goes to somebody who is there. */
export const watchAddresses = (context: WatchContext): Promise<void> =>
  part(context, 'addresses', async () => {
    const { table, clock, subscribers, log } = context;
    const known = await readAddresses(table);
    if (known && clock.now() - known.checkedAt < addressesEvery) return;
    await checkAddresses(table, subscribers, clock.now());
    log.info('ADDRESSES_CHECKED');
  });

/** What operators must know of mailboxes and organisations, and the digests that are due. */
export const watchPeople = async (context: WatchContext): Promise<void> => {
  const { table, clock } = context;
  const registered = () => Promise.all([listSenders(table), listMailboxes(table)]);
  await part(context, 'standing', async () => {
    const [[senders, mailboxes], addresses] = await Promise.all([registered(), readAddresses(table)]);
    await leaveStanding(table, standingOf(senders, mailboxes, addresses, clock.now()), clock.now());
  });
  await part(context, 'digests', async () => giveDigests(people(context), ...(await registered())));
};
