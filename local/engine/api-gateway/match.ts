import type { ApiDeployment, ApiMethod, ApiResource } from './definition.ts';

export interface Match {
  readonly resource: ApiResource;
  /** As the template has it: `/v1/documents/{documentId}`. */
  readonly resourcePath: string;
  readonly parameters: Readonly<Record<string, string>>;
  /** Absent where the resource has no such method, by name or by ANY. */
  readonly method?: ApiMethod;
}

const nameOf = (pathPart: string): string | undefined => /^\{(\w+)\}$/.exec(pathPart)?.[1];
const greedyNameOf = (pathPart: string): string | undefined => /^\{(\w+)\+\}$/.exec(pathPart)?.[1];

const decoded = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
};

interface Found {
  readonly resource: ApiResource;
  readonly parts: readonly string[];
  readonly parameters: Readonly<Record<string, string>>;
}

/** What has a name comes before `{one}`, and that before `{all+}`; an empty segment matches none of them. */
const descend = (deployment: ApiDeployment, from: Found, segments: readonly string[]): Found | undefined => {
  const [segment, ...rest] = segments;
  if (segment === undefined) return from;
  if (segment === '') return undefined;
  const children = [...deployment.resources.values()].filter(({ parentId }) => parentId === from.resource.id);
  const into = (resource: ApiResource, parameters: Readonly<Record<string, string>>): Found => ({
    resource,
    parts: [...from.parts, resource.pathPart],
    parameters: { ...from.parameters, ...parameters },
  });
  const literal = children.find(({ pathPart }) => pathPart === segment);
  const found = literal && descend(deployment, into(literal, {}), rest);
  if (found) return found;
  for (const child of children) {
    const name = nameOf(child.pathPart);
    const deeper =
      name === undefined ? undefined : descend(deployment, into(child, { [name]: decoded(segment) }), rest);
    if (deeper) return deeper;
  }
  for (const child of children) {
    const name = greedyNameOf(child.pathPart);
    if (name !== undefined) return into(child, { [name]: segments.map(decoded).join('/') });
  }
  return undefined;
};

/** The resource and method that a request is for. */
export const matchOf = (deployment: ApiDeployment, httpMethod: string, path: string): Match | undefined => {
  const root = [...deployment.resources.values()].find(({ parentId }) => parentId === undefined);
  if (!root) return undefined;
  const segments = path === '/' ? [] : path.slice(1).split('/');
  const found = descend(deployment, { resource: root, parts: [], parameters: {} }, segments);
  if (!found) return undefined;
  const methods = deployment.methods.filter(({ resourceId }) => resourceId === found.resource.id);
  const method =
    methods.find((each) => each.httpMethod === httpMethod) ?? methods.find((each) => each.httpMethod === 'ANY');
  return {
    resource: found.resource,
    resourcePath: `/${found.parts.join('/')}`,
    parameters: found.parameters,
    ...(method === undefined ? {} : { method }),
  };
};
