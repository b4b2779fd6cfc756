import type { z } from 'zod';
import type { Caller } from '../callers/authorise.ts';
import { isoTime, seconds } from '../platform/clock.ts';
import { uploadsPrefix } from '../platform/names.ts';
import type { ApiContext } from './context.ts';
import { type ApiProblem, apiProblem, refusal, refusalIfAny } from './problems.ts';
import { checkBody, readBody } from './read-body.ts';
import type { ApiRequest } from './request.ts';
import { type ApiResponse, answered } from './response.ts';
import { type uploadAnswer, uploadRequest } from './schemas.ts';

/** Under the organisation's own prefix: another's upload cannot even be named. */
export const uploadObject = (odsCode: string, uploadId: string): string => `${uploadsPrefix}${odsCode}/${uploadId}.pdf`;

/** Of an attachment that is not a PDF. */
export const attachmentUpload = (odsCode: string, uploadId: string): string =>
  `${uploadsPrefix}${odsCode}/${uploadId}.attachment`;

export const pdfMediaType = 'application/pdf';

/** By itself: told also of a body that is wrong elsewhere. */
const tooLarge = (given: unknown, most: number): ApiProblem[] => {
  const size = uploadRequest.shape.size.safeParse(given).data ?? 0;
  const says = `The file is larger than any that is sent from here (${most} bytes).`;
  return size > most ? [apiProblem('UPLOAD_TOO_LARGE', 'size', says)] : [];
};

/** A form that takes this one file and nothing else. */
export const createUpload = async (
  { forms, ids, clock, limits, measure }: ApiContext,
  request: ApiRequest,
  { odsCode }: Caller,
): Promise<ApiResponse> => {
  const body = readBody(request.body);
  if (body.kind === 'problem') return refusal([body.problem]);
  const { problems, value } = checkBody(uploadRequest, body);
  const refused = refusalIfAny([...tooLarge(body.value.size, limits.maxPdfBytes), ...problems]);
  if (refused || !value) return refused ?? refusal([apiProblem('BODY_NOT_OBJECT')]);
  const uploadId = ids.uuid();
  const expiresAt = clock.now() + seconds(limits.uploadLifeSeconds);
  const form = await forms.formFor({
    key: (value.contentType === pdfMediaType ? uploadObject : attachmentUpload)(odsCode, uploadId),
    ...value,
    lifeSeconds: limits.uploadLifeSeconds,
  });
  const answer: z.output<typeof uploadAnswer> = {
    uploadId,
    url: form.url,
    fields: { ...form.fields },
    expiresAt: isoTime(expiresAt),
  };
  measure.count('UploadFormsGiven');
  return answered(201, answer);
};
