/** JSON as the project's formatter lays it out: a list of plain values stands on one line if it fits. */
export const prettyJson = (value: unknown): string =>
  `${JSON.stringify(value, null, 2)}\n`.replace(
    /^( *)(.*)\[\n([^[\]{}]*?)\n *\]/gm,
    (block: string, indent: string, before: string, items: string) => {
      const line = `${indent}${before}[${items
        .split('\n')
        .map((item) => item.trim())
        .join(' ')}]`;
      return line.length + 1 <= 120 ? line : block;
    },
  );
