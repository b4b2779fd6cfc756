import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { jsonListener } from '../json-service.ts';
import { type LocalService, listen, ServiceError, type ServiceSetting } from '../service.ts';
import type { Shim } from './context.ts';
import { expireItems, startExpiry } from './expiry.ts';
import { createGate } from './gate.ts';
import { itemOperations } from './item-operations.ts';
import { startStore } from './store.ts';
import { createTableNotes } from './table-notes.ts';
import { tableOperations } from './table-operations.ts';
import { transactionOperations } from './transactions.ts';

export interface DynamoDbService extends LocalService {
  /** Deletes at once what the clock has let expire. It also happens by itself, within about a minute of that clock. */
  expire(): Promise<void>;
}

// What DynamoDB calls what Signature Version 4 finds wrong.
const signatureCodes: Readonly<Record<string, string>> = {
  AccessDenied: 'MissingAuthenticationTokenException',
  InvalidAccessKeyId: 'UnrecognizedClientException',
  SignatureDoesNotMatch: 'InvalidSignatureException',
  RequestTimeTooSkewed: 'InvalidSignatureException',
};

/**
 * DynamoDB: dynalite behind what it lacks (signatures, expiry by the clock, what stands where a condition failed,
 * deletion protection, encryption and class of tables, tags, backups, transactions, new indexes for tables that stand).
 * Tables lie in `dir`, or in memory. PartiQL, streams and index keys of several attributes are not provided: the
 * design uses none, and what used one by mistake is refused here before it is deployed.
 */
export const startDynamoDb = async (setting: ServiceSetting & { readonly dir?: string }): Promise<DynamoDbService> => {
  const { dir, observe: _, ...plain } = setting;
  if (dir !== undefined) mkdirSync(dir, { recursive: true });
  const store = await startStore(dir === undefined ? undefined : join(dir, 'items'));
  const shim: Shim = { setting, store, notes: createTableNotes(dir), gate: createGate() };
  const expire = () => shim.gate.share(() => expireItems(shim));

  const listener = jsonListener({
    // Told by the operations themselves: one call can concern several tables.
    setting: plain,
    contentType: 'application/x-amz-json-1.0',
    service: 'dynamodb',
    operations: new Map([...itemOperations(shim), ...transactionOperations(shim), ...tableOperations(shim)]),
    invalid: (error) =>
      new ServiceError('ValidationException', `The value at '${error.issues[0]?.path.join('.')}' is not valid.`),
    unknown: (name) => new ServiceError('UnknownOperationException', `DynamoDB has no operation ${name} here.`),
    describe: ({ code }) => ({ type: `com.amazonaws.dynamodb.v20120810#${signatureCodes[code] ?? code}` }),
  });
  const { endpoint, close } = await listen(listener, setting.port);
  const stopExpiry = startExpiry(shim, expire);
  return {
    endpoint,
    expire,
    async close() {
      await close();
      await stopExpiry();
      await store.close();
    },
  };
};
