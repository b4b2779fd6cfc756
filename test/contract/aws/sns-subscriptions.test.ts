import { CreateTopicCommand, SNSClient } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type SnsService, startSns } from '../../../local/aws/sns/service.ts';
import { virtualClock } from '../../../local/clock.ts';
import { filterFor } from '../../../shared/notices/addresses.ts';
import { snsSubscriptions } from '../../../shared/platform/aws/sns-subscriptions.ts';
import { snsTopic } from '../../../shared/platform/aws/sns-topic.ts';
import { clientSetting, settingOn } from './json-support.ts';

/** The adapters of notices, on the service that a local run has. */

let service: SnsService;
let client: SNSClient;
let topicArn = '';
const emails: { to: string; subject: string; message: string }[] = [];

beforeAll(async () => {
  // The machine's time, because the adapters' own clients sign by it.
  const { setting } = settingOn(virtualClock(Date.now()));
  service = await startSns({
    ...setting,
    deliverToQueue: () => false,
    onEmail: (to, subject, message) => void emails.push({ to, subject, message }),
  });
  client = new SNSClient(clientSetting(service.endpoint));
  topicArn = (await client.send(new CreateTopicCommand({ Name: 'notices' }))).TopicArn ?? '';
});
afterAll(async () => {
  client.destroy();
  await service.close();
});

const address = 'records@northfield.example';
const sender = (odsCode: string, lists: object) => ({
  odsCode: odsCode as never,
  addresses: { notices: [], escalation: [], digest: [], ...lists },
});

test('an address gets nothing until it is confirmed, then what its filter lets through, and is ended by an identity alone', async () => {
  const subscriptions = snsSubscriptions(topicArn, clientSetting(service.endpoint));
  const topic = snsTopic(topicArn, client);
  const senders = [sender('RX1', { notices: [address] }), sender('RX2', { escalation: [address] })];
  await subscriptions.subscribe(address, filterFor(address, senders) ?? {});
  expect(await subscriptions.list()).toEqual([{ address }]);
  const [, token = ''] = /token: (\S+)/.exec(emails[0]?.message ?? '') ?? [];
  expect(await subscriptions.confirm('another')).toEqual({ kind: 'unknown' });
  const confirmed = await subscriptions.confirm(token);
  if (confirmed.kind !== 'confirmed') throw new Error('not confirmed');
  expect(await subscriptions.list()).toEqual([{ address, arn: confirmed.arn }]);
  expect(await subscriptions.isGuarded(confirmed.arn)).toBe(true);
  expect(await subscriptions.filterOf(confirmed.arn)).toEqual(filterFor(address, senders));

  const publish = async (senderOds: string, audience: string) => {
    emails.length = 0;
    await topic.publish({ subject: 'A notice', body: 'what happened' }, { senderOds, audience });
    return emails.length;
  };
  // RX1's escalation is meant for others, and so is what RX2's people are told first.
  expect(await publish('RX1', 'sender')).toBe(1);
  expect(await publish('RX2', 'escalation')).toBe(1);
  expect(await publish('RX1', 'escalation')).toBe(0);
  expect(await publish('RX2', 'sender')).toBe(0);
  expect(await publish('RX10', 'sender')).toBe(0);

  await subscriptions.setFilter(confirmed.arn, filterFor(address, [sender('RX2', { digest: [address] })]) ?? {});
  expect(await publish('RX1', 'sender')).toBe(0);
  expect(await publish('RX2', 'digest')).toBe(1);
  await subscriptions.remove(confirmed.arn);
  expect(await subscriptions.list()).toEqual([]);
});
