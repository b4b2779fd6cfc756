import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { expect, it } from 'vitest';
import { testDynamoDb } from './dynamodb-support.ts';

it('a service that is closed while it writes ends what it has begun, and throws into nothing', async () => {
  for (let run = 0; run < 5; run++) {
    const dynamo = await testDynamoDb();
    await dynamo.create('closing');
    const writes = Array.from({ length: 60 }, (_, n) =>
      dynamo.documents
        .send(
          new PutCommand({
            TableName: 'closing',
            Item: { pk: `item-${n}`, sk: '1', status: 'open', dueAt: n, text: 'x'.repeat(20_000) },
          }),
        )
        .then(
          () => 'written',
          () => 'refused',
        ),
    );
    // Some are written, the others are on their way.
    await Promise.race(writes);
    await dynamo.close();
    expect(await writes[0]).toBeDefined();
    await Promise.all(writes);
  }
});
