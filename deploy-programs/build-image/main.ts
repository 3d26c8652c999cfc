import { runDeployProgram } from '../deployProgram';
import { buildProgramImage } from './buildImage';

void runDeployProgram((environment, credential) => buildProgramImage(environment, credential));
