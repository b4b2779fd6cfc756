/** The port to a topic: whoever subscribed gets what matches their filter. */
export interface Topic {
  /**
   * Publishes once it returns; throws where nobody knows, and then it is published again, under the same ids in
   * `message.body`. `attributes` are what subscriptions filter on: an empty value is left out, as the service takes none.
   */
  publish(message: TopicMessage, attributes: Readonly<Record<string, string>>): Promise<void>;
}

export interface TopicMessage {
  /** What the subscriber gets: JSON or plain text, without patient data. */
  readonly body: string;
  /** Only e-mail shows it: up to 100 printable ASCII characters on one line. */
  readonly subject?: string;
}
