import { inferenceServerSettings } from '../../contracts/settings/edgeSite';
import { connectDatabus } from '../databus/databusClient';
import { runSiteProgram } from '../../contracts/program/run';
import { TelemetryEmitter } from '../telemetry/emitter';
import { InferenceServer } from './inferenceServer';

runSiteProgram('inference-server', inferenceServerSettings, async (settings, log) => {
  const [input, output] = await Promise.all(
    ['inference-input', 'inference-output'].map((name) => connectDatabus({ port: settings.DATABUS_PORT }, name, log)),
  );
  const telemetry = await TelemetryEmitter.open('inference-server', settings, log);
  const options = {
    siteDirectory: settings.SITE_DIRECTORY,
    python: settings.PYTHON,
    maxActivePipelines: settings.MAX_ACTIVE_PIPELINES,
    telemetryIntervalMs: settings.TELEMETRY_INTERVAL_MS,
  };
  const server = await InferenceServer.start(options, { input: input!, output: output! }, telemetry, log);
  log('info', 'inference server is ready', { siteDirectory: settings.SITE_DIRECTORY });
  return {
    close: async () => {
      await server.close();
      await telemetry.close();
    },
  };
});
