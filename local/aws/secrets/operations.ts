import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { type Operation, operation, page } from '../json-service.ts';
import {
  addVersion,
  checkValue,
  current,
  invalidParameter,
  invalidRequest,
  moveStage,
  notFound,
  type Secret,
  versionAt,
} from './secret.ts';
import type { Vault } from './vault.ts';

const text = z.string().optional();
const ofSecret = z.object({ SecretId: z.string().min(1) });
const valued = z.object({ ClientRequestToken: text, SecretString: text, SecretBinary: text });
const described = z.object({ Description: text, KmsKeyId: text });

/** The service's times are seconds. */
const seconds = (epochMs: number): number => epochMs / 1000;

const identity = (secret: Secret) => ({ ARN: secret.arn, Name: secret.name });

const description = (secret: Secret) => ({
  ...identity(secret),
  Description: secret.description,
  KmsKeyId: secret.keyId,
  Tags: secret.tags,
  CreatedDate: seconds(secret.createdAt),
  LastChangedDate: seconds(secret.changedAt),
  ...(secret.deletion ? { DeletedDate: seconds(secret.deletion.at) } : {}),
});

/** Version ids with their labels; a version without a label is no longer shown. */
const stagesOf = (secret: Secret): Record<string, string[]> =>
  Object.fromEntries(
    [...secret.versions.values()].filter(({ stages }) => stages.size > 0).map(({ id, stages }) => [id, [...stages]]),
  );

const holdsValue = (input: z.output<typeof valued>): boolean =>
  input.SecretString !== undefined || input.SecretBinary !== undefined;

const givenValue = ({ SecretString, SecretBinary }: z.output<typeof valued>) => ({ SecretString, SecretBinary });

export const secretsOperations = (vault: Vault): ReadonlyMap<string, Operation> => {
  const resource = (input: { SecretId: string }) => vault.arnOf(input.SecretId);
  const now = () => vault.now();

  return new Map<string, Operation>([
    [
      'CreateSecret',
      operation(
        z.object({
          Name: z.string(),
          ...described.shape,
          ...valued.shape,
          Tags: z.array(z.object({ Key: z.string(), Value: z.string() })).default([]),
        }),
        {
          resource: ({ Name }) => vault.arnOf(Name),
          run: (input) => {
            const { Name, Description: description, KmsKeyId: keyId, Tags: tags } = input;
            if (holdsValue(input)) checkValue(givenValue(input));
            const secret = vault.create(Name, { description, keyId, tags });
            if (!holdsValue(input)) return identity(secret);
            const version = addVersion(secret, now(), input.ClientRequestToken ?? randomUUID(), givenValue(input));
            return { ...identity(secret), VersionId: version.id };
          },
        },
      ),
    ],
    [
      'GetSecretValue',
      operation(ofSecret.extend({ VersionId: text, VersionStage: text }), {
        resource,
        run: ({ SecretId, VersionId, VersionStage }) => {
          const secret = vault.usable(SecretId);
          const version =
            VersionId === undefined ? versionAt(secret, VersionStage ?? current) : secret.versions.get(VersionId);
          if (!version || (VersionStage !== undefined && !version.stages.has(VersionStage))) {
            throw notFound(`secret value for ${VersionId ? 'version' : `staging label: ${VersionStage ?? current}`}`);
          }
          return {
            ...identity(secret),
            ...version.value,
            VersionId: version.id,
            VersionStages: [...version.stages],
            CreatedDate: seconds(version.createdAt),
          };
        },
      }),
    ],
    [
      'PutSecretValue',
      operation(ofSecret.extend({ ...valued.shape, VersionStages: z.array(z.string()).min(1).optional() }), {
        resource,
        run: (input) => {
          const secret = vault.usable(input.SecretId);
          const id = input.ClientRequestToken ?? randomUUID();
          const version = addVersion(secret, now(), id, givenValue(input), input.VersionStages);
          return { ...identity(secret), VersionId: version.id, VersionStages: [...version.stages] };
        },
      }),
    ],
    [
      'UpdateSecret',
      operation(ofSecret.extend({ ...described.shape, ...valued.shape }), {
        resource,
        run: (input) => {
          const secret = vault.usable(input.SecretId);
          secret.description = input.Description ?? secret.description;
          secret.keyId = input.KmsKeyId ?? secret.keyId;
          secret.changedAt = now();
          if (!holdsValue(input)) return identity(secret);
          const version = addVersion(secret, now(), input.ClientRequestToken ?? randomUUID(), givenValue(input));
          return { ...identity(secret), VersionId: version.id };
        },
      }),
    ],
    [
      'DescribeSecret',
      operation(ofSecret, {
        resource,
        run: ({ SecretId }) => {
          const secret = vault.find(SecretId);
          return { ...description(secret), VersionIdsToStages: stagesOf(secret) };
        },
      }),
    ],
    [
      'ListSecrets',
      operation(
        z.object({
          MaxResults: z.number().int().min(1).max(100).default(100),
          NextToken: text,
          IncludePlannedDeletion: z.boolean().default(false),
          Filters: z.array(z.object({ Key: z.string(), Values: z.array(z.string()) })).default([]),
        }),
        {
          resource: () => '*',
          run: ({ MaxResults, NextToken, IncludePlannedDeletion, Filters }) => {
            const prefixes = Filters.map(({ Key, Values }) => {
              if (Key !== 'name') throw invalidParameter(`ListSecrets filters by name only here, not by ${Key}.`);
              return Values;
            });
            const listed = vault
              .all()
              .filter((secret) => IncludePlannedDeletion || !secret.deletion)
              .filter(({ name }) => prefixes.every((values) => values.some((value) => name.startsWith(value))));
            const { items, next } = page(listed, MaxResults, NextToken);
            return {
              SecretList: items.map((secret) => ({
                ...description(secret),
                SecretVersionsToStages: stagesOf(secret),
              })),
              ...(next === undefined ? {} : { NextToken: next }),
            };
          },
        },
      ),
    ],
    [
      'UpdateSecretVersionStage',
      operation(ofSecret.extend({ VersionStage: z.string(), RemoveFromVersionId: text, MoveToVersionId: text }), {
        resource,
        run: ({ SecretId, VersionStage, RemoveFromVersionId, MoveToVersionId }) => {
          const secret = vault.usable(SecretId);
          const holder = versionAt(secret, VersionStage);
          if (RemoveFromVersionId !== undefined && holder?.id !== RemoveFromVersionId) {
            throw invalidParameter(`The staging label ${VersionStage} is not on the version it is to be taken from.`);
          }
          if (MoveToVersionId === undefined) {
            if (VersionStage === current) throw invalidParameter(`${current} can be moved, but not removed.`);
            if (holder && RemoveFromVersionId !== undefined) holder.stages.delete(VersionStage);
            return identity(secret);
          }
          const target = secret.versions.get(MoveToVersionId);
          if (!target) throw notFound('secret version');
          if (holder && holder !== target && RemoveFromVersionId === undefined) {
            throw invalidParameter(`The staging label ${VersionStage} is on another version: name it to move it.`);
          }
          moveStage(secret, VersionStage, target);
          secret.changedAt = now();
          return identity(secret);
        },
      }),
    ],
    [
      'DeleteSecret',
      operation(
        ofSecret.extend({
          RecoveryWindowInDays: z.number().int().optional(),
          ForceDeleteWithoutRecovery: z.boolean().default(false),
        }),
        {
          resource,
          run: ({ SecretId, RecoveryWindowInDays, ForceDeleteWithoutRecovery }) => {
            const secret = vault.find(SecretId);
            if (ForceDeleteWithoutRecovery) {
              if (RecoveryWindowInDays !== undefined) throw invalidParameter('Forced deletion has no recovery window.');
              vault.remove(secret);
              return { ...identity(secret), DeletionDate: seconds(now()) };
            }
            if (secret.deletion) throw invalidRequest('The secret is already scheduled for deletion.');
            vault.markDeleted(secret, RecoveryWindowInDays ?? 30);
            return { ...identity(secret), DeletionDate: seconds(vault.find(SecretId).deletion?.finalAt ?? now()) };
          },
        },
      ),
    ],
    [
      'RestoreSecret',
      operation(ofSecret, {
        resource,
        run: ({ SecretId }) => {
          const secret = vault.find(SecretId);
          secret.deletion = undefined;
          return identity(secret);
        },
      }),
    ],
  ]);
};
