import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { regionMarker } from '../../contracts/regionMarker';

const startTimeoutMs = 30_000;
const stopGraceMs = 5_000;
/** Azurite never closes a connection that the front is about to use again, however long the machine was busy with other things. */
const keepAliveSeconds = 600;
export type StorageService = 'blob' | 'queue';
const pastTheFront = z.object({ status: z.union([z.literal(401), z.literal(403)]), method: z.string(), path: z.string() });
/** A request that reached Azurite without the front, and was refused. */
type PastTheFront = z.output<typeof pastTheFront>;
export interface Upstream {
  readonly key: Buffer;
  readonly ports: Readonly<Record<StorageService, number>>;
}

const onceExited = (child: ChildProcess) =>
  child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise<void>((resolve) => child.once('exit', () => resolve()));

/** Azurite behind the front: plain http on loopback, with a key that is new at every start and known to this process only. */
export class Azurite {
  private child: ChildProcess | undefined;
  private stopping = false;

  constructor(
    private readonly directory: string,
    private readonly regionDirectory: string,
    private readonly onLost: (reason: string) => void,
    private readonly onRefused: (refusal: PastTheFront) => void,
  ) {}

  async start(): Promise<Upstream> {
    mkdirSync(this.directory, { recursive: true, mode: 0o700 });
    const key = randomBytes(64);
    const zeroPorts = ['blob', 'queue', 'table'].flatMap((service) => [`--${service}Host`, '127.0.0.1', `--${service}Port`, '0']);
    const child = spawn(
      process.execPath,
      [
        join(__dirname, 'azuriteProcess.cjs'),
        '--silent',
        '--disableTelemetry',
        '--skipApiVersionCheck',
        '--location',
        this.directory,
        ...zeroPorts,
        '--blobKeepAliveTimeout',
        String(keepAliveSeconds),
        '--queueKeepAliveTimeout',
        String(keepAliveSeconds),
      ],
      {
        stdio: ['pipe', 'pipe', 'pipe'],
        // A group of its own: an interrupt at the terminal reaches the region, which ends its programs before their storage.
        detached: true,
        env: {
          ...Object.fromEntries(
            ['PATH', 'HOME', 'TZ'].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
          ),
          [regionMarker]: this.regionDirectory,
        },
      },
    );
    this.child = child;
    child.stdin.on('error', () => undefined);
    child.stdin.write(`${key.toString('base64')}\n`);
    const ports = await this.readPorts(child).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw error;
    });
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('refused ')) this.onRefused(pastTheFront.parse(JSON.parse(line.slice('refused '.length))));
    });
    child.once('exit', (code, signal) => {
      if (!this.stopping) this.onLost(`Azurite ended unexpectedly with ${signal ?? `exit code ${code}`}`);
    });
    return { key, ports };
  }

  private readPorts(child: ChildProcess): Promise<Upstream['ports']> {
    return new Promise((resolve, reject) => {
      const found = new Map<string, number>();
      let output = '';
      const timer = setTimeout(
        () => reject(new Error(`Azurite did not listen within ${startTimeoutMs} ms; it said: ${output.slice(-500)}`)),
        startTimeoutMs,
      );
      const read = (chunk: Buffer) => {
        output = `${output}${chunk.toString('utf8')}`.slice(-4_000);
        for (const [, service, port] of output.matchAll(
          /Azurite (Blob|Queue|Table) service is successfully listening at http:\/\/127\.0\.0\.1:(\d+)/g,
        ))
          found.set(String(service), Number(port));
        const [blob, queue] = [found.get('Blob'), found.get('Queue')];
        if (blob === undefined || queue === undefined || !found.has('Table')) return;
        clearTimeout(timer);
        resolve({ blob, queue });
      };
      child.stdout?.on('data', read);
      child.stderr?.on('data', read);
      child.once('error', reject);
      child.once('exit', (code) =>
        reject(new Error(`Azurite ended with exit code ${code} before it listened; it said: ${output.slice(-500)}`)),
      );
    });
  }

  async stop(): Promise<void> {
    const { child } = this;
    if (!child) return;
    this.stopping = true;
    child.stdin?.end();
    const timer = setTimeout(() => child.kill('SIGKILL'), stopGraceMs);
    await onceExited(child);
    clearTimeout(timer);
  }
}
