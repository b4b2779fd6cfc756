import type { IRole } from 'aws-cdk-lib/aws-iam';
import { bySenderIndex, inboxPrefix, uploadsPrefix, viewPrefix } from '../../shared/platform/names.ts';
import { allow } from '../nag.ts';
import { archiving, dataKey, itemsOf, listing, objects, type Reach, read } from './pipeline-grants.ts';

/** The API hands over like an organisation does, by dropping; it changes no record and sees no other part of a message. */
export const grantApi = (role: IRole, reach: Reach): void => {
  const { data } = reach;
  // Its own drops: the name begins so (shared/api). It reads one again only to say what differs in another content.
  const own = `${inboxPrefix}*/api-*`;
  allow(role, {
    actions: ['s3:PutObject'],
    resources: [data.drops.arnForObjects(own)],
    wildcard: 'objects-of-prefix',
  });
  allow(role, { actions: read, resources: [data.drops.arnForObjects(`${own}.json`)], wildcard: 'objects-of-prefix' });
  // An upload form acts with the rights of the role that signed it.
  objects(role, data.drops, uploadsPrefix, [...read, 's3:PutObject']);
  listing(role, data.drops, [inboxPrefix, uploadsPrefix]);
  // Who looked at what: written before it is shown, and read by no function.
  objects(role, data.archive, viewPrefix, archiving);
  // What was handed over before, to say what differs in another content.
  allow(role, {
    actions: read,
    resources: [data.messages.arnForObjects('messages/*/manifest.json')],
    wildcard: 'objects-of-bucket',
  });
  listing(role, data.messages, []);
  // STATUS#: the item that `_status` asks for and nobody writes.
  allow(role, {
    actions: ['dynamodb:GetItem'],
    resources: [data.table.tableArn],
    conditions: itemsOf('DOC', 'SUBMISSION', 'SENDER', 'STATUS'),
  });
  allow(role, { actions: ['dynamodb:PutItem'], resources: [data.table.tableArn], conditions: itemsOf('SUBMISSION') });
  // The index holds keys and states only. Its partitions are organisations' codes, which the role cannot know.
  allow(role, { actions: ['dynamodb:Query'], resources: [`${data.table.tableArn}/index/${bySenderIndex}`] });
  dataKey(role, reach, ['s3', 'dynamodb']);
};

/** Which organisation a client acts for, and nothing else. */
export const grantAuthorise = (role: IRole, reach: Reach): void => {
  const { data } = reach;
  allow(role, { actions: ['dynamodb:GetItem'], resources: [data.table.tableArn], conditions: itemsOf('CLIENT') });
  dataKey(role, reach, ['dynamodb']);
};
