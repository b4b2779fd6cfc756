/** The port to a queue that this function may send to. */
export interface Queue {
  send(message: object, options?: { groupId?: string; deduplicationId?: string; delaySeconds?: number }): Promise<void>;
}

/** The port to messages already received: how a batch says when one should come back. */
export interface Redelivery {
  /** Makes the message visible again after `seconds` (0..43200). */
  returnAfter(queueArn: string, receiptHandle: string, seconds: number): Promise<void>;
}
