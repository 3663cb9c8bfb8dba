/** What is asked of every GraphQL server. */
export const CHANGES = `subscription ($job: ID, $after: Cursor) {
  taskStateChanged(jobId: $job, after: $after) {
    cursor previousState state cause message actor { id } occurredAt
    task { id jobId taskId name commandLine state exitCode errorMessage startedAt endedAt allocatedNodes }
  }
}`;

export const QUERIES = {
  'cancelTask on a task already canceling': {
    query: `mutation ($job: ID!, $task: ID!, $message: String) {
      cancelTask(jobId: $job, taskId: $task, message: $message) {
        task { id state } cancellation { id message phase graceExpiresAt } cursor userErrors { code message }
      }
    }`,
    variables: { job: '1', task: '1', message: 'again' },
  },
  'jobs(first: 100), 8 fields': {
    query: '{ jobs(first: 100) { nodes { id name state priority project createdAt startedAt progress } } }',
    variables: {},
  },
  'task(...), 12 fields': {
    query: `query ($job: ID!, $task: ID!) {
      task(jobId: $job, taskId: $task) {
        id jobId taskId name type state commandLine minCores exitCode createdAt startedAt isCancelable
      }
    }`,
    variables: { job: '2', task: '1' },
  },
} as const;
