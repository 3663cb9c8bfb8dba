/** The code of the REST service's faults where the scheduler gives none (0x0FF00000, SDK reference of the older API). */
const GENERAL_FAULT = 267_386_880;

/**
 * The scheduler's refusals. `code` is the HRESULT of the SDK's `ErrorCode` class, null where no source names it; `status` is given out where
 * the switch `preciseStatus` is on.
 */
const ERRORS = {
  OnlyConfigJobsCanBeSubmitted: { code: 0x80040202, status: 409, text: 'Only Configuring jobs can be submitted.' },
  InvalidCancelJobState: { code: 0x80040208, status: 409, text: 'The job cannot be canceled in its state.' },
  InvalidCancelTaskState: { code: 0x80040209, status: 409, text: 'The task cannot be canceled in its state.' },
  OnlyFailedCancelledJobsCanBeConfigured: {
    code: 0x8004020a,
    status: 409,
    text: 'The job cannot be configured again.',
  },
  PermissionDenied: { code: 0x8004020b, status: 403, text: 'You do not have permission to do this.' },
  AuthenticationFailure: { code: 0x8004020c, status: 403, text: 'The credentials are not valid.' },
  OnlyFailedCancelledTasksCanBeConfigured: {
    code: 0x8004024c,
    status: 409,
    text: 'Only Queued, Failed and Canceled tasks can be configured again.',
  },
  CancelMessageIsTooLong: { code: 0x800402d3, status: 400, text: 'The message is longer than 128 characters.' },
  InvalidJobId: { code: null, status: 404, text: 'There is no such job.' },
  InvalidTaskId: { code: null, status: 404, text: 'There is no such task.' },
  SubtaskNotExpanded: { code: null, status: 404, text: 'the specified subtask has not been expanded yet' },
  InvalidFinishState: { code: null, status: 409, text: 'It cannot be finished in its state.' },
  InvalidProperty: { code: null, status: 400, text: 'The property is not valid.' },
  NotEditable: { code: null, status: 409, text: 'The property cannot be changed in this state.' },
  InvalidQuery: { code: null, status: 400, text: 'The query is not valid.' },
  InvalidJobFile: { code: null, status: 400, text: 'The job XML is not valid.' },
} as const;

/** The name of one of the scheduler's refusals. */
export type SchedulerErrorName = keyof typeof ERRORS;

/** The scheduler says no. Thrown within the emulation, and answered to the client as an HTTP error. */
export class SchedulerError extends Error {
  readonly code: number;
  readonly status: number;

  /** @param detail - put behind the text */
  constructor(name: SchedulerErrorName, detail?: string) {
    const { code, status, text } = ERRORS[name];
    super(detail === undefined ? text : `${text} ${detail}`);
    this.code = code ?? GENERAL_FAULT;
    this.status = status;
  }
}
