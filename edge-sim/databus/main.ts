import { databusSettings } from '../../contracts/settings/edgeSite';
import { runSiteProgram } from '../../contracts/program/run';
import { siteLimits, startBroker } from './broker';

runSiteProgram('databus', databusSettings, async (settings, log) => {
  const broker = await startBroker(settings.DATABUS_PORT, siteLimits, log);
  log('info', 'databus listens', { port: broker.port });
  return broker;
});
