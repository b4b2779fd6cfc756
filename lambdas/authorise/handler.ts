import type { APIGatewayAuthorizerResult, APIGatewayRequestAuthorizerEvent } from 'aws-lambda';
import { type AuthoriseContext, authorise } from '../../shared/callers/authorise.ts';
import { errorText } from '../../shared/platform/log.ts';

/** All of the API's stage: the answer is cached by token, so it must hold for every route. Scopes are checked there. */
const wholeApi = (methodArn: string): string => `${methodArn.split('/').slice(0, 2).join('/')}/*`;

const answer = (
  principalId: string,
  Effect: 'Allow' | 'Deny',
  methodArn: string,
  context: Record<string, string>,
): APIGatewayAuthorizerResult => ({
  principalId,
  policyDocument: {
    Version: '2012-10-17',
    Statement: [{ Action: 'execute-api:Invoke', Effect, Resource: wholeApi(methodArn) }],
  },
  context,
});

/** One header, whatever its letters; two of them are none. */
const authorizationOf = ({ headers, multiValueHeaders }: APIGatewayRequestAuthorizerEvent): string | undefined => {
  const named = <T>(all: Readonly<Record<string, T>> | null) =>
    Object.entries(all ?? {}).flatMap(([name, value]) => (name.toLowerCase() === 'authorization' ? [value] : []));
  const values = named(multiValueHeaders).flatMap((list) => list ?? []);
  return values.length > 1 ? undefined : (values[0] ?? named(headers)[0]);
};

export const authoriseHandler =
  (context: AuthoriseContext) =>
  async (event: APIGatewayRequestAuthorizerEvent): Promise<APIGatewayAuthorizerResult> => {
    const decided = await authorise(context, authorizationOf(event)).catch((error: unknown) => {
      context.log.error('AUTHORISE_FAILED', { error: errorText(error) });
      throw error;
    });
    switch (decided.kind) {
      case 'unauthorised':
        // This very word makes the gateway answer 401; any other error is a 500.
        throw new Error('Unauthorized');
      case 'unregistered':
        return answer(decided.clientId, 'Deny', event.methodArn, { clientId: decided.clientId });
      case 'caller': {
        const { clientId, odsCode, scopes } = decided.caller;
        return answer(clientId, 'Allow', event.methodArn, { clientId, odsCode, scopes: scopes.join(' ') });
      }
    }
  };
