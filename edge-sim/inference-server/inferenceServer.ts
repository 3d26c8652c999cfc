import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import {
  inferenceAnswerTopic,
  inferenceDataTopic,
  inferenceRequest,
  inferenceRequestTopic,
  lineDataTopic,
  metricTopic,
  resultDataPoint,
  simaticData,
  type InferenceAnswer,
  type InferencePipeline,
  type InferenceRequest,
  qualityCode,
} from '../../contracts/databus';
import type { Databus } from '../databus/databusClient';
import { messageOf, type Log } from '../../contracts/program/log';
import type { Running } from '../../contracts/program/run';
import type { Telemetry } from '../telemetry/emitter';
import { ActivePipeline } from './activePipeline';
import { type ImportedPackage, PackageStore } from './packageStore';
import { edgesOf, databusNode } from './pipelineConfiguration';
import type { PipelineOutput } from './pipelineGraph';
import { PipelineTelemetry, type PipelineCounts } from './pipelineTelemetry';
import { sampleOf, type Sample } from './sample';
import { SampleIntake } from './sampleIntake';

interface InferenceServerOptions {
  readonly siteDirectory: string;
  readonly python: string;
  readonly maxActivePipelines: number;
  readonly telemetryIntervalMs: number;
}
/** Samples come in on a connection of their own, because holding them back must not hold back requests and results. */
interface InferenceServerConnections {
  readonly input: Databus;
  readonly output: Databus;
}

const batchSize = 500;
const activeRecord = z.array(z.object({ packageId: z.string(), packageVersion: z.string() }));

export class InferenceServer implements Running {
  /** By package id: a package runs in one version at a time. */
  private readonly active = new Map<string, ActivePipeline>();
  private readonly startErrors = new Map<ImportedPackage, string>();
  private readonly intake = new SampleIntake();
  private requests: Promise<void> = Promise.resolve();
  private feeding: Promise<void> = Promise.resolve();
  /** Goes on over restarts: no two results are the same message. */
  private sequence = Date.now() * 1_000;
  private unreadable = 0;
  private readonly pipelineTelemetry: PipelineTelemetry;
  private readonly measuring: NodeJS.Timeout;

  private constructor(
    private readonly options: InferenceServerOptions,
    private readonly databus: InferenceServerConnections,
    private readonly store: PackageStore,
    telemetry: Telemetry,
    private readonly log: Log,
  ) {
    this.pipelineTelemetry = new PipelineTelemetry(telemetry);
    this.measuring = setInterval(() => this.measure(), options.telemetryIntervalMs);
  }

  static async start(
    options: InferenceServerOptions,
    databus: InferenceServerConnections,
    telemetry: Telemetry,
    log: Log,
  ): Promise<InferenceServer> {
    const server = new InferenceServer(options, databus, await PackageStore.open(options.siteDirectory, log), telemetry, log);
    await server.reactivate();
    server.feeding = server.feed();
    await databus.input.subscribe(lineDataTopic, { receive: (payload) => server.intake.add(payload) });
    await databus.output.subscribeJson(inferenceRequestTopic, inferenceRequest, (request) => server.handle(request));
    return server;
  }

  private handle(request: InferenceRequest): Promise<void> {
    const answered = request.kind === 'status' ? this.answer(request) : (this.requests = this.requests.then(() => this.answer(request)));
    return answered.catch((error: unknown) => this.log('error', 'answer not published', { id: request.id, reason: messageOf(error) }));
  }

  private async answer(request: InferenceRequest): Promise<void> {
    let error: string | undefined;
    try {
      if (request.kind === 'import')
        this.pipelineTelemetry.log('info', 'package imported', await this.store.import(request.file, request.sha256));
      if (request.kind === 'activate') await this.activate(request.packageId, request.packageVersion);
      if (request.kind === 'deactivate') await this.deactivate(request.packageId);
    } catch (failure) {
      error = messageOf(failure);
      this.log('error', `${request.kind} failed`, { id: request.id, reason: error });
    }
    const answer: InferenceAnswer = {
      id: request.id,
      ok: error === undefined,
      ...(error === undefined ? {} : { error }),
      pipelines: this.pipelines(),
      maxActivePipelines: this.options.maxActivePipelines,
    };
    await this.databus.output.publishJson(inferenceAnswerTopic, answer);
  }

  private pipelines(): InferencePipeline[] {
    return this.store.list().map((imported) => {
      const { packageId, packageVersion, projectName, sha256 } = imported;
      const running = this.active.get(packageId);
      const own = running?.imported.packageVersion === packageVersion ? running : undefined;
      const startError = this.startErrors.get(imported);
      const error = own ? own.error : startError;
      const state = own?.state ?? (startError === undefined ? 'AVAILABLE' : 'ERROR');
      return {
        packageId,
        packageVersion,
        projectName,
        sha256,
        state,
        samplesIn: own?.samplesIn ?? 0,
        results: own?.results ?? 0,
        ...(error === undefined ? {} : { error }),
      };
    });
  }

  /** The version that runs stays at work until the new one runs. */
  private async activate(packageId: string, packageVersion: string): Promise<void> {
    const imported = this.store.get(packageId, packageVersion);
    if (!imported)
      throw new Error(
        `expected an imported package ${packageId} version ${packageVersion}, got ${
          this.store
            .list()
            .map((available) => `${available.packageId} ${available.packageVersion}`)
            .join(', ') || 'no packages'
        }`,
      );
    const previous = this.active.get(packageId);
    if (previous?.imported === imported && previous.state === 'RUNNING') return;
    if (!previous && this.active.size >= this.options.maxActivePipelines)
      throw new Error(
        `expected at most ${this.options.maxActivePipelines} active pipelines, and ${this.active.size} are active: deactivate one first`,
      );
    let started: ActivePipeline;
    try {
      started = await ActivePipeline.start(imported, this.options.python, this.logOf(imported));
    } catch (error) {
      this.startErrors.set(imported, messageOf(error));
      this.pipelineTelemetry.log('error', `package not activated: ${messageOf(error)}`, imported);
      throw error;
    }
    this.startErrors.delete(imported);
    this.measure();
    this.active.set(packageId, started);
    this.pipelineTelemetry.log('info', 'package activated', imported);
    await this.remember();
    await previous?.close();
    if (previous) this.pipelineTelemetry.ended(previous.imported);
    await this.store.prune(packageId, (version) => version === packageVersion);
  }

  /** A package that is not active stays as it is. */
  private async deactivate(packageId: string): Promise<void> {
    const running = this.active.get(packageId);
    if (!running) return;
    this.measure();
    this.active.delete(packageId);
    await this.remember();
    await running.close();
    this.pipelineTelemetry.ended(running.imported);
    this.pipelineTelemetry.log('info', 'package deactivated', running.imported);
  }

  /** Warnings and errors of a pipeline are telemetry too. */
  private logOf(imported: ImportedPackage): Log {
    return (level, message, fields) => {
      this.log(level, message, fields);
      if (level === 'warn' || level === 'error')
        this.pipelineTelemetry.log(level, typeof fields?.['reason'] === 'string' ? `${message}: ${fields['reason']}` : message, imported);
    };
  }

  private measure(): void {
    this.pipelineTelemetry.measure(
      [...this.active.values()].map(
        ({ imported: { projectName, packageId, packageVersion }, samplesIn, results, times }): PipelineCounts => ({
          projectName,
          packageId,
          packageVersion,
          inputs: samplesIn,
          outputs: results,
          nodes: times.read(),
        }),
      ),
    );
  }

  private get activeFile(): string {
    return join(this.options.siteDirectory, 'inference-server', 'active.json');
  }

  private async remember(): Promise<void> {
    await mkdir(join(this.options.siteDirectory, 'inference-server'), { recursive: true });
    const fresh = `${this.activeFile}.new`;
    await writeFile(
      fresh,
      JSON.stringify([...this.active.values()].map(({ imported: { packageId, packageVersion } }) => ({ packageId, packageVersion }))),
    );
    await rename(fresh, this.activeFile);
  }

  private async reactivate(): Promise<void> {
    const text = await readFile(this.activeFile, 'utf8').catch(() => '[]');
    const remembered = activeRecord.safeParse(JSON.parse(text));
    for (const { packageId, packageVersion } of remembered.data ?? []) {
      await this.activate(packageId, packageVersion).catch((error: unknown) =>
        this.log('error', 'pipeline did not come back', { packageId, packageVersion, reason: messageOf(error) }),
      );
    }
  }

  private async feed(): Promise<void> {
    for (;;) {
      const batch = await this.intake.take(batchSize);
      if (batch.length === 0) return;
      if (this.active.size === 0) continue;
      const samples = batch.flatMap((payload) => this.read(payload) ?? []);
      await Promise.all(
        [...this.active.values()].map(async (pipeline) => {
          for (const output of await pipeline.process(samples)) this.publish(pipeline.imported, output);
        }),
      );
    }
  }

  private read(payload: Buffer): Sample | undefined {
    try {
      return sampleOf(simaticData.parse(JSON.parse(payload.toString('utf8'))));
    } catch (error) {
      this.unreadable += 1;
      // One line for each power of two: a broken source must not fill the disk.
      if (Number.isInteger(Math.log2(this.unreadable)))
        this.log('warn', 'samples dropped', { dropped: this.unreadable, reason: messageOf(error).slice(0, 500) });
      return undefined;
    }
  }

  /** Does not wait for the databus: the work on the waiting samples must go on, or a full databus and a full intake would wait for each other. */
  private publish(imported: ImportedPackage, { time, uncertain, values }: PipelineOutput): void {
    const { configuration, projectName, packageVersion } = imported;
    const outputs = configuration.dataFlowPipeline.pipelineOutputs.filter(({ name }) => values[name] !== undefined);
    const dataPoints = outputs
      .filter(({ metric }) => !metric)
      .map(({ name }) => {
        const value = values[name];
        return {
          id: name,
          qc: uncertain ? qualityCode.uncertain : qualityCode.good,
          ts: time,
          val: typeof value === 'object' ? JSON.stringify(value) : value,
        };
      });
    const publishing: Promise<void>[] = [];
    if (dataPoints.length > 0) {
      this.sequence += 1;
      publishing.push(this.databus.output.publishJson(inferenceDataTopic(projectName), { seq: this.sequence, vals: dataPoints }));
    }
    this.pipelineTelemetry.result(imported, values[resultDataPoint]);
    for (const { name, topic } of outputs.filter(({ metric }) => metric)) {
      const source = edgesOf(configuration).find(({ to, input }) => to === databusNode && input === name)?.from ?? databusNode;
      const value = values[name];
      this.pipelineTelemetry.published(imported, source, name, value);
      publishing.push(
        this.databus.output.publishText(
          topic ?? metricTopic(projectName, packageVersion, source, name),
          typeof value === 'string' ? value : JSON.stringify({ value }),
        ),
      );
    }
    void Promise.all(publishing).catch((error: unknown) => this.log('error', 'result not published', { reason: messageOf(error) }));
  }

  async close(): Promise<void> {
    this.intake.close();
    await this.databus.input.close();
    await this.feeding;
    await this.requests;
    clearInterval(this.measuring);
    this.measure();
    await Promise.all([...this.active.values()].map((pipeline) => pipeline.close()));
    await this.databus.output.close();
  }
}
