import type { MeshHeaders } from './mesh-headers.ts';
import { describeCode } from './status-codes.ts';

/** MESH could not deliver a message of ours (or has something else to say about it). */
export interface MeshReport {
  /** MESH id of the message that the report is about: the only thing to correlate by. */
  readonly linkedMessageId?: string;
  /** As it came, such as `14` or `EPL-152`; empty where the report has none. */
  readonly statusCode: string;
  readonly statusEvent?: string;
  /**
   * What `Mex-StatusSuccess` says together with the code: only one that says SUCCESS, or has the code 00, and does not
   * say ERROR, is good news (a transfer report). Anything else means that MESH could not deliver.
   */
  readonly delivered: boolean;
  /** MESH's own text, kept raw: for an audited reader, never for a log. */
  readonly statusDescription?: string;
  /** Epoch milliseconds. */
  readonly timestamp?: number;
  /** Workflow of the message that the report is about. */
  readonly workflowId?: string;
  /** Our sentence for the code. */
  readonly meaning: string;
  readonly advice: string;
}

/** `yyyyMMddHHmmss` (UTC) to epoch milliseconds; undefined where it is not a time. */
export const parseStatusTimestamp = (text: string | undefined): number | undefined => {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)?$/.exec(text ?? '');
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second = '00'] = match;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
};

const isGoodNews = (code: string, success: string | undefined): boolean => {
  const said = success?.trim().toUpperCase();
  if (/^0*$/.test(code)) return said === 'SUCCESS' || (code !== '' && said !== 'ERROR');
  return false;
};

/** Reads a report from its headers (its body is empty). Undefined for anything but a REPORT. GPCM-SD-075 */
export const parseReport = (headers: MeshHeaders): MeshReport | undefined => {
  if (headers.messageType !== 'REPORT') return undefined;
  const code = headers.statusCode ?? '';
  const { meaning, advice } = code
    ? describeCode(code)
    : {
        meaning: 'MESH sent a report without a code.',
        advice: 'Ask the MESH service desk about the message, naming its MESH message id.',
      };
  const optional = {
    linkedMessageId: headers.linkedMessageId,
    statusEvent: headers.get('mex-statusevent'),
    statusDescription: headers.get('mex-statusdescription'),
    timestamp: parseStatusTimestamp(headers.get('mex-statustimestamp')),
    workflowId: headers.workflowId,
  };
  const delivered = isGoodNews(code, headers.get('mex-statussuccess'));
  return { statusCode: code, delivered, meaning, advice, ...present(optional) };
};

/** The same object without the members that are undefined. */
const present = <T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
