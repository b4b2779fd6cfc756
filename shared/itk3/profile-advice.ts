/**
 * What a person can do when a practice, or MESH on its behalf, does not take this generation of Send Document
 * (EPL-151, 12, 16, 17, 10004, 10005). The same content dropped again is the same document and is not sent again, so
 * the last step is a new look-up on PDS: it makes the document a correction, which is composed afresh.
 */
export const otherProfileAdvice =
  'Where the practice takes only the other generation of Send Document, an operator chooses it for that practice: name it under practiceProfiles in the sender’s file (v1 or v2, by the practice’s ODS code) and run: npm run operate -- sender put FILE. Then look the patient up on PDS again and hand the report over once more with the time of that look-up.';
