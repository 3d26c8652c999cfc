import { runDeployProgram } from '../deployProgram';
import { enrolSite } from './enrolSite';

void runDeployProgram((credential) => enrolSite(process.argv[2], process.env, credential));
