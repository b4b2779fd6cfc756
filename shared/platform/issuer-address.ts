/**
 * Whether an address is nobody's: under a top-level name that is reserved never to exist (RFC 6761). So a stage says that
 * no issuer of tokens is named yet.
 */
export const isNobodys = (address: string): boolean => /(^|\.)invalid$/.test(new URL(address).hostname);
