import { describe, expect, it } from 'vitest';
import { requestMetadata, requestOf } from '../../../../shared/submission/request-metadata.ts';

const requestId = '6e0f5a54-8f0c-4c11-9a3b-0c9f6d1c2b3a';

describe('the request beside a manifest', () => {
  it('comes back as it was put there', () => {
    for (const ids of [
      { requestId },
      { requestId, correlationId: 'visit-4711' },
      { requestId, clientId: 'northfield-pas' },
    ]) {
      expect(requestOf(requestMetadata(ids))).toEqual(ids);
    }
  });

  it('is not believed where it is not in form: whoever drops may write it', () => {
    expect(requestOf({})).toBeUndefined();
    expect(requestOf({ 'request-id': 'Fernández' })).toBeUndefined();
    expect(requestOf({ 'request-id': requestId, 'client-id': 'a b' })).toEqual({ requestId });
    for (const correlation of ['9691375087', 'a b', 'a'.repeat(101)]) {
      expect(requestOf({ 'request-id': requestId, 'correlation-id': correlation })).toEqual({ requestId });
    }
  });
});
