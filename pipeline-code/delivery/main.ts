import { deliverySettings } from '../../contracts/settings/delivery';
import { readSettings } from '../../contracts/settings/settings';
import { runProgram } from '../clients/log';
import { runDelivery } from './delivery';

const program = 'delivery';
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
process.once('SIGINT', () => stop.abort());
runProgram(program, (log) => runDelivery(readSettings(program, deliverySettings, process.env), log, stop.signal));
