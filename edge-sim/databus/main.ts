import { databusSettings } from '../../contracts/settings/edgeSite';
import { runProgram } from '../../contracts/program/run';
import { siteLimits, startBroker } from './broker';

void runProgram('databus', databusSettings, async (settings, log) => {
  const broker = await startBroker(settings.DATABUS_PORT, siteLimits, log);
  log('info', 'databus listens', { port: broker.port });
  return broker;
});
