import { isJsonObject, type Json, type JsonObject } from '../aws/events/pattern.ts';

/** Where a template's functions find what they stand for. Each returns undefined for what does not exist. */
export interface Scope {
  /** Resources (their physical id), parameters and pseudo parameters but AWS::NoValue. */
  ref(name: string): Json | undefined;
  attribute(logicalId: string, name: string): Json | undefined;
  imported(exportName: string): Json | undefined;
  /** A condition's own expression. */
  condition(name: string): Json | undefined;
  mapping(name: string, first: string, second: string): Json | undefined;
}

/** A template that cannot be resolved: the sentence names what and where. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

// AWS::NoValue: what holds it vanishes. No JSON text parses to this object.
const nothing: JsonObject = {};

const text = (value: Json, what: string): string => {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw new TemplateError(`${what} needs text, and got ${JSON.stringify(value)?.slice(0, 80)}`);
};
const list = (value: Json | undefined, what: string): readonly Json[] => {
  if (Array.isArray(value)) return value;
  throw new TemplateError(`${what} needs a list`);
};

const referred = (name: string, scope: Scope): Json => {
  if (name === 'AWS::NoValue') return nothing;
  const found = scope.ref(name);
  if (found === undefined) throw new TemplateError(`Ref names ${name}, which is not there`);
  return found;
};

const attributeOf = (id: string, name: string, scope: Scope): Json => {
  const found = scope.attribute(id, name);
  if (found === undefined) throw new TemplateError(`Fn::GetAtt: ${id} has no attribute ${name} here`);
  return found;
};

const placeholder = /\$\{(!?)([^}]+)\}/g;

const substituted = (argument: Json, scope: Scope): string => {
  const [template, given] = Array.isArray(argument) ? [argument[0], argument[1]] : [argument, undefined];
  const variables = isJsonObject(given) ? given : {};
  return text(template ?? null, 'Fn::Sub').replace(placeholder, (_, literal: string, name: string) => {
    if (literal) return `\${${name}}`;
    const variable = variables[name];
    if (variable !== undefined) return text(resolve(variable, scope), 'Fn::Sub');
    const [id = '', ...attribute] = name.split('.');
    const value = attribute.length > 0 ? attributeOf(id, attribute.join('.'), scope) : referred(id, scope);
    return text(value, 'Fn::Sub');
  });
};

const same = (a: Json, b: Json): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Whether a condition, named or spelled out, holds. */
export const holds = (expression: Json, scope: Scope): boolean => {
  if (isJsonObject(expression)) {
    const [[name, argument] = ['', undefined]] = Object.entries(expression);
    const parts = () => list(argument, name);
    if (name === 'Condition') return namedHolds(String(argument), scope);
    if (name === 'Fn::Equals') {
      const [a = null, b = null] = parts().map((part) => resolve(part, scope));
      return same(a, b);
    }
    if (name === 'Fn::And') return parts().every((part) => holds(part, scope));
    if (name === 'Fn::Or') return parts().some((part) => holds(part, scope));
    if (name === 'Fn::Not') return !holds(parts()[0] ?? null, scope);
  }
  throw new TemplateError(`Not a condition known here: ${JSON.stringify(expression).slice(0, 80)}`);
};

export const namedHolds = (name: string, scope: Scope): boolean => {
  const expression = scope.condition(name);
  if (expression === undefined) throw new TemplateError(`Condition ${name} is not there`);
  return holds(expression, scope);
};

type Intrinsic = (argument: Json, scope: Scope) => Json;

const intrinsics: Readonly<Record<string, Intrinsic>> = {
  Ref: (argument, scope) => referred(text(argument, 'Ref'), scope),
  'Fn::GetAtt': (argument, scope) => {
    const [id = '', ...attribute] = Array.isArray(argument)
      ? argument.map((part) => text(resolve(part, scope), 'Fn::GetAtt'))
      : text(argument, 'Fn::GetAtt').split('.');
    return attributeOf(id, attribute.join('.'), scope);
  },
  'Fn::Join': (argument, scope) => {
    const [separator = '', parts] = list(argument, 'Fn::Join');
    const resolved = list(resolve(parts ?? null, scope), 'Fn::Join');
    return resolved.map((part) => text(part, 'Fn::Join')).join(text(separator, 'Fn::Join'));
  },
  'Fn::Sub': substituted,
  'Fn::Select': (argument, scope) => {
    const [index = null, parts = null] = list(argument, 'Fn::Select').map((part) => resolve(part, scope));
    const chosen = list(parts, 'Fn::Select')[Number(index)];
    if (chosen === undefined) throw new TemplateError(`Fn::Select: there is no element ${JSON.stringify(index)}`);
    return chosen;
  },
  'Fn::Split': (argument, scope) => {
    const [separator = null, whole = null] = list(argument, 'Fn::Split').map((part) => resolve(part, scope));
    return text(whole, 'Fn::Split').split(text(separator, 'Fn::Split'));
  },
  'Fn::ImportValue': (argument, scope) => {
    const name = text(resolve(argument, scope), 'Fn::ImportValue');
    const found = scope.imported(name);
    if (found === undefined) throw new TemplateError(`Fn::ImportValue: no stack exports ${name}`);
    return found;
  },
  'Fn::If': (argument, scope) => {
    const [condition, yes = null, no = null] = list(argument, 'Fn::If');
    return resolve(namedHolds(String(condition), scope) ? yes : no, scope);
  },
  'Fn::FindInMap': (argument, scope) => {
    const [name = '', first = '', second = ''] = list(argument, 'Fn::FindInMap').map((part) =>
      text(resolve(part, scope), 'Fn::FindInMap'),
    );
    const found = scope.mapping(name, first, second);
    if (found === undefined) throw new TemplateError(`Fn::FindInMap: nothing at ${name}, ${first}, ${second}`);
    return found;
  },
  'Fn::Base64': (argument, scope) => Buffer.from(text(resolve(argument, scope), 'Fn::Base64')).toString('base64'),
};

/** The function call that an object is, if it is one: a single key, `Ref` or `Fn::…`. */
const callOf = (value: JsonObject): readonly [string, Json] | undefined => {
  const [[name, argument] = ['', undefined], ...others] = Object.entries(value);
  if (argument === undefined || others.length > 0 || !(name === 'Ref' || name.startsWith('Fn::'))) return undefined;
  return [name, argument];
};

/** A template value with every function worked out. Throws TemplateError for a function or name it does not know. */
export const resolve = (value: Json, scope: Scope): Json => {
  if (typeof value === 'string') {
    if (value.includes('{{resolve:')) throw new TemplateError(`Dynamic references have no local meaning: ${value}`);
    return value;
  }
  if (Array.isArray(value)) return value.map((part) => resolve(part, scope)).filter((part) => part !== nothing);
  if (!isJsonObject(value)) return value;
  const call = callOf(value);
  if (call) {
    const [name, argument] = call;
    const intrinsic = intrinsics[name];
    if (!intrinsic) throw new TemplateError(`The function ${name} is not known here`);
    return intrinsic(argument, scope);
  }
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, part]): [string, Json][] => {
      const resolved = part === undefined ? nothing : resolve(part, scope);
      return resolved === nothing ? [] : [[key, resolved]];
    }),
  );
};

/** Logical ids (and pseudo parameters) that a value refers to, in no order. */
export const referencesOf = (value: Json): Set<string> => {
  const found = new Set<string>();
  const visit = (part: Json): void => {
    if (Array.isArray(part)) {
      for (const each of part) visit(each);
      return;
    }
    if (!isJsonObject(part)) return;
    const [name, argument] = callOf(part) ?? [];
    if (name === 'Ref') found.add(String(argument));
    if (name === 'Fn::GetAtt') found.add(String(Array.isArray(argument) ? argument[0] : argument).split('.')[0] ?? '');
    if (name === 'Fn::Sub') {
      const template = Array.isArray(argument) ? argument[0] : argument;
      for (const [, literal, id = ''] of String(template).matchAll(placeholder)) {
        if (!literal) found.add(id.split('.')[0] ?? '');
      }
    }
    for (const each of Object.values(part)) if (each !== undefined) visit(each);
  };
  visit(value);
  return found;
};
