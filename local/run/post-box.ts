import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isoTime } from '../../shared/platform/clock.ts';

/** An e-mail that the run would have sent. */
export interface Mail {
  readonly at: number;
  readonly to: string;
  readonly subject: string;
  readonly message: string;
}

export interface KeptMail extends Mail {
  readonly path: string;
  /** It asks to confirm a subscription. */
  readonly confirms: boolean;
}

export interface PostBox {
  take(mail: Mail): void;
  /** What the last e-mail says that asked this address to confirm. */
  tokenFor(address: string): string | undefined;
}

const asks = /send back this token: (\S+)/;

/** Keeps every e-mail of a run as a file, `0001-{address}.txt` and so on, instead of sending it. */
export const openPostBox = (dir: string, tell: (mail: KeptMail) => void = () => undefined): PostBox => {
  mkdirSync(dir, { recursive: true });
  const tokens = new Map<string, string>();
  let count = 0;
  return {
    take(mail) {
      count += 1;
      const { at, to, subject, message } = mail;
      const path = join(dir, `${String(count).padStart(4, '0')}-${to.replace(/[^A-Za-z0-9.@_-]/g, '_')}.txt`);
      writeFileSync(path, `To: ${to}\nDate: ${isoTime(at)}\nSubject: ${subject}\n\n${message}\n`);
      const [, token] = asks.exec(message) ?? [];
      if (token !== undefined) tokens.set(to, token);
      tell({ ...mail, path, confirms: token !== undefined });
    },
    tokenFor: (address) => tokens.get(address),
  };
};
