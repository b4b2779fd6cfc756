import { alarmDefinition, alarmSchema } from '../cloudwatch/alarm-definition.ts';
import { type Family, family, generatedName } from './family.ts';

const alarm = family('AWS::CloudWatch::Alarm', alarmSchema, ['Tags'], (declared, { region, account, plan }) => {
  const name = declared.properties.AlarmName ?? generatedName(declared, 255);
  const arn = `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`;
  plan.alarms.push(alarmDefinition(name, arn, declared.properties));
  return { ref: name, attributes: { Arn: arn } };
});

export const alarmFamilies: readonly Family[] = [alarm];
