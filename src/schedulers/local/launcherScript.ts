/** The exit code of a launcher that could not make its run file: somebody else has it, or the disk is full. */
export const NOT_CLAIMED = 99;

/**
 * What leads a task's process group (POSIX sh): `sh -c LAUNCHER taskgate RUN_FILE CANCEL_FILE COMMAND_LINE BOOT_ID`.
 *
 * It makes the run file, exclusively, with its process id and the machine's boot in it, so that a start is begun once at the most; runs
 * the command; writes the exit status as the file's second line, where it is found even if no gateway is there at that moment; then ends
 * what is left of the group, itself included. A group that is being terminated is left alone: its processes have their grace period.
 * The signals that a command may handle are caught, not ignored, because ignoring would be inherited by the command.
 */
export const LAUNCHER = `set -C
{ echo $$ $4 >"$1"; } 2>/dev/null || exit ${NOT_CLAIMED}
set +C
trap : HUP INT QUIT TERM USR1 USR2 ALRM
[ -e "$2" ] && exit 0
/bin/sh -c -- "$3"
code=$?
echo $code >>"$1" || exit $code
[ -e "$2" ] || kill -KILL 0
exit 0`;
