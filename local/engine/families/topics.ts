import { CreateTopicCommand, SetTopicAttributesCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { z } from 'zod';
import { type Family, family, flag, generatedName, jsonObject } from './family.ts';

const topic = family(
  'AWS::SNS::Topic',
  z.object({
    TopicName: z.string().optional(),
    DisplayName: z.string().optional(),
    KmsMasterKeyId: z.string().optional(),
    FifoTopic: flag.default(false),
    Subscription: z.array(z.object({ Protocol: z.string(), Endpoint: z.string() })).default([]),
  }),
  ['Tags', 'TracingConfig', 'SignatureVersion'],
  async (declared, { clients: { sns } }) => {
    const { properties } = declared;
    const name = properties.TopicName ?? generatedName(declared, 256, properties.FifoTopic ? '.fifo' : '');
    const { TopicArn: arn = '' } = await sns.send(
      new CreateTopicCommand({
        Name: name,
        Attributes: {
          ...(properties.DisplayName === undefined ? {} : { DisplayName: properties.DisplayName }),
          ...(properties.KmsMasterKeyId === undefined ? {} : { KmsMasterKeyId: properties.KmsMasterKeyId }),
          ...(properties.FifoTopic ? { FifoTopic: 'true' } : {}),
        },
      }),
    );
    for (const subscription of properties.Subscription) {
      await sns.send(new SubscribeCommand({ TopicArn: arn, ...subscription, ReturnSubscriptionArn: true }));
    }
    return { ref: arn, attributes: { TopicArn: arn, TopicName: name } };
  },
);

const subscription = family(
  'AWS::SNS::Subscription',
  z.object({
    TopicArn: z.string(),
    Protocol: z.string(),
    Endpoint: z.string(),
    RawMessageDelivery: flag.optional(),
    FilterPolicy: jsonObject.optional(),
    FilterPolicyScope: z.string().optional(),
    RedrivePolicy: jsonObject.optional(),
    DeliveryPolicy: jsonObject.optional(),
  }),
  ['Region'],
  async ({ properties }, { clients: { sns } }) => {
    const { TopicArn, Protocol, Endpoint, RawMessageDelivery, FilterPolicy, FilterPolicyScope } = properties;
    const { RedrivePolicy, DeliveryPolicy } = properties;
    const { SubscriptionArn = '' } = await sns.send(
      new SubscribeCommand({
        TopicArn,
        Protocol,
        Endpoint,
        ReturnSubscriptionArn: true,
        Attributes: {
          ...(RawMessageDelivery === undefined ? {} : { RawMessageDelivery: String(RawMessageDelivery) }),
          ...(FilterPolicy === undefined ? {} : { FilterPolicy: JSON.stringify(FilterPolicy) }),
          ...(FilterPolicyScope === undefined ? {} : { FilterPolicyScope }),
          ...(RedrivePolicy === undefined ? {} : { RedrivePolicy: JSON.stringify(RedrivePolicy) }),
          ...(DeliveryPolicy === undefined ? {} : { DeliveryPolicy: JSON.stringify(DeliveryPolicy) }),
        },
      }),
    );
    return { ref: SubscriptionArn, attributes: { Arn: SubscriptionArn } };
  },
);

const topicPolicy = family(
  'AWS::SNS::TopicPolicy',
  z.object({ Topics: z.array(z.string()), PolicyDocument: jsonObject }),
  [],
  async (declared, { clients: { sns } }) => {
    const { Topics, PolicyDocument } = declared.properties;
    for (const TopicArn of Topics) {
      const AttributeValue = JSON.stringify(PolicyDocument);
      await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue }));
    }
    return { ref: generatedName(declared, 128), attributes: {} };
  },
);

export const topicFamilies: readonly Family[] = [topic, subscription, topicPolicy];
