import { alarmFamilies } from './alarms.ts';
import { apiGatewayFamilies } from './api-gateway.ts';
import { bucketFamilies } from './buckets.ts';
import type { Family } from './family.ts';
import { functionFamilies } from './functions.ts';
import { queueFamilies } from './queues.ts';
import { roleFamilies } from './roles.ts';
import { ruleFamilies } from './rules.ts';
import { secretFamilies } from './secrets.ts';
import { tableFamilies } from './tables.ts';
import { topicFamilies } from './topics.ts';

/** Every resource type that is made here, by its CloudFormation name. */
export const families: ReadonlyMap<string, Family> = new Map(
  [
    alarmFamilies,
    apiGatewayFamilies,
    bucketFamilies,
    functionFamilies,
    queueFamilies,
    roleFamilies,
    ruleFamilies,
    secretFamilies,
    tableFamilies,
    topicFamilies,
  ]
    .flat()
    .map((family) => [family.type, family]),
);
