import type { IncomingMessage, RequestListener } from 'node:http';
import type { z } from 'zod';
import { authenticate, dateHeader, goneSignal, isZodError, type Operation } from '../json-service.ts';
import { readAll, requestId, ServiceError, type ServiceSetting } from '../service.ts';

/** A form of the Query protocol unfolded: `A.member.1` as lists, `A.entry.1` as maps, other dots as nested fields. */
export type FormValue = string | FormValue[] | { [name: string]: FormValue };

/** What a reply is made of: lists become `member`s, maps `entry`s of key and value; undefined is left out. */
export type XmlValue =
  | string
  | number
  | undefined
  | readonly XmlValue[]
  | ReadonlyMap<string, string>
  | { readonly [name: string]: XmlValue };

interface Branch {
  text?: string;
  readonly children: Map<string, Branch>;
}

const inOrder = (branch: Branch): Branch[] =>
  [...branch.children].sort(([a], [b]) => Number(a) - Number(b)).map(([, child]) => child);

const unfold = ({ text, children }: Branch): FormValue => {
  if (children.size === 0) return text ?? '';
  const members = children.get('member');
  if (members) return inOrder(members).map(unfold);
  const entries = children.get('entry');
  if (!entries) return Object.fromEntries([...children].map(([name, child]) => [name, unfold(child)]));
  return Object.fromEntries(
    inOrder(entries).map(({ children: pair }) => {
      const value = pair.get('value') ?? pair.get('Value');
      return [(pair.get('key') ?? pair.get('Name'))?.text ?? '', value ? unfold(value) : ''];
    }),
  );
};

export const parseForm = (body: string): FormValue => {
  const root: Branch = { children: new Map() };
  for (const [path, value] of new URLSearchParams(body)) {
    let branch = root;
    for (const name of path.split('.')) {
      const child = branch.children.get(name) ?? { children: new Map() };
      branch.children.set(name, child);
      branch = child;
    }
    branch.text = value;
  }
  return unfold(root);
};

const escapes: Readonly<Record<string, string>> = { '<': '&lt;', '>': '&gt;', '&': '&amp;', '"': '&quot;' };
const escapeXml = (text: string): string => text.replace(/[<>&"]/g, (c) => escapes[c] ?? c);

const isList = (value: XmlValue): value is readonly XmlValue[] => Array.isArray(value);

export const toXml = (value: XmlValue): string => {
  if (value === undefined) return '';
  if (typeof value !== 'object') return escapeXml(String(value));
  if (isList(value)) return value.map((item) => `<member>${toXml(item)}</member>`).join('');
  if (value instanceof Map) {
    const pairs = [...value].map(([key, text]) => toXml({ key, value: text }));
    return pairs.map((pair) => `<entry>${pair}</entry>`).join('');
  }
  return Object.entries(value)
    .filter(([, child]) => child !== undefined)
    .map(([name, child]) => `<${name}>${toXml(child)}</${name}>`)
    .join('');
};

interface QueryProtocol {
  readonly setting: ServiceSetting;
  /** IAM's name of the service, such as `sns`. */
  readonly service: string;
  readonly namespace: string;
  readonly operations: ReadonlyMap<string, Operation>;
  /** What somebody gets who follows a link (GET), signed by nobody. */
  links(query: URLSearchParams): object;
  invalid(error: z.ZodError): ServiceError;
}

/** Serves the awsQuery protocol: a form in, XML out. */
export const queryListener = (protocol: QueryProtocol): RequestListener => {
  const { setting, namespace } = protocol;

  const responseOf = (action: string, result: object): string => {
    const content = toXml({ [`${action}Result`]: { ...result }, ResponseMetadata: { RequestId: requestId() } });
    return `<${action}Response xmlns="${namespace}">${content}</${action}Response>`;
  };

  const answer = async (request: IncomingMessage, gone: AbortSignal): Promise<string> => {
    if (request.method === 'GET') {
      const { searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
      return responseOf(searchParams.get('Action') ?? '', protocol.links(searchParams));
    }
    const body = await readAll(request);
    const caller = authenticate(request, body, setting);
    const form = parseForm(body.toString('utf8'));
    const action = typeof form === 'object' && !Array.isArray(form) ? form.Action : undefined;
    const known = typeof action === 'string' ? protocol.operations.get(action) : undefined;
    if (typeof action !== 'string' || !known) {
      throw new ServiceError('InvalidAction', `There is no operation ${String(action)} here.`);
    }
    const call = known.prepare(form);
    setting.observe?.({
      accessKeyId: caller.accessKeyId,
      action: `${protocol.service}:${known.action ?? action}`,
      resource: call.resource,
    });
    const result = await call.run({ caller, host: request.headers.host ?? '127.0.0.1', gone });
    return responseOf(action, result);
  };

  const faultOf = (error: unknown): ServiceError => {
    if (error instanceof ServiceError) return error;
    if (isZodError(error)) return protocol.invalid(error);
    return new ServiceError('InternalError', error instanceof Error ? error.message : 'Internal error', 500);
  };

  return (request, response) => {
    const reply = (status: number, xml: string) => {
      const bytes = Buffer.from(xml);
      response.writeHead(status, {
        'content-type': 'text/xml',
        'content-length': bytes.length,
        'x-amzn-requestid': requestId(),
        ...dateHeader(setting.clock),
      });
      response.end(bytes);
    };
    answer(request, goneSignal(response)).then(
      (xml) => reply(200, xml),
      (error: unknown) => {
        const { status, code, message } = faultOf(error);
        const fault = { Type: status < 500 ? 'Sender' : 'Receiver', Code: code, Message: message };
        const content = toXml({ Error: fault, RequestId: requestId() });
        reply(status, `<ErrorResponse xmlns="${namespace}">${content}</ErrorResponse>`);
      },
    );
  };
};
