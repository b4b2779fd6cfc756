import { appendFileSync } from 'node:fs';
import { isoTime } from '../../shared/platform/clock.ts';
import type { ServiceCall } from '../aws/service.ts';
import type { LocalClock } from '../clock.ts';
import { evaluate, type Statement } from './statements.ts';

/** A call that its function's role does not allow. */
export interface OutsideCall {
  readonly at: string;
  readonly function: string;
  readonly action: string;
  /** Object keys are cut after two folders: names of objects are sensitive. */
  readonly resource: string;
}

export interface OutsideRole {
  readonly count: number;
  /** The first thousand. */
  readonly calls: readonly OutsideCall[];
  /** Condition keys of statements that were met and not evaluated (`s3:prefix`). */
  readonly unevaluatedConditions: ReadonlySet<string>;
}

export interface RoleObserverSetting {
  /** Which function's credentials these are, and its role; undefined for the engine's and the developer's. */
  callerOf(accessKeyId: string): { readonly functionName: string; readonly roleName: string } | undefined;
  readonly roles: ReadonlyMap<string, readonly Statement[]>;
  readonly clock: LocalClock;
  /** Gets one JSON line for each call. */
  readonly file: string;
}

const mostKept = 1000;

/** `arn:aws:s3:::bucket/a/b/c.pdf` becomes `arn:aws:s3:::bucket/a/b/…`; the last part, a name, never stays. */
export const shortened = (resource: string): string => {
  const [, bucket, key] = /^(arn:aws:s3:::[^/]+)\/(.*)$/s.exec(resource) ?? [];
  if (bucket === undefined || key === undefined) return resource;
  const folders = key.split('/').slice(0, -1).slice(0, 2);
  return [bucket, ...folders, '…'].join('/');
};

/** Holds every call of a function against its role. It tells; it does not refuse. */
export const createRoleObserver = ({ callerOf, roles, clock, file }: RoleObserverSetting) => {
  const calls: OutsideCall[] = [];
  const unevaluatedConditions = new Set<string>();
  let count = 0;
  const outsideRole: OutsideRole = {
    get count() {
      return count;
    },
    calls,
    unevaluatedConditions,
  };
  const observe = ({ accessKeyId, action, resource }: ServiceCall): void => {
    const caller = callerOf(accessKeyId);
    if (!caller) return;
    const { allowed, unevaluated } = evaluate(roles.get(caller.roleName) ?? [], action, resource);
    for (const key of unevaluated) unevaluatedConditions.add(key);
    if (allowed) return;
    count += 1;
    const call: OutsideCall = {
      at: isoTime(clock.now()),
      function: caller.functionName,
      action,
      resource: shortened(resource),
    };
    if (calls.length < mostKept) calls.push(call);
    appendFileSync(file, `${JSON.stringify(call)}\n`);
  };
  return { observe, outsideRole };
};
