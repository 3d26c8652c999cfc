import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { regionMarker } from '../../contracts/regionMarker';

/**
 * POSIX shell: remembers process groups; when its input ends, because the region stopped or was killed, it ends those that
 * are left. It ignores the terminal's signals, so it also outlives an interrupted region for the moment it needs.
 */
const script = `
trap '' INT TERM HUP
groups=
while read -r verb group; do
  case "$verb" in
    add) groups="$groups $group" ;;
    remove) left=; for one in $groups; do [ "$one" = "$group" ] || left="$left $one"; done; groups=$left ;;
  esac
done
[ -z "$groups" ] && exit 0
for one in $groups; do kill -s TERM -- "-$one" 2>/dev/null; done
sleep 2
for one in $groups; do kill -s KILL -- "-$one" 2>/dev/null; done
exit 0
`;

/** Ends the process groups of this region even when the region itself is killed without warning. */
export class Reaper {
  private process: ChildProcess | undefined;

  /** `regionDirectory` marks the shell as the region's own, like every other child. */
  constructor(private readonly regionDirectory: string) {}

  private write(line: string) {
    this.process?.stdin?.write(`${line}\n`);
  }
  watch(processGroup: number): void {
    if (this.process === undefined) {
      this.process = spawn('/bin/sh', ['-c', script], {
        stdio: ['pipe', 'ignore', 'ignore'],
        detached: true,
        env: { [regionMarker]: this.regionDirectory },
      });
      const { stdin } = this.process;
      stdin?.on('error', () => undefined);
      // Watching must not keep the region's process alive.
      this.process.unref();
      if (stdin instanceof Socket) stdin.unref();
    }
    this.write(`add ${processGroup}`);
  }
  release(processGroup: number): void {
    this.write(`remove ${processGroup}`);
  }
  stop(): void {
    this.process?.stdin?.end();
    this.process = undefined;
  }
}
