import type { Subscriptions } from '../../shared/platform/subscriptions.ts';

/** A topic's e-mail subscriptions in memory. `tokens`: what each address was last asked with. */
export const memorySubscriptions = () => {
  const all = new Map<string, { arn: string; confirmed: boolean; guarded: boolean; filter: object }>();
  const tokens = new Map<string, string>();
  const of = (arn: string) => {
    const found = [...all.values()].find((one) => one.arn === arn);
    if (!found) throw new Error(`There is no subscription ${arn}.`);
    return found;
  };
  const port: Subscriptions = {
    list: async () => [...all].map(([address, { arn, confirmed }]) => ({ address, ...(confirmed ? { arn } : {}) })),
    async subscribe(address, filter) {
      all.set(address, { arn: `arn:of:${address}`, confirmed: false, guarded: false, filter });
      tokens.set(address, `token-of-${address}`);
    },
    async confirm(token) {
      const [address] = [...tokens].find(([, one]) => one === token) ?? [];
      const found = address === undefined ? undefined : all.get(address);
      if (!found) return { kind: 'unknown' };
      found.confirmed = true;
      found.guarded = true;
      return { kind: 'confirmed', arn: found.arn };
    },
    async setFilter(arn, filter) {
      of(arn).filter = filter;
    },
    filterOf: async (arn) => of(arn).filter,
    isGuarded: async (arn) => of(arn).guarded,
    async remove(arn) {
      for (const [address, one] of all) if (one.arn === arn) all.delete(address);
    },
  };
  return {
    port,
    tokens,
    filterOf: (address: string) => all.get(address)?.filter,
    /** Somebody followed the link of the e-mail. */
    follow(address: string) {
      const found = all.get(address);
      if (found) found.confirmed = true;
    },
    /** As if confirmed by the command. */
    confirmAll() {
      for (const one of all.values()) Object.assign(one, { confirmed: true, guarded: true });
    },
  };
};
