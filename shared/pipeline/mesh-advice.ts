import { otherProfileAdvice } from '../itk3/profile-advice.ts';
import { statusCode } from '../mesh/status-codes.ts';

/** Codes behind which may stand that the practice takes only the other generation of Send Document. */
const perhapsOtherProfile = new Set(['12', '16', '17', 'EPL-151']);

/** What to do after a code of MESH: the client's advice, and what of this system's settings may help. */
export const meshAdvice = (code: string | undefined, advice: string): string =>
  perhapsOtherProfile.has(statusCode(code ?? '')?.code ?? '') ? `${advice} ${otherProfileAdvice}` : advice;
