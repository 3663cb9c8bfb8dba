import { describe, expect, test } from 'vitest';
import { BASE_STATES, nativeEnd, nativePhase, readNativeState, STATE_FLAGS } from './nativeStates.js';

function phaseOf(...words: readonly string[]): string {
  const phase = nativePhase(readNativeState(words));
  return 'base' in phase ? `${phase.kind} ${phase.base ?? '?'}` : phase.kind;
}

describe('A native state', () => {
  test('says by its base word how far the task is', () => {
    expect(BASE_STATES.map((base) => [base, phaseOf(base)])).toStrictEqual([
      ['PENDING', 'WAITING'],
      ['RUNNING', 'RUNNING'],
      ['SUSPENDED', 'RUNNING'],
      ['COMPLETED', 'ENDED COMPLETED'],
      ['CANCELLED', 'ENDED CANCELLED'],
      ['FAILED', 'ENDED FAILED'],
      ['TIMEOUT', 'ENDED TIMEOUT'],
      ['NODE_FAIL', 'ENDED NODE_FAIL'],
      ['PREEMPTED', 'ENDED PREEMPTED'],
      ['BOOT_FAIL', 'ENDED BOOT_FAIL'],
      ['DEADLINE', 'ENDED DEADLINE'],
      ['OUT_OF_MEMORY', 'ENDED OUT_OF_MEMORY'],
    ]);
  });

  test('says by a flag that hides the base word what the flag means', () => {
    expect(STATE_FLAGS.map((flag) => [flag, phaseOf(flag)])).toStrictEqual([
      ['LAUNCH_FAILED', 'UNKNOWN'],
      ['UPDATE_DB', 'UNKNOWN'],
      ['REQUEUED', 'WAITING'],
      ['REQUEUE_HOLD', 'WAITING'],
      ['SPECIAL_EXIT', 'WAITING'],
      ['RESIZING', 'RUNNING'],
      ['CONFIGURING', 'DISPATCHING'],
      ['COMPLETING', 'ENDING ?'],
      ['STOPPED', 'RUNNING'],
      ['RECONFIG_FAIL', 'UNKNOWN'],
      ['POWER_UP_NODE', 'DISPATCHING'],
      ['REVOKED', 'ENDED CANCELLED'],
      ['REQUEUE_FED', 'WAITING'],
      ['RESV_DEL_HOLD', 'WAITING'],
      ['SIGNALING', 'RUNNING'],
      ['STAGE_OUT', 'ENDING ?'],
      ['EXPEDITING', 'UNKNOWN'],
    ]);
  });

  test('says with a flag beside the base word what both mean', () => {
    expect(STATE_FLAGS.map((flag) => [flag, phaseOf('RUNNING', flag), phaseOf('CANCELLED', flag)])).toStrictEqual([
      ['LAUNCH_FAILED', 'RUNNING', 'ENDED CANCELLED'],
      ['UPDATE_DB', 'RUNNING', 'ENDED CANCELLED'],
      ['REQUEUED', 'RUNNING', 'ENDED CANCELLED'],
      ['REQUEUE_HOLD', 'RUNNING', 'ENDED CANCELLED'],
      ['SPECIAL_EXIT', 'RUNNING', 'ENDED CANCELLED'],
      ['RESIZING', 'RUNNING', 'ENDED CANCELLED'],
      ['CONFIGURING', 'DISPATCHING', 'ENDED CANCELLED'],
      ['COMPLETING', 'ENDING ?', 'ENDING CANCELLED'],
      ['STOPPED', 'RUNNING', 'ENDED CANCELLED'],
      ['RECONFIG_FAIL', 'RUNNING', 'ENDED CANCELLED'],
      ['POWER_UP_NODE', 'DISPATCHING', 'ENDED CANCELLED'],
      ['REVOKED', 'RUNNING', 'ENDED CANCELLED'],
      ['REQUEUE_FED', 'RUNNING', 'ENDED CANCELLED'],
      ['RESV_DEL_HOLD', 'RUNNING', 'ENDED CANCELLED'],
      ['SIGNALING', 'RUNNING', 'ENDED CANCELLED'],
      ['STAGE_OUT', 'ENDING ?', 'ENDING CANCELLED'],
      ['EXPEDITING', 'RUNNING', 'ENDED CANCELLED'],
    ]);
  });

  test('keeps its words: of a list joined, of sacct without who canceled it, of what is not known as it stands', () => {
    const states = [['CANCELLED', 'COMPLETING'], 'CANCELLED by 1000', 'COMPLETING', ['ZOMBIE'], []].map(
      readNativeState,
    );
    expect(states).toStrictEqual([
      { base: 'CANCELLED', flags: new Set(['COMPLETING']), text: 'CANCELLED+COMPLETING' },
      { base: 'CANCELLED', flags: new Set(), text: 'CANCELLED' },
      { base: null, flags: new Set(['COMPLETING']), text: 'COMPLETING' },
      { base: null, flags: new Set(), text: 'ZOMBIE' },
      { base: null, flags: new Set(), text: '' },
    ]);
    expect([phaseOf('ZOMBIE'), phaseOf()]).toStrictEqual(['UNKNOWN', 'UNKNOWN']);
  });

  test('ends a task in the words of the domain', () => {
    const ended = BASE_STATES.flatMap((base) => {
      const phase = nativePhase(readNativeState(base));
      return phase.kind === 'ENDED' ? [[base, nativeEnd(phase.base).state, nativeEnd(phase.base).endReason]] : [];
    });
    expect(ended).toStrictEqual([
      ['COMPLETED', 'FINISHED', 'COMPLETED'],
      ['CANCELLED', 'CANCELED', 'CANCELED'],
      ['FAILED', 'FAILED', 'EXIT_CODE'],
      ['TIMEOUT', 'FAILED', 'RUNTIME_EXCEEDED'],
      ['NODE_FAIL', 'FAILED', 'NODE_LOST'],
      ['PREEMPTED', 'FAILED', 'PREEMPTED'],
      ['BOOT_FAIL', 'FAILED', 'START_FAILED'],
      ['DEADLINE', 'FAILED', 'RUNTIME_EXCEEDED'],
      ['OUT_OF_MEMORY', 'FAILED', 'EXIT_CODE'],
    ]);
  });
});
