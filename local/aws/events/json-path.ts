import { isJsonObject, type Json } from './pattern.ts';

type Step = string | number | '*';

const stepPattern = /\.\*|\[\*\]|\[(\d+)\]|\['([^']+)'\]|\.([A-Za-z0-9_/-]+)/y;

/** `$`, then `.name`, `['name']`, `[0]`, `[*]` or `.*`. Throws for anything else. */
const stepsOf = (path: string): Step[] => {
  if (!path.startsWith('$')) throw new Error(`JSON path ${path} does not begin with $`);
  const steps: Step[] = [];
  stepPattern.lastIndex = 1;
  while (stepPattern.lastIndex < path.length) {
    const found = stepPattern.exec(path);
    if (!found) throw new Error(`JSON path ${path} is not understood`);
    const [, index, quoted, name] = found;
    steps.push(index === undefined ? (quoted ?? name ?? '*') : Number(index));
  }
  return steps;
};

const children = (value: Json): Json[] =>
  Array.isArray(value)
    ? [...value]
    : isJsonObject(value)
      ? Object.values(value).filter((child) => child !== undefined)
      : [];

const child = (value: Json, step: Step): Json | undefined => {
  if (typeof step === 'number') return Array.isArray(value) ? value[step] : undefined;
  return isJsonObject(value) ? value[step] : undefined;
};

/** What a JSON path points at, or undefined. With a wildcard: the list of all that it points at. */
export const atPath = (value: Json, path: string): Json | undefined => {
  const steps = stepsOf(path);
  let found: Json[] = [value];
  for (const step of steps) {
    found =
      step === '*'
        ? found.flatMap(children)
        : found.map((one) => child(one, step)).filter((one): one is Json => one !== undefined);
  }
  return steps.includes('*') ? found : found[0];
};
