import { join } from 'node:path';
import { otelCollectorSettings } from '../../contracts/settings/edgeSite';
import { runSiteProgram } from '../../contracts/program/run';
import { startCollector } from './collector';

runSiteProgram('otel-collector', otelCollectorSettings, async (settings, log) => {
  const collector = await startCollector(
    {
      site: settings,
      directory: join(settings.SITE_DIRECTORY, 'otel-collector'),
      nextPort: settings.MODEL_MONITOR_PORT,
      intervalMs: settings.TELEMETRY_INTERVAL_MS,
    },
    log,
  );
  log('info', 'OpenTelemetry collector is ready', { port: settings.OTLP_PORT });
  return collector;
});
