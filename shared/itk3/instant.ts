/** FHIR instant in UTC with whole seconds and an offset, `2024-03-18T10:15:00+00:00`, of epoch milliseconds. */
export const fhirInstant = (epochMs: number): string => `${new Date(epochMs).toISOString().slice(0, 19)}+00:00`;
