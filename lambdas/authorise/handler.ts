import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { requestIds } from '../../shared/api/conventions.ts';
import { headersOf } from '../../shared/api/gateway-values.ts';
import { type AuthoriseContext, authorise } from '../../shared/callers/authorise.ts';
import { laneKey, laneOf } from '../../shared/platform/api-lanes.ts';
import { errorText } from '../../shared/platform/log.ts';

/** All of the API's stage: the answer is cached by token, so it must hold for every route. Scopes are checked there. */
const wholeApi = (methodArn: string): string => `${methodArn.split('/').slice(0, 2).join('/')}/*`;

const allow = (
  principalId: string,
  methodArn: string,
  lane: string,
  context: Record<string, string>,
): APIGatewayAuthorizerResult => ({
  principalId,
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Action: 'execute-api:Invoke', Effect: 'Allow', Resource: wholeApi(methodArn) }],
  },
  context,
  usageIdentifierKey: lane,
});

export const authoriseHandler =
  (context: AuthoriseContext) =>
  async (event: APIGatewayRequestAuthorizerEvent): Promise<APIGatewayAuthorizerResult> => {
    const headers = headersOf(event);
    const { requestId: gatewayRequestId } = event.requestContext;
    const ids = { ...requestIds({ headers, gatewayRequestId }), gatewayRequestId };
    // One header, whatever its letters; two of them are none.
    const [authorization, ...others] = headers.get('authorization') ?? [];
    const decided = await authorise(context, others.length > 0 ? undefined : authorization, ids).catch(
      (error: unknown) => {
        context.log.error('AUTHORISE_FAILED', { ...ids, error: errorText(error) });
        throw error;
      },
    );
    const lane = (who: string) => laneKey(context.stage, laneOf(who));
    switch (decided.kind) {
      case 'unauthorised':
        // This very word makes the gateway answer 401; any other error is a 500.
        throw new Error('Unauthorized');
      case 'unregistered': {
        // Let through with no organisation, and so to nothing but a 403 of the function, which names the request and logs it.
        const { clientId } = decided;
        return allow(clientId, event.methodArn, lane(clientId), { clientId });
      }
      case 'caller': {
        const { clientId, odsCode, scopes } = decided.caller;
        return allow(clientId, event.methodArn, lane(odsCode), { clientId, odsCode, scopes: scopes.join(' ') });
      }
    }
  };
