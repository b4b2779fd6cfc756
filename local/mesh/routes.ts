import type { Operation } from './fault-script.ts';

export interface Call {
  readonly operation: Operation;
  /** In upper case. Absent for the operations that no mailbox owns. */
  readonly mailboxId?: string;
  /** Decoded path parts after the operation's own. */
  readonly parameters: readonly string[];
  readonly query: URLSearchParams;
}

type Pattern = readonly [methods: string, path: RegExp, operation: Operation];

const patterns: readonly Pattern[] = [
  ['GET', /^\/_ping$/, 'ping'],
  ['GET', /^\/endpointlookup\/([^/]+)\/([^/]+)$/, 'lookup'],
  ['GET', /^\/workflowsearch\/([^/]+)$/, 'workflowSearch'],
  ['POST GET', /^\/([^/]+)$/, 'handshake'],
  ['GET', /^\/([^/]+)\/inbox$/, 'list'],
  ['GET', /^\/([^/]+)\/count$/, 'count'],
  ['HEAD', /^\/([^/]+)\/inbox\/([^/]+)$/, 'head'],
  ['GET', /^\/([^/]+)\/inbox\/([^/]+)$/, 'download'],
  ['GET', /^\/([^/]+)\/inbox\/([^/]+)\/(\d+)$/, 'downloadChunk'],
  ['PUT', /^\/([^/]+)\/inbox\/([^/]+)\/status\/acknowledged$/, 'acknowledge'],
  ['POST', /^\/([^/]+)\/outbox$/, 'send'],
  ['POST', /^\/([^/]+)\/outbox\/([^/]+)\/(\d+)$/, 'sendChunk'],
  ['GET', /^\/([^/]+)\/outbox\/tracking$/, 'track'],
  ['GET', /^\/([^/]+)\/outbox\/tracking\/([^/]+)$/, 'trackByLocalId'],
];

const withoutMailbox: readonly Operation[] = ['ping', 'lookup', 'workflowSearch'];
const prefix = '/messageexchange';

/** As it came where it is not well encoded. */
export const decode = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

/** Which operation a request is, if any. */
export const matchCall = (method: string, url: string): Call | undefined => {
  const [path = '', search = ''] = url.split(/\?(.*)/s);
  if (!path.startsWith(prefix)) return undefined;
  for (const [methods, pattern, operation] of patterns) {
    const match = methods.split(' ').includes(method) ? pattern.exec(path.slice(prefix.length)) : null;
    if (!match) continue;
    const parts = match.slice(1).map(decode);
    const query = new URLSearchParams(search);
    if (withoutMailbox.includes(operation)) return { operation, parameters: parts, query };
    const [mailboxId = '', ...parameters] = parts;
    return { operation, mailboxId: mailboxId.toUpperCase(), parameters, query };
  }
  return undefined;
};
