import { Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { CfnSubscription, Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { EventSubscription, StageSettings } from '../config/stage-settings.ts';
import { accept } from '../nag.ts';
import { DeadLetterQueue } from './dead-letter-queue.ts';
import type { Monitoring } from './monitoring.ts';

export interface StatusEventsProps {
  readonly settings: StageSettings;
  readonly key: Key;
  readonly monitoring: Monitoring;
}

/**
 * An event that no subscriber took goes to its own queue after so much patience; a webhook may be down for three quarters
 * of an hour. SNS takes no policy that tries for longer than an hour.
 */
const webhookRetries = {
  healthyRetryPolicy: {
    numRetries: 33,
    minDelayTarget: 5,
    maxDelayTarget: 120,
    numMaxDelayRetries: 18,
    numMinDelayRetries: 5,
    numNoDelayRetries: 0,
    backoffFunction: 'exponential',
  },
};

const endpointOf = (subscription: EventSubscription): string => {
  switch (subscription.protocol) {
    case 'sqs':
      return subscription.queueArn;
    case 'https':
      return subscription.url;
    case 'email':
      return subscription.address;
  }
};

/** A webhook of the one machine has no TLS; the stage's settings let no other go without. */
const protocolOf = (subscription: EventSubscription): string =>
  subscription.protocol === 'https' && subscription.url.startsWith('http:') ? 'http' : subscription.protocol;

/** An attribute that is not named in the filter may have any value. */
const filterOf = ({ filter: { senders, states, needsAttention } }: EventSubscription) => ({
  ...(senders === undefined ? {} : { senderOds: senders }),
  ...(states === undefined ? {} : { state: states }),
  ...(needsAttention === undefined ? {} : { needsAttention: [String(needsAttention)] }),
});

/**
 * Where changes of documents are published for other systems (docs/events). Each subscriber has a filter of its own, and
 * a queue of its own for what could not be delivered to it: one that is down does not hide another's trouble.
 */
export class StatusEvents extends Construct {
  readonly topic: Topic;

  constructor(scope: Construct, id: string, { settings, key, monitoring }: StatusEventsProps) {
    super(scope, id);
    const { account } = Stack.of(this);
    this.topic = new Topic(this, 'Topic', {
      displayName: `Send Document ${settings.stage} events`,
      masterKey: key,
      enforceSSL: true,
      // SHA-256, for webhooks that check who calls them.
      signatureVersion: '2',
    });
    // SNS writes to the dead-letter queues, which are encrypted with this key.
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'TopicsOfThisAccount',
        principals: [new ServicePrincipal('sns.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    );
    for (const subscription of settings.eventSubscriptions) this.#subscribe(subscription, key, monitoring);
  }

  #subscribe(subscription: EventSubscription, key: Key, monitoring: Monitoring): void {
    const { name, protocol } = subscription;
    const { queue } = new DeadLetterQueue(this, `Undelivered${name}`, {
      feature: `Events-${name}`,
      key,
      monitoring,
      whatHappened: `Events of documents could not be delivered to the subscriber ${name}, which does not know how these documents stand. Documents themselves are not affected.`,
      runbook: 'undeliveredEvents',
    });
    accept(queue, 'AwsSolutions-SQS3 dead-letters-of-a-subscription');
    queue.addToResourcePolicy(
      new PolicyStatement({
        sid: 'OfTheTopic',
        principals: [new ServicePrincipal('sns.amazonaws.com')],
        actions: ['sqs:SendMessage'],
        resources: [queue.queueArn],
        conditions: {
          ArnEquals: { 'aws:SourceArn': this.topic.topicArn },
          StringEquals: { 'aws:SourceAccount': Stack.of(this).account },
        },
      }),
    );
    const filter = filterOf(subscription);
    new CfnSubscription(this, `Subscription${name}`, {
      topicArn: this.topic.topicArn,
      protocol: protocolOf(subscription),
      endpoint: endpointOf(subscription),
      // A queue gets the event itself; a webhook gets SNS's signed envelope around it.
      ...(protocol === 'sqs' ? { rawMessageDelivery: true } : {}),
      ...(Object.keys(filter).length === 0 ? {} : { filterPolicy: filter }),
      ...(protocol === 'https' ? { deliveryPolicy: webhookRetries } : {}),
      redrivePolicy: { deadLetterTargetArn: queue.queueArn },
    });
  }
}
