/** An e-mail address at a topic. */
export interface Subscription {
  /** In small letters. */
  readonly address: string;
  /** Absent until somebody there has confirmed it. */
  readonly arn?: string;
}

/** The port to the e-mail subscriptions of a topic. */
export interface Subscriptions {
  list(): Promise<readonly Subscription[]>;
  /** Sends the address a message that it must confirm by; one that waits gets it again. */
  subscribe(address: string, filter: object): Promise<void>;
  /**
   * With what the message says. From then on only an identity of this account ends the subscription: the link in each
   * e-mail does not. `unknown`: it is not, or no longer, the one that was sent.
   */
  confirm(token: string): Promise<{ readonly kind: 'confirmed'; readonly arn: string } | { readonly kind: 'unknown' }>;
  setFilter(arn: string, filter: object): Promise<void>;
  /** As it was set; `undefined` where there is none. */
  filterOf(arn: string): Promise<unknown>;
  /** Whether whoever confirmed it was identified: otherwise anybody with one of its e-mails can end it. */
  isGuarded(arn: string): Promise<boolean>;
  remove(arn: string): Promise<void>;
}
