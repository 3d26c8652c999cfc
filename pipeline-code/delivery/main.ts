import { runPipelineProgram } from '../../contracts/program/run';
import { deliverySettings } from '../../contracts/settings/delivery';
import { runDelivery } from './delivery';

const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
process.once('SIGINT', () => stop.abort());
runPipelineProgram('delivery', deliverySettings, (settings, log) => runDelivery(settings, log, stop.signal));
