import { CfnApiKey, CfnUsagePlan, CfnUsagePlanKey, type RestApi } from 'aws-cdk-lib/aws-apigateway';
import { Construct } from 'constructs';
import { laneKey, lanes } from '../../shared/platform/api-lanes.ts';

export interface CallerLanesProps {
  /** Its keys must come from the authoriser: one that a caller sends counts for nothing. */
  readonly api: RestApi;
  readonly stage: string;
  /** Of each lane: requests a second, and at once. */
  readonly throttle: { readonly rate: number; readonly burst: number };
}

/** A usage plan with a key for each lane (shared/platform/api-lanes.ts): a caller in haste waits, its neighbours do not. */
export class CallerLanes extends Construct {
  constructor(scope: Construct, id: string, { api, stage, throttle }: CallerLanesProps) {
    super(scope, id);
    const plan = new CfnUsagePlan(this, 'Plan', {
      usagePlanName: `send-document-${stage}-lanes`,
      description: 'How much the organisations of one lane may ask for; authorise says whose lane is which',
      throttle: { rateLimit: throttle.rate, burstLimit: throttle.burst },
      apiStages: [{ apiId: api.restApiId, stage: api.deploymentStage.stageName }],
    });
    for (const lane of lanes) {
      const value = laneKey(stage, lane);
      const key = new CfnApiKey(this, `Key${lane}`, { name: value, value, enabled: true });
      new CfnUsagePlanKey(this, `Lane${lane}`, { keyId: key.ref, keyType: 'API_KEY', usagePlanId: plan.ref });
    }
  }
}
