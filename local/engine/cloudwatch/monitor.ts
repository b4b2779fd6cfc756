import { appendFileSync } from 'node:fs';
import { isoTime, minutes, seconds } from '../../../shared/platform/clock.ts';
import type { LocalClock } from '../../clock.ts';
import type { AlarmDefinition, AlarmStateName } from './alarm-definition.ts';
import { judge, seriesOf } from './evaluate.ts';
import type { Datum, MetricStore } from './metric-store.ts';

export interface AlarmState {
  readonly name: string;
  readonly state: AlarmStateName;
  /** Epoch ms. */
  readonly since: number;
  readonly reason: string;
}

export interface AlarmChange extends AlarmState {
  readonly was: AlarmStateName;
}

/** The alarms of the templates, as they stand. */
export interface Alarms {
  readonly all: readonly AlarmState[];
  /** Throws for a name that is none. */
  stateOf(name: string): AlarmStateName;
  /** Every change so far, oldest first. */
  readonly changes: readonly AlarmChange[];
}

export interface MonitorSetting {
  readonly definitions: readonly AlarmDefinition[];
  readonly store: MetricStore;
  readonly clock: LocalClock;
  readonly region: string;
  readonly account: string;
  /** What is to be measured by looking: queue depths. Asked once a minute. */
  sample(at: number): readonly Datum[];
  /** False where there is no such topic. */
  publish(topicArn: string, message: { readonly subject: string; readonly message: string }): boolean;
  readonly logFile: string;
  warn(sentence: string): void;
}

export interface Monitor extends Alarms {
  close(): void;
}

const minute = minutes(1);
/** After a minute's end, until what was printed in it has come through. */
const settling = seconds(15);
const mostChanges = 10_000;

/** What CloudWatch puts on an alarm's topic. */
const notification = (definition: AlarmDefinition, change: AlarmChange, setting: MonitorSetting) => ({
  subject: `${change.state}: "${definition.name}" in ${setting.region}`.slice(0, 100),
  message: JSON.stringify({
    AlarmName: definition.name,
    AlarmDescription: definition.description,
    AWSAccountId: setting.account,
    NewStateValue: change.state,
    NewStateReason: change.reason,
    StateChangeTime: isoTime(change.since),
    Region: setting.region,
    AlarmArn: definition.arn,
    OldStateValue: change.was,
  }),
});

/** Looks at every alarm once a minute of the clock; a change is told to its topics and stands in `alarms.log`. */
export const startMonitor = (setting: MonitorSetting): Monitor => {
  const { definitions, store, clock } = setting;
  const began = clock.now();
  const states = new Map<string, AlarmState>(
    definitions.map(({ name }) => [name, { name, state: 'INSUFFICIENT_DATA', since: began, reason: 'just made' }]),
  );
  const changes: AlarmChange[] = [];

  const tell = (definition: AlarmDefinition, change: AlarmChange): void => {
    if (changes.length < mostChanges) changes.push(change);
    const { name, was, state, reason, since } = change;
    appendFileSync(
      setting.logFile,
      `${JSON.stringify({ at: isoTime(since), alarm: name, from: was, to: state, reason })}\n`,
    );
    for (const topic of definition.actions[state]) {
      if (!setting.publish(topic, notification(definition, change, setting))) {
        setting.warn(`The alarm ${name} could not be told to ${topic}`);
      }
    }
  };

  const look = (end: number): void => {
    for (const definition of definitions) {
      const { name } = definition;
      const previous = states.get(name)?.state ?? 'INSUFFICIENT_DATA';
      const { state, reason } = judge(definition, seriesOf(definition, store, end), previous, end - began);
      if (state === previous) continue;
      const since = clock.now();
      states.set(name, { name, state, since, reason });
      tell(definition, { name, was: previous, state, since, reason });
    }
  };

  let disarm = () => {};
  const arm = (): void => {
    const end = Math.floor(clock.now() / minute) * minute + minute;
    disarm = clock.at(end, () => {
      for (const datum of setting.sample(end)) store.put(datum);
      disarm = clock.at(end + settling, () => {
        look(end);
        arm();
      });
    });
  };
  arm();

  return {
    get all() {
      return [...states.values()];
    },
    stateOf(name) {
      const found = states.get(name);
      if (!found) throw new Error(`There is no alarm ${name}`);
      return found.state;
    },
    changes,
    close: () => disarm(),
  };
};
