/** A crash in the middle of a function: the process is gone, nothing after it runs. */
export class Crash extends Error {
  constructor() {
    super('crash');
    this.name = 'Crash';
  }
}

/** Counts calls of ports, and crashes at one of them: before its effect, or after it. */
export class CrashPlan {
  calls = 0;
  crashed = false;
  names: string[] = [];
  readonly at: number;
  readonly when: 'before' | 'after';
  constructor(at: number, when: 'before' | 'after') {
    this.at = at;
    this.when = when;
  }

  async through<R>(name: string, effect: () => R | Promise<R>): Promise<R> {
    // The process died: whatever it still tries has no effect.
    if (this.crashed) throw new Crash();
    this.calls += 1;
    this.names.push(name);
    const here = this.calls === this.at;
    if (here && this.when === 'before') {
      this.crashed = true;
      throw new Crash();
    }
    const result = await effect();
    if (here) {
      this.crashed = true;
      throw new Crash();
    }
    return result;
  }
}

/** The same port, every asynchronous method of which goes through the plan. */
export const crashing = <T extends object>(label: string, port: T, plan: () => CrashPlan | undefined): T =>
  new Proxy(port, {
    get(target, name, receiver) {
      const member: unknown = Reflect.get(target, name, receiver);
      if (typeof member !== 'function' || name === 'list') return member;
      return (...args: unknown[]) => {
        const current = plan();
        const call = () => Reflect.apply(member, target, args) as unknown;
        return current ? current.through(`${label}.${String(name)}`, call) : call();
      };
    },
  });
