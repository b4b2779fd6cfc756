import { relative } from 'node:path';
import type { RunFile } from '../run-file.ts';
import type { SampleSubmission } from './sample-submission.ts';

/** Lines for a shell: a token, a submission, and how it goes. Node.js is what everybody here has, so it reads the JSON. */
export const curls = ({ apiUrl, issuer }: RunFile, { file, documentId }: SampleSubmission): readonly string[] => {
  const { tokenUrl, clientId, clientSecret } = issuer;
  const readToken = `node -p 'JSON.parse(fs.readFileSync(0)).access_token'`;
  const headers = `-H "Authorization: Bearer $TOKEN" -H "X-Request-ID: $(node -p 'crypto.randomUUID()')"`;
  const path = relative(process.cwd(), file);
  return [
    `TOKEN=$(curl -sS -u ${clientId}:${clientSecret} -d grant_type=client_credentials ${tokenUrl} | ${readToken})`,
    `curl -sS -w '\\n' -X POST ${apiUrl}/v1/documents ${headers} -H "Content-Type: application/json" --data @${path}`,
    `curl -sS -w '\\n' ${apiUrl}/v1/documents/${documentId} ${headers}`,
  ];
};
