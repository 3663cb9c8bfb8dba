/**
 * What no source that could be read settles about a real head node. Each is a switch, so that a client can be held against both ways.
 */
export interface Switches {
  /** The body of an error: plain text, a JSON string, `{Message}`, `{Code,Message,Values}`, or the XML fault of the older API. */
  readonly errorBody: 'text' | 'string' | 'message' | 'fault' | 'xml';
  /** Errors have the HTTP status that fits (403, 404, 409); otherwise each is a 400. Only "4xx" is known. */
  readonly preciseStatus: boolean;
  /** A cancel without force is answered when the task is over, as the .NET call beneath it blocks; otherwise at once. */
  readonly cancelBlocks: boolean;
  /** InstanceId of a sweep's subtask: its value, or its place counted from 1. They differ where a sweep does not count 1, 2, 3. */
  readonly instanceIds: 'value' | 'ordinal';
  /** What becomes of a job's waiting tasks when the job is canceled. */
  readonly waitingAfterJobCancel: 'Canceled' | 'unchanged';
  /** The `$filter` key TaskIds takes task ids with commas between them; otherwise it is refused. */
  readonly taskIdsFilter: boolean;
  /** Events are sent for a sweep's master too. */
  readonly masterEvents: boolean;
  /** Where SignalR is served. */
  readonly signalRPath: '/hpc/signalr' | '/signalr';
  /** A request without `api-version` is answered 400, as some of the older API's operations do. */
  readonly requiresApiVersion: boolean;
  /** A task added to a submitted job is submitted by the server. */
  readonly submitsAddedTasks: boolean;
  /** Cancel is accepted in Validating and Dispatching, as the portal offers it; the reference page names neither. */
  readonly cancelsInTransit: boolean;
  /** A canceled sweep's master is Canceled at once; otherwise when its last subtask is over. */
  readonly masterCanceledAtOnce: boolean;
  /** A task can be requeued only while its job is Running (command line reference); otherwise an ended job runs again. */
  readonly requeueNeedsRunningJob: boolean;
  /** How a boolean is printed. */
  readonly booleans: 'True' | 'true';
  /** How a property without a value is shown. */
  readonly unset: 'absent' | 'empty' | 'minimum';
  /** A change of a task counts as a change of its job, for the job's ChangeTime. */
  readonly taskChangesTouchJob: boolean;
  /** A job keeps the ClientSource that its XML says; otherwise it is the service's own. */
  readonly keepsClientSource: boolean;
  /** One SignalR connection may listen to several jobs; otherwise the latest BeginListen replaces the one before. */
  readonly severalJobsPerConnection: boolean;
}

/** The likelier way of each. */
export const LIKELY: Switches = {
  errorBody: 'string',
  preciseStatus: false,
  cancelBlocks: true,
  instanceIds: 'value',
  waitingAfterJobCancel: 'Canceled',
  taskIdsFilter: true,
  masterEvents: false,
  signalRPath: '/hpc/signalr',
  requiresApiVersion: false,
  submitsAddedTasks: false,
  cancelsInTransit: true,
  masterCanceledAtOnce: true,
  requeueNeedsRunningJob: true,
  booleans: 'True',
  unset: 'absent',
  taskChangesTouchJob: false,
  keepsClientSource: true,
  severalJobsPerConnection: true,
};

/** Each the other way. */
export const UNLIKELY: Switches = {
  errorBody: 'fault',
  preciseStatus: true,
  cancelBlocks: false,
  instanceIds: 'ordinal',
  waitingAfterJobCancel: 'unchanged',
  taskIdsFilter: false,
  masterEvents: true,
  signalRPath: '/signalr',
  requiresApiVersion: true,
  submitsAddedTasks: true,
  cancelsInTransit: false,
  masterCanceledAtOnce: false,
  requeueNeedsRunningJob: false,
  booleans: 'true',
  unset: 'empty',
  taskChangesTouchJob: true,
  keepsClientSource: false,
  severalJobsPerConnection: false,
};
