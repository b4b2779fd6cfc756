import type { Clock } from '../platform/clock.ts';
import type { MeshCredentials } from './credentials.ts';
import type { Configuration } from './outcomes.ts';
import { secureContextOf, type Transport, type TransportSetting } from './transport.ts';

/** What requests go out with: replaced as a whole when the credentials change. */
export interface Access {
  readonly credentials: MeshCredentials;
  readonly transport: Transport;
}

/** What every operation works with. */
export interface Session {
  readonly mailboxId: string;
  readonly clock: Clock;
  readonly uuid: () => string;
  access(): Access;
  /**
   * MESH does not take what `used` holds: reads the credentials again. `renewed`: there are others, try with them.
   * A configuration fault is about what was read.
   */
  renew(used: Access): Promise<'renewed' | 'same' | Configuration>;
}

export interface SessionSetting {
  readonly mailboxId: string;
  readonly clock: Clock;
  readonly uuid: () => string;
  readonly credentials: MeshCredentials;
  readonly renewCredentials?: (() => Promise<MeshCredentials | Configuration | undefined>) | undefined;
  readonly transport: (secureContext: TransportSetting['secureContext']) => Transport;
}

/** Credentials found unchanged are not read again before so much of the clock's time has passed. */
const renewalPauseMs = 60_000;

const same = (a: MeshCredentials, b: MeshCredentials): boolean =>
  a.password === b.password && a.sharedKey === b.sharedKey && a.cert === b.cert && a.key === b.key && a.ca === b.ca;

export interface OpenSession extends Session {
  close(): void;
}

/** Undefined in place of a session where TLS does not take the first credentials: `fault` says why. */
export const openSession = (setting: SessionSetting): { session: OpenSession } | { fault: Configuration } => {
  const first = secureContextOf(setting.credentials);
  if (first.kind !== 'ok') return { fault: first };
  let current: Access = { credentials: setting.credentials, transport: setting.transport(first.value) };
  const transports = [current.transport];
  let reading: Promise<'renewed' | 'same' | Configuration> | undefined;
  let foundSameAt = Number.NEGATIVE_INFINITY;

  const read = async (): Promise<'renewed' | 'same' | Configuration> => {
    const found = await setting.renewCredentials?.().catch(() => undefined);
    if (found !== undefined && 'kind' in found) return found;
    if (found === undefined || same(found, current.credentials)) {
      foundSameAt = setting.clock.now();
      return 'same';
    }
    const context = secureContextOf(found);
    if (context.kind !== 'ok') return context;
    // Requests under way keep their connections: cutting one would be a doubt.
    current.transport.retire();
    current = { credentials: found, transport: setting.transport(context.value) };
    transports.push(current.transport);
    return 'renewed';
  };

  return {
    session: {
      mailboxId: setting.mailboxId,
      clock: setting.clock,
      uuid: setting.uuid,
      access: () => current,
      async renew(used) {
        if (used !== current) return 'renewed';
        if (!setting.renewCredentials || setting.clock.now() - foundSameAt < renewalPauseMs) return 'same';
        reading ??= read().finally(() => {
          reading = undefined;
        });
        return reading;
      },
      close() {
        for (const transport of transports) transport.close();
      },
    },
  };
};
