import type { AttemptOutcome } from '../../delivery/record.ts';
import type { SendOutcome } from '../../mesh/outcomes.ts';
import type { MeshMessageId } from '../../platform/ids.ts';
import { meshAdvice } from '../mesh-advice.ts';

/**
 * MESH delivers nothing before it has the last part: an upload that broke off earlier certainly was not sent, and goes
 * on from where it stands. Only a last part without an answer leaves a doubt, and a message that MESH calls complete.
 */
export const attemptOutcome = (outcome: SendOutcome, at: number): AttemptOutcome => {
  const mayBeWhole = outcome.kind !== 'refused' || outcome.status === 423;
  if (outcome.kind !== 'sent' && outcome.upload !== undefined && mayBeWhole) {
    const certain = outcome.kind === 'transient' || outcome.kind === 'configuration';
    return {
      kind: certain ? 'not-sent' : 'unknown',
      at,
      reason: `the upload ${outcome.upload.meshMessageId} broke off before part ${outcome.upload.nextPart}: ${outcome.reason}`,
    };
  }
  switch (outcome.kind) {
    case 'sent':
      return { kind: 'sent', at, meshMessageId: outcome.meshMessageId as MeshMessageId };
    case 'refused':
      return {
        kind: 'refused',
        at,
        code: outcome.code ?? `HTTP_${outcome.status ?? 'NONE'}`,
        advice: `${outcome.reason} ${meshAdvice(outcome.code, outcome.advice)}`,
      };
    case 'transient':
    case 'configuration':
      return { kind: 'not-sent', at, reason: outcome.reason };
    case 'unknown':
      return { kind: 'unknown', at, reason: outcome.reason };
  }
};
