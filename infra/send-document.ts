import { type App, CrossStackReferences, ReferenceStrength, Tags, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import type { StageSettings } from './config/stage-settings.ts';
import { stageSettingsOf } from './config/stages.ts';
import { ApiStack } from './stacks/api-stack.ts';
import { DataStack } from './stacks/data-stack.ts';
import { OperationsStack } from './stacks/operations-stack.ts';
import { PipelineStack } from './stacks/pipeline-stack.ts';

export interface SendDocument {
  readonly settings: StageSettings;
  readonly data: DataStack;
  readonly operations: OperationsStack;
  readonly pipeline: PipelineStack;
  readonly api: ApiStack;
}

/**
 * The whole system of one stage, in the app's tree. CDK context: `stage` (default local) and, in stage local only,
 * `settings` (see infra/config/stages.ts). `app.synth()` throws on any finding of cdk-nag that infra/nag.ts does not
 * answer.
 */
export const sendDocument = (app: App): SendDocument => {
  // Recommended today is a weak reference, by which the data stack may lose what the pipeline still uses. Here the data
  // stack holds records that must not go, so it is told who needs them, and CloudFormation refuses.
  CrossStackReferences.of(app).consume(ReferenceStrength.STRONG);
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));

  const settings = stageSettingsOf(app.node.tryGetContext('stage') ?? undefined, app.node.tryGetContext('settings'));
  const { stage, region, terminationProtection } = settings;
  const env = { region };
  const data = new DataStack(app, `send-document-${stage}-data`, settings, {
    description: 'GP Connect Send Document: documents, records, archive, secrets and keys. Kept when deleted.',
    env,
    terminationProtection,
  });
  const operations = new OperationsStack(app, `send-document-${stage}-operations`, settings, {
    description: 'GP Connect Send Document: where alarms and events go.',
    env,
    terminationProtection: false,
    messagingKey: data.messagingKey,
  });
  const pipeline = new PipelineStack(app, `send-document-${stage}-pipeline`, settings, {
    description: 'GP Connect Send Document: queues and functions.',
    env,
    terminationProtection: false,
    data,
    monitoring: operations.monitoring,
    events: operations.events,
  });
  const api = new ApiStack(app, `send-document-${stage}-api`, settings, {
    description: 'GP Connect Send Document: the API.',
    env,
    terminationProtection: false,
    data,
    monitoring: operations.monitoring,
  });
  Tags.of(app).add('service', 'send-document');
  Tags.of(app).add('stage', stage);
  return { settings, data, operations, pipeline, api };
};
