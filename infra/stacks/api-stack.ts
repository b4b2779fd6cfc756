import { CfnOutput, Duration, RemovalPolicy, Stack, type StackProps } from 'aws-cdk-lib';
import {
  ApiKeySourceType,
  AuthorizationType,
  CfnAccount,
  CfnRestApi,
  EndpointType,
  type IAuthorizer,
  IdentitySource,
  LambdaIntegration,
  LogGroupLogDestination,
  MethodLoggingLevel,
  RequestAuthorizer,
  RestApi,
} from 'aws-cdk-lib/aws-apigateway';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { type ApiRoute, apiRoutes } from '../../shared/platform/api-routes.ts';
import { metricsNamespace } from '../../shared/platform/names.ts';
import type { StageSettings } from '../config/stage-settings.ts';
import { accessLogFormat } from '../constructs/access-log.ts';
import { CallerLanes } from '../constructs/caller-lanes.ts';
import { answerInOutcomes } from '../constructs/gateway-responses.ts';
import { gatewayNames } from '../constructs/metrics.ts';
import type { Monitoring } from '../constructs/monitoring.ts';
import { NodeFunction } from '../constructs/node-function.ts';
import { accept, allow } from '../nag.ts';
import { addApiServerErrorsAlarm, FunctionAlarms } from './alarms.ts';
import { grantApi, grantAuthorise } from './api-grants.ts';
import type { DataStack } from './data-stack.ts';

export interface ApiStackProps extends StackProps {
  readonly data: DataStack;
  readonly monitoring: Monitoring;
}

/**
 * The other way in: an API that drops for its callers, and reads what became of it. The drop goes the same way as
 * everybody's, so nothing here is worth keeping.
 */
export class ApiStack extends Stack {
  readonly api: RestApi;

  constructor(scope: Construct, id: string, settings: StageSettings, { data, monitoring, ...props }: ApiStackProps) {
    super(scope, id, props);
    const house = { settings, logKey: data.messagingKey };
    const common = <N extends string>(name: N) => ({
      STAGE: settings.stage,
      TABLE_NAME: data.table.tableName,
      POWERTOOLS_SERVICE_NAME: name,
      POWERTOOLS_METRICS_NAMESPACE: metricsNamespace,
      POWERTOOLS_LOG_LEVEL: settings.logLevel,
    });
    const authorise = new NodeFunction(this, 'Authorise', {
      ...house,
      name: 'authorise',
      description: 'Says for which organisation a caller of the API acts',
      memorySize: 512,
      timeout: Duration.seconds(10),
      environment: {
        ...common('authorise'),
        TOKEN_ISSUER: settings.api.tokenIssuer,
        TOKEN_AUDIENCE: settings.api.tokenAudience,
        JWKS_URL: settings.api.jwksUrl,
        TOKEN_LEEWAY_SECONDS: String(settings.api.leewaySeconds),
      },
    });
    const answer = new NodeFunction(this, 'Api', {
      ...house,
      name: 'api',
      description: 'Takes documents over HTTP and says what became of them',
      memorySize: 1024,
      // Below the 29 seconds that API Gateway waits, so that it is the function that says what happened.
      timeout: Duration.seconds(25),
      environment: {
        ...common('api'),
        INBOX_BUCKET: data.drops.bucketName,
        MESSAGES_BUCKET: data.messages.bucketName,
        ARCHIVE_BUCKET: data.archive.bucketName,
        MAX_PDF_BYTES: String(settings.maxPdfBytes),
        MAX_INLINE_BYTES: String(settings.api.maxInlineBytes),
        UPLOAD_LIFE_SECONDS: String(settings.api.uploadLifeSeconds),
      },
    });
    grantApi(answer.role, { settings, data });
    grantAuthorise(authorise.role, { settings, data });

    this.api = this.#gateway(settings, data, this.#logsOfTheAccount());
    answerInOutcomes(this.api);
    new CallerLanes(this, 'CallerLanes', {
      api: this.api,
      stage: settings.stage,
      throttle: settings.api.throttle.each,
    });
    this.#routes(
      new LambdaIntegration(answer.function, { allowTestInvoke: false }),
      new RequestAuthorizer(this, 'Authoriser', {
        handler: authorise.function,
        identitySources: [IdentitySource.header('Authorization')],
        // So long a client goes on that was taken off the register; so long at most a token outlives itself.
        resultsCacheTtl: Duration.minutes(1),
      }),
    );
    for (const [name, { function: alarmed }] of Object.entries({ api: answer, authorise })) {
      const feature = name === 'api' ? 'ApiFunction' : 'Authorise';
      const refusesByFailing = name === 'authorise';
      new FunctionAlarms(this, `${feature}Alarms`, monitoring, { feature, name, function: alarmed, refusesByFailing });
    }
    addApiServerErrorsAlarm(this, monitoring);
    new CfnOutput(this, 'ApiUrl', { value: this.api.urlForPath('/v1').replace(/\/v1$/, '') });
  }

  /**
   * API Gateway writes access logs with one role for each account and region. It stays when this stack goes: other
   * APIs of the account log with it too.
   */
  #logsOfTheAccount(): CfnAccount {
    const role = new Role(this, 'GatewayLogs', {
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      description: 'Writes the logs of every API of this account and region',
    });
    allow(role, {
      actions: [
        'logs:CreateLogGroup',
        'logs:CreateLogStream',
        'logs:DescribeLogGroups',
        'logs:DescribeLogStreams',
        'logs:PutLogEvents',
        'logs:GetLogEvents',
        'logs:FilterLogEvents',
      ],
      resources: ['*'],
      wildcard: 'logs-of-api-gateway',
    });
    role.applyRemovalPolicy(RemovalPolicy.RETAIN);
    const account = new CfnAccount(this, 'GatewayAccount', { cloudWatchRoleArn: role.roleArn });
    account.applyRemovalPolicy(RemovalPolicy.RETAIN);
    account.node.addDependency(role);
    return account;
  }

  #gateway(settings: StageSettings, data: DataStack, account: CfnAccount): RestApi {
    const accessLog = new LogGroup(this, 'AccessLog', {
      retention: settings.logRetentionDays,
      encryptionKey: data.messagingKey,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    const { apiName, stageName } = gatewayNames(settings.stage);
    const api = new RestApi(this, 'Gateway', {
      restApiName: apiName,
      description: 'GP Connect Send Document: docs/api/openapi.yaml',
      endpointTypes: [EndpointType.REGIONAL],
      cloudWatchRole: false,
      deployOptions: {
        stageName,
        accessLogDestination: new LogGroupLogDestination(accessLog),
        accessLogFormat,
        loggingLevel: MethodLoggingLevel.OFF,
        dataTraceEnabled: false,
        metricsEnabled: true,
        throttlingRateLimit: settings.api.throttle.rate,
        throttlingBurstLimit: settings.api.throttle.burst,
      },
    });
    const resource = api.node.defaultChild;
    if (!(resource instanceof CfnRestApi)) throw new Error('The API has no CloudFormation resource of its own.');
    // A regional API takes TLS 1.0 where nothing is said.
    resource.securityPolicy = 'SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09';
    resource.endpointAccessMode = 'STRICT';
    resource.apiKeySourceType = ApiKeySourceType.AUTHORIZER;
    api.deploymentStage.node.addDependency(account);
    accept(api, 'AwsSolutions-APIG2 the-function-validates');
    accept(api.deploymentStage, 'AwsSolutions-APIG3 who-calls-is-known');
    accept(api.deploymentStage, 'AwsSolutions-APIG6 would-log-what-is-sensitive');
    return api;
  }

  /**
   * Each route, and beside it ANY: API Gateway itself would call a wrong method a missing token, the function says which
   * methods there are.
   */
  #routes(integration: LambdaIntegration, authorizer: IAuthorizer): void {
    const routes: readonly ApiRoute[] = Object.values(apiRoutes);
    for (const path of new Set(routes.map(({ resource }) => resource))) {
      const here = routes.filter(({ resource }) => resource === path);
      const open = here.some(({ scope }) => scope === undefined);
      for (const method of [...here.map(({ method }) => method), 'ANY']) {
        const made = this.api.root
          .resourceForPath(path)
          .addMethod(
            method,
            integration,
            open
              ? { authorizationType: AuthorizationType.NONE }
              : { authorizer, authorizationType: AuthorizationType.CUSTOM, apiKeyRequired: true },
          );
        if (open) accept(made, 'AwsSolutions-APIG4 says-only-that-it-is-up');
        accept(made, open ? 'AwsSolutions-COG4 says-only-that-it-is-up' : 'AwsSolutions-COG4 any-issuer');
      }
    }
  }
}
