import { dataCollectorHubSettings } from '../../contracts/settings/edgeSite';
import { runProgram } from '../../contracts/program/run';
import { startDataCollectorHub } from './dataCollectorHub';
import { LandingZone } from './landingZone';

void runProgram('data-collector-hub', dataCollectorHubSettings, (settings, log) =>
  startDataCollectorHub(settings, new LandingZone(settings, log), log),
);
