import { isoTime } from '../../../shared/platform/clock.ts';
import type { ApiStage } from './definition.ts';
import type { Match } from './match.ts';
import { type GatewayRequest, headerValue } from './request.ts';

/** Values of `$context.…` by their names after the first dot. */
export type ContextValues = Readonly<Record<string, string | number | undefined>>;

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `18/Mar/2024:09:40:00 +0000` */
export const requestTime = (at: number): string => {
  const [date = '', time = ''] = isoTime(at).split('T');
  const [year, month, day] = date.split('-');
  return `${day}/${months[Number(month) - 1]}/${year}:${time.slice(0, 8)} +0000`;
};

export interface Place {
  readonly region: string;
  readonly account: string;
}

/** What is known of a request as soon as it is there. */
export const contextOf = (
  request: GatewayRequest,
  stage: ApiStage,
  { account }: Place,
  match: Match | undefined,
): ContextValues => ({
  accountId: account,
  apiId: stage.apiId,
  deploymentId: stage.deployment.id,
  domainName: request.host,
  extendedRequestId: request.extendedRequestId,
  httpMethod: request.method,
  'identity.sourceIp': request.sourceIp,
  'identity.userAgent': headerValue(request.headers, 'User-Agent'),
  path: request.path,
  protocol: request.protocol,
  requestId: request.requestId,
  requestTime: requestTime(request.at),
  requestTimeEpoch: request.at,
  resourceId: match?.resource.id,
  resourcePath: match?.resourcePath,
  stage: stage.name,
});

const variable = /\$(context|stageVariables)\.([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*)/g;

/** Puts values in by name: all that API Gateway's own templates can do. `missing` stands for what is not there. */
export const rendered = (
  template: string,
  context: ContextValues,
  variables: Readonly<Record<string, string>>,
  missing: string,
): string =>
  template.replace(variable, (_, from: string, name: string) =>
    String((from === 'context' ? context[name] : variables[name]) ?? missing),
  );
