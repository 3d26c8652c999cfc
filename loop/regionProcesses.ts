import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { regionMarker } from '../contracts/regionMarker';

const listed = (): readonly string[] => {
  try {
    return execFileSync('ps', ['-axEww', '-o', 'pid=,command='], {
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
      timeout: 5_000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).split('\n');
  } catch {
    return [];
  }
};

/** Processes that carry the marker of a region, this one excepted. */
export function processesOf(regionDirectory: string): number[] {
  const marker = `${regionMarker}=${regionDirectory}`;
  const others = (pids: readonly number[]) => pids.filter((pid) => pid > 0 && pid !== process.pid);
  if (!existsSync('/proc/self/environ'))
    return others(
      listed()
        .filter((line) => ` ${line} `.includes(` ${marker} `))
        .map((line) => Number.parseInt(line, 10)),
    );
  return others(
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .filter((name) => {
        try {
          return readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(marker);
        } catch {
          return false;
        }
      })
      .map(Number),
  );
}

/** Ends what is left of a region without asking; whoever stops in order has nothing left. Returns how many there were. */
export function endProcessesOf(regionDirectory: string): number {
  const pids = processesOf(regionDirectory);
  for (const pid of pids) {
    for (const target of [-pid, pid]) {
      try {
        process.kill(target, 'SIGKILL');
      } catch {
        continue;
      }
    }
  }
  return pids.length;
}

/** When a process began, as the system tells it: with the id it names one process, where an id alone is given again. One that has ended and is only waited for has gone. */
export function startOfProcess(pid: number): string | undefined {
  try {
    const [state = '', start] = existsSync('/proc/self/stat')
      ? readFileSync(`/proc/${pid}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ')
          .flatMap((field, index) => (index === 0 || index === 19 ? [field] : []))
      : execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], {
          encoding: 'utf8',
          timeout: 5_000,
          stdio: ['ignore', 'pipe', 'ignore'],
        })
          .trim()
          .split(/\s+(.*)/);
    return /^[ZX]/i.test(state) ? undefined : start;
  } catch {
    return undefined;
  }
}
