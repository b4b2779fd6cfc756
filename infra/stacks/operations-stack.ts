import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import { type ITopic, Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Construct } from 'constructs';
import type { StageSettings } from '../config/stage-settings.ts';
import { Monitoring } from '../constructs/monitoring.ts';
import { StatusEvents } from '../constructs/status-events.ts';

export interface OperationsStackProps extends StackProps {
  readonly messagingKey: Key;
}

/**
 * Where alarms go, and events of documents. The alarms themselves stand beside what they watch, in the pipeline stack, which is given this
 * stack's topic: so a queue cannot be made without its alarm, and references run one way (data ← operations ← pipeline).
 */
export class OperationsStack extends Stack {
  readonly monitoring: Monitoring;
  /** Where changes of documents are published. */
  readonly events: ITopic;

  constructor(scope: Construct, id: string, settings: StageSettings, { messagingKey, ...props }: OperationsStackProps) {
    super(scope, id, props);
    const topic = new Topic(this, 'Alarms', {
      displayName: `Send Document ${settings.stage}`,
      masterKey: messagingKey,
      enforceSSL: true,
    });
    const alarmsOfThisAccount = { StringEquals: { 'aws:SourceAccount': this.account } };
    // Saying anything about who may publish replaces the default policy that let this account's alarms in.
    topic.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['sns:Publish'],
        resources: [topic.topicArn],
        conditions: alarmsOfThisAccount,
      }),
    );
    // Without this an alarm changes its state and tells nobody, and nothing reports that.
    messagingKey.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsOfThisAccount',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: alarmsOfThisAccount,
      }),
    );
    if (settings.alarmEmail !== undefined) topic.addSubscription(new EmailSubscription(settings.alarmEmail));
    this.monitoring = new Monitoring(settings.stage, topic);
    this.events = new StatusEvents(this, 'Events', {
      settings,
      key: messagingKey,
      monitoring: this.monitoring,
    }).topic;
    new CfnOutput(this, 'AlarmTopicArn', { value: topic.topicArn });
    new CfnOutput(this, 'EventsTopicArn', { value: this.events.topicArn });
  }
}
