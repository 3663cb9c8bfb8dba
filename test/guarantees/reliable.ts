import { describeChange, type History, isInScope, type RecordedChange, type Recording } from './History.js';
import { Findings, type Verdict } from './Verdict.js';

/**
 * Reliable: no reader misses a change of its scope between the first place that it stood at and the last. Only a gap or CURSOR_EXPIRED,
 * which the gateway says, may leave something out; a snapshot then, or one that was asked for, must show each task as the log has it at that place,
 * and leave out none but subtasks.
 */
export function reliable(recording: Recording): Verdict {
  const findings = new Findings();
  for (const history of recording.histories) new Reading(recording, history, findings).check();
  return findings.verdict('reliable');
}

/** Follows one reader through the log. */
class Reading {
  /** How many changes of the log are behind the reader; null: not known until it gets one, or a snapshot. */
  #place: number | null = null;
  #snapshotAllowed = false;
  /** What the messages of the snapshot so far have shown. */
  readonly #shown = new Set<string>();
  readonly #recording: Recording;
  readonly #history: History;
  readonly #findings: Findings;
  readonly #scoped: readonly { readonly place: number; readonly change: RecordedChange }[];

  constructor(recording: Recording, history: History, findings: Findings) {
    this.#recording = recording;
    this.#history = history;
    this.#findings = findings;
    this.#scoped = recording.log.flatMap((change, index) =>
      isInScope(history.scope, change.id) ? [{ place: index + 1, change }] : [],
    );
  }

  check(): void {
    const { places, log } = this.#recording;
    for (const event of this.#history.events) {
      switch (event.kind) {
        case 'OPENED':
          this.#shown.clear();
          if (this.#place === null && event.after !== null) this.#place = places.get(event.after) ?? null;
          this.#snapshotAllowed = event.snapshot;
          break;
        case 'CHANGES':
          this.#snapshotAllowed = false;
          for (const { cursor } of event.changes) {
            const place = places.get(cursor);
            if (place === undefined) continue;
            this.#missesNothing(place - 1, `before the change with cursor ${cursor}`);
            this.#place = place;
          }
          break;
        case 'RANGES':
          this.#snapshotAllowed = false;
          this.#tellsTheSame(event);
          break;
        case 'SNAPSHOT':
          this.#takeSnapshot(event);
          break;
        case 'BOOKMARK': {
          this.#snapshotAllowed = false;
          const place = places.get(event.cursor);
          if (place === undefined) break;
          this.#missesNothing(place, `before the bookmark with cursor ${event.cursor}`);
          this.#place = Math.max(place, this.#place ?? 0);
          break;
        }
        case 'ERROR': {
          const { code } = event;
          this.#findings.check(code === 'CURSOR_EXPIRED', this.#history.reader, () => `was ended with ${code}`);
          this.#place = null;
          break;
        }
        case 'GAP':
          this.#place = null;
          this.#snapshotAllowed = true;
          break;
        case 'DRAINED':
          this.#missesNothing(log.length, 'until the end');
          break;
        case 'HEALTH':
        case 'CLOSED':
          break;
      }
    }
  }

  #missesNothing(until: number, when: string): void {
    const from = this.#place;
    if (from === null) return;
    const missed = this.#scoped.filter(({ place }) => place > from && place <= until);
    this.#findings.check(
      missed.length === 0,
      this.#history.reader,
      () => `missed ${when}: ${missed.map(({ change }) => describeChange(change)).join(', ')}`,
    );
  }

  #tellsTheSame(event: History['events'][number] & { kind: 'RANGES' }): void {
    const { places } = this.#recording;
    const from = this.#place;
    const until = places.get(event.cursor);
    if (until === undefined) return;
    this.#place = until;
    const told = event.ranges.flatMap(({ ids, count, ...range }) => {
      this.#findings.check(
        count === ids.length,
        this.#history.reader,
        () => `says ${count} of ${ids.length}: ${ids.join(' ')}`,
      );
      return ids.map((id) => ({ ...range, id }));
    });
    if (from === null) return;
    const logged = this.#scoped.filter(({ place }) => place > from && place <= until).map(({ change }) => change);
    const [mine, its] = [byTask(told), byTask(logged)];
    for (const id of new Set([...mine.keys(), ...its.keys()])) {
      const [got, held] = [mine.get(id) ?? 'nothing', its.get(id) ?? 'nothing'];
      this.#findings.check(
        got === held,
        this.#history.reader,
        () => `ranges until ${event.cursor} tell of ${id}: ${got}; the log: ${held}`,
      );
    }
  }

  #takeSnapshot({ cursor, isLast, tasks }: History['events'][number] & { kind: 'SNAPSHOT' }): void {
    const { reader, scope } = this.#history;
    this.#findings.check(
      this.#snapshotAllowed,
      reader,
      () => `a snapshot came that no gap announced, cursor ${cursor}`,
    );
    const place = this.#recording.places.get(cursor);
    if (place === undefined) return;
    if (this.#recording.logIsWhole) {
      const states = new Map(this.#recording.log.slice(0, place).map(({ id, state }) => [id, state]));
      for (const { id, state } of tasks) {
        this.#findings.check(
          states.get(id) === state && isInScope(scope, id),
          reader,
          () => `the snapshot shows ${id} ${state}; at its cursor the log has it ${states.get(id) ?? 'nowhere'}`,
        );
        this.#shown.add(id);
      }
      const due = isLast ? [...states.keys()].filter((id) => id.split('.').length === 2 && isInScope(scope, id)) : [];
      const left = due.filter((id) => !this.#shown.has(id));
      this.#findings.check(left.length === 0, reader, () => `the snapshot at ${cursor} leaves out ${left.join(', ')}`);
      if (isLast) this.#shown.clear();
    }
    this.#place = place;
    this.#snapshotAllowed = !isLast;
  }
}

/** What happened to each task, in order, as text to compare. */
function byTask(
  changes: readonly Pick<RecordedChange, 'id' | 'previousState' | 'state' | 'cause' | 'message'>[],
): Map<string, string> {
  const texts = new Map<string, string>();
  for (const change of changes) {
    const text = `${describeChange(change)} ${JSON.stringify(change.message)}`;
    const former = texts.get(change.id);
    texts.set(change.id, former === undefined ? text : `${former}, ${text}`);
  }
  return texts;
}
