/** What the headers of a request say about media types (RFC 9110, sections 8.3 and 12.5.1). */

interface MediaRange {
  readonly type: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const readRange = (text: string): MediaRange => {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim().toLowerCase());
  const parameters = rest.map((part): [string, string] => {
    const [name = '', value = ''] = part.split('=', 2);
    return [name.trim(), value.trim().replace(/^"(.*)"$/, '$1')];
  });
  return { type, parameters: new Map(parameters) };
};

/** Whether an Accept header takes application/json: the most particular range that covers it decides. */
export const acceptsJson = (accept: readonly string[]): boolean => {
  const ranges = accept
    .flatMap((line) => line.split(','))
    .filter((part) => part.trim() !== '')
    .map(readRange);
  if (ranges.length === 0) return true;
  for (const type of ['application/json', 'application/*', '*/*']) {
    const covering = ranges.filter((range) => range.type === type);
    if (covering.length > 0) return covering.some(({ parameters }) => Number(parameters.get('q') ?? 1) > 0);
  }
  return false;
};

/** Whether a body is JSON in UTF-8 as it stands. */
export const carriesJson = (headers: ReadonlyMap<string, readonly string[]>): boolean => {
  const types = headers.get('content-type') ?? [];
  const encodings = headers.get('content-encoding') ?? [];
  const [type] = types.map(readRange);
  return (
    types.length === 1 &&
    type?.type === 'application/json' &&
    (type.parameters.get('charset') ?? 'utf-8') === 'utf-8' &&
    encodings.every((encoding) => encoding.trim().toLowerCase() === 'identity')
  );
};
