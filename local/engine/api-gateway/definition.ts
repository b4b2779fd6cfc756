/** A REST API as its template has it, every value resolved. */

export interface ApiResource {
  readonly id: string;
  /** Absent for the root. */
  readonly parentId?: string;
  /** `documents`, `{documentId}` or `{rest+}`; empty for the root. */
  readonly pathPart: string;
}

export interface ApiMethod {
  readonly resourceId: string;
  /** `GET` … or `ANY`, which stands for all that the resource does not have by name. */
  readonly httpMethod: string;
  readonly authorizerId?: string;
  readonly functionArn: string;
  /** Asks for the key of a usage plan: the caller's limit is the plan's. */
  readonly needsKey: boolean;
  /** How long API Gateway waits for the function. */
  readonly timeoutMs: number;
}

export interface ApiAuthorizer {
  readonly id: string;
  readonly type: 'TOKEN' | 'REQUEST';
  readonly functionArn: string;
  /** `method.request.header.Authorization` and the like: what must be there, and what an answer is kept under. */
  readonly identitySources: readonly string[];
  /** For TOKEN: what the token must match for the function to be asked at all. */
  readonly validation?: RegExp;
  /** How long an answer is kept; 0: not at all. */
  readonly ttlMs: number;
}

/** What the gateway itself answers in one kind of trouble. */
export interface GatewayAnswer {
  readonly status?: number;
  /** `gatewayresponse.header.{name}` → `'static'`, `method.request.header.{name}`, `context.{name}` … */
  readonly parameters: Readonly<Record<string, string>>;
  /** By media type. */
  readonly templates: Readonly<Record<string, string>>;
}

/** What was there when a deployment was made: later changes are served after the next one only. */
export interface ApiDeployment {
  readonly id: string;
  readonly resources: ReadonlyMap<string, ApiResource>;
  readonly methods: readonly ApiMethod[];
  readonly authorizers: ReadonlyMap<string, ApiAuthorizer>;
  readonly answers: ReadonlyMap<string, GatewayAnswer>;
}

export interface ApiStage {
  readonly apiId: string;
  readonly apiName: string;
  readonly name: string;
  readonly deployment: ApiDeployment;
  readonly variables: Readonly<Record<string, string>>;
  /** Absent: as many requests as there are. */
  readonly throttle?: Throttle;
  /** By value of an API key: what its usage plan allows on this stage; absent: as much as there is. */
  readonly keys: Map<string, Throttle | undefined>;
  /** Format of a line of the access log. */
  readonly accessLogFormat?: string;
}

export interface Throttle {
  /** Requests in a second. */
  readonly rate: number;
  /** Requests at once. */
  readonly burst: number;
}

/** An API while its template is being read. */
export interface ApiUnderway {
  readonly id: string;
  readonly name: string;
  readonly resources: Map<string, ApiResource>;
  readonly methods: ApiMethod[];
  readonly authorizers: Map<string, ApiAuthorizer>;
  readonly answers: Map<string, GatewayAnswer>;
  readonly deployments: Map<string, ApiDeployment>;
}

export const apiUnderway = (id: string, rootId: string, name: string): ApiUnderway => ({
  id,
  name,
  resources: new Map([[rootId, { id: rootId, pathPart: '' }]]),
  methods: [],
  authorizers: new Map(),
  answers: new Map(),
  deployments: new Map(),
});

export const deploy = (api: ApiUnderway, id: string): ApiDeployment => ({
  id,
  resources: new Map(api.resources),
  methods: [...api.methods],
  authorizers: new Map(api.authorizers),
  answers: new Map(api.answers),
});
