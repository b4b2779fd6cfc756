import type { XmlElement } from '../../../shared/itk3/xml-tree.ts';

/** One change to one place of a message. */
export interface Mutation {
  readonly kind: 'remove' | 'duplicate' | 'alter' | 'reorder';
  /** Names from the resource down, an extension by the end of its url, an identifier of its system: `Patient.name.family`. */
  readonly place: string;
  readonly root: XmlElement;
}

type Edit = (siblings: readonly XmlElement[], index: number) => readonly XmlElement[];

/** The tree with the children around one element changed, everything else shared. */
const edited = (root: XmlElement, at: readonly number[], edit: Edit): XmlElement => {
  const [index = 0, ...below] = at;
  if (below.length === 0) return { ...root, children: edit(root.children, index) };
  return {
    ...root,
    children: root.children.map((child, position) => (position === index ? edited(child, below, edit) : child)),
  };
};

const altered = (element: XmlElement, name: string, value: string): XmlElement => ({
  ...element,
  attributes: new Map([...element.attributes, [name, value]]),
});

const removed: Edit = (siblings, index) => siblings.filter((_, position) => position !== index);
const duplicated: Edit = (siblings, index) => siblings.flatMap((one, at) => (at === index ? [one, one] : [one]));

/** The element and the next one of another name change places. */
const reordered =
  (next: number): Edit =>
  (siblings, index) =>
    siblings.map((one, position) =>
      position === index ? (siblings[next] ?? one) : position === next ? (siblings[index] ?? one) : one,
    );

const lastPart = (url: string): string => url.slice(url.lastIndexOf('/') + 1);
const isResource = (name: string): boolean => /^[A-Z]/.test(name);

/** Every way to break one element: all of them, in document order. The narrative's inside counts as one text. */
export const mutationsOf = (root: XmlElement): readonly Mutation[] => {
  const mutations: Mutation[] = [];
  const visit = (element: XmlElement, at: readonly number[], place: string): void => {
    for (const [index, child] of element.children.entries()) {
      const here = [...at, index];
      const url = child.attributes.get('url');
      const system = child.children.find((inner) => inner.name === 'system')?.attributes.get('value');
      const slice = url ?? (child.name === 'identifier' ? system : undefined);
      const name = slice === undefined ? child.name : `${child.name}:${lastPart(slice)}`;
      const below = isResource(child.name) ? child.name : `${place}.${name}`;
      const add = (kind: Mutation['kind'], edit: Edit) =>
        mutations.push({ kind, place: below, root: edited(root, here, edit) });
      const replaced =
        (by: XmlElement): Edit =>
        (siblings, position) =>
          siblings.map((one, other) => (other === position ? by : one));

      add('remove', removed);
      add('duplicate', duplicated);
      const next = element.children.findIndex((other, position) => position > index && other.name !== child.name);
      if (next >= 0) add('reorder', reordered(next));
      const value = child.attributes.get('value');
      if (value !== undefined) {
        add('alter', replaced(altered(child, 'value', `${value}x`)));
        add('alter', replaced(altered(child, 'value', value.slice(0, -1))));
        add('alter', replaced(altered(child, 'value', '')));
      }
      if (url !== undefined) add('alter', replaced(altered(child, 'url', `${url}x`)));
      if (child.name === 'p') add('alter', replaced({ ...child, text: `${child.text}1` }));
      visit(child, here, below);
    }
  };
  visit(root, [], root.name);
  return mutations;
};
