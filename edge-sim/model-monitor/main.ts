import { join } from 'node:path';
import { modelMonitorSettings } from '../../contracts/settings/edgeSite';
import { runSiteProgram } from '../../contracts/program/run';
import { startModelMonitor } from './modelMonitor';

runSiteProgram('model-monitor', modelMonitorSettings, async (settings, log) => {
  const monitor = await startModelMonitor(
    {
      directory: join(settings.SITE_DIRECTORY, 'model-monitor'),
      port: settings.MODEL_MONITOR_PORT,
      instrumentationKey: settings.INSTRUMENTATION_KEY,
      ingestionProxyPort: settings.INGESTION_PROXY_PORT,
      metricsProxyPort: settings.METRICS_PROXY_PORT,
      remoteWritePath: settings.REMOTE_WRITE_PATH,
    },
    log,
  );
  log('info', 'AI Model Monitor is ready', { port: settings.MODEL_MONITOR_PORT });
  return monitor;
});
