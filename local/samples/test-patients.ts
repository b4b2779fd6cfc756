/** A patient who does not exist, under a published test NHS number. */
export interface TestPatient {
  readonly nhsNumber: string;
  /** YYYY-MM-DD */
  readonly birthDate: string;
  readonly family: string;
  readonly given: readonly [string, ...string[]];
  readonly prefix: string;
}

/**
 * The six numbers that NHS England publishes for documents that a practice accepts (rule IB001 of its test harness),
 * with names and birth dates made up here: no demographics are published with them.
 */
export const TEST_PATIENTS: readonly [TestPatient, ...TestPatient[]] = [
  {
    nhsNumber: '9691375087',
    birthDate: '1957-01-09',
    family: 'Fernández-Hughes',
    given: ['María', 'Jane'],
    prefix: 'Mrs',
  },
  { nhsNumber: '9691375354', birthDate: '1984-11-30', family: "O'Connell", given: ['Declan'], prefix: 'Mr' },
  { nhsNumber: '9691375621', birthDate: '2019-02-28', family: 'Baptiste', given: ['Amara', 'Rose'], prefix: 'Miss' },
  { nhsNumber: '9691375710', birthDate: '1933-06-17', family: 'van der Berg', given: ['Wilhelm'], prefix: 'Mr' },
  { nhsNumber: '9691375907', birthDate: '2000-02-29', family: 'Szczepanska-Lee', given: ['Zofia'], prefix: 'Ms' },
  { nhsNumber: '9691375982', birthDate: '1971-08-05', family: 'Okafor', given: ['Chidi', 'Samuel'], prefix: 'Dr' },
];

/** `n` test patients; the list begins again after its end. */
export const pickTestPatients = (n: number): readonly TestPatient[] =>
  Array.from({ length: n }, (_, index) => TEST_PATIENTS[index % TEST_PATIENTS.length] ?? TEST_PATIENTS[0]);
