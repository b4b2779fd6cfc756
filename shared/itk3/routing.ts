import { type PatientFacts, surnameOf } from './document.ts';
import { isLatin1 } from './latin1.ts';

/** Longest value of the Mex-To header. */
const routingLimit = 100;

export type Routing =
  | { readonly kind: 'routing'; readonly to: string }
  | { readonly kind: 'problem'; readonly code: RoutingProblem; readonly message: string };

export type RoutingProblem =
  | 'NHS_NUMBER_NOT_ROUTABLE'
  | 'BIRTH_DATE_NOT_ROUTABLE'
  | 'SURNAME_EMPTY'
  | 'SURNAME_HOLDS_UNDERSCORE'
  | 'SURNAME_NOT_LATIN1'
  | 'SURNAME_TOO_LONG';

const problem = (code: RoutingProblem, message: string): Routing => ({ kind: 'problem', code, message });

/**
 * `GPPROVIDER_{NHS number}_{YYYYMMDD}_{surname}`: MESH finds the registered practice from it (GPCM-SD-056, 060, 063).
 * Made from the facts that the Patient resource is made of, the surname verbatim, so the two always agree
 * (GPCM-SD-038). A surname that a header cannot carry faithfully is a problem, never transliterated. Messages hold no
 * patient data.
 */
export const routingOf = (patient: PatientFacts): Routing => {
  const surname = surnameOf(patient);
  if (!/^\d{10}$/.test(patient.nhsNumber))
    return problem('NHS_NUMBER_NOT_ROUTABLE', 'The NHS number is not ten digits, so MESH cannot route by it.');
  if (!/^\d{4}-\d{2}-\d{2}$/.test(patient.birthDate))
    return problem(
      'BIRTH_DATE_NOT_ROUTABLE',
      'The date of birth is not written YYYY-MM-DD, so MESH cannot route by it.',
    );
  if (surname === '') return problem('SURNAME_EMPTY', 'The surname is empty; MESH routes by it.');
  if (surname.includes('_'))
    return problem(
      'SURNAME_HOLDS_UNDERSCORE',
      'The surname holds an underscore, which separates the parts of the MESH address. Send the document another way, or correct the surname to the one that PDS holds.',
    );
  if (!isLatin1(surname))
    return problem(
      'SURNAME_NOT_LATIN1',
      'The surname holds a character that the MESH address cannot carry (only ISO 8859-1 can travel in it; accented letters must be single, composed characters). Use the spelling that PDS holds; if PDS holds this one, send the document another way.',
    );
  const to = `GPPROVIDER_${patient.nhsNumber}_${patient.birthDate.replaceAll('-', '')}_${surname}`;
  if (to.length > routingLimit)
    return problem(
      'SURNAME_TOO_LONG',
      `The surname is too long for a MESH address, which is at most ${routingLimit} characters. Send the document another way.`,
    );
  return { kind: 'routing', to };
};
