/** What API Gateway hands over more than once: headers and query, each name with every value. */

type Multiple = Readonly<Record<string, readonly string[] | undefined>> | null | undefined;
type Single = Readonly<Record<string, string | undefined>> | null | undefined;

/** The gateway gives both; the one with every value counts where it is there. */
const values = (multiple: Multiple, single: Single, name: (text: string) => string): Map<string, readonly string[]> => {
  const all = new Map<string, readonly string[]>();
  const source =
    multiple ??
    Object.fromEntries(Object.entries(single ?? {}).map(([key, one]) => [key, one === undefined ? undefined : [one]]));
  for (const [key, list] of Object.entries(source)) {
    if (list) all.set(name(key), [...(all.get(name(key)) ?? []), ...list]);
  }
  return all;
};

/** Names in small letters: `X-A` and `x-a` are one header. */
export const headersOf = (event: { readonly multiValueHeaders?: Multiple; readonly headers?: Single }) =>
  values(event.multiValueHeaders, event.headers, (header) => header.toLowerCase());

export const queryOf = (event: {
  readonly multiValueQueryStringParameters?: Multiple;
  readonly queryStringParameters?: Single;
}) => values(event.multiValueQueryStringParameters, event.queryStringParameters, (parameter) => parameter);
