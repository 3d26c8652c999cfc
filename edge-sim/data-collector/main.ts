import { dataCollectorSettings } from '../../contracts/settings/edgeSite';
import { runProgram } from '../program';
import { startDataCollector } from './dataCollector';

void runProgram('data-collector', dataCollectorSettings, startDataCollector);
