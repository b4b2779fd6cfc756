import {
  CreateSecretCommand,
  DeleteSecretCommand,
  DescribeSecretCommand,
  GetSecretValueCommand,
  type GetSecretValueCommandInput,
  ListSecretsCommand,
  PutSecretValueCommand,
  RestoreSecretCommand,
  SecretsManagerClient,
  UpdateSecretCommand,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type SecretsService, startSecrets } from '../../../local/aws/secrets/service.ts';
import type { ServiceCall } from '../../../local/aws/service.ts';
import { type VirtualClock, virtualClock } from '../../../local/clock.ts';
import { days } from '../../../shared/platform/clock.ts';
import { environmentSecretName, mailboxSecretName } from '../../../shared/platform/names.ts';
import { clientSetting, followClock, present, refused, settingOn } from './json-support.ts';

const start = Date.UTC(2031, 0, 1, 9);
const name = environmentSecretName('local');

let clock: VirtualClock;
let calls: ServiceCall[];
let service: SecretsService;
let client: SecretsManagerClient;
let count = 0;
let fresh: string;

beforeAll(async () => {
  clock = virtualClock(start);
  const made = settingOn(clock);
  calls = made.calls;
  service = await startSecrets(made.setting);
  client = new SecretsManagerClient(clientSetting(service.endpoint));
  followClock(client, clock);
});
afterAll(async () => {
  client.destroy();
  await service.close();
});
beforeEach(() => {
  fresh = mailboxSecretName('local', `M${++count}`);
});

const create = async (Name: string, SecretString?: string) =>
  client.send(new CreateSecretCommand({ Name, ...(SecretString === undefined ? {} : { SecretString }) }));
const get = (SecretId: string, more: Partial<GetSecretValueCommandInput> = {}) =>
  client.send(new GetSecretValueCommand({ SecretId, ...more }));
const put = (SecretId: string, SecretString: string) =>
  client.send(new PutSecretValueCommand({ SecretId, SecretString }));

describe('Secrets Manager', () => {
  test('a secret is created and read by name, ARN and ARN without its random end', async () => {
    const made = await create(name, '{"sharedKey":"x"}');
    const arn = present(made.ARN);
    expect(arn).toMatch(/^arn:aws:secretsmanager:eu-west-2:000000000000:secret:\/send-document\/.*-[A-Za-z0-9]{6}$/);
    for (const id of [name, arn, arn.replace(/-[A-Za-z0-9]{6}$/, '')]) {
      expect(await get(id)).toMatchObject({
        ARN: arn,
        Name: name,
        SecretString: '{"sharedKey":"x"}',
        VersionId: made.VersionId,
        VersionStages: ['AWSCURRENT'],
        CreatedDate: new Date(start),
      });
    }
  });

  test('bytes are kept as bytes', async () => {
    const bytes = new Uint8Array([0, 255, 1]);
    await client.send(new CreateSecretCommand({ Name: fresh, SecretBinary: bytes }));
    const got = await get(fresh);
    expect([...present(got.SecretBinary)]).toEqual([...bytes]);
    expect(got.SecretString).toBeUndefined();
  });

  test('a new value becomes current, the one before it previous, and older ones lose their labels', async () => {
    const first = await create(fresh, 'one');
    const second = await put(fresh, 'two');
    expect(second.VersionStages).toEqual(['AWSCURRENT']);
    expect((await get(fresh)).SecretString).toBe('two');
    expect(await get(fresh, { VersionStage: 'AWSPREVIOUS' })).toMatchObject({
      SecretString: 'one',
      VersionId: first.VersionId,
    });
    const third = await put(fresh, 'three');
    const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId: fresh }));
    expect(VersionIdsToStages).toEqual({
      [present(third.VersionId)]: ['AWSCURRENT'],
      [present(second.VersionId)]: ['AWSPREVIOUS'],
    });
    expect((await get(fresh, { VersionId: present(second.VersionId) })).SecretString).toBe('two');
  });

  test('labels of one’s own are moved, and AWSCURRENT goes back by moving it', async () => {
    const first = present((await create(fresh, 'old')).VersionId);
    const pending = await client.send(
      new PutSecretValueCommand({ SecretId: fresh, SecretString: 'new', VersionStages: ['AWSPENDING'] }),
    );
    const second = present(pending.VersionId);
    expect((await get(fresh)).SecretString).toBe('old');
    expect((await get(fresh, { VersionStage: 'AWSPENDING' })).SecretString).toBe('new');
    const move = (MoveToVersionId: string, RemoveFromVersionId?: string) =>
      client.send(
        new UpdateSecretVersionStageCommand({
          SecretId: fresh,
          VersionStage: 'AWSCURRENT',
          MoveToVersionId,
          ...(RemoveFromVersionId === undefined ? {} : { RemoveFromVersionId }),
        }),
      );
    await refused(move(second), 'InvalidParameterException');
    await refused(move(second, second), 'InvalidParameterException');
    await move(second, first);
    expect((await get(fresh)).SecretString).toBe('new');
    expect((await get(fresh, { VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('old');
    await move(first, second);
    expect((await get(fresh)).SecretString).toBe('old');
  });

  test('a client’s repeated request adds no second version, and another value under its token is refused', async () => {
    await create(fresh, 'one');
    const ClientRequestToken = '11111111-1111-4111-8111-111111111111';
    const again = (SecretString: string) =>
      client.send(new PutSecretValueCommand({ SecretId: fresh, SecretString, ClientRequestToken }));
    expect((await again('two')).VersionId).toBe(ClientRequestToken);
    expect((await again('two')).VersionId).toBe(ClientRequestToken);
    await refused(again('three'), 'ResourceExistsException');
    expect((await get(fresh, { VersionStage: 'AWSPREVIOUS' })).SecretString).toBe('one');
  });

  test('a secret made without a value has none until one is put', async () => {
    const made = await create(fresh);
    expect(made.VersionId).toBeUndefined();
    await refused(get(fresh), 'ResourceNotFoundException');
    await put(fresh, 'now');
    expect((await get(fresh)).SecretString).toBe('now');
  });

  test('UpdateSecret changes description, key and value', async () => {
    await create(fresh, 'one');
    await client.send(new UpdateSecretCommand({ SecretId: fresh, Description: 'mailbox', KmsKeyId: 'key' }));
    expect((await get(fresh)).SecretString).toBe('one');
    await client.send(new UpdateSecretCommand({ SecretId: fresh, SecretString: 'two' }));
    expect((await get(fresh)).SecretString).toBe('two');
    const about = await client.send(new DescribeSecretCommand({ SecretId: fresh }));
    expect(about).toMatchObject({ Description: 'mailbox', KmsKeyId: 'key', Name: fresh });
  });

  test('secrets are listed by the beginning of their name, page by page', async () => {
    for (const n of [1, 2, 3]) await create(`/listed/${n}`, 'x');
    const Filters = [{ Key: 'name' as const, Values: ['/listed/'] }];
    const first = await client.send(new ListSecretsCommand({ Filters, MaxResults: 2 }));
    expect(first.SecretList?.map((s) => s.Name)).toEqual(['/listed/1', '/listed/2']);
    const rest = await client.send(new ListSecretsCommand({ Filters, NextToken: present(first.NextToken) }));
    expect(rest.SecretList?.map((s) => s.Name)).toEqual(['/listed/3']);
    expect(rest.NextToken).toBeUndefined();
  });

  test('a deleted secret cannot be read, can be restored, and is gone after its window', async () => {
    await create(fresh, 'one');
    const deleted = await client.send(new DeleteSecretCommand({ SecretId: fresh, RecoveryWindowInDays: 7 }));
    expect(deleted.DeletionDate).toEqual(new Date(clock.now() + days(7)));
    await refused(get(fresh), 'InvalidRequestException');
    await refused(put(fresh, 'two'), 'InvalidRequestException');
    await refused(create(fresh, 'again'), 'InvalidRequestException');
    await client.send(new RestoreSecretCommand({ SecretId: fresh }));
    expect((await get(fresh)).SecretString).toBe('one');
    await client.send(new DeleteSecretCommand({ SecretId: fresh, RecoveryWindowInDays: 7 }));
    await clock.advance(days(7));
    await refused(get(fresh), 'ResourceNotFoundException');
    await refused(client.send(new RestoreSecretCommand({ SecretId: fresh })), 'ResourceNotFoundException');
  });

  test('a forced deletion is final at once, and the name is free again', async () => {
    await create(fresh, 'one');
    await client.send(new DeleteSecretCommand({ SecretId: fresh, ForceDeleteWithoutRecovery: true }));
    await refused(get(fresh), 'ResourceNotFoundException');
    await create(fresh, 'two');
    expect((await get(fresh)).SecretString).toBe('two');
  });

  test('what is wrong is refused by the service’s own names', async () => {
    await refused(get('/nowhere'), 'ResourceNotFoundException');
    await refused(get(name, { VersionStage: 'NOTTHERE' }), 'ResourceNotFoundException');
    await refused(create('a b', 'x'), 'InvalidParameterException');
    await refused(create(name, 'x'), 'ResourceExistsException');
    await refused(create(fresh, 'x'.repeat(65_537)), 'InvalidParameterException');
    await refused(get(fresh), 'ResourceNotFoundException');
    const both = { Name: fresh, SecretString: 'x', SecretBinary: new Uint8Array([1]) };
    await refused(client.send(new CreateSecretCommand(both)), 'InvalidParameterException');
  });

  test('each call is observed with its action and the secret’s ARN', async () => {
    const arn = present((await create(fresh, 'x')).ARN);
    calls.length = 0;
    await get(fresh);
    await refused(get('/nowhere'), 'ResourceNotFoundException');
    expect(calls.map(({ action, resource }) => [action, resource])).toEqual([
      ['secretsmanager:GetSecretValue', arn],
      ['secretsmanager:GetSecretValue', 'arn:aws:secretsmanager:eu-west-2:000000000000:secret:/nowhere-??????'],
    ]);
  });
});
