import type { AuthoriseContext } from '../callers/authorise.ts';
import { issuerKeys } from '../callers/token.ts';
import { dynamoDbTable } from '../platform/aws/dynamodb-table.ts';
import { s3Objects } from '../platform/aws/s3-objects.ts';
import { s3UploadForms } from '../platform/aws/s3-upload-forms.ts';
import { systemClock } from '../platform/clock.ts';
import { apiEnvironment, authoriseEnvironment, parseEnvironment } from '../platform/environment.ts';
import { systemIds } from '../platform/ids.ts';
import { powertoolsLog } from '../platform/log.ts';
import { powertoolsMeasure } from '../platform/measure.ts';
import type { ApiContext } from './context.ts';

/** From the two functions' environments to what they work with. */

export const wireApi = (source: NodeJS.ProcessEnv): ApiContext => {
  const environment = parseEnvironment(apiEnvironment, source);
  return {
    table: dynamoDbTable(environment.TABLE_NAME),
    drops: s3Objects(environment.INBOX_BUCKET),
    messages: s3Objects(environment.MESSAGES_BUCKET),
    audit: s3Objects(environment.ARCHIVE_BUCKET),
    forms: s3UploadForms(environment.INBOX_BUCKET),
    clock: systemClock,
    ids: systemIds,
    log: powertoolsLog(environment.POWERTOOLS_SERVICE_NAME),
    measure: powertoolsMeasure(
      environment.POWERTOOLS_METRICS_NAMESPACE,
      environment.POWERTOOLS_SERVICE_NAME,
      environment.STAGE,
    ),
    limits: {
      maxPdfBytes: environment.MAX_PDF_BYTES,
      maxInlineBytes: environment.MAX_INLINE_BYTES,
      uploadLifeSeconds: environment.UPLOAD_LIFE_SECONDS,
    },
  };
};

export const wireAuthorise = (source: NodeJS.ProcessEnv): AuthoriseContext => {
  const environment = parseEnvironment(authoriseEnvironment, source);
  return {
    table: dynamoDbTable(environment.TABLE_NAME),
    clock: systemClock,
    log: powertoolsLog(environment.POWERTOOLS_SERVICE_NAME),
    stage: environment.STAGE,
    keys: issuerKeys(environment.JWKS_URL),
    token: {
      issuer: environment.TOKEN_ISSUER,
      audience: environment.TOKEN_AUDIENCE,
      leewaySeconds: environment.TOKEN_LEEWAY_SECONDS,
    },
  };
};
