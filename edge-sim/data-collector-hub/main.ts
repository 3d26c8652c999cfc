import { dataCollectorHubSettings } from '../../contracts/settings/edgeSite';
import { runSiteProgram } from '../../contracts/program/run';
import { startDataCollectorHub } from './dataCollectorHub';
import { LandingZone } from './landingZone';

runSiteProgram('data-collector-hub', dataCollectorHubSettings, (settings, log) =>
  startDataCollectorHub(settings, new LandingZone(settings, log), log),
);
