import { Readable } from 'node:stream';
import type { LocalClock } from '../../../local/clock.ts';
import type { Bodies } from '../../../local/mesh/bodies.ts';
import { createBackstage, type MeshControl } from '../../../local/mesh/control.ts';
import type { Operation } from '../../../local/mesh/fault-script.ts';
import { type MeshService, perform } from '../../../local/mesh/operations.ts';
import type { Reply } from '../../../local/mesh/replies.ts';
import { matchCall } from '../../../local/mesh/routes.ts';
import type { Directory, Mailbox, RegisteredPatient } from '../../../local/mesh/routing.ts';
import { defaultSettings } from '../../../local/mesh/settings.ts';
import { createStore } from '../../../local/mesh/store.ts';
import { createThrottle } from '../../../local/mesh/throttle.ts';
import { createTokenCheck } from '../../../local/mesh/tokens.ts';
import type { Exchange, HttpCall, OpenTransport } from '../../../shared/mesh/transport.ts';

/**
 * The MESH simulator without a network: the production client speaks to the simulator's own operations, tokens,
 * routing and inboxes; only TLS and HTTP are left out. What TLS and HTTP do wrong is test/fault/mesh's.
 */

/** What becomes of one request. */
export type MeshWeather =
  | { readonly kind: 'fair' }
  /** Cut before it was processed, or after: accepted, and the answer lost. */
  | { readonly kind: 'cut'; readonly when: 'before' | 'after' }
  /** Answered with this status: unprocessed, or processed all the same. */
  | { readonly kind: 'status'; readonly status: number; readonly processed?: boolean };

const memoryBodies = (): Bodies => {
  const kept = new Map<string, Buffer>();
  let last = 0;
  const keep = (bytes: Buffer) => {
    const path = String(++last);
    kept.set(path, bytes);
    return { path, length: bytes.length };
  };
  const read = ({ path }: { readonly path: string }) => kept.get(path) ?? Buffer.alloc(0);
  return {
    keep,
    read,
    async receive(source) {
      const parts: Buffer[] = [];
      for await (const part of source) parts.push(part);
      return keep(Buffer.concat(parts));
    },
    open: (body) => Readable.from([read(body)]),
    remove: ({ path }) => void kept.delete(path),
    close: () => kept.clear(),
  };
};

export interface InProcessMesh {
  readonly control: MeshControl;
  /** `through` has each exchange pass a test's own gate; `weather` is asked when it gets through. */
  transport(
    through: <R>(operation: Operation | 'unknown', effect: () => Promise<R>) => Promise<R>,
    weather: (operation: Operation | 'unknown', mailboxId: string) => MeshWeather,
  ): OpenTransport;
}

export const inProcessMesh = (setting: {
  readonly clock: LocalClock;
  readonly mailboxes: readonly Mailbox[];
  readonly patients: readonly RegisteredPatient[];
  readonly sharedKey: string;
}): InProcessMesh => {
  const { clock } = setting;
  const mailboxes = new Map(setting.mailboxes.map((mailbox) => [mailbox.mailboxId, mailbox]));
  const settings = { ...defaultSettings };
  const directory: Directory = {
    mailbox: (id) => mailboxes.get(id),
    patients: (nhsNumber) => setting.patients.filter((patient) => patient.nhsNumber === nhsNumber),
    dateOfBirthFormat: settings.dateOfBirthFormat,
  };
  const bodies = memoryBodies();
  const store = createStore({ clock, directory, bodies, settings });
  const tokens = createTokenCheck(setting.sharedKey);
  const service: MeshService = {
    clock,
    settings,
    directory,
    store,
    bodies,
    tokens,
    throttle: createThrottle(),
    mailboxes: () => [...mailboxes.values()],
  };
  const backstage = createBackstage({
    store,
    bodies,
    configure: (changes) => void Object.assign(settings, changes),
    changeMailbox(mailboxId, changes) {
      const mailbox = mailboxes.get(mailboxId);
      if (mailbox) mailboxes.set(mailboxId, { ...mailbox, ...changes });
      return mailbox !== undefined;
    },
    restore: () => undefined,
  });

  const answered = ({ status, headers = {}, body, stored }: Reply, method: string): Exchange => {
    const bytes = method === 'HEAD' ? undefined : stored ? bodies.read(stored) : body;
    const response = Object.assign(Readable.from(bytes && bytes.length > 0 ? [bytes] : []), {
      statusCode: status,
      headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
      complete: true,
    });
    return { kind: 'answer', status, bodySent: true, serverTime: clock.now(), response: response as never };
  };
  const cut = (call: HttpCall, mayHaveArrived: boolean): Exchange => ({
    kind: 'no-answer',
    mayHaveArrived: mayHaveArrived && call.body !== undefined,
    fault: { kind: 'network', cut: true, reason: 'The connection broke.' },
  });
  const bytesOf = async ({ body }: HttpCall): Promise<Buffer> => {
    const opened = await body?.open();
    if (!opened) return Buffer.alloc(0);
    if (opened instanceof Uint8Array) return Buffer.from(opened);
    const parts: Uint8Array[] = [];
    for await (const part of opened as AsyncIterable<Uint8Array>) parts.push(part);
    return Buffer.concat(parts);
  };

  return {
    control: backstage.control,
    transport: (through, weather) => (transportSetting) => ({
      exchange: async (call) => {
        const url = call.path;
        const matched = matchCall(call.method, url);
        const operation = matched?.operation ?? 'unknown';
        // Read outside of the exchange: another port's call.
        const bytes = await bytesOf(call);
        return through(operation, async () => {
          if (!matched) return answered({ status: 404 }, call.method);
          backstage.count(matched.operation);
          const met = weather(operation, matched.mailboxId ?? '');
          // The whole request had gone out: that nothing came of it is known to nobody but us.
          if (met.kind === 'cut' && met.when === 'before') return cut(call, true);
          if (met.kind === 'status' && !met.processed) return answered({ status: met.status }, call.method);
          const headers: Record<string, string> = {};
          for (let n = 0; n + 1 < call.headers.length; n += 2) {
            headers[(call.headers[n] ?? '').toLowerCase()] = call.headers[n + 1] ?? '';
          }
          const request = Object.assign(Readable.from(bytes.length > 0 ? [bytes] : []), {
            method: call.method,
            url,
            headers,
          });
          const reply = await perform(service, request as never, matched);
          if (met.kind === 'cut') return cut(call, true);
          if (met.kind === 'status') return answered({ status: met.status }, call.method);
          return answered(reply, call.method);
        });
      },
      hasProvenConnection: () => true,
      diagnose: async () => undefined,
      remaining: () => Math.max(0, transportSetting.deadline() - transportSetting.clock.now()),
      clockSkew: () => transportSetting.clock.now() - clock.now(),
      dropIdleConnections: () => undefined,
      retire: () => undefined,
      close: () => undefined,
    }),
  };
};
