import { z } from 'zod';
import { type CallContext, type Operation, operation } from '../json-service.ts';
import { describeTable, invalid, observe, type Shim, tableArn, tableNameIn } from './context.ts';
import { rebuild } from './rebuild.ts';
import { index, type OfTable, ofTable, type Table, table, tableSettings, tag, timeToLive } from './shapes.ts';

const created = ofTable.extend({
  ...tableSettings.shape,
  Tags: z.array(tag).optional(),
  StreamSpecification: z.looseObject({ StreamEnabled: z.boolean().optional() }).optional(),
  GlobalSecondaryIndexes: z.array(index).optional(),
});

const updated = ofTable.extend({
  ...tableSettings.shape,
  StreamSpecification: z.unknown().optional(),
  AttributeDefinitions: table.shape.AttributeDefinitions.optional(),
  GlobalSecondaryIndexUpdates: z
    .array(
      z.looseObject({
        Create: index.optional(),
        Delete: z.looseObject({ IndexName: z.string() }).optional(),
        Update: z.looseObject({ IndexName: z.string() }).optional(),
      }),
    )
    .optional(),
});

const ofArn = z.looseObject({ ResourceArn: z.string() });

/** What of an index the store knows; newer settings of it have no meaning on one machine. */
const storedIndex = ({ IndexName, KeySchema, Projection, ProvisionedThroughput }: z.output<typeof index>) => ({
  IndexName,
  KeySchema,
  Projection,
  ...(ProvisionedThroughput ? { ProvisionedThroughput } : {}),
});

/** The members with a value: what was not given must not replace what stands. */
const given = <T extends object>(value: T): Partial<T> =>
  Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as Partial<T>;

const refuseStreams = (specification: unknown) => {
  const { StreamEnabled } = z
    .looseObject({ StreamEnabled: z.boolean().optional() })
    .catch({})
    .parse(specification ?? {});
  if (StreamEnabled) throw invalid('Streams are not provided on one machine.');
};

/** Tables and their settings: the store's own, and what it does not know from the notes. */
export const tableOperations = (shim: Shim): [string, Operation][] => {
  const { gate, notes, store, setting } = shim;

  const on = <S extends z.ZodType<OfTable>>(
    name: string,
    input: S,
    run: (input: z.output<S>) => Promise<object>,
  ): [string, Operation] => [
    name,
    operation(input, {
      resource: ({ TableName }) => tableArn(setting, TableName),
      run: (value, context: CallContext) => {
        observe(shim, context, name, tableArn(setting, value.TableName));
        return run(value);
      },
    }),
  ];

  const onArn = <S extends z.ZodType<z.output<typeof ofArn>>>(
    name: string,
    input: S,
    run: (tableName: string, input: z.output<S>) => object,
  ): [string, Operation] => [
    name,
    operation(input, {
      resource: ({ ResourceArn }) => ResourceArn,
      run: async (value, context: CallContext) => {
        observe(shim, context, name, value.ResourceArn);
        const { TableName } = await describeTable(shim, tableNameIn(value.ResourceArn));
        return run(TableName, value);
      },
    }),
  ];

  /** The store's description with our region and account, and with what the notes say. */
  const described = (stored: unknown): Table => {
    const known = table.parse(stored);
    const { TableName } = known;
    const note = notes.of(TableName);
    const withArn = <I extends { IndexName: string }>(indexes: readonly I[] | undefined) =>
      indexes?.map((one) => ({ ...one, IndexArn: tableArn(setting, TableName, one.IndexName) }));
    return {
      ...known,
      TableArn: tableArn(setting, TableName),
      ...given({
        GlobalSecondaryIndexes: withArn(known.GlobalSecondaryIndexes),
        LocalSecondaryIndexes: withArn(known.LocalSecondaryIndexes),
        DeletionProtectionEnabled: note.DeletionProtectionEnabled ?? false,
        TableClassSummary: note.TableClass === undefined ? undefined : { TableClass: note.TableClass },
        SSEDescription: note.SSESpecification?.Enabled
          ? {
              Status: 'ENABLED',
              SSEType: note.SSESpecification.SSEType ?? 'KMS',
              ...given({ KMSMasterKeyArn: note.SSESpecification.KMSMasterKeyId }),
            }
          : undefined,
      }),
    };
  };

  const create = async (input: z.output<typeof created>) => {
    refuseStreams(input.StreamSpecification);
    const { TableName, GlobalSecondaryIndexes, Tags = [], ...rest } = input;
    const { TableDescription } = await store.call('CreateTable', {
      ...given({
        TableName,
        AttributeDefinitions: rest.AttributeDefinitions,
        KeySchema: rest.KeySchema,
        BillingMode: rest.BillingMode,
        ProvisionedThroughput: rest.ProvisionedThroughput,
        LocalSecondaryIndexes: rest.LocalSecondaryIndexes,
        GlobalSecondaryIndexes: GlobalSecondaryIndexes?.map(storedIndex),
      }),
    });
    notes.forget(TableName);
    notes.change(TableName, { ...tableSettings.parse(input), tags: Tags });
    return { TableDescription: described(TableDescription) };
  };

  const update = async (input: z.output<typeof updated>) => {
    refuseStreams(input.StreamSpecification);
    const { TableName, GlobalSecondaryIndexUpdates: changes = [], AttributeDefinitions = [], ...rest } = input;
    const before = await describeTable(shim, TableName);
    const creates = changes.flatMap(({ Create }) => (Create ? [storedIndex(Create)] : []));
    const deletes = changes.flatMap(({ Delete }) => (Delete ? [Delete.IndexName] : []));
    const updates = changes.filter(({ Update }) => Update !== undefined);
    if (rest.BillingMode !== undefined || rest.ProvisionedThroughput !== undefined || updates.length > 0) {
      await store.call('UpdateTable', {
        TableName,
        ...given({
          BillingMode: rest.BillingMode,
          ProvisionedThroughput: rest.ProvisionedThroughput,
          GlobalSecondaryIndexUpdates: updates.length > 0 ? updates : undefined,
        }),
      });
    }
    if (creates.length > 0 || deletes.length > 0) {
      await rebuild(shim, before, { creates, deletes, attributes: AttributeDefinitions });
    }
    notes.change(TableName, given(tableSettings.parse(input)));
    return { TableDescription: described(await describeTable(shim, TableName)) };
  };

  const remove = async ({ TableName }: OfTable) => {
    if (notes.of(TableName).DeletionProtectionEnabled) {
      throw invalid(
        `Resource cannot be deleted as it is currently protected against deletion. Disable deletion protection first. Table: ${TableName}`,
      );
    }
    const { TableDescription } = await store.call('DeleteTable', { TableName });
    const answer = { TableDescription: described(TableDescription) };
    notes.forget(TableName);
    return answer;
  };

  const backups = (tableName: string) => ({
    ContinuousBackupsDescription: {
      ContinuousBackupsStatus: 'ENABLED',
      PointInTimeRecoveryDescription: {
        PointInTimeRecoveryStatus: notes.of(tableName).pointInTimeRecovery ? 'ENABLED' : 'DISABLED',
      },
    },
  });

  return [
    on('CreateTable', created, (input) => gate.alone(() => create(input))),
    on('UpdateTable', updated, (input) => gate.alone(() => update(input))),
    on('DeleteTable', ofTable, (input) => gate.alone(() => remove(input))),
    on('DescribeTable', ofTable, ({ TableName }) =>
      gate.share(async () => ({ Table: described((await store.call('DescribeTable', { TableName })).Table) })),
    ),
    on('UpdateTimeToLive', ofTable.extend({ TimeToLiveSpecification: timeToLive }), async (input) => {
      const { TableName, TimeToLiveSpecification } = input;
      await describeTable(shim, TableName);
      notes.change(TableName, { timeToLive: TimeToLiveSpecification });
      return { TimeToLiveSpecification };
    }),
    on('DescribeTimeToLive', ofTable, async ({ TableName }) => {
      await describeTable(shim, TableName);
      const known = notes.of(TableName).timeToLive;
      return {
        TimeToLiveDescription: known?.Enabled
          ? { TimeToLiveStatus: 'ENABLED', AttributeName: known.AttributeName }
          : { TimeToLiveStatus: 'DISABLED' },
      };
    }),
    on(
      'UpdateContinuousBackups',
      ofTable.extend({
        PointInTimeRecoverySpecification: z.looseObject({ PointInTimeRecoveryEnabled: z.boolean() }),
      }),
      async ({ TableName, PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled } }) => {
        await describeTable(shim, TableName);
        notes.change(TableName, { pointInTimeRecovery: PointInTimeRecoveryEnabled });
        return backups(TableName);
      },
    ),
    on('DescribeContinuousBackups', ofTable, async ({ TableName }) => {
      await describeTable(shim, TableName);
      return backups(TableName);
    }),
    onArn('TagResource', ofArn.extend({ Tags: z.array(tag) }), (tableName, { Tags }) => {
      const replaced = new Set(Tags.map(({ Key }) => Key));
      const left = notes.of(tableName).tags.filter(({ Key }) => !replaced.has(Key));
      notes.change(tableName, { tags: [...left, ...Tags] });
      return {};
    }),
    onArn('UntagResource', ofArn.extend({ TagKeys: z.array(z.string()) }), (tableName, { TagKeys }) => {
      notes.change(tableName, { tags: notes.of(tableName).tags.filter(({ Key }) => !TagKeys.includes(Key)) });
      return {};
    }),
    onArn('ListTagsOfResource', ofArn, (tableName) => ({ Tags: notes.of(tableName).tags })),
    [
      'ListTables',
      operation(z.looseObject({}), {
        resource: () => tableArn(setting, '*'),
        run: (input, context) => {
          observe(shim, context, 'ListTables', tableArn(setting, '*'));
          return gate.share(() => store.call('ListTables', input));
        },
      }),
    ],
  ];
};
