import { inferenceServerSettings } from '../../contracts/settings/edgeSite';
import { connectDatabus } from '../databus/databusClient';
import { runProgram } from '../program';
import { InferenceServer } from './inferenceServer';

void runProgram('inference-server', inferenceServerSettings, async (settings, log) => {
  const [input, output] = await Promise.all(['inference-input', 'inference-output'].map((name) => connectDatabus({ port: settings.DATABUS_PORT }, name, log)));
  const options = { siteDirectory: settings.SITE_DIRECTORY, python: settings.PYTHON, maxActivePipelines: settings.MAX_ACTIVE_PIPELINES };
  const server = await InferenceServer.start(options, { input: input!, output: output! }, log);
  log('info', 'inference server is ready', { siteDirectory: settings.SITE_DIRECTORY });
  return server;
});
