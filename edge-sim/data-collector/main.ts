import { dataCollectorSettings } from '../../contracts/settings/edgeSite';
import { runSiteProgram } from '../../contracts/program/run';
import { startDataCollector } from './dataCollector';

runSiteProgram('data-collector', dataCollectorSettings, startDataCollector);
