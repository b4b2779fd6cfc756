/** The port to a queue that this function may send to. */
export interface Queue {
  send(message: object, options?: { groupId?: string; deduplicationId?: string; delaySeconds?: number }): Promise<void>;
}

/** The port to messages already received: how a batch says when one should come back. */
export interface Redelivery {
  /** Makes the message visible again after `seconds` (0..43200). */
  returnAfter(queueArn: string, receiptHandle: string, seconds: number): Promise<void>;
}

/** A message on a dead-letter queue, kept from others for a while. */
export interface DeadLetter {
  readonly messageId: string;
  readonly body: string;
  /** When it was first sent, epoch ms. */
  readonly sentAt: number;
  readonly receipt: string;
  readonly groupId?: string;
  readonly deduplicationId?: string;
}

/** The port to the dead-letter queue of a queue, for an operator. */
export interface DeadLetters {
  /** About how many there are. */
  count(): Promise<number>;
  /** Some of those that nobody else looks at; none where there are no more. They come back by themselves in minutes. */
  receive(): Promise<readonly DeadLetter[]>;
  /** Sends it to its queue again. The message here stays. */
  handBack(letter: DeadLetter): Promise<void>;
  remove(letter: DeadLetter): Promise<void>;
  /** Lets others see it at once. */
  letGo(letter: DeadLetter): Promise<void>;
}
