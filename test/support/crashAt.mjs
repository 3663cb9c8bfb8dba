/**
 * Preloaded into a gateway (`node --import`): ends it as `kill -9` does when it comes to the moment that CRASH_AT names.
 * BEFORE_SIGNAL: a cancel is stored, SIGTERM not sent. BEFORE_KILL: the grace period is over, SIGKILL not sent.
 * BEFORE_END_STORED: the launcher is gone, its end not stored. BEFORE_START_STORED: a command was started, its start not stored.
 */
const { ProcessGroup } = await import('../../dist/schedulers/local/ProcessGroup.js');
const { LinuxTaskProcesses } = await import('../../dist/schedulers/local/LinuxTaskProcesses.js');

function crash() {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => undefined);
}

switch (process.env['CRASH_AT']) {
  case 'BEFORE_SIGNAL':
    ProcessGroup.prototype.terminate = crash;
    break;
  case 'BEFORE_KILL':
    ProcessGroup.prototype.kill = crash;
    break;
  case 'BEFORE_END_STORED':
    ProcessGroup.prototype.launcherGone = crash;
    break;
  case 'BEFORE_START_STORED': {
    const { launch } = LinuxTaskProcesses.prototype;
    LinuxTaskProcesses.prototype.launch = async function (...args) {
      await launch.apply(this, args);
      return crash();
    };
    break;
  }
  default:
    throw new Error(`CRASH_AT is ${process.env['CRASH_AT']}`);
}
