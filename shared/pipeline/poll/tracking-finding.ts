import type { TrackingFinding } from '../../delivery/tracking.ts';
import type { Outcome } from '../../mesh/outcomes.ts';
import { describeCode } from '../../mesh/status-codes.ts';
import type { Tracked } from '../../mesh/tracking.ts';
import { fitCode, fitMailbox, fitName, fitOds } from './fit.ts';

const statusOf = (status: string) =>
  status === 'accepted' || status === 'acknowledged' || status === 'undeliverable' ? status : undefined;

const withoutCode = {
  meaning: 'MESH says that it could not deliver the message, and not why.',
  advice: 'Ask the MESH service desk about it, naming its MESH message id, and send the document another way.',
};

/** `undeliverable` is believed only where nothing in the answer speaks against it. */
const failureOf = ({ status, statusSuccess, statusCode = '' }: Tracked) => {
  if (status !== 'undeliverable' || statusSuccess === true) return undefined;
  const told = !/^0*$/.test(statusCode);
  const { meaning, advice } = told ? describeCode(fitCode(statusCode)) : withoutCode;
  return { code: told ? fitCode(statusCode) : 'NO_CODE', advice: `${meaning} ${advice}` };
};

/** What MESH answered about one message, in terms of its record. Pure. */
export const findingOf = (outcome: Outcome<Tracked>): TrackingFinding => {
  if (outcome.kind === 'transient' || outcome.kind === 'configuration') return { kind: 'unavailable' };
  if (outcome.kind !== 'ok') return { kind: 'unknown' };
  const tracked = outcome.value;
  const failure = failureOf(tracked);
  const status = statusOf(tracked.status);
  const mailboxId = fitMailbox(tracked.recipient);
  const odsCode = fitOds(tracked.recipientOdsCode);
  const organisation = fitName(tracked.recipientName);
  return {
    kind: 'found',
    ...(status === undefined ? {} : { status }),
    ...(failure === undefined ? {} : { failure }),
    ...(mailboxId === undefined
      ? {}
      : {
          routed: {
            mailboxId,
            ...(odsCode === undefined ? {} : { odsCode }),
            ...(organisation === undefined ? {} : { organisation }),
          },
        }),
  };
};
