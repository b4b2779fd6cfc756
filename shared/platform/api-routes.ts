/** The API's routes: infra makes resources and methods of them, the function answers them, OpenAPI describes them. */

export const apiScopes = { submit: 'send-document/submit', read: 'send-document/read' } as const;
export type ApiScope = (typeof apiScopes)[keyof typeof apiScopes];

export interface ApiRoute {
  readonly method: 'GET' | 'POST';
  /** As API Gateway writes a resource's path. */
  readonly resource: string;
  /** What the token must allow; none: anybody may call it, without a token. */
  readonly scope?: ApiScope;
}

export const apiRoutes = {
  createUpload: { method: 'POST', resource: '/v1/uploads', scope: apiScopes.submit },
  submitDocument: { method: 'POST', resource: '/v1/documents', scope: apiScopes.submit },
  listDocuments: { method: 'GET', resource: '/v1/documents', scope: apiScopes.read },
  showDocument: { method: 'GET', resource: '/v1/documents/{documentId}', scope: apiScopes.read },
  ping: { method: 'GET', resource: '/v1/_ping' },
  status: { method: 'GET', resource: '/v1/_status' },
} as const satisfies Record<string, ApiRoute>;

export type ApiRouteName = keyof typeof apiRoutes;
