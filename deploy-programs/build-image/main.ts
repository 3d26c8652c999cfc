import { runDeployProgram } from '../deployProgram';
import { buildProgramImage } from './buildImage';

void runDeployProgram((credential) => buildProgramImage(process.env, credential));
