import { type Creation, type Declared, generatedName, generatedUuid, type Site } from './family.ts';

type Place = Pick<Site, 'region' | 'account'>;
type Stand = (declared: Declared<unknown>, place: Place, name: string) => Creation;

const named =
  (arn: (place: Place, name: string) => string): Stand =>
  (_, place, name) => ({ ref: name, attributes: { Arn: arn(place, name) } });

const nameless: Stand = (_, __, name) => ({ ref: name, attributes: {} });

/**
 * Types that a deployment needs and one machine does not, on purpose: what they are for is either done by the engine
 * itself (logs, permissions to invoke) or is not shown here at all (encryption, dashboards). Others refer to them, so each
 * still has a name and an ARN. Every other unknown type is refused (provision.ts).
 */
const stands: Readonly<Record<string, Stand>> = {
  'AWS::KMS::Key': (declared, { region, account }) => {
    const id = generatedUuid(declared);
    return { ref: id, attributes: { Arn: `arn:aws:kms:${region}:${account}:key/${id}`, KeyId: id } };
  },
  'AWS::KMS::Alias': nameless,
  'AWS::Logs::LogGroup': named(({ region, account }, name) => `arn:aws:logs:${region}:${account}:log-group:${name}:*`),
  'AWS::Logs::MetricFilter': nameless,
  'AWS::Logs::QueryDefinition': nameless,
  'AWS::Logs::ResourcePolicy': nameless,
  'AWS::Logs::SubscriptionFilter': nameless,
  'AWS::CloudWatch::CompositeAlarm': named(
    ({ region, account }, name) => `arn:aws:cloudwatch:${region}:${account}:alarm:${name}`,
  ),
  'AWS::CloudWatch::AnomalyDetector': nameless,
  'AWS::CloudWatch::Dashboard': nameless,
  'AWS::CDK::Metadata': nameless,
  'AWS::Lambda::Permission': nameless,
  'AWS::SecretsManager::ResourcePolicy': nameless,
  'AWS::ResourceGroups::Group': named(
    ({ region, account }, name) => `arn:aws:resource-groups:${region}:${account}:group/${name}`,
  ),
  'AWS::XRay::Group': nameless,
};

export const standFor = (type: string): ((declared: Declared<unknown>, place: Place) => Creation) | undefined => {
  const stand = stands[type];
  return stand && ((declared, place) => stand(declared, place, generatedName(declared, 255)));
};
