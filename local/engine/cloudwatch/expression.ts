/** A value for each period, oldest first; `undefined` where there is none. */
export type Series = readonly (number | undefined)[];

export class ExpressionError extends Error {
  override readonly name = 'ExpressionError';
}

type Value = Series | readonly Series[];

const isList = (value: Value): value is readonly Series[] => Array.isArray(value[0]);

const single = (value: Value | undefined, where: string): Series => {
  if (value === undefined || isList(value)) throw new ExpressionError(`${where} needs one series`);
  return value;
};

const pointwise =
  (operate: (a: number, b: number) => number) =>
  (a: Series, b: Series): Series =>
    a.map((left, at) => {
      const right = b[at];
      // A point that one side does not have is missing in the result.
      if (left === undefined || right === undefined) return undefined;
      const result = operate(left, right);
      return Number.isFinite(result) ? result : undefined;
    });

const operators: Readonly<Record<string, (a: Series, b: Series) => Series>> = {
  '+': pointwise((a, b) => a + b),
  '-': pointwise((a, b) => a - b),
  '*': pointwise((a, b) => a * b),
  '/': pointwise((a, b) => a / b),
};

/** Over several series: of the points that are there. */
const across = (compute: (values: readonly number[]) => number) => (value: Value | undefined, where: string) => {
  if (value === undefined || !isList(value)) throw new ExpressionError(`${where} is known here for a list [a, b] only`);
  return (value[0] ?? []).map((_, at) => {
    const values = value.map((series) => series[at]).filter((point) => point !== undefined);
    return values.length === 0 ? undefined : compute(values);
  });
};

const functions: Readonly<Record<string, (args: readonly Value[]) => Series>> = {
  FILL: ([series, filling]) => {
    const instead = single(filling, 'FILL');
    return single(series, 'FILL').map((point, at) => point ?? instead[at]);
  },
  MAX: ([list]) => across((values) => Math.max(...values))(list, 'MAX'),
  MIN: ([list]) => across((values) => Math.min(...values))(list, 'MIN'),
  SUM: ([list]) => across((values) => values.reduce((total, value) => total + value, 0))(list, 'SUM'),
};

const tokensOf = (text: string): string[] => {
  const tokens = text.match(/\d+(\.\d+)?|[A-Za-z_]\w*|[-+*/()[\],]|\S/g) ?? [];
  const strange = tokens.find((token) => !/^(\d+(\.\d+)?|[A-Za-z_]\w*|[-+*/()[\],])$/.test(token));
  if (strange !== undefined) throw new ExpressionError(`${strange} is not known here`);
  return tokens;
};

/**
 * Works out a metric math expression over `periods` periods: numbers, ids of series, + - * /, brackets, FILL, and MAX,
 * MIN, SUM of a list. Throws for anything else of CloudWatch's language: an alarm must not be judged by half of it.
 */
export const evaluateExpression = (text: string, series: ReadonlyMap<string, Series>, periods: number): Series => {
  const tokens = tokensOf(text);
  let at = 0;
  const take = (): string | undefined => tokens[at++];
  const expect = (token: string): void => {
    if (take() !== token) throw new ExpressionError(`"${text}" lacks a ${token}`);
  };
  const constant = (value: number): Series => Array.from({ length: periods }, () => value);

  const list = (end: string): Value[] => {
    const items: Value[] = [];
    while (tokens[at] !== end) {
      items.push(sum());
      if (tokens[at] === ',') at += 1;
      else if (tokens[at] !== end) throw new ExpressionError(`"${text}" lacks a ${end}`);
    }
    at += 1;
    return items;
  };
  const atom = (): Value => {
    const token = take();
    if (token === undefined) throw new ExpressionError(`"${text}" ends too early`);
    if (token === '(') {
      const inner = sum();
      expect(')');
      return inner;
    }
    if (token === '[') return list(']').map((each) => single(each, 'A list'));
    if (token === '-') return pointwise((a, b) => a - b)(constant(0), single(atom(), '-'));
    if (/^\d/.test(token)) return constant(Number(token));
    if (tokens[at] === '(') {
      at += 1;
      const call = functions[token];
      if (!call) throw new ExpressionError(`The function ${token} is not known here`);
      return call(list(')'));
    }
    const found = series.get(token);
    if (!found) throw new ExpressionError(`"${text}" names ${token}, which is not there`);
    return found;
  };
  const chain = (next: () => Value, symbols: readonly string[]) => (): Value => {
    let left = next();
    for (let symbol = tokens[at]; symbol !== undefined && symbols.includes(symbol); symbol = tokens[at]) {
      at += 1;
      const right = next();
      const operate = operators[symbol];
      if (operate) left = operate(single(left, symbol), single(right, symbol));
    }
    return left;
  };
  const product = chain(atom, ['*', '/']);
  const sum = chain(product, ['+', '-']);

  const result = single(sum(), text);
  if (at < tokens.length) throw new ExpressionError(`"${text}" has something after its end`);
  return result;
};
