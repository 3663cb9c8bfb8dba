/** The oldest major version of Node.js that Taskgate runs on. */
export const REQUIRED_NODE = 24;

/** What is wrong with this version of Node.js, in one line for people; null where it will do. */
export function nodeProblem(version: string): string | null {
  if (Number(version.split('.')[0]) >= REQUIRED_NODE) return null;
  return (
    'taskgate needs Node.js ' +
    String(REQUIRED_NODE) +
    ' or later, but this is Node.js ' +
    version +
    '. `npm ci` installs it beside the other packages; `npm start` and every other npm script then use it.'
  );
}

const problem = nodeProblem(process.versions.node);
if (problem !== null) {
  process.stderr.write(problem + '\n');
  process.exit(1);
}
