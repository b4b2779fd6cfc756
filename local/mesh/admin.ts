import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { z } from 'zod';
import { isoTime } from '../../shared/platform/clock.ts';
import type { LocalClock } from '../clock.ts';
import type { Bodies } from './bodies.ts';
import type { MeshControl } from './control.ts';
import { type Fault, faultKinds, operations } from './fault-script.ts';
import { empty, json, type Reply } from './replies.ts';
import { drained, textOf } from './requests.ts';
import { decode } from './routes.ts';
import type { Directory, Mailbox } from './routing.ts';
import { type MeshSettings, meshSettings } from './settings.ts';
import type { Message, Store } from './store.ts';

/** The routes that no real MESH has; the public sandbox's names where it has them (docs/mesh-simulator.md). */
export const adminPrefix = '/messageexchange/admin/';

export interface AdminSetting {
  readonly control: MeshControl;
  readonly store: Store;
  readonly bodies: Bodies;
  readonly directory: Directory;
  readonly settings: MeshSettings;
  /** Can be moved where it has a `leap`. */
  readonly clock: LocalClock & { leap?(ms: number): void };
}

const optional = z.string().nullish();

const reportSchema = z.object({
  mailbox_id: z.string(),
  code: z.string(),
  description: z.string(),
  workflow_id: z.string(),
  subject: optional,
  local_id: optional,
  status: z.enum(['undeliverable', 'error']).nullish(),
  file_name: optional,
  linked_message_id: optional,
});

const eventSchema = z.object({
  status: z.enum(['accepted', 'acknowledged', 'undeliverable', 'error']),
  code: optional,
  event: optional,
  description: optional,
});

const mailboxSchema = z.strictObject({
  password: z.string().exactOptional(),
  workflows: z.array(z.string()).exactOptional(),
  active: z.boolean().exactOptional(),
  internal: z.boolean().exactOptional(),
});

const faultSchema = z.strictObject({
  operation: z.enum([...operations, 'any']),
  mailbox_id: z.string().exactOptional(),
  fault: z.enum(faultKinds),
  status: z.number().int().min(200).max(599).exactOptional(),
  body: z.string().exactOptional(),
  content_type: z.string().exactOptional(),
  retry_after: z.union([z.number(), z.string()]).exactOptional(),
  delay_ms: z.number().nonnegative().exactOptional(),
  times: z.number().int().positive().exactOptional(),
  skip: z.number().int().nonnegative().exactOptional(),
});

const clockSchema = z.strictObject({ advance_ms: z.number() });

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camel = (name: string) => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
const renamed = (value: object, rename: (name: string) => string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(value).map(([name, inner]) => [rename(name), inner]));

const settingChanges = z
  .record(z.string(), z.unknown())
  .transform((changes) => renamed(changes, camel))
  .pipe(meshSettings.unwrap().partial());

const given = <T extends Record<string, unknown>>(fields: T) =>
  Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && value !== null)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };

const notFound = json(404, { detail: 'Not Found' });

type Handler = (setting: AdminSetting, match: readonly string[], text: string, query: URLSearchParams) => Reply;

/** Checks a body against its schema before anything is done with it. */
const reading =
  <T>(schema: z.ZodType<T>, act: (setting: AdminSetting, value: T, match: readonly string[]) => Reply): Handler =>
  (setting, match, text) => {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return json(400, { detail: 'not JSON' });
    }
    const read = schema.safeParse(value);
    if (!read.success) {
      return json(400, {
        detail: read.error.issues.map(({ path, message }) => ({ loc: ['body', ...path], msg: message })),
      });
    }
    return act(setting, read.data, match);
  };

const shownMailbox = (mailbox: Mailbox) => ({
  mailbox_id: mailbox.mailboxId,
  mailbox_name: mailbox.name,
  ods_code: mailbox.odsCode,
  org_code: mailbox.odsCode,
  org_name: mailbox.name,
  active: mailbox.active ?? true,
  ...given({ workflows: mailbox.workflows }),
});

/** Ids, sizes and digests: no address and no subject. */
const shownMessage = (message: Message) => ({
  message_id: message.id,
  message_type: message.type,
  ...given({ sender: message.from, recipient: message.recipient }),
  workflow_id: message.workflowId,
  status: message.state,
  status_timestamp: isoTime(message.stateAt),
  created_timestamp: isoTime(message.acceptedAt),
  total_chunks: message.total,
  deleted: message.deleted ?? false,
  ...given({ code: message.failure?.code, description: message.failure?.description }),
});

const listed: Handler = ({ control, store }, _, __, query) => {
  const workflow = query.get('workflow');
  const recipient = query.get('recipient');
  const messages = control.sent().flatMap((sent) => {
    const message = store.find(sent.meshMessageId);
    if (!message || (workflow ?? sent.workflowId) !== sent.workflowId) return [];
    if (recipient !== null && recipient !== sent.deliveredTo) return [];
    const { body } = sent;
    const sha256 = createHash('sha256').update(body).digest('hex');
    return [{ ...shownMessage(message), file_size: body.length, sha256 }];
  });
  return json(200, { messages });
};

const routes: readonly (readonly [method: string, path: RegExp, handler: Handler])[] = [
  [
    'DELETE',
    /^reset$/,
    ({ control }) => {
      control.reset();
      return json(200, { message: 'all mailboxes reset' });
    },
  ],
  [
    'DELETE',
    /^reset\/([^/]+)$/,
    ({ store, directory }, [id = '']) => {
      const mailbox = directory.mailbox(id.toUpperCase());
      if (!mailbox) return json(404, { detail: 'mailbox does not exist' });
      store.reset(mailbox.mailboxId);
      return json(200, { message: `mailbox ${mailbox.mailboxId} reset` });
    },
  ],
  [
    'POST',
    /^report$/,
    reading(reportSchema, ({ directory, store }, report) => {
      const mailbox = directory.mailbox(report.mailbox_id.toUpperCase());
      if (!mailbox) return json(404, { detail: 'mailbox does not exist' });
      const optionals = given({
        subject: report.subject,
        localId: report.local_id,
        fileName: report.file_name,
        linkedMessageId: report.linked_message_id,
      });
      const { id } = store.report({
        mailboxId: mailbox.mailboxId,
        code: report.code,
        description: report.description,
        workflowId: report.workflow_id,
        // As the sandbox: what could not be delivered failed in sending, any other error in the transfer.
        event: report.status === 'error' ? 'TRANSFER' : 'SEND',
        ...optionals,
      });
      return json(200, { message_id: id });
    }),
  ],
  [
    'POST',
    /^message\/([^/]+)\/event$/,
    reading(eventSchema, ({ store }, { status, code, event, description }, [id = '']) => {
      const message = store.find(id);
      if (!message) return notFound;
      if (message.deleted) return json(410, { detail: 'message is deleted' });
      if (message.state === 'uploading') return json(409, { detail: 'message is not complete' });
      const failed = status === 'undeliverable' || status === 'error';
      store.setState(
        message,
        status === 'error' ? 'undeliverable' : status,
        failed ? { code: code ?? '14', event: event ?? 'SEND', description: description ?? '' } : undefined,
      );
      return empty(200);
    }),
  ],
  [
    'GET',
    /^message\/([^/]+)$/,
    ({ store }, [id = '']) => {
      const message = store.find(id);
      return message ? json(200, shownMessage(message)) : notFound;
    },
  ],
  ['GET', /^messages$/, listed],
  [
    'GET',
    /^mailbox\/([^/]+)$/,
    ({ directory }, [id = '']) => {
      const mailbox = directory.mailbox(id.toUpperCase());
      return mailbox ? json(200, shownMailbox(mailbox)) : notFound;
    },
  ],
  [
    'POST',
    /^mailbox\/([^/]+)$/,
    reading(mailboxSchema, ({ control }, changes, [id = '']) =>
      control.changeMailbox(id.toUpperCase(), changes) ? empty(204) : notFound,
    ),
  ],
  [
    'POST',
    /^fault$/,
    reading(faultSchema, ({ control }, fault) => {
      control.failNext(renamed(fault, camel) as unknown as Fault);
      return empty(204);
    }),
  ],
  [
    'DELETE',
    /^fault$/,
    ({ control }) => {
      control.clearFaults();
      return empty(204);
    },
  ],
  ['GET', /^settings$/, ({ settings }) => json(200, renamed(settings, snake))],
  [
    'POST',
    /^settings$/,
    reading(settingChanges, ({ control, settings }, changes) => {
      control.configure(given(changes));
      return json(200, renamed(settings, snake));
    }),
  ],
  ['GET', /^clock$/, ({ clock }) => json(200, { now: isoTime(clock.now()) })],
  [
    'POST',
    /^clock$/,
    reading(clockSchema, ({ clock }, { advance_ms: ms }) => {
      if (!clock.leap) return json(409, { detail: 'this clock cannot be moved' });
      clock.leap(ms);
      return json(200, { now: isoTime(clock.now()) });
    }),
  ],
  ['GET', /^requests$/, ({ control }) => json(200, { ...control.requests, connections: control.connections() })],
];

export const administer = async (setting: AdminSetting, request: IncomingMessage): Promise<Reply> => {
  const url = new URL(request.url ?? '/', 'https://simulator.invalid');
  const path = url.pathname.slice(adminPrefix.length);
  for (const [method, pattern, handler] of routes) {
    const match = method === request.method ? pattern.exec(path) : null;
    if (!match) continue;
    const text = await textOf(request);
    if (text === undefined) return json(413, { detail: 'too much' });
    return handler(setting, match.slice(1).map(decode), text, url.searchParams);
  }
  await drained(request);
  return notFound;
};
