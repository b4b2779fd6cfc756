import { attentionOf } from '../../delivery/attention.ts';
import type { ResolutionRoute } from '../../delivery/record.ts';
import { stateOf } from '../../delivery/state-of.ts';
import { isoTime } from '../../platform/clock.ts';
import { type DocumentAction, event } from './action.ts';
import { plainRefusal } from './words.ts';

/** Records what somebody did about what needs a person. It sends nothing and moves nothing. */
export const resolve = (route: ResolutionRoute): DocumentAction => ({
  name: `resolve ${route}`,
  typed: `resolve --route ${route}`,
  done: 'is dealt with',
  history: ['resolved'],
  event: (_, { by, why }) => event({ kind: 'resolved', route, by, note: why }),
  foretell: (before, after) => [
    `Dealt with (${route}):`,
    ...attentionOf(before).map(({ code, since, what }) => `  ${code} since ${isoTime(since)}: ${what}`),
    'Nothing is sent by this, and the state stays. The same condition come anew needs a person again.',
    ...(after.holds.length > 0
      ? [`It stays held: ${after.holds.map(({ reason }) => reason).join(', ')}.`]
      : route === 'resent' && stateOf(before) === stateOf(after)
        ? ['“resent” says that somebody has sent it by other means; to have this system do it: resend.']
        : []),
  ],
  refusal: (record, why) => {
    const last = record.resolutions?.at(-1);
    if (why !== 'nothing-open') return plainRefusal(record, why);
    return last
      ? {
          settled: true,
          lines: [
            `It was dealt with before, at ${isoTime(last.at)}, by ${last.by}: ${last.route}${last.note === undefined ? '' : ` (${last.note})`}`,
          ],
        }
      : { lines: [`Nothing about it needs a person: it is ${stateOf(record)}.`] };
  },
});
