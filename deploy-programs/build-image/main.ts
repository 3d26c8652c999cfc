import { runDeployProgram } from '../deployProgram';
import { buildProgramImage } from './buildImage';

void runDeployProgram(buildProgramImage);
