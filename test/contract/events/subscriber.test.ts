import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SnsService, startSns } from '../../../local/aws/sns/service.ts';
import { type SqsService, startSqs } from '../../../local/aws/sqs/service.ts';
import { type VirtualClock, virtualClock } from '../../../local/clock.ts';
import { currentComposition } from '../../../shared/delivery/record.ts';
import type { StatusEvent } from '../../../shared/events/status-event.ts';
import { snsTopic } from '../../../shared/platform/aws/sns-topic.ts';
import { readEvent } from '../../support/published-event.ts';
import { createRigOnLocalServices, type Rig } from '../../support/rig.ts';
import { clientSetting, followClock, present, settingOn } from '../aws/json-support.ts';
import { queueClient } from '../aws/sqs-support.ts';

/** A subscriber's queue behind the real topic adapter: what it gets of a document's life. */

let rig: Rig;
let clock: VirtualClock;
let queues: SqsService;
let service: SnsService;
let client: SNSClient;
let sqs: ReturnType<typeof queueClient>;
let topicArn: string;
let all: string;
let needy: string;
let others: string;

const subscribe = async (name: string, filter?: object): Promise<string> => {
  const url = await sqs.create(name);
  const Attributes = {
    RawMessageDelivery: 'true',
    ...(filter === undefined ? {} : { FilterPolicy: JSON.stringify(filter) }),
  };
  const Endpoint = await sqs.arn(url);
  await client.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: 'sqs', Endpoint, Attributes }));
  return url;
};

beforeAll(async () => {
  rig = await createRigOnLocalServices();
  clock = virtualClock(Date.UTC(2031, 0, 1, 9));
  queues = await startSqs(settingOn(clock).setting);
  service = await startSns({ ...settingOn(clock).setting, deliverToQueue: queues.deliver });
  sqs = queueClient(queues.endpoint, clock);
  client = new SNSClient(clientSetting(service.endpoint));
  followClock(client, clock);
  topicArn = present((await client.send(new CreateTopicCommand({ Name: 'events' }))).TopicArn);
  all = await subscribe('all');
  needy = await subscribe('needy', { needsAttention: ['true'], senderOds: ['RX1'] });
  others = await subscribe('others', { senderOds: ['RX10'] });
  Object.assign(rig.context, { events: snsTopic(topicArn, client) });
});
afterAll(async () => {
  client.destroy();
  sqs.close();
  await service.close();
  await queues.close();
  await rig.close();
});

const eventsOn = async (url: string) => {
  const found = [];
  for (;;) {
    const messages = await sqs.take(url, { MaxNumberOfMessages: 10, WaitTimeSeconds: 0 });
    if (messages.length === 0) return found;
    found.push(...messages.map(({ Body = '' }) => readEvent(Body)));
    await sqs.dropAll(url, messages);
  }
};

/** Events come at least once: two functions may have had the same one to publish. */
const once = (events: readonly StatusEvent[]) => [...new Map(events.map((event) => [event.id, event])).values()];

describe('a subscriber of events', () => {
  it('gets each change in the order of the sequence numbers, and only what its filter lets through', async () => {
    const { documentId } = await rig.drop('followed', { encounterId: 'followed' });
    await rig.takeEvents();
    await rig.takeOutbox();
    // One after the other: a poll takes several at once, in any order.
    rig.answer('20013');
    await rig.poll();
    const record = await rig.record(documentId);
    if (record) rig.answerTo(currentComposition(record).messageHeaderId, '30003');
    await rig.poll();

    const events = once(await eventsOn(all));
    expect(events.map(({ sequence, state, previousState }) => [sequence, state, previousState])).toEqual([
      [1, 'RECEIVED', undefined],
      [2, 'COMPOSED', 'RECEIVED'],
      [3, 'SENDING', 'COMPOSED'],
      [4, 'SENT', 'SENDING'],
      [5, 'INFRASTRUCTURE_ACKNOWLEDGED', 'SENT'],
      [6, 'BUSINESS_REJECTED', 'INFRASTRUCTURE_ACKNOWLEDGED'],
    ]);
    expect(
      once(await eventsOn(needy)).map(({ sequence, attention, businessCode }) => [sequence, attention, businessCode]),
    ).toEqual([[6, ['BUSINESS_REJECTED'], '30003']]);
    expect(await eventsOn(others)).toEqual([]);
  });
});
