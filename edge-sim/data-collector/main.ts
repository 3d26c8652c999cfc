import { dataCollectorSettings } from '../../contracts/settings/edgeSite';
import { runProgram } from '../../contracts/program/run';
import { startDataCollector } from './dataCollector';

void runProgram('data-collector', dataCollectorSettings, startDataCollector);
