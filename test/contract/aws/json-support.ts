import { expect } from 'vitest';
import type { ServiceCall, ServiceSetting } from '../../../local/aws/service.ts';
import type { LocalClock } from '../../../local/clock.ts';

export const region = 'eu-west-2';
export const account = '000000000000';
export const credentials = { accessKeyId: 'AKIALOCALTEST', secretAccessKey: 'a-secret-of-the-tests' };

/** A service's setting for tests, with every observed call written to `calls`. */
export const settingOn = (clock: LocalClock): { setting: ServiceSetting; calls: ServiceCall[] } => {
  const calls: ServiceCall[] = [];
  const setting: ServiceSetting = {
    clock,
    region,
    account,
    identities: { secretFor: (id) => (id === credentials.accessKeyId ? credentials.secretAccessKey : undefined) },
    observe: (call) => calls.push(call),
  };
  return { setting, calls };
};

/** What every client of these tests is made with: no retries, so that each error is seen as it came. */
export const clientSetting = (endpoint: string) => ({ endpoint, region, credentials, maxAttempts: 1 });

/** Lets a client sign with `clock`'s time, wherever that has been moved to. */
export const followClock = (client: { config: { systemClockOffset: number } }, clock: LocalClock): void => {
  Object.defineProperty(client.config, 'systemClockOffset', {
    get: () => clock.now() - Date.now(),
    set: () => undefined,
  });
};

/** Passes when the call is refused with this error name. */
export const refused = async (call: Promise<unknown>, name: string): Promise<void> => {
  await expect(call).rejects.toMatchObject({ name });
};

/** The value, or a failed test: for what must be there. */
export const present = <T>(value: T | undefined | null, what = 'value'): T => {
  if (value === undefined || value === null) throw new Error(`${what} is missing`);
  return value;
};
