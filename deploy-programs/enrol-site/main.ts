import { requestedAction, runDeployProgram } from '../deployProgram';
import { enrolSite } from './enrolSite';

void runDeployProgram((environment, credential) => requestedAction(enrolSite, process.argv[2])(environment, credential));
