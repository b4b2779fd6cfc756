import {
  ConfirmSubscriptionCommand,
  GetSubscriptionAttributesCommand,
  InvalidParameterException,
  NotFoundException,
  paginateListSubscriptionsByTopic,
  SetSubscriptionAttributesCommand,
  SNSClient,
  type SNSClientConfig,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import type { Subscription, Subscriptions } from '../subscriptions.ts';

/** `config` is for operators' commands that speak to another endpoint. */
export const snsSubscriptions = (topicArn: string, config: SNSClientConfig = {}): Subscriptions => {
  const client = new SNSClient(config);
  const attributesOf = async (SubscriptionArn: string): Promise<Readonly<Record<string, string>>> =>
    (await client.send(new GetSubscriptionAttributesCommand({ SubscriptionArn }))).Attributes ?? {};
  return {
    async list() {
      const found: Subscription[] = [];
      for await (const page of paginateListSubscriptionsByTopic({ client }, { TopicArn: topicArn })) {
        for (const { Protocol, Endpoint, SubscriptionArn = '' } of page.Subscriptions ?? []) {
          if (Protocol !== 'email' || Endpoint === undefined) continue;
          // What waits is listed without its ARN.
          const arn = SubscriptionArn.startsWith('arn:') ? { arn: SubscriptionArn } : {};
          if (SubscriptionArn !== 'Deleted') found.push({ address: Endpoint.toLowerCase(), ...arn });
        }
      }
      return found;
    },
    async subscribe(address, filter) {
      await client.send(
        new SubscribeCommand({
          TopicArn: topicArn,
          Protocol: 'email',
          Endpoint: address,
          Attributes: { FilterPolicy: JSON.stringify(filter) },
          ReturnSubscriptionArn: true,
        }),
      );
    },
    async confirm(token) {
      try {
        const { SubscriptionArn = '' } = await client.send(
          new ConfirmSubscriptionCommand({ TopicArn: topicArn, Token: token, AuthenticateOnUnsubscribe: 'true' }),
        );
        return { kind: 'confirmed', arn: SubscriptionArn };
      } catch (error) {
        if (error instanceof InvalidParameterException || error instanceof NotFoundException)
          return { kind: 'unknown' };
        throw error;
      }
    },
    async setFilter(arn, filter) {
      await client.send(
        new SetSubscriptionAttributesCommand({
          SubscriptionArn: arn,
          AttributeName: 'FilterPolicy',
          AttributeValue: JSON.stringify(filter),
        }),
      );
    },
    async filterOf(arn) {
      const { FilterPolicy = '' } = await attributesOf(arn);
      return FilterPolicy === '' ? undefined : JSON.parse(FilterPolicy);
    },
    async isGuarded(arn) {
      return (await attributesOf(arn)).ConfirmationWasAuthenticated === 'true';
    },
    async remove(arn) {
      await client.send(new UnsubscribeCommand({ SubscriptionArn: arn }));
    },
  };
};
