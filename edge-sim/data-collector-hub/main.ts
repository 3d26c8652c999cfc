import { dataCollectorHubSettings } from '../../contracts/settings/edgeSite';
import { runProgram } from '../program';
import { startDataCollectorHub } from './dataCollectorHub';
import { LandingZone } from './landingZone';

void runProgram('data-collector-hub', dataCollectorHubSettings, (settings, log) =>
  startDataCollectorHub(settings, new LandingZone(settings, log), log),
);
