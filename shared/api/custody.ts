/** What 202 promises, in words. */
export const custody = {
  taken:
    'Manifest and PDF are stored, and this system answers for the document from here on. Follow it at Location until it ends, or until whoseMove names the sender: that is you.',
  known:
    'The same content was handed over before: it is the same document, and nothing was stored again. Follow it at Location.',
} as const;
