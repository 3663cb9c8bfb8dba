/**
 * Preloaded into a built gateway (`node --import`): ends it as `kill -9` does when it comes to the moment that CRASH_AT names.
 * BEFORE_SIGNAL: a cancel is stored, SIGTERM not sent. BEFORE_KILL: the grace period is over, SIGKILL not sent.
 * NEVER_KILL: no crash, but SIGKILL is not sent, so that what is to be killed stays as it is.
 * BEFORE_JOB_FOLDER: a task is about to start, the folder for its job's files is not made.
 * BEFORE_END_STORED: the launcher is gone, its end not stored. BEFORE_START_STORED: a command was started, its start not stored.
 */
type Patched = Record<string, (...args: unknown[]) => unknown>;

async function prototypeOf(name: string, room = 'local'): Promise<Patched> {
  const file = new URL(`../../dist/schedulers/${room}/${name}.js`, import.meta.url).href;
  const module = (await import(file)) as Record<string, { readonly prototype: Patched }>;
  const prototype = module[name]?.prototype;
  if (prototype === undefined) throw new Error(`there is no ${name} in ${file}`);
  return prototype;
}

function crash(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

const group = await prototypeOf('ProcessGroup');
const processes = await prototypeOf('LinuxTaskProcesses');
const folder = await prototypeOf('DataFolder', 'store');

switch (process.env['CRASH_AT']) {
  case 'BEFORE_SIGNAL':
    group['terminate'] = crash;
    break;
  case 'BEFORE_KILL':
    group['kill'] = crash;
    break;
  case 'NEVER_KILL':
    group['kill'] = () => undefined;
    break;
  case 'BEFORE_END_STORED':
    group['launcherGone'] = crash;
    break;
  case 'BEFORE_JOB_FOLDER':
    folder['makeJobFolder'] = crash;
    break;
  case 'BEFORE_START_STORED': {
    const launch = processes['launch'];
    processes['launch'] = async function (this: unknown, ...args): Promise<never> {
      await launch?.apply(this, args);
      return crash();
    };
    break;
  }
  default:
    throw new Error(`CRASH_AT is ${process.env['CRASH_AT'] ?? 'not set'}`);
}
