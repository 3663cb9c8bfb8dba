/** Why the demo cannot go on; `message` is one line for whoever started it. */
export class DemoProblem extends Error {
  override readonly name = 'DemoProblem';
}
